"""What doctor looks for in the function and its trigger."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from deploy.setup import ROLE, Setup

RUNTIMES = ("python3.12", "python3.10")
PYTHON_312_REGIONS = frozenset(
    {
        *("cn-hangzhou", "cn-shanghai", "cn-qingdao", "cn-beijing", "cn-zhangjiakou", "cn-huhehaote", "cn-shenzhen"),
        *("cn-chengdu", "cn-hongkong", "ap-northeast-1", "ap-southeast-7", "ap-northeast-2", "eu-central-1"),
        *("eu-west-1", "us-east-1", "us-west-1"),
    }
)
"""Where Function Compute has python3.12, by its page on the Python runtime (June 2026)."""

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
    triggers = setup.function.get("triggers") or ()
    return next((each.get("triggerConfig") or {} for each in triggers if each.get("triggerType") == "http"), {})


def timeout(setup: Setup) -> Iterator[str]:
    """The time that Function Compute gives a request."""
    seconds = setup.function.get("timeout")
    if seconds is None:
        yield "The function's timeout is not stated: it is 3 seconds then."
    elif not isinstance(seconds, int) or seconds < LEAST_TIMEOUT:
        yield f"The function's timeout is {seconds} seconds."


def log(setup: Setup) -> Iterator[str]:
    """Where its lines go."""
    told = setup.function.get("logConfig")
    if not told or (isinstance(told, dict) and not told.get("project")):
        yield "The function has no logConfig: a deployment switches its log off."
    elif isinstance(told, str):
        yield f"The function's logConfig is {told}: a project and a logstore that no removal takes away."


def role(setup: Setup) -> Iterator[str]:
    """The role it runs as."""
    role = str(setup.function.get("role") or "")
    if role in ("", "auto"):
        yield f"The function's role is {role or 'not stated'}."
        return
    ours = {str(each.get("RoleName")).lower() for each in setup.deployment.of_type(ROLE).values()}
    if role.rpartition("/")[2].lower() not in ours:
        yield f"The function's role {role} is none of the template's."


def runtime(setup: Setup) -> Iterator[str]:
    """Its Python."""
    runtime = setup.function.get("runtime")
    if runtime not in RUNTIMES:
        yield f"The runtime is {runtime}; this function is for {' or '.join(RUNTIMES)}."
    elif runtime == "python3.12" and setup.region not in PYTHON_312_REGIONS:
        yield f"Function Compute has no python3.12 in {setup.region}."
