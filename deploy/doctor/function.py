"""What doctor looks for in the function and its trigger."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from deploy.declared import Deployment
from deploy.doctor.check import check
from deploy.doctor.context import ROLE, Context, role_name
from fc_http.event import METHODS

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


@check(
    "triggers",
    impact="It calls the function past the address that you know of, or another version of it than is looked at here.",
    fix="Delete it, in s.yaml or in Function Compute's console: a function needs its http trigger alone, of LATEST.",
    live="function",
    also="callback function",
)
def triggers(context: Context) -> Iterator[str]:
    deployment, stated = context.deployment, context.declared or context.deployment
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


@check(
    "methods",
    impact="The gateway answers 403 to them. Without OPTIONS no page can ask for a form: its preflight fails.",
    fix=f"Name {METHODS} in s.yaml under triggerConfig.methods.",
    live="function",
)
def methods(context: Context) -> Iterator[str]:
    methods = _trigger(context).get("methods") or ()
    missing = [method for method in METHODS.split(", ") if method not in methods]
    if missing:
        yield f"The trigger's methods lack {', '.join(missing)}."


def _trigger(context: Context) -> dict[str, Any]:
    trigger = http_trigger(context.function, context.declared.function if context.declared else {})
    return trigger.get("triggerConfig") or {}


def http_trigger(function: Mapping[str, Any], declared: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a function's http trigger: the one by the name that is declared, or else the first."""
    found: list[dict[str, Any]] = [each for each in function.get("triggers") or () if each.get("triggerType") == "http"]
    stated = http_trigger(declared, {}).get("triggerName") if declared else None
    return next((each for each in found if each.get("triggerName") == stated), next(iter(found), {}))


@check(
    "auth-type",
    impact="The gateway wants every request signed with an AccessKey, and browsers get 400 or 403.",
    fix="Set triggerConfig.authType to anonymous: the function itself checks who asks.",
    live="function",
)
def auth_type(context: Context) -> Iterator[str]:
    told = _trigger(context).get("authType")
    if told != "anonymous":
        yield f"The trigger's authType is {told or 'not stated'}."


@check(
    "timeout",
    impact="A cold start with a slow STS is cut off, and the page gets a bare 502.",
    fix="Set timeout to 10.",
    live="function",
)
def timeout(context: Context) -> Iterator[str]:
    seconds = context.function.get("timeout")
    if seconds is None:
        yield "The function's timeout is not stated: it is 3 seconds then."
    elif not isinstance(seconds, int) or seconds < LEAST_TIMEOUT:
        yield f"The function's timeout is {seconds} seconds."


@check(
    "log",
    impact="Failures leave no trace, or log storage is paid for after everything else is gone.",
    fix="Name the project and the logstore of the template in logConfig.",
    live="function",
    also="callback function",
)
def log(context: Context) -> Iterator[str]:
    deployment = context.deployment
    logs = [each.get("logConfig") for each in (deployment.function, deployment.callback)]
    for whose, props in (("The function", deployment.function), ("The callback function", deployment.callback)):
        told = props.get("logConfig")
        if not props:
            continue
        if not told or (isinstance(told, dict) and not told.get("project")):
            yield f"{whose} has no logConfig: a deployment switches its log off."
        elif isinstance(told, str):
            yield f"{whose}'s logConfig is {told}: a project and a logstore that no removal takes away."
        else:
            names = (told["project"], told.get("logstore")) if not context.has_wrong_names else ()
            wrong = [name for name in names if not _is_log_name(name)]
            yield from (f"{whose}'s logConfig names {name!r}, which is no name." for name in wrong)
    # The roles' rights are made of the function's own log. What is live is compared with what is declared.
    projects = [each["project"] for each in logs if isinstance(each, dict) and each.get("project")]
    if not context.declared and len(set(projects)) > 1:
        yield f"The callback function's logConfig names the project {projects[1]}, and the function's {projects[0]}."


def _is_log_name(name: object) -> bool:
    return re.fullmatch(r"[a-z0-9][a-z0-9_-]{1,62}", str(name)) is not None


@check(
    "role",
    impact="The function has no credentials to assume the upload role with: every answer is 503. (`auto` would be a "
    "role named auto, which nothing creates.)",
    fix="Set role to the ARN of the execution role that deploy/ros.yaml makes.",
    live="function",
    also="callback function",
)
def role(context: Context) -> Iterator[str]:
    known = {str(each.get("RoleName")).lower() for each in context.deployment.of_type(ROLE).values()}
    stated = _roles(context.declared) if context.declared else {}
    # What s.yaml states of the function's role is the yardstick: a live one that differs is named by itself, once.
    own = str((context.declared or context.deployment).function.get("role") or "").rpartition("/")[0].lower()
    own = own if re.fullmatch(r"acs:ram::[0-9]+:role", own) else ""
    for whose, role in _roles(context.deployment).items():
        if role in ("", "auto"):
            yield f"{whose} is {role or 'not stated'}."
        elif not re.fullmatch(r"acs:ram::[0-9]+:role/[A-Za-z0-9.-]+", role) and not context.has_wrong_names:
            yield f"{whose} is {role!r}, which is no role's ARN."
        elif whose in stated and role.lower() != stated[whose].lower():
            yield f"{whose} is {role}, and in s.yaml {stated[whose]}."
        elif own and role.rpartition("/")[0].lower() != own and not context.has_wrong_names:
            yield f"{whose} {role} is of another account than the function's."
        elif role_name(role) not in known:
            yield f"{whose} {role} is not one of the template's."


def _roles(deployment: Deployment) -> dict[str, str]:
    """Returns the role's ARNs; of what was not seen there are none."""
    found = {}
    if deployment.function:
        found["The function's role"] = str(deployment.function.get("role") or "")
        found["The upload role"] = deployment.function_environ.get("OSS_STS_ROLE_ARN", "")
    if deployment.callback:
        found["The callback function's role"] = str(deployment.callback.get("role") or "")
    return found


@check(
    "runtime",
    impact="Function Compute refuses to make the function.",
    fix="Set the runtime to python3.10, or choose a region that has python3.12, such as cn-hongkong.",
    live="function",
)
def runtime(context: Context) -> Iterator[str]:
    runtime = context.function.get("runtime")
    if runtime not in RUNTIMES:
        yield f"The runtime is {runtime}; this function is for {' or '.join(RUNTIMES)}."
    elif runtime == "python3.12" and "REGION" not in context.name_faults and context.region not in PYTHON_312_REGIONS:
        yield f"Function Compute has no python3.12 in {context.region}."


@check(
    "state",
    impact="Function Compute cannot run it as it was deployed last, or at all.",
    fix="Look at the reason in Function Compute's console, and deploy again.",
    live="function",
    also="callback function",
    declared=False,
)
def state(context: Context) -> Iterator[str]:
    for whose, props in (
        ("The function", context.deployment.function),
        ("The callback function", context.deployment.callback),
    ):
        for name in ("state", "lastUpdateStatus"):
            if props.get(name) == "Failed":
                yield f"{whose}'s {name} is Failed."
