"""What doctor looks for in the roles: who may become them, and what they may do, held against `rights`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from deploy.alerts import NOBODY, is_for_them
from deploy.declared import NOT_VISIBLE, Deployment, as_list
from deploy.doctor import function, rights, settings
from deploy.doctor.check import check
from deploy.doctor.context import BUCKET, ROLE, Context
from deploy.doctor.rights import SESSION_DURATION, ResourceNames, Right

_MULTIPART = ("oss:AbortMultipartUpload", "oss:ListParts")
_PROJECT, _LOGSTORE, _INDEX, _DASHBOARD, _ALERT = (
    f"ALIYUN::SLS::{kind}" for kind in ("Project", "Logstore", "Index", "Dashboard", "Alert")
)
_ALERTS = 5
"""As many as the template makes, if anybody is notified."""
_FC3 = r"fc3(@[0-9.]+)?"
_SHIPPED_COMPONENTS = {"infra": r"ros(@[0-9.]+)?", "callback": _FC3, "sign": _FC3, "site": r"(.*/)?deploy/site"}

_READ_OF_ROLES = frozenset(
    {
        *("RoleName", "Description", "AssumeRolePolicyDocument", "MaxSessionDuration", "Policies"),
        *("PolicyAttachments", "IgnoreExisting", "DeletionForce", "Tags"),
    }
)
_READ_OF_POLICIES = frozenset({"PolicyName", "PolicyDocument", "Description"})
_READ_OF_BUCKETS = frozenset(
    {
        *("BucketName", "AccessControl", "BlockPublicAccess", "Policy", "VersioningConfiguration", "CORSConfiguration"),
        *("LifecycleConfiguration", "WebsiteConfigurationV2", "DeletionForce", "Tags"),
    }
)
_READ_OF_LOGS = {
    _PROJECT: frozenset({"Name", "Description", "Tags"}),
    _LOGSTORE: frozenset({"ProjectName", "LogstoreName", "ShardCount", "AutoSplit", "MaxSplitShard", "TTL"}),
    _INDEX: frozenset({"ProjectName", "LogstoreName", "FullTextIndex", "KeyIndices", "LogReduce"}),
    _DASHBOARD: frozenset({"ProjectName", "DashboardName", "DisplayName", "Description", "Charts"}),
    _ALERT: frozenset({"Project", "Detail"}),
}
_READ_OF_WEBSITES = frozenset({"IndexDocument", "ErrorDocument"})
"""What is looked at here, or gives nothing. Elsewhere ROS takes a PolicyDocumentUnchecked instead of the document."""


@check(
    "grants",
    impact="Anybody who gets hold of the role's credentials may do what this project, as it is shipped, does not need.",
    fix="Take it out, in deploy/ros.yaml or in the RAM console, and deploy: the template as it is shipped gives all "
    "that is needed.",
    live="roles",
)
def grants(context: Context) -> Iterator[str]:
    for role, properties, shipped in _comparisons(context):
        wanted, _ = rights.role_rights(shipped)
        allowed, _ = rights.role_rights(properties)
        more = [right for right in allowed if not any(right.same(each) for each in wanted)]
        yield from (f"The role {role} may do {what}." for what in together(more))
        attached = properties.get("PolicyAttachments") or {}
        kinds = attached.values() if isinstance(attached, dict) else [attached]
        yield from (f"The role {role} has {policy} attached." for kind in kinds for policy in as_list(kind))


@check(
    "extra-resources",
    impact="It may give rights that nothing here looks at, delete files, or send data elsewhere.",
    fix="Make it in a stack of its own, or take it out of deploy/ros.yaml.",
)
def extra_resources(context: Context) -> Iterator[str]:
    ours = shipped_roles(context)
    buckets = (context.settings.get("OSS_BUCKET"), context.deployment.site_bucket)
    made = [each.get("BucketName") for each in context.deployment.of_type(BUCKET).values()]
    shipped_logs = _shipped_logs(context.deployment)
    for name, resource in context.deployment.template.items() if ours else ():
        kind = str(resource.get("Type"))
        properties = resource.get("Properties") or {}
        role, bucket = (str(properties.get(of, name)) for of in ("RoleName", "BucketName"))
        if kind == ROLE and role.lower() not in ours:
            yield f"The template makes the role {role}, which is not one of the three."
        elif kind == ROLE and str(properties.get("IgnoreExisting", False)).lower() != "false":
            yield f"The template takes a role {role} that is there already, whatever its rights."
        elif kind == ROLE:
            yield from (
                f"The template's role {role} has {each}, which is not read here." for each in _unread(properties)
            )
        elif kind == BUCKET and bucket not in buckets and buckets[0] in made:  # else it is that one, misnamed
            yield f"The template makes the bucket {bucket}, which is not one of the two."
        elif kind == BUCKET:
            yield from _unread_of_bucket(bucket, properties, is_page=bucket == buckets[1])
        elif (kind, *_log_names(context.deployment, properties)) not in shipped_logs:
            yield f"The template makes {name}, which is {kind}."
        else:
            shipped_logs.remove((kind, *_log_names(context.deployment, properties)))
            strange = (each for each in properties if each not in _READ_OF_LOGS[kind])
            yield from (f"The template's {name} has {each}, which is not read here." for each in strange)
            if kind == _ALERT and not is_for_them(properties, *_recipients(context.deployment)):
                yield f"The template's alert {name} notifies others than ALERT_EMAIL or ALERT_URL."
    yield from _strange_components(context.deployment)
    yield from context.deployment.unread


def _shipped_logs(deployment: Deployment) -> list[tuple[str, ...]]:
    """Returns what the template makes of the log service: the type, and the names of project and logstore."""
    given = deployment.parameters
    project = str(given.get("LogProject", ""))
    stores = [(project, str(given.get(name, ""))) for name in ("LogStore", "CallbackLogStore")]
    number = 0 if _recipients(deployment) == (NOBODY, NOBODY) else _ALERTS
    return [
        *((kind, project, "") for kind in (_PROJECT, _DASHBOARD, *[_ALERT] * number)),
        *((kind, *names) for kind in (_LOGSTORE, _INDEX) for names in stores),
    ]


def _recipients(deployment: Deployment) -> tuple[str, str]:
    """Returns who is notified by email, and the address of a robot."""
    email, url = (str(deployment.parameters.get(name, NOBODY)) for name in ("AlertEmail", "AlertUrl"))
    return email, url


def _log_names(deployment: Deployment, properties: Mapping[str, Any]) -> tuple[str, str]:
    """Returns the names of a resource's project and logstore, which may stand in another resource."""

    def name(value: Any) -> str:
        resource, _, attribute = str(value or "").partition(".")
        there = (deployment.template.get(resource) or {}).get("Properties") or {}
        return str(there.get(attribute, value or ""))

    project = next((properties[each] for each in ("Name", "ProjectName", "Project") if properties.get(each)), "")
    return name(project), name(properties.get("LogstoreName"))


