"""The live functions and their roles, in the shapes in which s.yaml and the ROS template declare them.

Follows Function Compute's API of 2023-03-30 (GetFunction, ListTriggers, ListAsyncInvokeConfigs,
ListConcurrencyConfigs) and RAM's of 2015-05-01 (GetRole,
ListPoliciesForRole, GetPolicy).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from alibabacloud_oss_v2.credentials import StaticCredentialsProvider

from deploy.answers import UNREADABLE
from deploy.declared import NOT_VISIBLE, Deployment
from deploy.doctor.live_resource import LiveResource
from deploy.openapi import ApiFailure, OpenApi, Operation

FACTS = ("function", "callback function", "asynchronous calls", "concurrency", "roles")
"""What there is to be seen of them."""


_BESIDE = (("asynchronous calls", "asyncInvokeConfigs"), ("concurrency", "concurrencyConfigs"))
"""What Function Compute keeps beside a function: the fact, and what lists it."""

_OF_CONFIGS = {"nextToken", "requestId"}
"""What an answer without configs may have: the published models do not require the list."""


_OTHER_SHAPES = (AttributeError, TypeError, ValueError, RecursionError)
"""What reading an answer of another shape than its documentation's ends in."""


def _note(not_visible: dict[str, str], fact: str, why: str) -> None:
    not_visible[fact] = "; ".join(each for each in (not_visible.get(fact), why) if each)


def _reason(why: Exception) -> str:
    return str(why) if isinstance(why, ApiFailure) else UNREADABLE


