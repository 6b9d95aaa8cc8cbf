"""The live function and its roles, in the shapes in which s.yaml and the ROS template declare them.

Follows Function Compute's API of 2023-03-30 (GetFunction, ListTriggers) and RAM's of 2015-05-01 (GetRole,
ListPoliciesForRole, GetPolicy).
"""

from __future__ import annotations

import json
import logging
from typing import Any

from alibabacloud_oss_v2.credentials import StaticCredentialsProvider
from alibabacloud_tea_openapi.client import Client
from alibabacloud_tea_openapi.utils_models import Config, OpenApiRequest, Params
from darabonba.runtime import RuntimeOptions

from deploy.declared import UNSEEN, Deployment
from direct_upload import sdk_session

RAM = "ram.aliyuncs.com"


class Unseen(Exception):  # noqa: N818 - an outcome
    """What was asked for cannot be seen; the text is the service's code."""


class Account:
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

    def deployment(self, function: str) -> tuple[Deployment | None, list[str]]:
        """The function of that name, its trigger and its roles; and what could not be seen, a line each."""
        try:
            props = self._function(function)
        except Unseen as why:
            return None, [f"the live function {function} ({why})"]
        arns = (props.get("role"), (props.get("environmentVariables") or {}).get("OSS_STS_ROLE_ARN"))
        unseen: list[str] = []
        names = dict.fromkeys(str(arn).rpartition("/")[2] for arn in arns if arn)
        roles = {name: {"Type": "ALIYUN::RAM::Role", "Properties": self._role_if_seen(name, unseen)} for name in names}
        return Deployment({"sign": {"props": {**props, "region": self._region}}}, roles), unseen

    def _role_if_seen(self, name: str, unseen: list[str]) -> dict[str, Any]:
        try:
            return self._role(name)
        except Unseen as why:
            unseen.append(f"the live role {name} ({why})")
            return {"RoleName": name, UNSEEN: True}

    def _function(self, name: str) -> dict[str, Any]:
        path = f"/2023-03-30/functions/{name}"
        props = self._fc("GetFunction", path)
        triggers = self._fc("ListTriggers", f"{path}/triggers").get("triggers") or []
        return {
            **props,
            "triggers": [{**each, "triggerConfig": _parsed(each.get("triggerConfig"))} for each in triggers],
        }

    def _role(self, name: str) -> dict[str, Any]:
        told = self._ram("GetRole", RoleName=name).get("Role") or {}
        attached = (self._ram("ListPoliciesForRole", RoleName=name).get("Policies") or {}).get("Policy") or []
        own = [each["PolicyName"] for each in attached if each.get("PolicyType") == "Custom"]
        return {
            "RoleName": name,
            "AssumeRolePolicyDocument": _parsed(told.get("AssumeRolePolicyDocument")),
            "Policies": [{"PolicyName": each, "PolicyDocument": self._policy(each)} for each in own],
            "PolicyAttachments": {
                "System": [each["PolicyName"] for each in attached if each.get("PolicyType") == "System"]
            },
        }

    def _policy(self, name: str) -> Any:
        told = self._ram("GetPolicy", PolicyName=name, PolicyType="Custom")
        return _parsed((told.get("DefaultPolicyVersion") or {}).get("PolicyDocument"))

    def _fc(self, action: str, path: str) -> dict[str, Any]:
        host = f"{self._account_id}.{self._region}.fc.aliyuncs.com"
        return self._call(host, OpenApiRequest(), action, "2023-03-30", path, method="GET", style="ROA")

    def _ram(self, action: str, **query: str) -> dict[str, Any]:
        return self._call(RAM, OpenApiRequest(query=query), action, "2015-05-01", "/", method="POST", style="RPC")

    def _call(
        self, host: str, request: Any, action: str, version: str, path: str, *, method: str, style: str
    ) -> dict[str, Any]:
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
            body: Any = client.call_api(Params(**asked, **more), request, RuntimeOptions()).get("body")
        except Exception as fault:  # noqa: BLE001 - the SDK raises whatever its layers raise, with tokens in it
            code = sdk_session.code_of(fault)
        else:
            return body if isinstance(body, dict) else {}
        raise Unseen(code)


def _parsed(document: Any) -> Any:
    """A document that may have come as text."""
    try:
        return json.loads(document) if isinstance(document, str) and document else document or {}
    except ValueError:
        return {}
