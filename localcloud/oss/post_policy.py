"""The post policy of a form: reads it and checks a form against it, after the documents of PostObject and its errors.

The documents give an EC for every fault of a policy, but a Code and a Message for only a few of them. Where they give
none, the Code is InvalidPolicyDocument and the wording is our choice.
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

from localcloud.oss.errors import OssError, access_denied

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

EXPIRATION = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{3}))?Z")

V4_FIELDS = ("x-oss-signature-version", "x-oss-credential", "x-oss-date", "x-oss-security-token")
"""Fields that a policy must name if the form has them. The token is not in the documented list, but every official
sample names it: requiring it is our choice, the strict one."""

EXACT_ONLY = frozenset({"bucket", *V4_FIELDS})
"""Names for which the documents list only the mode eq. Refusing others is our choice."""

BARE_DOLLAR = re.compile(r"(?<!\\)\$")

MODES: Mapping[str, Callable[[str, Any], bool]] = {
    "eq": lambda value, expected: value == expected,
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
    expected: Any
    """A string for eq and starts-with, a list of strings for in and not-in."""
    original: tuple[str, Any]
    """The name, without its `$`, and the value as the policy has them."""
    lacks_dollar: bool
    """Whether it is a list whose name does not begin with `$`: accepted as our choice, since a page of OSS has such a
    sample for another fault."""

    @property
    def text(self) -> str:
        """Returns the condition as OSS prints it when it fails."""
        return _print(self.mode, *self.original)

    def holds(self, fields: Mapping[str, str]) -> bool:
        """Returns whether the form matches. A missing field matches no condition, not even not-in (our choice)."""
        return self.name in fields and MODES[self.mode](fields[self.name], self.expected)


@dataclass(frozen=True)
class SizeRange:
    """How many bytes the file may have, both limits included."""

    minimum: int
    maximum: int


@dataclass(frozen=True)
class PostPolicy:
    """What one form may upload, and until when (seconds since the epoch)."""

    expiration: float
    conditions: tuple[Condition, ...]
    sizes: tuple[SizeRange, ...]

    @property
    def names(self) -> set[str]:
        """Returns the fields that some condition names."""
        return {condition.name for condition in self.conditions}


def read_post_policy(encoded: str) -> PostPolicy:
    """Reads the policy in a form's base64 text. Raises OssError with the EC of the first fault found."""
    document = _decode(encoded)
    if not isinstance(document, dict):
        invalid("201", "the policy is not an object")
    if unknown := document.keys() - {"expiration", "conditions"}:
        invalid("206", f"unexpected name {min(unknown)}")
    _require_both(document)
    expiration = _parse_expiration(document["expiration"])
    entries = document["conditions"]
    if not isinstance(entries, list):
        invalid("214", "conditions is not a list")
    if not entries:
        invalid("215", "conditions is empty")
    parsed = [_parse_entry(entry) for entry in entries]
    return PostPolicy(
        expiration,
        tuple(entry for entry in parsed if isinstance(entry, Condition)),
        tuple(entry for entry in parsed if isinstance(entry, SizeRange)),
    )


def invalid(ec: str, fault: str) -> NoReturn:
    """Raises OssError for a fault of the policy; `ec` are the last three digits of the EC."""
    raise OssError(400, "InvalidPolicyDocument", f"Invalid Policy: {fault}", f"0006-00000{ec}")


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
    # Refusing a repeated name is our choice: readers differ in which of the two they take.
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise ValueError("a name is given twice")
    return dict(pairs)


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"unknown char {text[0]}")


def _require_both(document: dict[str, Any]) -> None:
    missing = {"expiration", "conditions"} - document.keys()
    if len(missing) == 2:
        invalid("209", "expiration and conditions are missing")
    if "conditions" in missing:
        invalid("207", "conditions is missing")
    if "expiration" in missing:
        invalid("208", "expiration is missing")


