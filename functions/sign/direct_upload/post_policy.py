"""Post policies: what one form may upload, as plain data, and their encoding. Follows OSS's PostObject, "Policy".

OSS accepts form fields that no condition names, so whatever must not be changed is named here.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping

Condition = dict[str, str] | list[str | int | list[str]]

_DOLLAR = r"\$"
"""As it is, a dollar sign would begin a variable such as ${filename}."""

_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


def of_exact_form(fields: Mapping[str, str], *, bucket: str, content_type: str, size: int) -> list[Condition]:
    """This one file: every field as it is, the type that takes effect, and exactly `size` bytes."""
    return [
        {"bucket": bucket},
        ["content-length-range", size, size],
        ["eq", "$content-type", _literal(content_type)],
        *pinned(fields),
    ]


def of_folder_form(
    fields: Mapping[str, str], *, bucket: str, directory: str, content_types: Iterable[str], max_size: int
) -> list[Condition]:
    """Files of the allowed types, 0 to `max_size` bytes each, whose keys begin with `directory`."""
    return [
        {"bucket": bucket},
        ["content-length-range", 0, max_size],
        ["starts-with", "$key", _literal(directory)],
        ["in", "$content-type", _literals(list(content_types))],
        *pinned(fields),
    ]


def ending(conditions: list[Condition]) -> str:
    """Conditions that many policies end with, encoded once for all of them."""
    return f",{_encode(conditions)[1:-1]}"


def encoded(conditions: list[Condition], *, expiration: str, end: str = "") -> str:
    """The form field `policy`: base64 of the JSON document. `expiration` is ISO 8601 in UTC, with milliseconds; `end`
    are further conditions, from `ending`."""
    document = f'{{"expiration":"{expiration}","conditions":{_encode(conditions)[:-1]}{end}]}}'
    return base64.b64encode(document.encode()).decode()


def pinned(fields: Mapping[str, str]) -> list[Condition]:
    """Each of these fields as it is."""
    return [["eq", f"${name}", value.replace("$", _DOLLAR)] for name, value in fields.items()]


def _literals(values: list[str]) -> list[str]:
    # There are many, and a dollar hardly ever is in one.
    return [_literal(value) for value in values] if "$" in "".join(values) else values


def _literal(value: str) -> str:
    return value.replace("$", _DOLLAR)
