"""What doctor looks for between the live functions and s.yaml: everything that decides what runs, where, with whose
rights, and where its data goes. Properties are named alone, since values may be secrets.

The names are those of Function Compute's API of 2023-03-30, which are fc3's too; a test holds them against the vendor's
published models.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from deploy.doctor.check import check
from deploy.doctor.context import Context
from deploy.doctor.function import RUNTIMES, http_trigger
from deploy.doctor.settings import is_open

COMPARED = frozenset(
    {
        *("handler", "layers", "runtime", "customContainerConfig", "customRuntimeConfig", "instanceLifecycleConfig"),
        *("cpu", "memorySize", "diskSize", "gpuConfig", "timeout", "instanceConcurrency", "instanceIsolationMode"),
        *("internetAccess", "vpcConfig", "customDNS", "microSandboxConfig", "enableLongLiving", "disableOndemand"),
        *("nasConfig", "ossMountConfig", "polarFsConfig", "juiceFsConfig", "logConfig", "tracingConfig"),
        *("sessionAffinity", "sessionAffinityConfig", "disableInjectCredentials", "invocationRestriction"),
    }
)
"""What is compared of a function."""

COMPARED_ELSEWHERE = frozenset({"environmentVariables", "role", "triggers", "asyncInvokeConfigs", "concurrencyConfigs"})
"""What other checks compare."""

HARMLESS = frozenset(
    {
        *("functionName", "functionArn", "functionId", "region", "description", "tags", "resourceGroupId"),
        *("createdTime", "lastModifiedTime", "codeSize", "state", "stateReason", "stateReasonCode"),
        *("lastUpdateStatus", "lastUpdateStatusReason", "lastUpdateStatusReasonCode", "lockInfo", "idleTimeout"),
        "codeChecksum",  # of an archive that only the deployment makes
    }
)
"""What a function has besides: its names, its history, and how long an idle instance is kept."""

_OF_S_YAML = frozenset(
    {
        *("code", "concurrencyConfig", "asyncInvokeConfig", "provisionConfig", "scalingConfig", "vpcBinding"),
        *("annotations", "endpoint", "supplement", "customDomain"),
    }
)
"""What fc3 uses itself, or sends with other operations."""

TRIGGER_COMPARED = frozenset(
    {
        *("triggerName", "triggerType", "invocationRole", "sourceArn", "triggerConfig.authType"),
        *("triggerConfig.authConfig", "triggerConfig.corsConfig", "triggerConfig.methods"),
        "triggerConfig.disableURLInternet",
    }
)
TRIGGER_HARMLESS = frozenset(
    {
        *("createdTime", "lastModifiedTime", "description", "triggerId", "targetArn", "status"),
        *("httpTrigger", "qualifier"),  # other checks look at both
    }
)

_DEFAULTS: Mapping[str, Any] = {
    "cpu": 0.35,
    "memorySize": 512,
    "diskSize": 512,
    "timeout": 3,
    "instanceConcurrency": 1,
    "internetAccess": True,
    "instanceIsolationMode": "SHARE",
    "sessionAffinity": "NONE",
    "disableInjectCredentials": "None",
    "logConfig.logBeginRule": "None",
}
"""What holds where nothing is stated."""

_KNOWN_WITHIN = {
    "logConfig": (
        *("project", "logstore", "enableRequestMetrics", "enableInstanceMetrics", "enableLlmMetrics"),
        "logBeginRule",
    ),
    "instanceLifecycleConfig": tuple(
        f"{hook}.{part}" for hook in ("initializer", "preStop") for part in ("handler", "command", "timeout")
    ),
}
"""The parts that are known of what is declared in parts. Of the rest nothing is declared."""

_PART_OF = {
    "nasConfig.userId": "nasConfig.mountPoints",
    "nasConfig.groupId": "nasConfig.mountPoints",
    "instanceLifecycleConfig.initializer.timeout": "instanceLifecycleConfig.initializer.handler",
    "instanceLifecycleConfig.preStop.timeout": "instanceLifecycleConfig.preStop.handler",
    "invocationRestriction.lastModifiedTime": "invocationRestriction.disable",
    "invocationRestriction.reason": "invocationRestriction.disable",
}
"""What means nothing without another."""

_NOTHING: tuple[Any, ...] = (None, "", "{}", "[]", "null", [])

_VARIABLE = "environmentVariables."
"""Begins the name of a variable that is no setting."""

_ASIDE_LIVE = COMPARED_ELSEWHERE | HARMLESS
_ASIDE = _ASIDE_LIVE | _OF_S_YAML


@check(
    "drift",
    level="decision",
    impact="The function works with other settings than those that you see here.",
    fix="Deploy, for what is in .env and s.yaml to hold; or set there what should hold. (Without the .env that was "
    "deployed, its settings are named here: nothing is wrong then.)",
    live="function",
    also="callback function",
    declared=False,
)
def drift(context: Context) -> Iterator[str]:
    for whose, live, declared in _functions(context):
        foreign = _foreign_variables(live, declared)
        names = _differing_settings(_environ(live), _environ(declared), is_sign=whose == "The function")
        names = [name for name in names if _VARIABLE + name not in foreign]
        if live.get("runtime") in RUNTIMES and live["runtime"] != declared.get("runtime"):
            names.append("runtime")
        if names:
            yield f"{whose} differs from s.yaml in {', '.join(names)}."


@check(
    "configuration",
    impact="Other code runs than you deployed, or it runs elsewhere or otherwise, or sends its data elsewhere.",
    fix="Find out who changed it, and deploy, for what is in s.yaml to hold. (What fc3 leaves alone, take away in "
    "Function Compute's console.)",
    live="function",
    also="callback function",
    declared=False,
)
def configuration(context: Context) -> Iterator[str]:
    for whose, live, declared in _functions(context):
        names = _differing(_leaves(live), _leaves(declared), _is_compared, beside=_ASIDE)
        names += _foreign_variables(live, declared)
        if live.get("runtime") in RUNTIMES:
            names = [name for name in names if name != "runtime"]
        if names:
            yield f"{whose} differs from s.yaml in {', '.join(names)}."
        trigger, stated = _leaves(http_trigger(live, declared)), _leaves(http_trigger(declared, {}))
        if names := _differing(trigger, stated, _is_compared_of_triggers, beside=TRIGGER_HARMLESS):
            yield f"{whose}'s trigger differs from s.yaml in {', '.join(names)}."


@check(
    "callback-url",
    impact="OSS notifies somebody else of uploads, and the page shows what they answer; or OSS notifies nobody.",
    fix="Find out who changed it, and deploy.",
    live="function",
    also="callback function",
    declared=False,
)
def callback_url(context: Context) -> Iterator[str]:
    address, set_to = (
        each.rstrip("/").lower() for each in (_address(context), context.settings.get("CALLBACK_URL", ""))
    )
    if _calls_back(context) and address and set_to != address:
        yield "CALLBACK_URL is not the address of the live callback function."


@check(
    "asynchronous",
    impact="Results of asynchronous invocations, forms among them, go elsewhere, or the invocations are repeated.",
    fix="Take it away in Function Compute's console, under asynchronous invocation, or declare it in s.yaml.",
    live="asynchronous calls",
    declared=False,
)
def asynchronous(context: Context) -> Iterator[str]:
    beside = frozenset({"createdTime", "lastModifiedTime", "functionArn", "qualifier"})
    for whose, live, declared in _functions(context):
        stated = _leaves(declared.get("asyncInvokeConfig") or {})
        for each in live.get("asyncInvokeConfigs") or [{}]:
            names = _differing(_leaves(each), stated, lambda name: name not in beside, beside=beside)
            if names:
                yield f"{whose}'s asynchronous calls differ from s.yaml in {', '.join(names)}."


@check(
    "concurrency",
    impact="More requests cost you than you allowed at a time, or fewer are answered: the rest get 429.",
    fix="Deploy, or set concurrencyConfig in s.yaml to what should hold.",
    live="concurrency",
    declared=False,
)
def concurrency(context: Context) -> Iterator[str]:
    for whose, live, declared in _functions(context):
        stated = (declared.get("concurrencyConfig") or {}).get("reservedConcurrency")
        found = [each.get("reservedConcurrency") for each in live.get("concurrencyConfigs") or ()] or [None]
        for each in found:
            if each != stated:
                words = ["no limit" if limit is None else limit for limit in (each, stated)]
                yield f"{whose}'s reservedConcurrency is {words[0]}, and in s.yaml {words[1]}."


@check(
    "not-checked",
    level="decision",
    impact="It may change what runs, with whose rights, or where its data goes: it is not known here.",
    fix="Look at it in Function Compute's console, and in s.yaml; newer versions of this project may know it.",
    live="function",
    also="callback function",
    declared=False,
)
def not_checked(context: Context) -> Iterator[str]:
    for whose, live, declared in _functions(context):
        of_function = _unknown(_leaves(live), _leaves(declared), _is_compared, beside=_ASIDE_LIVE)
        yield from (f"{whose} has {name}, which is not checked." for name in of_function)
        trigger, stated = _leaves(http_trigger(live, declared)), _leaves(http_trigger(declared, {}))
        of_trigger = _unknown(trigger, stated, _is_compared_of_triggers, beside=TRIGGER_HARMLESS)
        yield from (f"{whose}'s trigger has {name}, which is not checked." for name in of_trigger)
        for each in live.get("concurrencyConfigs") or ():
            of_limit = _unknown(
                _leaves(each), {}, {"reservedConcurrency"}.__contains__, beside=frozenset({"functionArn"})
            )
            yield from (f"{whose}'s concurrency has {name}, which is not checked." for name in of_limit)
    if _calls_back(context) and not _address(context):
        yield "The callback function's address cannot be seen: CALLBACK_URL is not checked."


def _functions(context: Context) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Yields each live function that was seen, and what is declared of it."""
    if context.declared:
        for whose, live, declared in (
            ("The function", context.deployment.function, context.declared.function),
            ("The callback function", context.deployment.callback, context.declared.callback),
        ):
            if live:
                yield whose, live, declared


