"""Post policies: what one form may upload, as plain data, and their encoding. Follows OSS's PostObject, "Policy".

OSS accepts form fields that no condition names, so there is a condition for everything that must not be changed.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping

Condition = dict[str, str] | list[str | int | list[str]]

_DOLLAR = r"\$"
"""A dollar sign that is not escaped begins a variable such as ${filename}."""

_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


def exact_form_conditions(
    fields: Mapping[str, str], *, bucket: str, part_types: Iterable[str], size: int
) -> list[Condition]:
    """Returns the conditions for one file: every field as it is, exactly `size` bytes, and a part of one of the types.

    The field x-oss-content-type is the object's type, and takes precedence over the file part's own. Whether OSS checks
    `$content-type` against the one that takes precedence or against the part's is not established, so both must fit.
    """
    return [
        {"bucket": bucket},
        ["content-length-range", size, size],
        ["in", "$content-type", _escape_all(list(part_types))],
        *eq_conditions(fields),
    ]


def folder_form_conditions(
    *, bucket: str, directory: str, content_types: Iterable[str], max_size: int
) -> list[Condition]:
    """Returns the conditions for files of these types, 0 to `max_size` bytes each, with keys below `directory`."""
    return [
        {"bucket": bucket},
        ["content-length-range", 0, max_size],
        ["starts-with", "$key", _escape(directory)],
        ["in", "$content-type", _escape_all(list(content_types))],
    ]


def eq_conditions(fields: Mapping[str, str]) -> list[Condition]:
    """Returns the conditions that each of these fields is as it is here."""
    return [["eq", f"${name}", value.replace("$", _DOLLAR)] for name, value in fields.items()]


def encode_tail(conditions: list[Condition]) -> str:
    """Encodes conditions that many policies end with, once for all of them."""
    return f",{_encode(conditions)[1:-1]}"


def encode(conditions: list[Condition], *, expiration: str, tail: str = "") -> str:
    """Returns the form field `policy`: the JSON document in base64.

    `expiration` is ISO 8601 in UTC, with milliseconds. `tail` has further conditions, from `encode_tail`.
    """
    document = f'{{"expiration":"{expiration}","conditions":{_encode(conditions)[:-1]}{tail}]}}'
    return base64.b64encode(document.encode()).decode()


def _escape_all(values: list[str]) -> list[str]:
    # There are many, and hardly any has a dollar sign.
    return [_escape(value) for value in values] if "$" in "".join(values) else values


def _escape(value: str) -> str:
    return value.replace("$", _DOLLAR)
