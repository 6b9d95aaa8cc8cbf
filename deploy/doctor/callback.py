"""What doctor looks for about upload callbacks: two functions that must agree, and whom the second may be called by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from deploy.doctor.check import check
from deploy.doctor.context import Context
from deploy.doctor.function import http_trigger
from deploy.hooks.preflight import read_faults
from oss_protocol.bucket import DEFAULT_KEY_PREFIX
from upload_callback.settings import Settings as CallbackSettings


@check(
    "callback",
    impact="The callback function answers `misconfigured`, and every upload says: the site was not notified.",
    fix="Fix it in .env (docs/callback.md) and deploy.",
)
def callback(context: Context) -> Iterator[str]:
    if is_on(context):
        own = (
            f"{fault}."
            for fault in read_faults(
                CallbackSettings.from_environ, {**environ(context), "FC_FUNCTION_NAME": "callback"}
            )
        )
        yield from own


@check(
    "callback-agreement",
    impact="The callback function refuses what OSS calls it for, and every upload says: the site was not notified.",
    fix="Let both take it from the same variable of s.yaml, and deploy both.",
    live="function",
    also="callback function",
)
def callback_agreement(context: Context) -> Iterator[str]:
    if not is_on(context):
        return
    for name, default in (
        ("CALLBACK_SECRET", ""),
        ("OSS_BUCKET", ""),
        ("OSS_REGION", ""),
        ("UPLOAD_PREFIX", DEFAULT_KEY_PREFIX),
        ("CONTENT_CHECK", "off"),
    ):
        first, second = (each.get(name) or default for each in (context.settings, environ(context)))
        if first and second and first != second:
            yield f"The two functions differ in {name}."


@check(
    "download-url",
    impact="People get no address to download from, or one that does not work.",
    fix="Let both functions take it from the same variable of s.yaml, and deploy both.",
    live="function",
    also="callback function",
)
def download_url(context: Context) -> Iterator[str]:
    if is_on(context) and context.settings.get("DOWNLOAD_URL_EXPIRES_IN"):
        for name in ("DOWNLOAD_URL_EXPIRES_IN", "UPLOAD_URL"):
            if context.settings.get(name, "") != environ(context).get(name, ""):
                yield f"The callback function's {name} is not the signing function's."


@check(
    "callback-trigger",
    impact="OSS cannot call the function: every upload says: the site was not notified.",
    fix="Set its triggerConfig in s.yaml to authType anonymous and the method POST: the function itself verifies OSS.",
    live="callback function",
)
def callback_trigger(context: Context) -> Iterator[str]:
    if not is_on(context):
        return
    own = http_trigger(props(context), context.declared.callback if context.declared else {})
    config = own.get("triggerConfig") or {}
    if config.get("authType") != "anonymous":
        yield f"The callback function's authType is {config.get('authType') or 'not stated'}."
    if "POST" not in (config.get("methods") or ()):
        yield "The callback function's methods lack POST."


@check(
    "webhook",
    impact="Nobody is ever notified.",
    fix="Set CALLBACK=on, or leave WEBHOOK_URL out.",
)
def webhook(context: Context) -> Iterator[str]:
    if not is_on(context) and environ(context).get("WEBHOOK_URL"):
        yield "WEBHOOK_URL is set, and CALLBACK is not on."


def is_on(context: Context) -> bool:
    """Tells whether OSS is to call back."""
    return (context.declared or context.deployment).function_environ.get("CALLBACK") == "on"


def props(context: Context) -> dict[str, Any]:
    return context.deployment.callback


def environ(context: Context) -> dict[str, str]:
    """Returns the callback function's environment; what is empty is not set."""
    given: Iterable[tuple[str, Any]] = (props(context).get("environmentVariables") or {}).items()
    return {name: str(value) for name, value in given if value != ""}
