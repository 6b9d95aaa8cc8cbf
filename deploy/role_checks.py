"""What doctor looks for in the roles: who may become them, and what they may do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from deploy import function_checks, setting_checks
from deploy.declared import UNSEEN, listed
from deploy.setup import ROLE, Setup, role_name


def grants(setup: Setup) -> Iterator[str]:
    """Rights that are wider than an upload needs."""
    for role, statement in setup.statements():
        if statement.get("Effect") == "Allow":
            actions, resources = (listed(statement.get(name)) for name in ("Action", "Resource"))
            yield from (f"The role {role} may do {action}." for action in actions if "*" in action)
            yield from (f"The role {role} may reach {resource}." for resource in resources if _is_wide(resource))
    for name, properties in setup.deployment.of_type(ROLE).items():
        for policy in (properties.get("PolicyAttachments") or {}).get("System") or ():
            yield f"The role {properties.get('RoleName', name)} has {policy} attached."


def _is_wide(resource: str) -> bool:
    """A star may stand for the region, and for the end of a key; the bucket may not be all there is before it."""
    parts = resource.split(":", 4)
    if len(parts) < 5 or not parts[3] or "*" in parts[3]:
        return True
    service, path = parts[1], parts[4].removesuffix("*")
    return "*" in path or path in ("", "role/") or (service == "oss" and path.count("/") < 2)


def trust(setup: Setup) -> Iterator[str]:
    """Who may become which role."""
    if any(function_checks.role(setup)):
        return  # it cannot be told whom to trust
    function_role = str(setup.function["role"]).lower()
    of_functions = (function_role, str(setup.deployment.callback.get("role", "")).lower())
    for name, properties in setup.deployment.of_type(ROLE).items():
        role = properties.get("RoleName", name)
        is_functions = any(each.endswith(f"/{str(role).lower()}") for each in of_functions)
        for statement in (properties.get("AssumeRolePolicyDocument") or {}).get("Statement") or ():
            for who in _principals(statement.get("Principal")):
                if who.lower() != ("fc.aliyuncs.com" if is_functions else function_role):
                    yield f"The role {role} trusts {who}."


def _principals(principal: Any) -> list[str]:
    if isinstance(principal, dict):
        return [who for named in principal.values() for who in listed(named)]
    return listed(principal)


def upload_right(setup: Setup) -> Iterator[str]:
    """The upload role may put objects under the prefix."""
    if not sees_rights(setup):
        return
    role = setup.settings.get("OSS_STS_ROLE_ARN", "")
    if not setup.may(role, "oss:PutObject", setup.upload_place):
        yield f"The upload role {role_name(role) or '(none)'} may not put objects at {setup.upload_place}."


def sees_rights(setup: Setup) -> bool:
    """Whether it can be told what the roles may do, and where."""
    roles = setup.deployment.of_type(ROLE).values()
    return not setting_checks.prefix_faults(setup) and not any(UNSEEN in each for each in roles)
