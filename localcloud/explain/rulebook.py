"""The rulebook `rules.json`: a rule for each way in which OSS and STS refuse, and which rule an error belongs to."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from localcloud import xml_document

RULES = Path(__file__).with_name("rules.json")

NOT_AN_ERROR = (
    "This is not an error of OSS or STS. Use the response as it was received (XML or JSON), an EC such as "
    "0006-00000227, or a Code."
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
    fix: str
    """What to do about it, as the sentence goes on after `To fix:`."""
    document: str
    """The name of the vendor's page."""
    ec: str | None = None
    message: str | None = None
    """A regular expression for the beginning of the message, where Code and EC do not suffice."""
    our_choice: str | None = None
    """What of this the vendor does not document; None if everything is documented."""
    local_cause: str | None = None
    """A sentence that is added where the stand-in itself refuses."""
    test: str | None = None
    """The test that provokes it, as `file::function` below `tests/localcloud`."""

    def matches(self, error: ErrorResponse) -> bool:
        """Returns whether the error belongs to this rule; of an error that is known only in part, whether it may."""
        return (
            (error.status is None or error.status == self.status)
            and error.code in (None, self.code)
            and (error.ec == self.ec or (error.ec is None and error.message is None))
            and (self.message is None or error.message is None or bool(re.match(self.message, error.message)))
        )

    def text(self, *, here: bool = False) -> str:
        """Returns what is wrong, how to fix it, and the source; `here` where the stand-in itself refuses."""
        local_cause = f" {self.local_cause}" if here and self.local_cause else ""
        return f"{self.finding}{local_cause} To fix: {self.fix} Source: {self.document}."


@dataclass(frozen=True)
class ErrorResponse:
    """The error that a service returned, or as much of it as is known."""

    code: str | None
    ec: str | None = None
    message: str | None = None
    status: int | None = None
    string_to_sign: str | None = None
    argument_value: str = ""
    """The value of the argument that is invalid, if the error is about one."""
    host: str = ""
    """The host that was asked."""
    bucket_region: str = ""
    """The region of the bucket, where the host does not say it."""
    server_time: float | None = None
    """When the service refused, by its own clock, in seconds since the epoch; None where it is not known."""

    @classmethod
    def parse(cls, text: str) -> ErrorResponse:
        """Reads a response's XML (OSS) or JSON (STS), an EC or a Code. Raises ValueError."""
        text = text.strip()
        if re.fullmatch(r"[0-9]{4}-[0-9]{8}", text):
            return cls(None, text)
        if re.fullmatch(r"[A-Za-z][A-Za-z.]*", text):
            return cls(text)
        try:
            members = _json_members(text) if text.startswith("{") else _xml_elements(text)
        except (ValueError, RecursionError):
            raise ValueError(NOT_AN_ERROR) from None
        if not members.get("Code"):
            raise ValueError(NOT_AN_ERROR)
        return cls(
            members["Code"],
            members.get("EC"),
            members.get("Message", ""),
            string_to_sign=members.get("StringToSign"),
            argument_value=members.get("ArgumentValue", ""),
            host=members.get("HostId", ""),
        )


def _xml_elements(text: str) -> dict[str, str]:
    return {element.tag: element.text or "" for element in xml_document.parse(text)}


def _json_members(text: str) -> dict[str, str]:
    return {name: value for name, value in json.loads(text).items() if isinstance(value, str)}


@cache
def rules() -> tuple[Rule, ...]:
    """Returns all rules."""
    return tuple(Rule(**entry) for entry in json.loads(RULES.read_text(encoding="utf-8")))


def find_rules(error: ErrorResponse) -> list[Rule]:
    """Returns the rules to which an error may belong: one, if all of it is known."""
    return [rule for rule in rules() if rule.matches(error)]