def _strange_components(deployment: Deployment) -> Iterator[str]:
    for name, resource in deployment.resources.items():
        component = str(resource.get("component"))
        if name not in _SHIPPED_COMPONENTS:
            yield f"s.yaml makes {name} besides, with the component {component}."
        elif not re.fullmatch(_SHIPPED_COMPONENTS[name], component):
            yield f"s.yaml makes {name} with the component {component}."


def _unread(role: Mapping[str, Any]) -> Iterator[str]:
    policies = (each for each in role.get("Policies") or () if isinstance(each, dict))
    yield from (name for name in role if name not in _READ_OF_ROLES)
    yield from (name for policy in policies for name in policy if name not in _READ_OF_POLICIES)


def _unread_of_bucket(bucket: str, properties: Mapping[str, Any], *, is_page: bool) -> Iterator[str]:
    if str(properties.get("DeletionForce", False)).lower() != "false":
        yield f"The template deletes the bucket {bucket} with all its files where the stack is deleted."
    website = properties.get("WebsiteConfigurationV2") or {}
    strange = [name for name in properties if name not in _READ_OF_BUCKETS]
    strange += [f"WebsiteConfigurationV2.{name}" for name in website if not is_page or name not in _READ_OF_WEBSITES]
    yield from (f"The template's bucket {bucket} has {name}, which is not read here." for name in strange)
    undecided = (name for name in properties if name in _READ_OF_BUCKETS - {"Tags"} and _is_undecided(properties[name]))
    yield from (f"The template's bucket {bucket} has {name}, which only a deployment decides." for name in undecided)


