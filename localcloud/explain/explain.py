"""Explains an error of OSS or STS: what the policy required, what is wrong, how to fix it, and the source.

No explanation contains a policy, a signature, a token or a secret.
"""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any

from localcloud.explain.rulebook import find_rules

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localcloud.explain.rulebook import ErrorResponse

SECRET_FIELDS = frozenset({"policy", "signature", "x-oss-signature", "x-oss-security-token", "callback"})
"""Fields whose values are never shown."""

FIELD_NAMES = {"security_token": "x-oss-security-token", "signature": "x-oss-signature"}
"""Members of a signer's response whose field has another name; all others differ only by their underscores."""

MAX_VALUE_LENGTH = 100
"""Characters of a form's value that are shown."""

SIZE_ERRORS = frozenset({"EntityTooLarge", "EntityTooSmall", "0006-00000003", "0006-00000004"})
"""Errors of a policy's content-length-range: ECs, and Codes where there is no EC (a part too small has another)."""

FAILED_CONDITION = re.compile(r"Invalid according to Policy: Policy Condition failed: (\[.*\])", re.DOTALL)


def explain(
    error: ErrorResponse, fields: Mapping[str, str] | None = None, size: int | None = None, *, here: bool = False
) -> str:
    """Return the explanation as one paragraph.

    `fields` are those of the form, `size` are the file's bytes, where they are known; `here` is where the stand-in
    itself refuses.
    """
    rules = find_rules(error)
    if not rules:
        name = " ".join(part for part in (error.code, error.ec) if part)
        return f"{name or 'This error'} is not in the rulebook. Look up its Code and EC in OSS's list of error codes."
    details, texts = _details(error, fields or {}, size), [rule.text(here=here) for rule in rules]
    if len(rules) > 1:
        texts = ["It is one of these:", *(f"({number}) {text}" for number, text in enumerate(texts, 1))]
    return " ".join([*details, *texts])


def read_fields(text: str) -> dict[str, str]:
    """Read a form's fields from a signer's JSON, flat or under `fields`, or from a post policy (JSON or base64).

    Raises ValueError.
    """
    if _parse_policy(text).get("conditions"):
        return {"policy": text.strip()}
    try:
        form = json.loads(text)
    except ValueError:
        raise ValueError(
            "The form is not JSON. Use the signer's response, the form's fields by name, or a post policy (JSON or "
            "base64)."
        ) from None
    if isinstance(form, dict) and isinstance(form.get("conditions"), list):
        return {"policy": base64.b64encode(text.encode()).decode()}
    fields = form.get("fields", form) if isinstance(form, dict) else None
    if not isinstance(fields, dict):
        raise ValueError("The form is not a JSON object. Use the fields by name.")  # noqa: TRY004 - bad input
    return {
        (FIELD_NAMES.get(name) or str(name)).lower().replace("_", "-"): value
        for name, value in fields.items()
        if isinstance(value, str)
    }


def _details(error: ErrorResponse, fields: Mapping[str, str], size: int | None) -> list[str]:
    """Return what the error and the form show about this case."""
    details = []
    if error.message and (match := FAILED_CONDITION.match(error.message)):
        details.append(_describe_condition(match[1], fields))
    if not fields:
        return details
    if error.string_to_sign is not None and error.string_to_sign != fields.get("policy", ""):
        details.append("The policy that OSS received is not the form's: it was changed on its way.")
    day = re.search(r"/(\d{8})/", fields.get("x-oss-credential", ""))
    date = fields.get("x-oss-date", "")
    if error.code == "SignatureDoesNotMatch" and day and not date.startswith(day[1]):
        details.append(f"The credential is for {day[1]}, but x-oss-date is {date[:MAX_VALUE_LENGTH]}.")
    policy = _parse_policy(fields.get("policy", ""))
    if error.ec == "0006-00000213" and isinstance(policy.get("expiration"), str):
        details.append(f"The policy expired at {policy['expiration'][:MAX_VALUE_LENGTH]}.")
    if (error.ec or error.code) in SIZE_ERRORS:
        details += _describe_sizes(policy, size)
    return details


def _describe_sizes(policy: Mapping[str, Any], size: int | None) -> list[str]:
    actual = "" if size is None else f"; the file has {size}"
    return [
        f"The policy allows {entry[1]} to {entry[2]} bytes{actual}."
        for entry in policy.get("conditions", [])
        if isinstance(entry, list) and len(entry) == 3 and entry[0] == "content-length-range"
    ]


def _describe_condition(text: str, fields: Mapping[str, str]) -> str:
    try:
        mode, name, expected = json.loads(text)
        name = name.removeprefix("$").lower()
    except (ValueError, AttributeError):
        return "One of the policy's conditions failed."
    if name in SECRET_FIELDS:
        return f"The condition {mode} on {name} failed (its value is not shown)."
    condition = f"The condition {mode} on {name} requires {json.dumps(expected, ensure_ascii=False)[:MAX_VALUE_LENGTH]}"
    if not fields.keys() - {"policy"} or name == "bucket":
        return f"{condition}."
    value = json.dumps(fields[name], ensure_ascii=False)[:MAX_VALUE_LENGTH] if name in fields else "no such field"
    return f"{condition}; the form has {value}."


def _parse_policy(encoded: str) -> dict[str, Any]:
    try:
        policy = json.loads(base64.b64decode(encoded))
    except ValueError:
        return {}
    return policy if isinstance(policy, dict) and isinstance(policy.get("conditions", []), list) else {}
