"""Explains an error of OSS or STS: what the policy required, what is wrong, how to fix it, and the source.

No explanation contains a policy, a signature, a token or a secret.
"""

from __future__ import annotations

import base64
import json
import re
from datetime import datetime, timezone
from itertools import groupby
from typing import TYPE_CHECKING, Any

from localcloud.explain.rulebook import find_rules
from localcloud.terminal import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from localcloud.explain.rulebook import ErrorResponse, Rule

SECRET_FIELDS = frozenset({"policy", "signature", "x-oss-signature", "x-oss-security-token", "callback"})
"""Fields whose values are never shown."""

FIELD_NAMES = {"security_token": "x-oss-security-token", "signature": "x-oss-signature"}
"""Members of a signer's response whose field has another name; all others differ only by their underscores."""

MAX_VALUE_LENGTH = 100
"""Characters of a form's value that are shown."""

SIZE_ERRORS = frozenset({"EntityTooLarge", "EntityTooSmall", "0006-00000003", "0006-00000004"})
"""Errors of a policy's content-length-range: ECs, and Codes where there is no EC (a part too small has another)."""

CREDENTIAL_ERRORS = frozenset(f"0002-00000{number}" for number in ("224", "226", "227", "228", "715", "716"))
"""ECs for a credential of another region or product."""

CREDENTIAL = re.compile(r"/[^/]*/([^/]*)/([^/]*)/aliyun_v4_request")
ENDPOINT = re.compile(r"(?:.+\.)?oss-([a-z0-9-]+?)(?:-internal)?\.aliyuncs\.com(?::[0-9]+)?")
"""A host of OSS, which names the bucket's region."""

OF_THE_STAND_IN = "The stand-in for OSS "
"""How the message of an error begins that only the stand-in has."""

FAILED_CONDITION = re.compile(r"Invalid according to Policy: Policy Condition failed: (\[.*\])", re.DOTALL)


def explain(
    error: ErrorResponse, fields: Mapping[str, str] | None = None, size: int | None = None, *, here: bool = False
) -> str:
    """Returns the explanation: one paragraph, or a list with headings if it may be one of several errors.

    `fields` are those of the form, `size` are the file's bytes, where they are known; `here` is where the stand-in
    itself refuses.
    """
    rules = find_rules(error)
    if not rules:
        name = " ".join(part for part in (error.code, error.ec) if part)
        return f"{name or 'This error'} is not in the rulebook. Look up its Code and EC in OSS's list of error codes."
    here = here or (error.message or "").startswith(OF_THE_STAND_IN)
    details = [visible(detail) for detail in _details(error, fields or {}, size)]
    if len(rules) == 1:
        return " ".join([*details, rules[0].text(here=here)])
    return "\n".join(filter(None, [" ".join(details), "It is one of these:", *_list_rules(rules, here=here)]))


def _list_rules(rules: Sequence[Rule], *, here: bool) -> Iterator[str]:
    """Yields a heading for each operation, and below it what may be wrong."""
    for operation, group in groupby(sorted(rules, key=lambda rule: rule.operation), key=lambda rule: rule.operation):
        yield f"{operation[0].upper()}{operation[1:]}:"
        yield from (f"- {rule.text(here=here)}" for rule in group)


def read_fields(text: str) -> dict[str, str]:
    """Reads a form's fields from a signer's JSON, flat or under `fields`, or from a post policy (JSON or base64).

    Raises ValueError.
    """
    if _parse_policy(text).get("conditions"):
        return {"policy": text.strip()}
    try:
        form = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError(
            "The form is not JSON, or is nested too deeply. Use the signer's response, the form's fields by name, or a "
            "post policy (JSON or base64)."
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
    """Returns what the error and the form show about this case."""
    details = []
    if error.message and (match := FAILED_CONDITION.match(error.message)):
        details.append(_describe_condition(match[1], fields))
    credential = CREDENTIAL.search(error.argument_value or fields.get("x-oss-credential", ""))
    if error.ec in CREDENTIAL_ERRORS and credential:
        details.append(_describe_credential(credential[1], credential[2], error))
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
        details.append(f"The policy was valid until {policy['expiration'][:MAX_VALUE_LENGTH]}{_describe_clock(error)}.")
    if (error.ec or error.code) in SIZE_ERRORS:
        details += _describe_sizes(policy, size)
    return details


def _describe_clock(error: ErrorResponse) -> str:
    if error.server_time is None:
        return ""
    return f"; by the clock of OSS it is {datetime.fromtimestamp(error.server_time, timezone.utc):%Y-%m-%dT%H:%M:%SZ}"


def _describe_sizes(policy: Mapping[str, Any], size: int | None) -> list[str]:
    actual = "" if size is None else f"; the file has {size}"
    return [
        f"The policy allows {entry[1]} to {entry[2]} bytes{actual}."
        for entry in policy.get("conditions", [])
        if isinstance(entry, list) and len(entry) == 3 and entry[0] == "content-length-range"
    ]


def _describe_credential(region: str, product: str, error: ErrorResponse) -> str:
    endpoint = ENDPOINT.fullmatch(error.host)
    expected = error.bucket_region or (endpoint[1] if endpoint else "")
    place = f"; the bucket is in {expected}" if expected else ""
    names = f"the region {region[:MAX_VALUE_LENGTH]} and the product {product[:MAX_VALUE_LENGTH]}"
    return f"The credential is for {names}{place}."


def _describe_condition(text: str, fields: Mapping[str, str]) -> str:
    try:
        mode, name, expected = json.loads(text)
        name = name.removeprefix("$").lower()
        required = json.dumps(expected, ensure_ascii=False)[:MAX_VALUE_LENGTH]
    except (ValueError, AttributeError, RecursionError):
        return "One of the policy's conditions failed."
    if name in SECRET_FIELDS:
        return f"The condition {mode} on {name} failed (its value is not shown)."
    condition = f"The condition {mode} on {name} requires {required}"
    if not fields.keys() - {"policy"} or name == "bucket":
        return f"{condition}."
    value = json.dumps(fields[name], ensure_ascii=False)[:MAX_VALUE_LENGTH] if name in fields else "no such field"
    return f"{condition}; the form has {value}."


def _parse_policy(encoded: str) -> dict[str, Any]:
    try:
        policy = json.loads(base64.b64decode(encoded))
    except (ValueError, RecursionError):
        return {}
    return policy if isinstance(policy, dict) and isinstance(policy.get("conditions", []), list) else {}
