"""Judges a value by a JSON Schema (draft 7), as far as profiles.schema.json goes: an unknown keyword is an error."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

Schema = Mapping[str, Any]

_ANNOTATIONS = {"$schema", "title", "description", "definitions"}

_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: type(value) is int,
}


def is_valid(value: Any, schema: Schema, root: Schema | None = None) -> bool:
    root = schema if root is None else root
    if "$ref" in schema:
        return is_valid(value, root["definitions"][schema["$ref"].removeprefix("#/definitions/")], root)
    judged: dict[str, Callable[[Any], bool]] = {
        "type": lambda name: _TYPES[name](value),
        "pattern": lambda pattern: _is_in(pattern, value),
        "minimum": lambda least: value >= least,
        "maximum": lambda most: value <= most,
    }
    members = ("properties", "patternProperties", "additionalProperties")
    assert schema.keys() <= {*_ANNOTATIONS, *judged, *members}, schema.keys()
    return all(judged[name](schema[name]) for name in judged if name in schema) and (
        schema["type"] != "object"
        or all(_is_member_valid(name, member, schema, root) for name, member in value.items())
    )


def _is_member_valid(name: str, value: Any, schema: Schema, root: Schema) -> bool:
    assert schema["additionalProperties"] is False
    schemas = [each for known, each in schema["properties"].items() if known == name]
    schemas += [each for pattern, each in schema.get("patternProperties", {}).items() if _is_in(pattern, name)]
    return bool(schemas) and all(is_valid(value, each, root) for each in schemas)


def _is_in(pattern: str, text: str) -> bool:
    """Returns whether a part of the text matches. In ECMA 262's patterns `$` is the very end."""
    return re.search(pattern.replace("$", r"\Z"), text) is not None
