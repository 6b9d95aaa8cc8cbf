"""The post policy of a PostObject form: parsed and judged, from the documentation of PostObject and of its error codes.

The documents give an error number (EC) for every fault of a policy, but a Code and a Message for only a few of them;
where they give none, the Code is InvalidPolicyDocument and the wording is ours.
"""

from __future__ import annotations

import base64
import binascii
import calendar
import json
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from localcloud.oss.errors import Refused, access_denied

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

EXPIRATION = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{3}))?Z")

V4_FIELDS = ("x-oss-signature-version", "x-oss-credential", "x-oss-date", "x-oss-security-token")
"""Fields that a policy must name if the form has them. The token is not in the documented list, though every official
sample names it: that it is required is our choice, the strict one."""

EXACT_ONLY = frozenset({"bucket", *V4_FIELDS})
"""Names for which the documents list no mode but eq. Refusing any other is our choice."""

BARE_DOLLAR = re.compile(r"(?<!\\)\$")

MODES: Mapping[str, Callable[[str, Any], bool]] = {
    "eq": lambda value, wanted: value == wanted,
    "starts-with": lambda value, prefix: value.startswith(prefix),
    "in": lambda value, values: value in values,
    "not-in": lambda value, values: value not in values,
}
RANGE = "content-length-range"


@dataclass(frozen=True)
class Condition:
    """One condition on one field of the form."""

    mode: str
    name: str
    """In lower case and without its `$`: names are compared without regard to case (our choice)."""
    wanted: Any
    """A string for eq and starts-with, a list of strings for in and not-in."""
    text: str
    """The condition as OSS prints it when it fails."""

    def holds(self, fields: Mapping[str, str]) -> bool:
        """Whether the form fits. A field that the form lacks fits no condition, not even not-in (our choice)."""
        return self.name in fields and MODES[self.mode](fields[self.name], self.wanted)


@dataclass(frozen=True)
class SizeRange:
    """How many bytes the file may have, both ends included."""

    least: int
    most: int


@dataclass(frozen=True)
class PostPolicy:
    """What one form may upload, and until when (seconds since the epoch)."""

    expiration: float
    conditions: tuple[Condition, ...]
    sizes: tuple[SizeRange, ...]

    @property
    def names(self) -> set[str]:
        """The fields that some condition names."""
        return {condition.name for condition in self.conditions}


def read_post_policy(encoded: str) -> PostPolicy:
    """The policy in a form's base64 text. Raises Refused with the EC of the first fault found."""
    document = _decode(encoded)
    if not isinstance(document, dict):
        invalid("201", "a policy is an object")
    if unknown := document.keys() - {"expiration", "conditions"}:
        invalid("206", f"unexpected name {min(unknown)}")
    _both_present(document)
    expiration = _expiration(document["expiration"])
    entries = document["conditions"]
    if not isinstance(entries, list):
        invalid("201", "conditions is a list")
    if not entries:
        invalid("215", "conditions is empty")
    read = [_entry(entry) for entry in entries]
    return PostPolicy(
        expiration,
        tuple(entry for entry in read if isinstance(entry, Condition)),
        tuple(entry for entry in read if isinstance(entry, SizeRange)),
    )


def invalid(ec: str, fault: str) -> NoReturn:
    """Refuse the policy for one of its faults, `ec` being the last three digits of the error number."""
    raise Refused(400, "InvalidPolicyDocument", f"Invalid Policy: {fault}", f"0006-00000{ec}")


def _decode(encoded: str) -> Any:
    try:
        raw = base64.b64decode(encoded.encode(), validate=True)
    except binascii.Error:
        invalid("202", "not base64")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        invalid("203", "not UTF-8")
    if not text.strip():
        invalid("205", "empty")
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        invalid("204", f"Invalid JSON: {error}")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # That a name must not be given twice is our choice: nobody can tell which one a reader would take.
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise ValueError("a name is given twice")
    return dict(pairs)


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"unknown char {text[0]}")


def _both_present(document: dict[str, Any]) -> None:
    missing = {"expiration", "conditions"} - document.keys()
    if len(missing) == 2:
        invalid("209", "expiration and conditions are missing")
    if "conditions" in missing:
        invalid("207", "conditions is missing")
    if "expiration" in missing:
        invalid("208", "expiration is missing")


