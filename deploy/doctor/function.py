"""What doctor looks for in the function and its trigger."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from deploy.declared import Deployment
from deploy.doctor.context import ROLE, Setup, role_name

RUNTIMES = ("python3.12", "python3.10")
PYTHON_312_REGIONS = frozenset(
    {
        *("cn-hangzhou", "cn-shanghai", "cn-qingdao", "cn-beijing", "cn-zhangjiakou", "cn-huhehaote", "cn-shenzhen"),
        *("cn-chengdu", "cn-hongkong", "ap-northeast-1", "ap-southeast-7", "ap-northeast-2", "eu-central-1"),
        *("eu-west-1", "us-east-1", "us-west-1"),
    }
)
"""Where Function Compute has python3.12, by its page on the Python runtime (June 2026)."""

LEAST_TIMEOUT = 7
"""Seconds: a call to STS may take six of them."""


def methods(setup: Setup) -> Iterator[str]:
    """What the gateway lets through."""
    methods = _trigger(setup).get("methods") or ()
    missing = [method for method in ("GET", "POST", "OPTIONS") if method not in methods]
    if missing:
        yield f"The trigger's methods lack {', '.join(missing)}."


def auth_type(setup: Setup) -> Iterator[str]:
    """Browsers sign with no AccessKey."""
    told = _trigger(setup).get("authType")
    if told != "anonymous":
        yield f"The trigger's authType is {told or 'not stated'}."


def _trigger(setup: Setup) -> dict[str, Any]:
    trigger = http_trigger(setup.function, setup.declared.function if setup.declared else {})
    return trigger.get("triggerConfig") or {}


def http_trigger(function: Mapping[str, Any], declared: Mapping[str, Any]) -> dict[str, Any]:
    """A function's http trigger: the one by the name that is declared, or else the first."""
    found: list[dict[str, Any]] = [each for each in function.get("triggers") or () if each.get("triggerType") == "http"]
    stated = http_trigger(declared, {}).get("triggerName") if declared else None
    return next((each for each in found if each.get("triggerName") == stated), next(iter(found), {}))


def triggers(setup: Setup) -> Iterator[str]:
    """What calls the functions, beside their http triggers."""
    deployment, stated = setup.deployment, setup.declared or setup.deployment
    for whose, function, declared in (
        ("The function", deployment.function, stated.function),
        ("The callback function", deployment.callback, stated.callback),
    ):
        own = http_trigger(function, declared)
        if (own.get("qualifier") or "LATEST") != "LATEST":
            yield f"{whose}'s trigger {own.get('triggerName')} calls its version {own['qualifier']}."
        for each in function.get("triggers") or ():
            if each is not own:
                open_to_all = (each.get("triggerConfig") or {}).get("authType") == "anonymous"
                kind = f"{each.get('triggerType')}{', open to anybody' if open_to_all else ''}"
                yield f"{whose} has another trigger, {each.get('triggerName')} ({kind})."


def timeout(setup: Setup) -> Iterator[str]:
    """The time that Function Compute gives a request."""
    seconds = setup.function.get("timeout")
    if seconds is None:
        yield "The function's timeout is not stated: it is 3 seconds then."
    elif not isinstance(seconds, int) or seconds < LEAST_TIMEOUT:
        yield f"The function's timeout is {seconds} seconds."


def log(setup: Setup) -> Iterator[str]:
    """Where the functions' lines go."""
    deployment = setup.deployment
    for whose, props in (("The function", deployment.function), ("The callback function", deployment.callback)):
        told = props.get("logConfig")
        if not props:
            continue
        if not told or (isinstance(told, dict) and not told.get("project")):
            yield f"{whose} has no logConfig: a deployment switches its log off."
        elif isinstance(told, str):
            yield f"{whose}'s logConfig is {told}: a project and a logstore that no removal takes away."
        else:
            names = (told["project"], told.get("logstore")) if not setup.has_wrong_names else ()
            wrong = [name for name in names if not _is_log_name(name)]
            yield from (f"{whose}'s logConfig names {name!r}, which is no name." for name in wrong)


def _is_log_name(name: object) -> bool:
    return re.fullmatch(r"[a-z0-9][a-z0-9_-]{1,62}", str(name)) is not None


def role(setup: Setup) -> Iterator[str]:
    """The roles that the functions run as, and that they sign with."""
    known = {str(each.get("RoleName")).lower() for each in setup.deployment.of_type(ROLE).values()}
    stated = _roles(setup.declared) if setup.declared else {}
    own = str(setup.function.get("role") or "").rpartition("/")[0].lower()
    own = own if re.fullmatch(r"acs:ram::[0-9]+:role", own) else ""
    for whose, role in _roles(setup.deployment).items():
        if role in ("", "auto"):
            yield f"{whose} is {role or 'not stated'}."
        elif not re.fullmatch(r"acs:ram::[0-9]+:role/[A-Za-z0-9.-]+", role) and not setup.has_wrong_names:
            yield f"{whose} is {role!r}, which is no role's ARN."
        elif whose in stated and role.lower() != stated[whose].lower():
            yield f"{whose} is {role}, and in s.yaml {stated[whose]}."
        elif own and role.rpartition("/")[0].lower() != own and not setup.has_wrong_names:
            yield f"{whose} {role} is of another account than the function's."
        elif role_name(role) not in known:
            yield f"{whose} {role} is none of the template's."


def _roles(deployment: Deployment) -> dict[str, str]:
    """The role's ARNs; of what was not seen there are none."""
    found = {}
    if deployment.function:
        found["The function's role"] = str(deployment.function.get("role") or "")
        found["The upload role"] = deployment.function_environ.get("OSS_STS_ROLE_ARN", "")
    if deployment.callback:
        found["The callback function's role"] = str(deployment.callback.get("role") or "")
    return found


def runtime(setup: Setup) -> Iterator[str]:
    """Its Python."""
    runtime = setup.function.get("runtime")
    if runtime not in RUNTIMES:
        yield f"The runtime is {runtime}; this function is for {' or '.join(RUNTIMES)}."
    elif runtime == "python3.12" and "REGION" not in setup.name_faults and setup.region not in PYTHON_312_REGIONS:
        yield f"Function Compute has no python3.12 in {setup.region}."