def _environ(function: Mapping[str, Any]) -> dict[str, str]:
    """Returns a function's environment; what is empty is not set."""
    stated = (function.get("environmentVariables") or {}).items()
    return {name: str(value) for name, value in stated if value not in ("", None)}


def _foreign_variables(live: Mapping[str, Any], declared: Mapping[str, Any]) -> list[str]:
    """Returns the variables that s.yaml does not name: no .env sets them, and Python obeys some (PYTHONPATH)."""
    stated = declared.get("environmentVariables") or {}
    return [_VARIABLE + name for name in _environ(live) if name not in stated]


def _differing_settings(live: Mapping[str, str], declared: Mapping[str, str], *, is_sign: bool) -> list[str]:
    return [
        name
        for name in {**declared, **live}
        if live.get(name) != declared.get(name)
        and "${" not in declared.get(name, "")  # known only while deploying
        and not (name.endswith("_SECRET") and name not in declared and not _has_provider(declared, name))
        and not (is_sign and name == "OSS_STS_ROLE_ARN")  # the check of roles looks at it
        and not (is_sign and name == "AUTH" and is_open(live))  # and one of its own at this
    ]


def _has_provider(declared: Mapping[str, str], secret: str) -> bool:
    """Tells whether tokens are an identity provider's, so that a JWT_SECRET would be somebody else's way in.

    Other secrets may simply not be set where doctor runs.
    """
    return secret.startswith("JWT_") and not {"JWT_JWKS", "JWT_ISSUER"}.isdisjoint(declared)


