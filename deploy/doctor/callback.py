"""What doctor looks for about upload callbacks: two functions that must agree, and whom the second may be called by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from deploy.doctor.context import Setup
from deploy.doctor.function import http_trigger
from deploy.hooks.preflight import read_faults
from upload_callback.settings import Settings as CallbackSettings


def settings(setup: Setup) -> Iterator[str]:
    """The callback function's own settings."""
    if is_on(setup):
        own = (
            f"{fault}." for fault in read_faults(CallbackSettings, {**environ(setup), "FC_FUNCTION_NAME": "callback"})
        )
        yield from own


def agreement(setup: Setup) -> Iterator[str]:
    """What both functions must have alike."""
    if not is_on(setup):
        return
    for name, default in (
        ("CALLBACK_SECRET", ""),
        ("OSS_BUCKET", ""),
        ("OSS_REGION", ""),
        ("UPLOAD_PREFIX", "uploads"),
    ):
        first, second = (each.get(name) or default for each in (setup.settings, environ(setup)))
        if first and second and first != second:
            yield f"The two functions differ in {name}."


def trigger(setup: Setup) -> Iterator[str]:
    """OSS posts, and signs with no AccessKey."""
    if not is_on(setup):
        return
    own = http_trigger(props(setup), setup.declared.callback if setup.declared else {})
    config = own.get("triggerConfig") or {}
    if config.get("authType") != "anonymous":
        yield f"The callback function's authType is {config.get('authType') or 'not stated'}."
    if "POST" not in (config.get("methods") or ()):
        yield "The callback function's methods lack POST."


def webhook_unused(setup: Setup) -> Iterator[str]:
    """A webhook that nothing triggers."""
    if not is_on(setup) and environ(setup).get("WEBHOOK_URL"):
        yield "WEBHOOK_URL is set, and CALLBACK is not on."


def is_on(setup: Setup) -> bool:
    """Whether OSS is to call back."""
    return (setup.declared or setup.deployment).function_environ.get("CALLBACK") == "on"


def props(setup: Setup) -> dict[str, Any]:
    """The callback function's props."""
    return setup.deployment.callback


def environ(setup: Setup) -> dict[str, str]:
    """The callback function's environment; what is empty is not set."""
    given: Iterable[tuple[str, Any]] = (props(setup).get("environmentVariables") or {}).items()
    return {name: str(value) for name, value in given if value != ""}