def _is_undecided(value: Any) -> bool:
    """Tells whether a function of ROS is left in a value."""
    if isinstance(value, dict):
        return any(str(name).startswith("Fn::") or _is_undecided(each) for name, each in value.items())
    return isinstance(value, list) and any(map(_is_undecided, value))


@check(
    "trust",
    impact="Others than the functions can become this role: with :root, everybody in the account who may assume roles.",
    fix="Let the functions' roles trust fc.aliyuncs.com, and the upload role the function's role; nothing else.",
    live="roles",
)
def trust(context: Context) -> Iterator[str]:
    for role, properties, shipped in _comparisons(context):
        wanted, _ = rights.trust_rights(shipped)
        allowed, _ = rights.trust_rights(properties)
        for right in allowed:
            if not any(right.same(each) for each in wanted):
                what = "" if right.action.lower() == "sts:assumerole" else f" with {right.action or 'any action'}"
                yield f"The role {role} trusts {right.who or 'anybody'}{what}."


@check(
    "trust-missing",
    impact="The function gets no credentials: every answer is 503, and every upload says: the site was not notified.",
    fix="Let deploy/ros.yaml give it, as it is shipped, and deploy.",
    live="roles",
)
def trust_missing(context: Context) -> Iterator[str]:
    for role, properties, shipped in _comparisons(context):
        wanted, _ = rights.trust_rights(shipped)
        allowed, denied = rights.trust_rights(properties)
        for right in wanted:
            if any(each.covers(right) for each in denied):
                yield f"The role {role} refuses {right.who}."
            elif not any(each.covers(right) for each in allowed):
                narrowed = any(each.same(right) for each in allowed)
                how = f"trusts {right.who} only under a condition" if narrowed else f"does not trust {right.who}"
                yield f"The role {role} {how}."


@check(
    "session",
    impact="Credentials that leak are good for longer, or the function asks for longer than it may have.",
    fix="Set MaxSessionDuration to 3600 in deploy/ros.yaml, or in the RAM console, and deploy.",
    live="roles",
)
def session(context: Context) -> Iterator[str]:
    for role, properties, _ in _comparisons(context):
        seconds = properties.get("MaxSessionDuration") or SESSION_DURATION
        if str(seconds) != str(SESSION_DURATION):
            yield f"A session of the role {role} may last {seconds} seconds, not {SESSION_DURATION}."


@check(
    "function-rights",
    impact="Without sts:AssumeRole every answer is 503; without log:PostLogStoreLogs failures leave no trace.",
    fix="Let deploy/ros.yaml give it, as it is shipped, and deploy.",
    live="roles",
)
def function_rights(context: Context) -> Iterator[str]:
    yield from _lacking(context, lambda action: not action.startswith("oss:"))


def _lacking(context: Context, concerned: Callable[[str], bool]) -> Iterator[str]:
    for role, properties, shipped in _comparisons(context):
        wanted = [right for right in rights.role_rights(shipped)[0] if concerned(right.action)]
        allowed, denied = rights.role_rights(properties)
        refused = [right for right in wanted if any(each.takes(right, context.regions) for each in denied)]
        missing = [
            right for right in wanted if right not in refused and not any(each.covers(right) for each in allowed)
        ]
        narrowed = [right for right in missing if any(each.same(right) for each in allowed)]
        yield from (f"The role {role} is denied {what}." for what in together(refused))
        yield from (f"The role {role} may do {what} only under a condition." for what in together(narrowed))
        absent = [right for right in missing if right not in narrowed]
        yield from (f"The role {role} may not do {what}." for what in together(absent))