def _calls_back(context: Context) -> bool:
    """Tells whether s.yaml takes CALLBACK_URL from the callback function's deployment, and both functions were seen."""
    stated = context.declared.function_environ.get("CALLBACK_URL", "") if context.declared else ""
    return bool(context.function and context.deployment.callback) and stated.startswith("${resources.callback.")


def _address(context: Context) -> str:
    """Returns the live callback function's; empty where it is not known."""
    trigger = http_trigger(context.deployment.callback, context.declared.callback if context.declared else {})
    return str((trigger.get("httpTrigger") or {}).get("urlInternet") or "")


def _leaves(props: Mapping[str, Any], within: str = "") -> dict[str, Any]:
    """Returns all that is stated, by names such as `logConfig.project`; what is stated to be nothing is not stated."""
    found: dict[str, Any] = {}
    for name, value in props.items():
        if isinstance(value, dict):
            found.update(_leaves(value, f"{within}{name}."))
        elif value not in _NOTHING:
            found[within + name] = _plain(name, value)
    return {name: value for name, value in found.items() if name not in _PART_OF or found.get(_PART_OF[name])}


def _plain(name: str, value: Any) -> Any:
    """Returns a value, spelt in one way."""
    if name == "layers" and isinstance(value, list):
        return [each.get("arn") if isinstance(each, dict) else each for each in value]
    if name == "methods" and isinstance(value, list):
        return sorted(map(str, value))
    is_number = isinstance(value, str) and re.fullmatch(r"[0-9]+(\.[0-9]+)?", value)
    return float(value) if is_number else value


def _differing(
    live: Mapping[str, Any], declared: Mapping[str, Any], compared: Callable[[str], bool], *, beside: frozenset[str]
) -> list[str]:
    """Returns the names of what is not the same: of what is compared, and of whatever else is declared."""
    return [
        name
        for name in {**declared, **live}
        if compared(name) or (name in declared and _top(name) not in beside)
        if (live.get(name, _DEFAULTS.get(name)) or None) != (declared.get(name, _DEFAULTS.get(name)) or None)
        and "${" not in str(declared.get(name, ""))  # known only while deploying
    ]


def _unknown(
    live: Mapping[str, Any], declared: Mapping[str, Any], compared: Callable[[str], bool], *, beside: frozenset[str]
) -> list[str]:
    return [
        name
        for name, value in live.items()
        if value and name not in declared and not compared(name) and _top(name) not in beside
    ]


def _is_compared(name: str) -> bool:
    top, _, rest = name.partition(".")
    return top in COMPARED and (top not in _KNOWN_WITHIN or not rest or rest in _KNOWN_WITHIN[top])


def _is_compared_of_triggers(name: str) -> bool:
    return any(name == each or name.startswith(f"{each}.") for each in TRIGGER_COMPARED)


def _top(name: str) -> str:
    return name.partition(".")[0]
