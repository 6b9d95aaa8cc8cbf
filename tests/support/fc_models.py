"""Props of the component fc3, read by the vendor's published models of Function Compute's API."""

from __future__ import annotations

import typing
from typing import Any

from alibabacloud_fc20230330 import models

_BESIDE_THE_FUNCTION = ("region", "code", "triggers", "concurrencyConfig")
"""What fc3 uses itself, or sends with other operations."""


def faults(props: dict[str, Any]) -> list[str]:
    """Returns what the API would not know, and what it would want in another type."""
    function = {name: value for name, value in props.items() if name not in _BESIDE_THE_FUNCTION}
    found = _faults(models.CreateFunctionInput, function)
    found += _faults(models.PutConcurrencyInput, props["concurrencyConfig"])
    for trigger in props["triggers"]:
        found += _faults(models.HTTPTriggerConfig, trigger["triggerConfig"])
        # This operation takes the configuration as a text.
        found += _faults(models.CreateTriggerInput, {**trigger, "triggerConfig": "{}"})
    return found


def _faults(model: type, given: dict[str, Any]) -> list[str]:
    read = model().from_map(given)
    return [*_differences(given, read.to_map(), model.__name__), *_of_types(read)]


def _differences(given: Any, kept: Any, where: str) -> list[str]:
    """Returns what a model did not take up."""
    if not isinstance(given, dict) or not isinstance(kept, dict):
        return [] if given == kept else [f"{where}: {given!r} is read as {kept!r}"]
    unknown = [f"{where}.{name} is unknown" for name in given if name not in kept]
    both = [name for name in given if name in kept]
    return unknown + [fault for name in both for fault in _differences(given[name], kept[name], f"{where}.{name}")]


def _of_types(read: Any) -> list[str]:
    hints = typing.get_type_hints(type(read).__init__)
    found = []
    for name, value in vars(read).items():
        if value is None or name not in hints:
            continue
        if not _is_of(value, hints[name]):
            found.append(f"{type(read).__name__}.{name} is of another type: {value!r}")
        elif hasattr(value, "to_map"):
            found += _of_types(value)
    return found


def _is_of(value: Any, hint: Any) -> bool:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Union:
        return any(_is_of(value, one) for one in arguments)
    if origin is list:
        return isinstance(value, list) and all(_is_of(one, arguments[0]) for one in value)
    if origin is dict:
        pairs = value.items() if isinstance(value, dict) else [(None, None)]
        return all(_is_of(name, arguments[0]) and _is_of(one, arguments[1]) for name, one in pairs)
    if hint is float:
        return type(value) in (float, int)
    return type(value) is hint