@check(
    "upload-right",
    impact="OSS refuses uploads with 403 AccessDenied.",
    fix="Give the upload role oss:PutObject on exactly <bucket>/<UPLOAD_PREFIX>/*, in deploy/ros.yaml, and deploy.",
    live="roles",
)
def upload_right(context: Context) -> Iterator[str]:
    yield from _lacking(context, lambda action: action == "oss:PutObject")


@check(
    "denials",
    level="decision",
    impact="It takes rights away and gives none. Uploads fail where it takes away what they need.",
    fix="Keep it if it is yours; else take it out, and deploy.",
    live="roles",
)
def denials(context: Context) -> Iterator[str]:
    for role, properties, shipped in _comparisons(context):
        for of, words in ((rights.role_rights, "is denied {}"), (rights.trust_rights, "refuses {}")):
            wanted, _ = of(shipped)
            _, denied = of(properties)
            besides = [each for each in denied if not any(each.takes(right, context.regions) for right in wanted)]
            yield from (f"The role {role} {words.format(what)}." for what in together(besides))


@check(
    "callback-right",
    impact="The callback function cannot see what was stored, and every upload says: the site was not notified.",
    fix="Give its role oss:GetObject on exactly <bucket>/<UPLOAD_PREFIX>/*, in deploy/ros.yaml, and deploy.",
    live="roles",
)
def callback_right(context: Context) -> Iterator[str]:
    yield from _lacking(context, lambda action: action == "oss:GetObject")


@check(
    "content-check-right",
    impact="Files that are not of their type are named in log and webhook, and stay.",
    fix="Give the callback function's role oss:DeleteObject on exactly <bucket>/<UPLOAD_PREFIX>/*: deploy, and "
    "deploy/ros.yaml gives it for CONTENT_CHECK=delete.",
    live="roles",
)
def content_check_right(context: Context) -> Iterator[str]:
    yield from _lacking(context, lambda action: action == "oss:DeleteObject")


@check(
    "multipart-rights",
    impact="Uploads in parts are begun, and can neither be completed nor given up.",
    fix="Give the upload role oss:AbortMultipartUpload and oss:ListParts on exactly <bucket>/<UPLOAD_PREFIX>/*, in "
    "deploy/ros.yaml, and deploy.",
    live="roles",
)
def multipart_rights(context: Context) -> Iterator[str]:
    yield from _lacking(context, lambda action: action in _MULTIPART)


def together(found: Iterable[Right]) -> list[str]:
    """Returns rights in words: the actions on one resource in one, or who has them."""
    grouped: dict[tuple[str, str, bool], list[str]] = {}
    for right in found:
        grouped.setdefault((right.who, right.resource, bool(right.condition)), []).append(right.action)
    return [
        _in_words(who, ", ".join(actions), resource, narrowed) for (who, resource, narrowed), actions in grouped.items()
    ]


def _in_words(who: str, actions: str, resource: str, narrowed: bool) -> str:
    words = (who, actions, f"on {resource}" if resource else "", "under a condition" if narrowed else "")
    return " ".join(each for each in words if each)


def _comparisons(context: Context) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Yields each of the three roles that could be seen: its name, its properties, and those that are shipped."""
    shipped = shipped_roles(context)
    for name, properties in context.deployment.of_type(ROLE).items():
        role = str(properties.get("RoleName", name))
        if role.lower() in shipped and not properties.get(NOT_VISIBLE):
            yield role, properties, shipped[role.lower()]


def shipped_roles(context: Context) -> dict[str, dict[str, Any]]:
    """Returns the three roles as they are shipped, by their names in small letters.

    None while the prefix or a role in s.yaml is at fault: every right is made of them.
    """
    stated = Context(context.environ, context.declared or context.deployment)
    if settings.prefix_faults(stated) or any(function.role.find(stated)):
        return {}
    return {str(each["RoleName"]).lower(): each for each in rights.shipped_roles(ResourceNames.of(stated.deployment))}
