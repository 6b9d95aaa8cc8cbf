"""What a refusal found, and how to fix it: the rulebook `rules.json`, read for people.

`python -m localcloud explain` takes an error as OSS (XML) or STS (JSON) answers it, an EC or a Code. No text holds a
policy, a signature, a token or a secret.
"""

from __future__ import annotations

import argparse
import base64
import json
import re
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from localcloud.terminal import visible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RULES = Path(__file__).with_name("rules.json")

SECRET = frozenset({"policy", "signature", "x-oss-signature", "x-oss-security-token", "callback"})
"""Fields whose values are never told."""

TUTORIAL = {"security_token": "x-oss-security-token", "signature": "x-oss-signature"}
"""Names of a signer's answer that are not those of the form's fields but for their underscores."""

LONGEST = 100
"""Characters of a form's value that are told."""

SIZES = frozenset({"EntityTooLarge", "EntityTooSmall", "0006-00000003", "0006-00000004"})
"""Refusals by a policy's content-length-range: ECs, and Codes where there is no EC (a part too small has another)."""

FAILED = re.compile(r"Invalid according to Policy: Policy Condition failed: (\[.*\])", re.DOTALL)


_NO_ERROR = (
    "This is no error of OSS or STS: give the answer as it came (XML or JSON), an EC such as 0006-00000227, or a Code."
)


@dataclass(frozen=True)
class Rule:
    """One way in which a service refuses."""

    name: str
    operation: str
    status: int
    code: str
    finding: str
    """What is wrong, as a sentence."""
    change: str
    """What to do about it, as the sentence goes on after `To fix:`."""
    document: str
    """The name of the vendor's page."""
    ec: str | None = None
    message: str | None = None
    """A regular expression for the beginning of the message, where Code and EC do not tell."""
    chosen: str | None = None
    """What of this is not documented and was our choice; None where all of it is."""
    here: str | None = None
    """What is to be said besides, as a sentence, where the stand-in itself refuses."""
    test: str | None = None
    """The test that provokes it, as `file::function` below `tests/localcloud`."""

    def fits(self, error: Error) -> bool:
        """Whether the error is this rule's. Of an error known only in part, whether it can be."""
        return (
            (error.status is None or error.status == self.status)
            and error.code in (None, self.code)
            and (error.ec == self.ec or (error.ec is None and error.message is None))
            and (self.message is None or error.message is None or bool(re.match(self.message, error.message)))
        )

    def text(self, *, here: bool = False) -> str:
        """What was found and how to fix it, in one paragraph; `here` where the stand-in itself refuses."""
        besides = f" {self.here}" if here and self.here else ""
        ours = f" Not confirmed for the real service: {self.chosen}." if self.chosen else ""
        return f"{self.finding}{besides} To fix: {self.change} (See: {self.document}.{ours})"


@dataclass(frozen=True)
class Error:
    """What a service said, or as much of it as is known."""

    code: str | None
    ec: str | None = None
    message: str | None = None
    status: int | None = None
    string_to_sign: str | None = None

    @classmethod
    def read(cls, text: str) -> Error:
        """From an answer's XML (OSS) or JSON (STS), an EC or a Code. Raises ValueError."""
        text = text.strip()
        if re.fullmatch(r"[0-9]{4}-[0-9]{8}", text):
            return cls(None, text)
        if re.fullmatch(r"[A-Za-z][A-Za-z.]*", text):
            return cls(text)
        try:
            told = _json_members(text) if text.startswith("{") else _xml_elements(text)
        except (ElementTree.ParseError, ValueError, RecursionError):
            raise ValueError(_NO_ERROR) from None
        if not told.get("Code"):
            raise ValueError(_NO_ERROR)
        return cls(told["Code"], told.get("EC"), told.get("Message", ""), None, told.get("StringToSign"))


def _xml_elements(text: str) -> dict[str, str]:
    if "<!" in text:
        raise ValueError("a document type, whose entities could make it grow")
    return {element.tag: element.text or "" for element in ElementTree.fromstring(text)}  # noqa: S314 - see above


def _json_members(text: str) -> dict[str, str]:
    return {name: value for name, value in json.loads(text).items() if isinstance(value, str)}


@cache
def rules() -> tuple[Rule, ...]:
    """The rulebook."""
    return tuple(Rule(**entry) for entry in json.loads(RULES.read_text(encoding="utf-8")))


def find(error: Error) -> list[Rule]:
    """The rules that the error can be about: one, if all of it is known."""
    return [rule for rule in rules() if rule.fits(error)]