def _expiration(text: object) -> float:
    if not isinstance(text, str):
        invalid("210", "expiration is not a string")
    if not text:
        invalid("211", "expiration is empty")
    # Whether OSS takes fractions other than three digits is not documented; we do not.
    match = EXPIRATION.fullmatch(text)
    try:
        if match is None:
            raise ValueError(text)  # noqa: TRY301 - both ways of being no instant end below
        whole = calendar.timegm(time.strptime(match[1], "%Y-%m-%dT%H:%M:%S"))
    except ValueError:
        invalid("212", "expiration is not an ISO 8601 instant in UTC")
    return whole + int(match[2] or 0) / 1000


def _entry(entry: object) -> Condition | SizeRange:
    if isinstance(entry, dict):
        if len(entry) != 1:
            invalid("201", "Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.")
        return _condition("eq", *next(iter(entry.items())))
    if not isinstance(entry, list):
        invalid("222", "a condition is an object or a list")
    if len(entry) < 2 and entry[:1] not in ([mode] for mode in (*MODES, RANGE)):
        invalid("216", "a condition names no mode")
    mode, *operands = entry
    if mode not in (*MODES, RANGE):
        invalid("217", f"unknown mode {mode!r}")
    if len(operands) != 2:
        invalid("218", f"{mode} takes two items")
    return _range(*operands) if mode == RANGE else _condition(mode, *operands)


def _range(least: object, most: object) -> SizeRange:
    for number, ec, which in ((least, "220", "least"), (most, "221", "most")):
        if isinstance(number, bool) or not isinstance(number, (int, float, str)):
            invalid("223", f"the {which} size of {RANGE} is of a wrong type")
        if not isinstance(number, int) or number < 0:
            invalid(ec, f"the {which} size of {RANGE} is not an integer of at least 0")
    assert isinstance(least, int)  # noqa: S101 - for the type checker: the loop has seen to it
    assert isinstance(most, int)  # noqa: S101
    if most < least:
        invalid("219", f"the most of {RANGE} is below its least")
    return SizeRange(least, most)


def _condition(mode: str, name: object, wanted: object) -> Condition:
    if not isinstance(name, str) or name in ("", "$"):
        invalid("224", "the name of a field is a string")
    plain = name.removeprefix("$")
    if mode != "eq" and plain.lower() in EXACT_ONLY:
        invalid("217", f"{plain} takes no mode but eq")
    text = json.dumps([mode, f"${plain}", wanted], ensure_ascii=False)
    values = wanted if mode in ("in", "not-in") else [wanted]
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        invalid("224", f"the value of {text} is of a wrong type")
    # A dollar in a value is to be escaped; that we refuse one that is not is our choice.
    if any(BARE_DOLLAR.search(value) for value in values):
        invalid("201", f"a $ in the value of {text} is not escaped")
    literal = [value.replace(r"\$", "$") for value in values]
    return Condition(mode, plain.lower(), literal if values is wanted else literal[0], text)


def judge(policy: PostPolicy, fields: Mapping[str, str], now: float) -> None:
    """Judge everything but the size: `fields` by lower-case name, among them `bucket` and the effective content-type.

    Raises Refused. At its expiration (seconds since the epoch) a policy has expired.
    """
    if now >= policy.expiration:
        raise access_denied("Invalid according to Policy: Policy expired.", "0006-00000213")
    unnamed = [name for name in V4_FIELDS if name in fields and name not in policy.names]
    if unnamed:
        raise access_denied(f"Invalid according to Policy: Extra input fields: {unnamed[0]}", "0006-00000228")
    for condition in policy.conditions:
        if not condition.holds(fields):
            ec = "0006-00000227" if condition.name in fields else "0006-00000226"
            raise access_denied(f"Invalid according to Policy: Policy Condition failed: {condition.text}", ec)


def judge_size(policy: PostPolicy, size: int) -> None:
    """Judge the size of the file, in bytes. Raises Refused."""
    for sizes in policy.sizes:
        if size > sizes.most:
            raise Refused(
                400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size.", "0006-00000003"
            )
        if size < sizes.least:
            raise Refused(
                400, "EntityTooSmall", "Your proposed upload smaller than the minimum allowed size.", "0006-00000004"
            )
