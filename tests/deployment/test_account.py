"""The live function and its roles, through the vendor's core SDK."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any

import pytest
from alibabacloud_oss_v2.credentials import StaticCredentialsProvider
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from deploy.account import Account
from deploy.declared import Deployment
from deployment.sound import (
    ACCOUNT,
    DEFAULT_DECISIONS,
    SIGN_ROLE,
    UPLOAD_ROLE,
    UPLOADS,
    Given,
    arn,
)
from given_tokens import new_secret


def document(**statement: Any) -> str:
    """A policy as RAM tells it: text."""
    return json.dumps({"Version": "1", "Statement": [{"Effect": "Allow", **statement}]})


LIVE_FUNCTION = {
    "functionName": "odu-sign",
    "runtime": "python3.12",
    "timeout": 10,
    "role": arn(SIGN_ROLE),
    "logConfig": {"project": "odu", "logstore": "sign"},
    "environmentVariables": {"OSS_BUCKET": UPLOADS, "OSS_STS_ROLE_ARN": arn(UPLOAD_ROLE)},
}
LIVE_TRIGGER = {"authType": "anonymous", "methods": ["GET", "POST", "OPTIONS"]}
TRUSTED = {SIGN_ROLE: {"Service": ["fc.aliyuncs.com"]}, UPLOAD_ROLE: {"RAM": [arn(SIGN_ROLE)]}}
GRANTED = {
    SIGN_ROLE: document(Action="sts:AssumeRole", Resource=arn(UPLOAD_ROLE)),
    UPLOAD_ROLE: document(Action="oss:PutObject", Resource=f"acs:oss:*:{ACCOUNT}:{UPLOADS}/uploads/*"),
}


def serve(
    server: HTTPServer,
    function: Mapping[str, Any] = {},
    trigger: Mapping[str, Any] = {},
    trusted: Mapping[str, Any] = {},
    attached: str = "Custom",
) -> None:
    """Let a server answer as Function Compute and RAM do, with what is to be wrong."""
    path = "/2023-03-30/functions/odu-sign"
    config = json.dumps(LIVE_TRIGGER | dict(trigger))
    server.expect_request(path, method="GET").respond_with_json(LIVE_FUNCTION | dict(function))
    server.expect_request(f"{path}/triggers", method="GET").respond_with_json(
        {"triggers": [{"triggerName": "http", "triggerType": "http", "triggerConfig": config}]}
    )

    def ram(request: Request) -> Response:
        action, name = request.headers["x-acs-action"], request.args.get("RoleName") or request.args["PolicyName"]
        principal = (TRUSTED | dict(trusted))[name]
        trust = document(Action="sts:AssumeRole", Principal=principal)
        told = {
            "GetRole": {"Role": {"RoleName": name, "AssumeRolePolicyDocument": trust}},
            "ListPoliciesForRole": {"Policies": {"Policy": [{"PolicyName": name, "PolicyType": attached}]}},
            "GetPolicy": {"DefaultPolicyVersion": {"PolicyDocument": GRANTED[name]}},
        }
        return Response(json.dumps(told[action]), content_type="application/json")

    server.expect_request("/", method="POST").respond_with_handler(ram)


def seen(server: HTTPServer) -> tuple[Deployment | None, list[str]]:
    provider = StaticCredentialsProvider("STS.1", new_secret(), secrets.token_urlsafe(60))
    account = Account(provider, account_id=ACCOUNT, region="cn-hongkong", endpoint=f"http://127.0.0.1:{server.port}")
    return account.deployment("odu-sign")


@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        ({}, []),
        ({"function": {"timeout": 3}}, [("timeout", "Live: The function's timeout is 3 seconds.")]),
        ({"function": {"logConfig": {"project": ""}}}, [("log", "Live: The function has no logConfig: a deployment switches its log off.")]),
        ({"trigger": {"methods": ["GET", "POST"]}}, [("methods", "Live: The trigger's methods lack OPTIONS.")]),
        ({"trigger": {"authType": "function"}}, [("auth-type", "Live: The trigger's authType is function.")]),
        ({"trusted": {UPLOAD_ROLE: {"RAM": [f"acs:ram::{ACCOUNT}:root"]}}}, [("trust", f"Live: The role {UPLOAD_ROLE} trusts acs:ram::{ACCOUNT}:root.")]),
        ({"attached": "System"}, [
            ("grants", f"Live: The role {SIGN_ROLE} has {SIGN_ROLE} attached."),
            ("grants", f"Live: The role {UPLOAD_ROLE} has {UPLOAD_ROLE} attached."),
            ("upload-right", f"Live: The upload role {UPLOAD_ROLE} may not put objects at {UPLOADS}/uploads/*."),
        ]),
    ],
)  # fmt: skip
def test_the_live_function_and_its_roles_are_looked_at_alike(
    httpserver: HTTPServer, wrong: dict[str, Any], found: list[tuple[str, str]]
) -> None:
    serve(httpserver, **wrong)
    given = Given()
    given.account, unseen = seen(httpserver)
    assert ([each for each in given.findings() if each[0] not in DEFAULT_DECISIONS], unseen) == (found, [])


def test_a_function_that_is_not_there_is_no_fault(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/2023-03-30/functions/odu-sign").respond_with_json(
        {"Code": "FunctionNotFound", "Message": "function 'odu-sign' does not exist"}, status=404
    )
    assert seen(httpserver) == (None, ["the live function odu-sign (FunctionNotFound)"])


def test_a_role_that_the_deployer_may_not_see_is_named(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/", method="POST").respond_with_json(
        {"Code": "NoPermission", "Message": "no"}, status=403
    )
    serve(httpserver)
    given = Given()
    given.account, unseen = seen(httpserver)
    assert [name for name, _ in given.findings()] == DEFAULT_DECISIONS
    assert unseen == [f"the live role {SIGN_ROLE} (NoPermission)", f"the live role {UPLOAD_ROLE} (NoPermission)"]


def test_a_redirect_brings_nobody_else_the_deployers_token(httpserver: HTTPServer) -> None:
    with HTTPServer() as elsewhere:
        elsewhere.expect_request("/").respond_with_json(LIVE_FUNCTION)
        httpserver.expect_request("/2023-03-30/functions/odu-sign").respond_with_data(
            "", 302, {"Location": elsewhere.url_for("/")}
        )
        assert seen(httpserver) == (None, ["the live function odu-sign (redirected)"])
        assert elsewhere.log == []