def explain(
    error: Error, fields: Mapping[str, str] | None = None, size: int | None = None, *, here: bool = False
) -> str:
    """What was expected and got, what was found, how to fix it, and the document's name.

    `fields` are those of the form, `size` are the file's bytes, where they are known; `here` is where the stand-in
    itself refuses.
    """
    found = find(error)
    if not found:
        what = " ".join(part for part in (error.code, error.ec) if part)
        return f"{what or 'This'} is not in the rulebook. Look its Code and EC up among the OSS error codes."
    seen, texts = _seen(error, fields or {}, size), [rule.text(here=here) for rule in found]
    if len(found) > 1:
        texts = ["It is one of these:", *(f"({number}) {text}" for number, text in enumerate(texts, 1))]
    return " ".join([*seen, *texts])


def read_fields(text: str) -> dict[str, str]:
    """A form's fields from a signer's JSON, flat or under `fields`, or from a post policy, JSON or base64 of it.

    Raises ValueError.
    """
    if _policy(text).get("conditions"):
        return {"policy": text.strip()}
    try:
        answer = json.loads(text)
    except ValueError:
        raise ValueError(
            "The form must be JSON: the signer's answer, its fields by their names, or a post policy (JSON or base64)."
        ) from None
    if isinstance(answer, dict) and isinstance(answer.get("conditions"), list):
        return {"policy": base64.b64encode(text.encode()).decode()}
    fields = answer.get("fields", answer) if isinstance(answer, dict) else None
    if not isinstance(fields, dict):
        raise ValueError("The form must be a JSON object of fields.")  # noqa: TRY004 - bad input, not a bad type
    return {
        (TUTORIAL.get(name) or str(name)).lower().replace("_", "-"): value
        for name, value in fields.items()
        if isinstance(value, str)
    }


def _seen(error: Error, fields: Mapping[str, str], size: int | None) -> list[str]:
    """What the error and the form show of what was expected and got."""
    told = []
    if error.message and (match := FAILED.match(error.message)):
        told.append(_condition(match[1], fields))
    if not fields:
        return told
    if error.string_to_sign is not None and error.string_to_sign != fields.get("policy", ""):
        told.append("The policy that OSS was sent is not the form's: it was changed on its way.")
    day = re.search(r"/(\d{8})/", fields.get("x-oss-credential", ""))
    date = fields.get("x-oss-date", "")
    if error.code == "SignatureDoesNotMatch" and day and not date.startswith(day[1]):
        told.append(f"The credential is for {day[1]}, but x-oss-date is {date[:LONGEST]}.")
    policy = _policy(fields.get("policy", ""))
    if error.ec == "0006-00000213" and isinstance(policy.get("expiration"), str):
        told.append(f"The policy expired at {policy['expiration'][:LONGEST]}.")
    if (error.ec or error.code) in SIZES:
        got = "" if size is None else f", got {size}"
        told += [
            f"The policy wants {entry[1]} to {entry[2]} bytes{got}."
            for entry in policy.get("conditions", [])
            if isinstance(entry, list) and len(entry) == 3 and entry[0] == "content-length-range"
        ]
    return told


def _condition(text: str, fields: Mapping[str, str]) -> str:
    try:
        mode, name, wanted = json.loads(text)
        name = name.removeprefix("$").lower()
    except (ValueError, AttributeError):
        return "One of the policy's conditions failed."
    if name in SECRET:
        return f"The condition {mode} on {name} failed (its value is not shown)."
    told = f"The condition {mode} on {name} wants {json.dumps(wanted, ensure_ascii=False)[:LONGEST]}"
    if not fields.keys() - {"policy"} or name == "bucket":
        return f"{told}."
    got = json.dumps(fields[name], ensure_ascii=False)[:LONGEST] if name in fields else "no such field"
    return f"{told}; the form has {got}."


def _policy(encoded: str) -> dict[str, Any]:
    try:
        policy = json.loads(base64.b64decode(encoded))
    except ValueError:
        return {}
    return policy if isinstance(policy, dict) and isinstance(policy.get("conditions", []), list) else {}


def main(arguments: Sequence[str]) -> int:
    """Explain one error. The exit code: 0, 1 where it is not in the rulebook, or 2 where something given is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m localcloud explain",
        description="Say what an error of OSS or STS has found, and how to fix it.",
    )
    parser.add_argument("error", help="an EC, a Code, a file with the answer (XML or JSON), or - for standard input")
    parser.add_argument(
        "--form", type=Path, metavar="FILE", help="the signer's answer, the form's fields, or its policy"
    )
    parser.add_argument("--size", type=int, metavar="BYTES", help="the size of the file that was sent")
    asked = parser.parse_args(arguments)
    try:
        error = Error.read(_given(asked.error))
        fields = read_fields(asked.form.read_text(encoding="utf-8")) if asked.form else {}
    except (ValueError, OSError) as fault:
        print(fault, file=sys.stderr)
        return 2
    print(visible(explain(error, fields, asked.size)))
    return 0 if find(error) else 1


def _given(text: str) -> str:
    if text == "-":
        return sys.stdin.read()
    path = Path(text)
    return path.read_text(encoding="utf-8") if path.is_file() else text