def _parse_expiration(text: object) -> float:
    if not isinstance(text, str):
        invalid("210", "expiration is not a string")
    if not text:
        invalid("211", "expiration is empty")
    # Whether OSS accepts fractions other than three digits is not documented; refusing them is our choice.
    match = EXPIRATION.fullmatch(text)
    try:
        if match is None:
            raise ValueError(text)  # noqa: TRY301 - both kinds of invalid time are handled below
        whole = calendar.timegm(time.strptime(match[1], "%Y-%m-%dT%H:%M:%S"))
    except ValueError:
        invalid("212", "expiration is not an ISO 8601 instant in UTC")
    return whole + int(match[2] or 0) / 1000


def _parse_entry(entry: object) -> Condition | SizeRange:
    if isinstance(entry, dict):
        if len(entry) != 1:
            invalid("201", "Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.")
        name, value = next(iter(entry.items()))
        return _parse_condition("eq", name, value, lacks_dollar=False)
    if not isinstance(entry, list):
        invalid("222", "a condition is neither an object nor a list")
    if len(entry) < 2 and entry[:1] not in ([mode] for mode in (*MODES, RANGE)):
        invalid("216", "a condition names no mode")
    mode, *operands = entry
    if mode not in (*MODES, RANGE):
        invalid("217", f"unknown mode {mode!r}")
    if len(operands) != 2:
        invalid("218", f"{mode} is not followed by two items")
    if mode == RANGE:
        return _parse_range(*operands)
    return _parse_condition(mode, *operands, lacks_dollar=not str(operands[0]).startswith("$"))


def _parse_range(minimum: object, maximum: object) -> SizeRange:
    for number, ec, which in ((minimum, "220", "least"), (maximum, "221", "most")):
        if isinstance(number, bool) or not isinstance(number, (int, float, str)):
            invalid("223", f"the {which} size of {RANGE} is of a wrong type")
        if not isinstance(number, int) or number < 0:
            invalid(ec, f"the {which} size of {RANGE} is not an integer of at least 0")
    assert isinstance(minimum, int)  # noqa: S101 - for the type checker: the loop has checked it
    assert isinstance(maximum, int)  # noqa: S101
    if maximum < minimum:
        invalid("219", f"the most of {RANGE} is below its least")
    return SizeRange(minimum, maximum)


def _parse_condition(mode: str, name: object, expected: object, *, lacks_dollar: bool) -> Condition:
    if not isinstance(name, str) or name in ("", "$"):
        invalid("224", "the name of a field is not a string")
    plain = name.removeprefix("$")
    if mode != "eq" and plain.lower() in EXACT_ONLY:
        invalid("217", f"{plain} has another mode than eq")
    values = expected if mode in ("in", "not-in") else [expected]
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        invalid("224", f"the value of {_print(mode, plain, expected)} is of a wrong type")
    # A dollar in a value is to be escaped; refusing one that is not is our choice.
    if any(BARE_DOLLAR.search(value) for value in values):
        invalid("201", f"a $ in the value of {_print(mode, plain, expected)} is not escaped")
    literal = [value.replace(r"\$", "$") for value in values]
    meant = literal if values is expected else literal[0]
    return Condition(mode, plain.lower(), meant, (plain, expected), lacks_dollar)


def _print(mode: str, name: str, expected: object) -> str:
    return json.dumps([mode, f"${name}", expected], ensure_ascii=False)


def check_policy(policy: PostPolicy, fields: Mapping[str, str], now: float) -> None:
    """Checks a form, except the size of its file, against a policy. Raises OssError.

    `fields` are by lower-case name, with `bucket` and the effective content-type among them. At its expiration (seconds
    since the epoch) a policy has expired.
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


def check_size(policy: PostPolicy, size: int) -> None:
    """Checks the size of the file, in bytes, against a policy. Raises OssError."""
    for allowed in policy.sizes:
        if size > allowed.maximum:
            raise OssError(
                400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size.", "0006-00000003"
            )
        if size < allowed.minimum:
            raise OssError(
                400, "EntityTooSmall", "Your proposed upload smaller than the minimum allowed size.", "0006-00000004"
            )
