"""The rights that this project's roles have: the yardstick for the template as it stands, and for the live roles.

They are stated here once more, since a template that was edited cannot tell what it was before; a test holds this
against deploy/ros.yaml. Statements are compared right by right (one action on one resource), so that their order, and
how they are put together, do not matter.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from deploy.declared import Deployment, as_list
from oss_protocol.bucket import DEFAULT_KEY_PREFIX

SESSION_DURATION = 3600
"""Seconds that a session of a role lasts at most: RAM's least, and its default."""

_ALL_BUT = "all but "
"""Begins what a statement with a Not… names."""

_OF_DOCUMENTS = frozenset({"Version", "Statement"})
"""What a policy is made of."""

_ELEMENTS = frozenset(
    {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
)
"""What a statement is made of."""

_UNREADABLE = [{"Effect": "Allow", "Action": "what cannot be read here", "Resource": "what cannot be read here"}]


@dataclass(frozen=True)
class ResourceNames:
    """What differs from one deployment to the next."""

    account: str
    sign_role: str
    upload_role: str
    callback_role: str
    bucket: str
    prefix: str
    project: str
    logstore: str
    callback_logstore: str
    deletes_mismatches: bool
    """Whether the callback function deletes what is not of its type."""

    @classmethod
    def of(cls, deployment: Deployment) -> ResourceNames:
        """Returns what s.yaml has the functions work with."""
        settings, parameters = deployment.function_environ, deployment.parameters
        role = str(deployment.function.get("role") or "")
        logs = (_log(deployment.function), _log(deployment.callback))
        return cls(
            account=role.split(":")[3] if role.count(":") > 3 else "",
            sign_role=role.rpartition("/")[2],
            upload_role=settings.get("OSS_STS_ROLE_ARN", "").rpartition("/")[2],
            callback_role=str(deployment.callback.get("role") or "").rpartition("/")[2],
            bucket=settings.get("OSS_BUCKET", ""),
            prefix=settings.get("UPLOAD_PREFIX") or DEFAULT_KEY_PREFIX,
            project=str(logs[0].get("project") or parameters.get("LogProject", "")),
            logstore=str(logs[0].get("logstore") or parameters.get("LogStore", "")),
            callback_logstore=str(logs[1].get("logstore") or parameters.get("CallbackLogStore", "")),
            deletes_mismatches=(deployment.callback.get("environmentVariables") or {}).get("CONTENT_CHECK") == "delete",
        )


def _log(function: Mapping[str, Any]) -> Mapping[str, Any]:
    told = function.get("logConfig")
    return told if isinstance(told, dict) else {}


def shipped_roles(names: ResourceNames) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Returns the properties of the function's role, of the upload role and of the callback function's role."""
    functions = {"Service": ["fc.aliyuncs.com"]}
    uploads = f"acs:oss:*:{names.account}:{names.bucket}/{names.prefix}/*"
    logs = f"acs:log:*:{names.account}:project/{names.project}/logstore/"
    return (
        _role(
            names.sign_role,
            functions,
            (["sts:AssumeRole"], f"acs:ram:*:{names.account}:role/{names.upload_role}"),
            (["log:PostLogStoreLogs"], logs + names.logstore),
        ),
        _role(
            names.upload_role,
            {"RAM": [f"acs:ram::{names.account}:role/{names.sign_role}"]},
            (["oss:PutObject", "oss:AbortMultipartUpload", "oss:ListParts"], uploads),
        ),
        _role(
            names.callback_role,
            functions,
            (["oss:GetObject", *(["oss:DeleteObject"] if names.deletes_mismatches else [])], uploads),
            (["log:PostLogStoreLogs"], logs + names.callback_logstore),
        ),
    )


def _role(name: str, trusts: dict[str, list[str]], *grants: tuple[list[str], str]) -> dict[str, Any]:
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": trusts}
    allowed = [{"Effect": "Allow", "Action": actions, "Resource": [resource]} for actions, resource in grants]
    return {
        "RoleName": name,
        "MaxSessionDuration": SESSION_DURATION,
        "AssumeRolePolicyDocument": {"Version": "1", "Statement": [trust]},
        "Policies": [{"PolicyName": name, "PolicyDocument": {"Version": "1", "Statement": allowed}}],
    }


@dataclass(frozen=True)
class Right:
    """One action on one resource, allowed or denied."""

    action: str
    resource: str
    who: str = ""
    """Whom a bucket's policy or a role's trust names; empty where the right is the role's own."""
    condition: str = ""

    def same(self, other: Right) -> bool:
        """Tells whether both are one right, whatever their conditions."""
        return self._spelling() == other._spelling()

    def covers(self, other: Right) -> bool:
        """Tells whether who has this right has the other one, too, without more ado."""
        pairs = zip(self._spelling(), other._spelling(), strict=True)
        return not self.condition and all(_matches(pattern, text) for pattern, text in pairs)

    def takes(self, other: Right, regions: Mapping[str, str]) -> bool:
        """Tells whether a denial takes the other right away, whatever region it names; `regions` has it by service."""
        service, _, rest = other.resource.partition(":*:")
        region = regions.get(service.removeprefix("acs:"), "")
        spelt = (f"{service}:{each}:{rest}" for each in ("*", "", region, f"oss-{region}"))
        resources = spelt if rest else (other.resource,)
        return any(self.covers(replace(other, resource=each)) for each in resources)

    def _spelling(self) -> tuple[str, str, str]:
        # RAM does not mind the case of actions, roles and services; OSS minds that of keys.
        resource = self.resource.lower() if self.resource.startswith("acs:ram:") else self.resource
        return self.action.lower(), resource, self.who.lower()


def _matches(pattern: str, text: str) -> bool:
    if pattern.startswith(_ALL_BUT):
        return not any(_matches(each, text) for each in pattern.removeprefix(_ALL_BUT).split(", "))
    parts = (".*" if each == "*" else "." if each == "?" else re.escape(each) for each in pattern)
    return re.fullmatch("".join(parts), text, re.DOTALL) is not None


def role_rights(properties: Mapping[str, Any]) -> tuple[list[Right], list[Right]]:
    """Returns what a role's own policies allow, and what they deny."""
    policies = properties.get("Policies") or ()
    documents = [each.get("PolicyDocument") if isinstance(each, dict) else each for each in policies]
    return _split(documents)


def trust_rights(properties: Mapping[str, Any]) -> tuple[list[Right], list[Right]]:
    """Returns who may become a role, and who may not."""
    return _split([properties.get("AssumeRolePolicyDocument")])


def policy_rights(document: Any) -> tuple[list[Right], list[Right]]:
    """Returns what a bucket's policy allows to whom, and what it denies."""
    return _split([document] if document else [], nobody="*")


def _split(documents: Iterable[Any], nobody: str = "") -> tuple[list[Right], list[Right]]:
    allowed: list[Right] = []
    denied: list[Right] = []
    for statement in (each for document in documents for each in _statements(document)):
        effect, found = str(statement.get("Effect")).lower(), _rights(statement, nobody)
        # What is neither is not left out: it counts as allowed, and as nothing that is needed.
        if effect not in ("allow", "deny"):
            found = (replace(right, action=f"{right.action} (or is denied it)") for right in found)
        (denied if effect == "deny" else allowed).extend(found)
    return allowed, denied


def _statements(document: Any) -> list[dict[str, Any]]:
    if isinstance(document, str):
        try:
            document = json.loads(document, object_pairs_hook=_mapping)
        except (ValueError, RecursionError):
            return _UNREADABLE
    found = document.get("Statement") if isinstance(document, dict) else None
    statements = [found] if isinstance(found, dict) else found
    if not isinstance(statements, list) or not all(isinstance(each, dict) for each in statements):
        return _UNREADABLE
    is_plain = _OF_DOCUMENTS.issuperset(document) and all(map(_is_plain, statements))
    return statements if is_plain else statements + _UNREADABLE


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Returns a mapping that names nothing twice: who obeys the policy might take the other one. Raises ValueError."""
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        raise ValueError("a name stands there twice")
    return mapping


def _is_plain(statement: Mapping[str, Any]) -> bool:
    """Tells whether a statement has only what is read here, and nothing in two ways."""
    twice = any(f"Not{name}" in statement and name in statement for name in ("Principal", "Action", "Resource"))
    return _ELEMENTS.issuperset(statement) and not twice


def _rights(statement: Mapping[str, Any], nobody: str) -> Iterator[Right]:
    """Yields a statement's rights; `nobody` is what an empty list of principals means: to OSS, everybody."""
    condition = json.dumps(statement["Condition"], sort_keys=True, default=str) if statement.get("Condition") else ""
    for action in _each(statement, "Action"):
        for resource in _each(statement, "Resource"):
            for who in _principals(statement, nobody):
                yield Right(action, resource, who, condition)


def _each(statement: Mapping[str, Any], name: str) -> list[str]:
    """Returns what a statement names; of what it leaves out, words that are no action and no resource."""
    if f"Not{name}" in statement:
        return [_ALL_BUT + ", ".join(as_list(statement[f"Not{name}"]))]
    return as_list(statement.get(name)) or [""]


def _principals(statement: Mapping[str, Any], nobody: str) -> list[str]:
    if "NotPrincipal" in statement:
        return [_ALL_BUT + ", ".join(_principal_names(statement["NotPrincipal"]))]
    if statement.get("Principal") == []:
        return [nobody]
    # Who names nobody still states a right: it is not left out.
    return _principal_names(statement.get("Principal")) or [""]


def _principal_names(principal: Any) -> list[str]:
    if not isinstance(principal, dict):
        return as_list(principal)
    # A role or a service tells its kind by itself; another kind's name might be the same.
    return [
        who if kind in ("RAM", "Service") else f"{kind} {who}"
        for kind, named in principal.items()
        for who in as_list(named)
    ]