class LiveFunctions:
    """What the deployer may see of Function Compute and RAM."""

    def __init__(
        self,
        provider: StaticCredentialsProvider,
        *,
        account_id: str,
        region: str,
        endpoint: str = "",
    ) -> None:
        """`endpoint` is where both services are, if they are not at their own addresses: a stand-in's http://…"""
        self._api = OpenApi(provider.get_credentials, account_id, region, endpoint)
        self._account_id = account_id
        self._region = region
        self.resources: list[LiveResource] = []

    def inspect(self, function: str, callback: str, roles: Iterable[str]) -> tuple[Deployment | None, dict[str, str]]:
        """Returns the functions of these names with their triggers, and the roles; and why the rest is not visible.

        The reasons are the services' codes, by what `FACTS` call it. None where nothing could be seen.
        """
        not_visible: dict[str, str] = {}
        resources = {
            resource: {"props": self._function_if_seen(name, fact, not_visible)}
            for resource, name, fact in (("sign", function, "function"), ("callback", callback, "callback function"))
            if name
        }
        template = {
            name: {"Type": "ALIYUN::RAM::Role", "Properties": self._role_if_seen(name, not_visible)}
            for name in roles
            if name
        }
        seen = any(each["props"] for each in resources.values())
        seen = seen or any(NOT_VISIBLE not in each["Properties"] for each in template.values())
        return (Deployment(resources, template) if seen else None), not_visible

    def _function_if_seen(self, name: str, fact: str, not_visible: dict[str, str]) -> dict[str, Any]:
        try:
            props = {**self._function(name), "region": self._region}
        except (ApiFailure, *_OTHER_SHAPES) as why:
            self.resources.append(LiveResource(f"the {fact} {name}", fact, _reason(why)))
            not_visible[fact] = f"{name}: {_reason(why)}"
            for other, _ in _BESIDE:
                _note(not_visible, other, not_visible[fact])
            return {}
        self.resources.append(LiveResource(f"the {fact} {name}", fact))
        beside = {key: self._configs_if_seen(name, fact, key, not_visible) for fact, key in _BESIDE}
        return {**props, **beside}

    def _role_if_seen(self, name: str, not_visible: dict[str, str]) -> dict[str, Any]:
        try:
            role = self._role(name)
        except (ApiFailure, *_OTHER_SHAPES) as why:
            self.resources.append(LiveResource(f"the role {name}", "roles", _reason(why)))
            _note(not_visible, "roles", f"{name}: {_reason(why)}")
            return {"RoleName": name, NOT_VISIBLE: True}
        self.resources.append(LiveResource(f"the role {name}", "roles"))
        return role

    def _function(self, name: str) -> dict[str, Any]:
        path = f"/2023-03-30/functions/{name}"
        props = self._fc("GetFunction", path)
        found = _read_list(self._fc("ListTriggers", f"{path}/triggers"), "triggers")
        triggers = [{**each, "triggerConfig": _parsed_mapping(each.get("triggerConfig"))} for each in found]
        mappings = [props.get("environmentVariables"), props.get("logConfig")]
        mappings += [each.get("httpTrigger") for each in triggers]
        methods = [each["triggerConfig"].get("methods") for each in triggers]
        if (
            props.get("functionName") != name
            or not all(isinstance(each.get("triggerType"), str) for each in triggers)
            or not all(isinstance(each or {}, dict) for each in mappings)
            or not all(isinstance(each or [], list) for each in methods)
        ):
            raise ApiFailure(UNREADABLE)
        return {**props, "triggers": triggers}

    def _configs_if_seen(self, function: str, fact: str, key: str, not_visible: dict[str, str]) -> list[dict[str, Any]]:
        """Returns those of a function and its versions; others' are left out."""
        path = re.sub("[A-Z]", lambda letter: f"-{letter[0].lower()}", key)
        try:
            answer = self._fc(f"List{key[0].upper()}{key[1:]}", f"/2023-03-30/{path}", functionName=function)
            found = _read_list({"configs": [], **answer} if answer.keys() <= _OF_CONFIGS else answer, "configs")
        except (ApiFailure, *_OTHER_SHAPES) as why:
            _note(not_visible, fact, f"{function}: {_reason(why)}")
            return []
        whose = (str(each.get("functionArn") or "").partition(":functions/")[2] for each in found)
        return [
            each
            for each, name in zip(found, whose, strict=True)
            if not name or re.fullmatch(rf"{re.escape(function)}([^\w-].*)?", name)  # a version may stand behind it
        ]

    def _role(self, name: str) -> dict[str, Any]:
        role = self._ram("GetRole", RoleName=name).get("Role") or {}
        owner = re.fullmatch(r"acs:ram::([0-9]+):role/(.+)", str(role.get("Arn")))
        if owner and owner[1] != self._account_id:  # RAM shows the caller's own roles
            raise ApiFailure(f"the credentials are of the account {owner[1]}, and AccountID is {self._account_id}")
        is_this = owner is not None and owner[2].lower() == name.lower()
        if not is_this or not str(role.get("MaxSessionDuration")).isdecimal():
            raise ApiFailure(UNREADABLE)
        attached = _read_list(self._ram("ListPoliciesForRole", RoleName=name).get("Policies") or {}, "Policy")
        policies = [(str(each.get("PolicyType")), str(each.get("PolicyName"))) for each in attached]
        # The template's policy has the role's name. What else is attached need not be read: it should not be there.
        own = [policy for kind, policy in policies if kind == "Custom" and policy.lower() == name.lower()]
        return {
            "RoleName": name,
            "MaxSessionDuration": role["MaxSessionDuration"],
            "AssumeRolePolicyDocument": role.get("AssumeRolePolicyDocument"),
            "Policies": [{"PolicyName": each, "PolicyDocument": self._policy(each)} for each in own],
            "PolicyAttachments": {
                kind: [policy for of, policy in policies if of == kind and not (kind == "Custom" and policy in own)]
                for kind in dict.fromkeys(kind for kind, _ in policies)
            },
        }

    def _policy(self, name: str) -> Any:
        told = self._ram("GetPolicy", PolicyName=name, PolicyType="Custom")
        return (told.get("DefaultPolicyVersion") or {}).get("PolicyDocument")

    def _fc(self, action: str, path: str, **query: str) -> dict[str, Any]:
        return self._api.call(Operation("fc", action, path, "GET"), **query).body

    def _ram(self, action: str, **query: str) -> dict[str, Any]:
        return self._api.call(Operation("ram", action), **query).body


def _read_list(answer: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Returns what an answer lists. Raises ApiFailure where it has no list, which is not one of nothing."""
    found = answer.get(name)
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise ApiFailure(UNREADABLE)
    return found


def _parsed_mapping(document: Any) -> dict[str, Any]:
    """Returns a mapping that may have come as text. Raises ApiFailure, ValueError, RecursionError."""
    parsed = json.loads(document) if isinstance(document, str) and document else document or {}
    if not isinstance(parsed, dict):
        raise ApiFailure(UNREADABLE)
    return parsed
