"""The live functions and their roles, in the shapes in which s.yaml and the ROS template declare them.

Follows Function Compute's API of 2023-03-30 (GetFunction, ListTriggers, ListAsyncInvokeConfigs,
ListConcurrencyConfigs) and RAM's of 2015-05-01 (GetRole,
ListPoliciesForRole, GetPolicy).
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable
from typing import Any

from alibabacloud_oss_v2.credentials import StaticCredentialsProvider
from alibabacloud_tea_openapi.client import Client
from alibabacloud_tea_openapi.utils_models import Config, OpenApiRequest, Params
from darabonba.runtime import RuntimeOptions

from deploy.declared import NOT_VISIBLE, Deployment
from deploy.doctor.live_bucket import NO_ANSWER, UNREADABLE
from deploy.doctor.live_resource import LiveResource
from deploy.oss_client import plain_code
from direct_upload import sdk_session

RAM = "ram.aliyuncs.com"

FACTS = ("function", "callback function", "asynchronous calls", "concurrency", "roles")
"""What there is to be seen of them."""


_BESIDE = (("asynchronous calls", "asyncInvokeConfigs"), ("concurrency", "concurrencyConfigs"))
"""What Function Compute keeps beside a function: the fact, and what lists it."""

_OF_CONFIGS = {"nextToken", "requestId"}
"""What an answer without configs may have: the published models do not require the list."""


class NotVisible(Exception):
    """What was asked for cannot be seen; the text is the service's code."""


_MORE = ("IsTruncated", "nextToken")
"""Says that an answer is a first page. What is asked for here fits one, and nothing is green for want of the next."""

_OTHER_SHAPES = (AttributeError, TypeError, ValueError, RecursionError)
"""What reading an answer of another shape than its documentation's ends in."""


def _note(not_visible: dict[str, str], fact: str, why: str) -> None:
    not_visible[fact] = "; ".join(each for each in (not_visible.get(fact), why) if each)


def _reason(why: Exception) -> str:
    return str(why) if isinstance(why, NotVisible) else UNREADABLE


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
        self._provider = provider
        self._account_id = account_id
        self._region = region
        self._protocol, _, self._host = endpoint.partition("://") if endpoint else ("https", "", "")
        self._silent: set[str] = set()
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
        except (NotVisible, *_OTHER_SHAPES) as why:
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
        except (NotVisible, *_OTHER_SHAPES) as why:
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
            raise NotVisible(UNREADABLE)
        return {**props, "triggers": triggers}

    def _configs_if_seen(self, function: str, fact: str, key: str, not_visible: dict[str, str]) -> list[dict[str, Any]]:
        """Returns those of a function and its versions; others' are left out."""
        path = re.sub("[A-Z]", lambda letter: f"-{letter[0].lower()}", key)
        try:
            answer = self._fc(f"List{key[0].upper()}{key[1:]}", f"/2023-03-30/{path}", functionName=function)
            found = _read_list({"configs": [], **answer} if answer.keys() <= _OF_CONFIGS else answer, "configs")
        except (NotVisible, *_OTHER_SHAPES) as why:
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
            raise NotVisible(f"the credentials are of the account {owner[1]}, and AccountID is {self._account_id}")
        is_this = owner is not None and owner[2].lower() == name.lower()
        if not is_this or not str(role.get("MaxSessionDuration")).isdecimal():
            raise NotVisible(UNREADABLE)
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
        host = f"{self._account_id}.{self._region}.fc.aliyuncs.com"
        return self._call(host, OpenApiRequest(query=query), action, "2023-03-30", path, method="GET", style="ROA")

    def _ram(self, action: str, **query: str) -> dict[str, Any]:
        return self._call(RAM, OpenApiRequest(query=query), action, "2015-05-01", "/", method="POST", style="RPC")

    def _call(
        self, host: str, request: Any, action: str, version: str, path: str, *, method: str, style: str
    ) -> dict[str, Any]:
        if host in self._silent:  # who did not answer is not asked again
            raise NotVisible(NO_ANSWER)
        for name in ("alibabacloud-tea", "darabonba-core", "credentials"):
            logging.getLogger(name).disabled = True  # they print tokens
        sdk_session.install()
        credentials = self._provider.get_credentials()
        client = Client(
            Config(
                access_key_id=credentials.access_key_id,
                access_key_secret=credentials.access_key_secret,
                security_token=credentials.security_token,
                protocol=self._protocol,
                endpoint=self._host or host,
                connect_timeout=10_000,
                read_timeout=20_000,
            )
        )
        asked = {"action": action, "version": version, "pathname": path, "method": method, "style": style}
        more = {"protocol": self._protocol, "auth_type": "AK", "req_body_type": "json", "body_type": "json"}
        try:
            answer = client.call_api(Params(**asked, **more), request, RuntimeOptions())
        except Exception as fault:  # noqa: BLE001 - the SDK raises whatever its layers raise, with tokens in it
            code = plain_code(sdk_session.error_code(fault))
            if code == type(fault).__name__:  # neither the service nor the session gave one
                # What the SDK cannot parse, such as a proxy's page, is a bare RuntimeError; silence is not.
                is_parsed = type(getattr(fault, "inner_exception", None)) is not RuntimeError
                code = NO_ANSWER if is_parsed else UNREADABLE
        else:
            status, body = answer.get("statusCode"), answer.get("body")
            if isinstance(body, dict) and status == 200 and not any(body.get(name) for name in _MORE):
                return body
            if status == 200:
                raise NotVisible(UNREADABLE)
            code = f"status {status}" if isinstance(status, int) else NO_ANSWER
        if code == NO_ANSWER:
            self._silent.add(host)
        # Raised out here so that nothing of the SDK's hangs on to it as its context.
        raise NotVisible(code)


def _read_list(answer: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Returns what an answer lists. Raises NotVisible where it has no list, which is not one of nothing."""
    found = answer.get(name)
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise NotVisible(UNREADABLE)
    return found


def _parsed_mapping(document: Any) -> dict[str, Any]:
    """Returns a mapping that may have come as text. Raises NotVisible, ValueError, RecursionError."""
    parsed = json.loads(document) if isinstance(document, str) and document else document or {}
    if not isinstance(parsed, dict):
        raise NotVisible(UNREADABLE)
    return parsed
