"""The live function and its roles, through the vendor's core SDK."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from alibabacloud_oss_v2.credentials import StaticCredentialsProvider
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from deploy.declared import Deployment
from deploy.doctor.live_functions import LiveFunctions
from support.sound_deployment import (
    ACCOUNT,
    CALLBACK_ROLE,
    DEFAULT_DECISIONS,
    SIGN_ROLE,
    UPLOAD_ROLE,
    UPLOADS,
    SoundDeployment,
    arn,
    callback,
    function,
)
from support.tokens import new_secret


def document(*statements: dict[str, Any]) -> str:
    """Returns a policy as RAM tells it: text."""
    return json.dumps({"Version": "1", "Statement": [{"Effect": "Allow", **each} for each in statements]})


LIVE_FUNCTION = {
    "functionName": "odu-sign",
    "runtime": "python3.12",
    "timeout": 10,
    "role": arn(SIGN_ROLE),
    "logConfig": {"project": "odu", "logstore": "sign"},
    "environmentVariables": function()["environmentVariables"],
}
LIVE_CALLBACK = {
    "functionName": "odu-callback",
    "role": arn(CALLBACK_ROLE),
    "logConfig": {"project": "odu", "logstore": "callback"},
    "environmentVariables": callback()["environmentVariables"],
}
LIVE_TRIGGER = {"authType": "anonymous", "methods": ["GET", "POST", "OPTIONS"]}
FUNCTIONS = {"Service": ["fc.aliyuncs.com"]}
TRUSTED = {SIGN_ROLE: FUNCTIONS, UPLOAD_ROLE: {"RAM": [arn(SIGN_ROLE)]}, CALLBACK_ROLE: FUNCTIONS}
PLACE = f"acs:oss:*:{ACCOUNT}:{UPLOADS}/uploads/*"
LOGS = f"acs:log:*:{ACCOUNT}:project/odu/logstore/"
GRANTED: dict[str, list[tuple[Any, str]]] = {
    SIGN_ROLE: [
        ("sts:AssumeRole", f"acs:ram:*:{ACCOUNT}:role/{UPLOAD_ROLE}"),
        ("log:PostLogStoreLogs", f"{LOGS}sign"),
    ],
    UPLOAD_ROLE: [(["oss:PutObject", "oss:AbortMultipartUpload", "oss:ListParts"], PLACE)],
    CALLBACK_ROLE: [("oss:GetObject", PLACE), ("log:PostLogStoreLogs", f"{LOGS}callback")],
}
"""What RAM tells, after its documentation."""


def serve(
    server: HTTPServer,
    function: Mapping[str, Any] = {},
    callback: Mapping[str, Any] = {},
    trigger: Mapping[str, Any] = {},
    trusted: Mapping[str, Any] = {},
    granted: Mapping[str, list[tuple[Any, str]]] = {},
    attached: Mapping[str, list[tuple[str, str]]] = {},
    duration: int = 3600,
    denied: frozenset[str] = frozenset(),
    before: Sequence[Mapping[str, Any]] = (),
    configs: Mapping[str, Any] = {},
) -> None:
    """Lets a server answer as Function Compute and RAM do, with what is to be wrong."""
    for path in ("async-invoke-configs", "concurrency-configs"):
        server.expect_request(f"/2023-03-30/{path}", method="GET").respond_with_json(configs.get(path, {"configs": []}))
    for props in (LIVE_FUNCTION | dict(function), LIVE_CALLBACK | dict(callback)):
        own = LIVE_TRIGGER if props["functionName"] == "odu-sign" else {"authType": "anonymous", "methods": ["POST"]}
        config = json.dumps(own | (dict(trigger) if own is LIVE_TRIGGER else {}))
        path = f"/2023-03-30/functions/{props['functionName']}"
        server.expect_request(path, method="GET").respond_with_json(props)
        server.expect_request(f"{path}/triggers", method="GET").respond_with_json(
            {"triggers": [*before, {"triggerName": "http", "triggerType": "http", "triggerConfig": config}]}
        )

    def ram(request: Request) -> Response:
        action, name = request.headers["x-acs-action"], request.args.get("RoleName") or request.args["PolicyName"]
        if name in denied:
            return Response(json.dumps({"Code": "NoPermission", "Message": "no"}), 403, content_type="application/json")
        trust = document({"Action": "sts:AssumeRole", "Principal": (TRUSTED | dict(trusted))[name]})
        rights = [{"Action": each, "Resource": on} for each, on in GRANTED[name] + granted.get(name, [])]
        policies = attached.get(name, [("Custom", name)])
        told = {
            "GetRole": {
                "Role": {
                    "RoleName": name,
                    "Arn": arn(name),
                    "AssumeRolePolicyDocument": trust,
                    "MaxSessionDuration": duration,
                }
            },
            "ListPoliciesForRole": {
                "Policies": {"Policy": [{"PolicyType": kind, "PolicyName": policy} for kind, policy in policies]}
            },
            "GetPolicy": {"DefaultPolicyVersion": {"PolicyDocument": document(*rights)}},
        }
        return Response(json.dumps(told[action]), content_type="application/json")

    server.expect_request("/", method="POST").respond_with_handler(ram)


def sound_deployment() -> SoundDeployment:
    """Returns what is declared, with the settings that are live."""
    given = SoundDeployment()
    given.settings.update(LIVE_FUNCTION["environmentVariables"])
    return given


def inspect(server: HTTPServer) -> tuple[Deployment | None, dict[str, str]]:
    provider = StaticCredentialsProvider("STS.1", new_secret(), secrets.token_urlsafe(60))
    account = LiveFunctions(
        provider, account_id=ACCOUNT, region="cn-hongkong", endpoint=f"http://127.0.0.1:{server.port}"
    )
    return account.inspect("odu-sign", "odu-callback", (SIGN_ROLE, UPLOAD_ROLE, CALLBACK_ROLE))


@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        ({}, []),
        ({"function": {"timeout": 3}}, [
            ("configuration", "Live: The function differs from s.yaml in timeout."),
            ("timeout", "Live: The function's timeout is 3 seconds."),
        ]),
        ({"function": {"logConfig": {"project": ""}}}, [
            ("configuration", "Live: The function differs from s.yaml in logConfig.project, logConfig.logstore."),
            ("log", "Live: The function has no logConfig: a deployment switches its log off."),
        ]),
        ({"function": {"role": arn("admin")}}, [("role", f"Live: The function's role is {arn('admin')}, and in s.yaml {arn(SIGN_ROLE)}.")]),
        ({"function": {"role": arn(SIGN_ROLE).lower()}}, []),
        ({"callback": {"role": arn(SIGN_ROLE)}}, [("role", f"Live: The callback function's role is {arn(SIGN_ROLE)}, and in s.yaml {arn(CALLBACK_ROLE)}.")]),
        ({"trigger": {"methods": ["GET", "POST"]}}, [
            ("configuration", "Live: The function's trigger differs from s.yaml in triggerConfig.methods."),
            ("methods", "Live: The trigger's methods lack OPTIONS."),
        ]),
        ({"trigger": {"authType": "function"}}, [
            ("configuration", "Live: The function's trigger differs from s.yaml in triggerConfig.authType."),
            ("auth-type", "Live: The trigger's authType is function."),
        ]),
        ({"configs": {"async-invoke-configs": {"configs": [
            {"functionArn": f"acs:fc:cn-hongkong:{ACCOUNT}:functions/odu-sign/LATEST", "destinationConfig": {"onSuccess": {"destination": "acs:mns:x"}}},
            {"functionArn": f"acs:fc:cn-hongkong:{ACCOUNT}:functions/another", "asyncTask": True},
        ]}}}, [("asynchronous", "Live: The function's asynchronous calls differ from s.yaml in destinationConfig.onSuccess.destination.")]),
        ({"configs": {"concurrency-configs": {"configs": [{"functionArn": f"acs:fc:cn-hongkong:{ACCOUNT}:functions/odu-callback", "reservedConcurrency": 5}]}}}, [
            ("concurrency", "Live: The callback function's reservedConcurrency is 5, and in s.yaml no limit."),
        ]),
        ({"trusted": {UPLOAD_ROLE: {"RAM": [arn(SIGN_ROLE), f"acs:ram::{ACCOUNT}:root"]}}}, [("trust", f"Live: The role {UPLOAD_ROLE} trusts acs:ram::{ACCOUNT}:root.")]),
        ({"trusted": {SIGN_ROLE: {"Service": ["ecs.aliyuncs.com"]}}}, [
            ("trust", f"Live: The role {SIGN_ROLE} trusts ecs.aliyuncs.com."),
            ("trust-missing", f"Live: The role {SIGN_ROLE} does not trust fc.aliyuncs.com."),
        ]),
        ({"granted": {UPLOAD_ROLE: [(["oss:GetObject", "oss:DeleteObject", "oss:PutObjectAcl"], PLACE)]}}, [("grants", f"Live: The role {UPLOAD_ROLE} may do oss:GetObject, oss:DeleteObject, oss:PutObjectAcl on {PLACE}.")]),
        ({"granted": {SIGN_ROLE: [("ram:CreateAccessKey", "*")]}}, [("grants", f"Live: The role {SIGN_ROLE} may do ram:CreateAccessKey on *.")]),
        ({"granted": {CALLBACK_ROLE: [("oss:DeleteObject", PLACE)]}}, [("grants", f"Live: The role {CALLBACK_ROLE} may do oss:DeleteObject on {PLACE}.")]),
        ({"attached": {UPLOAD_ROLE: [("Custom", UPLOAD_ROLE), ("System", "AliyunOSSFullAccess"), ("Custom", "more")]}}, [
            ("grants", f"Live: The role {UPLOAD_ROLE} has more attached."),
            ("grants", f"Live: The role {UPLOAD_ROLE} has AliyunOSSFullAccess attached."),
        ]),
        ({"attached": {UPLOAD_ROLE: []}}, [
            ("upload-right", f"Live: The role {UPLOAD_ROLE} may not do oss:PutObject on {PLACE}."),
            ("multipart-rights", f"Live: The role {UPLOAD_ROLE} may not do oss:AbortMultipartUpload, oss:ListParts on {PLACE}."),
        ]),
        ({"function": {"environmentVariables": {**LIVE_FUNCTION["environmentVariables"], "OSS_BUCKET": "b", "LOCAL": "on"}}}, [
            ("drift", "Live: The function differs from s.yaml in OSS_BUCKET."),
            ("configuration", "Live: The function differs from s.yaml in environmentVariables.LOCAL."),
        ]),
        ({"before": [{"triggerName": "old", "triggerType": "http", "triggerConfig": json.dumps({"authType": "function"})}, {"triggerName": "t", "triggerType": "timer"}]}, [
            ("triggers", "Live: The function has another trigger, old (http)."),
            ("triggers", "Live: The function has another trigger, t (timer)."),
            ("triggers", "Live: The callback function has another trigger, old (http)."),
            ("triggers", "Live: The callback function has another trigger, t (timer)."),
        ]),
        ({"duration": 43200}, [("session", f"Live: A session of the role {each} may last 43200 seconds, not 3600.") for each in GRANTED]),
    ],
)  # fmt: skip
def test_the_live_functions_and_their_roles_are_looked_at_alike(
    httpserver: HTTPServer, wrong: dict[str, Any], found: list[tuple[str, str]]
) -> None:
    serve(httpserver, **wrong)
    given = sound_deployment()
    given.account, not_visible = inspect(httpserver)
    assert ([each for each in given.findings() if each[0] not in DEFAULT_DECISIONS], not_visible) == (found, {})


@pytest.mark.parametrize(
    "answer",
    [
        {"configs": 1},
        {"configs": None},
        {"configs": ["one"]},
        {"configs": [], "nextToken": "more"},
        {"Configs": []},
        {"message": "Sign in"},
    ],
)
def test_of_what_is_kept_beside_a_function_each_is_seen_or_not(httpserver: HTTPServer, answer: dict[str, Any]) -> None:
    serve(httpserver, configs={"async-invoke-configs": answer}, function={"timeout": 11})
    given = sound_deployment()
    given.account, given.not_visible = inspect(httpserver)
    assert [each for each in given.findings() if each[0] not in DEFAULT_DECISIONS] == [
        ("configuration", "Live: The function differs from s.yaml in timeout.")
    ]
    assert given.not_visible == {
        "asynchronous calls": "odu-sign: what cannot be read; odu-callback: what cannot be read"
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"function": {"environmentVariables": ["one"]}},
        {"function": {"logConfig": "auto"}},
        {"before": [{"triggerName": "http", "triggerType": ["http"]}]},
        {"trigger": {"methods": "POST"}},
        {"before": [{"triggerName": "http", "triggerType": "http", "httpTrigger": ["https://a.example"]}]},
    ],
)
def test_a_function_in_which_something_is_of_another_shape_is_not_seen(
    httpserver: HTTPServer, wrong: dict[str, Any]
) -> None:
    serve(httpserver, **wrong)
    given = sound_deployment()
    given.account, given.not_visible = inspect(httpserver)
    assert given.not_visible["function"] == "odu-sign: what cannot be read"
    assert [name for name, _ in given.findings()] == DEFAULT_DECISIONS


@pytest.mark.parametrize("version", ["", "/prod", "$LATEST", ":1"])
def test_what_is_kept_beside_a_version_of_a_function_is_seen(httpserver: HTTPServer, version: str) -> None:
    arn = f"acs:fc:cn-hongkong:{ACCOUNT}:functions/odu-sign{version}"
    serve(httpserver, configs={"async-invoke-configs": {"configs": [{"functionArn": arn, "asyncTask": True}]}})
    given = sound_deployment()
    given.account, _ = inspect(httpserver)
    assert [each for each in given.findings() if each[0] not in DEFAULT_DECISIONS] == [
        ("asynchronous", "Live: The function's asynchronous calls differ from s.yaml in asyncTask.")
    ]


def test_it_is_asked_for_by_the_functions_name(httpserver: HTTPServer) -> None:
    serve(httpserver)
    inspect(httpserver)
    asked = [(each.path, each.args["functionName"]) for each, _ in httpserver.log if "configs" in each.path]
    assert asked == [
        (f"/2023-03-30/{path}", name)
        for name in ("odu-sign", "odu-callback")
        for path in ("async-invoke-configs", "concurrency-configs")
    ]


def beside(why: str) -> dict[str, str]:
    """Returns what is not seen either where a function is not."""
    return dict.fromkeys(("asynchronous calls", "concurrency"), why)


def test_what_is_not_there_is_not_seen(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/", method="POST").respond_with_json({"Code": "EntityNotExist.Role"}, status=404)
    for name in ("odu-sign", "odu-callback"):
        httpserver.expect_request(f"/2023-03-30/functions/{name}").respond_with_json(
            {"Code": "FunctionNotFound", "Message": "function does not exist"}, status=404
        )
    assert inspect(httpserver) == (
        None,
        {
            "function": "odu-sign: FunctionNotFound",
            "callback function": "odu-callback: FunctionNotFound",
            **beside("odu-sign: FunctionNotFound; odu-callback: FunctionNotFound"),
            "roles": f"{SIGN_ROLE}: EntityNotExist.Role; {UPLOAD_ROLE}: EntityNotExist.Role; "
            f"{CALLBACK_ROLE}: EntityNotExist.Role",
        },
    )


def test_of_the_roles_those_are_compared_that_the_deployer_may_see(httpserver: HTTPServer) -> None:
    serve(httpserver, denied=frozenset({SIGN_ROLE}), granted={UPLOAD_ROLE: [("oss:GetObject", PLACE)]})
    given = sound_deployment()
    given.account, given.not_visible = inspect(httpserver)
    assert [each for each in given.findings() if each[0] not in DEFAULT_DECISIONS] == [
        ("grants", f"Live: The role {UPLOAD_ROLE} may do oss:GetObject on {PLACE}.")
    ]
    assert given.not_visible == {"roles": f"{SIGN_ROLE}: NoPermission"}


def test_roles_of_another_account_are_not_held_against_this_one(httpserver: HTTPServer) -> None:
    told = {"Role": {"Arn": "acs:ram::42424242:role/odu-sign", "AssumeRolePolicyDocument": "{}"}}
    httpserver.expect_request("/", method="POST").respond_with_json(told)
    serve(httpserver)
    given = sound_deployment()
    given.account, given.not_visible = inspect(httpserver)
    why = f"the credentials are of the account 42424242, and AccountID is {ACCOUNT}"
    assert given.not_visible == {
        "roles": "; ".join(f"{name}: {why}" for name in (SIGN_ROLE, UPLOAD_ROLE, CALLBACK_ROLE))
    }
    assert [name for name, _ in given.findings()] == DEFAULT_DECISIONS


def test_a_function_role_of_another_account_is_named_once(httpserver: HTTPServer) -> None:
    theirs = f"acs:ram::42424242:role/{SIGN_ROLE}"
    serve(httpserver, function={"role": theirs})
    given = sound_deployment()
    given.account, _ = inspect(httpserver)
    assert [each for each in given.findings() if each[0] not in DEFAULT_DECISIONS] == [
        ("role", f"Live: The function's role is {theirs}, and in s.yaml {arn(SIGN_ROLE)}.")
    ]


def test_a_function_that_is_not_seen_is_not_judged(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/2023-03-30/functions/odu-sign").respond_with_json({"Code": "AccessDenied"}, status=403)
    serve(httpserver)
    given = sound_deployment()
    given.account, given.not_visible = inspect(httpserver)
    assert [name for name, _ in given.findings()] == DEFAULT_DECISIONS
    assert given.not_visible == {"function": "odu-sign: AccessDenied", **beside("odu-sign: AccessDenied")}


def test_a_code_is_fit_for_a_terminal(httpserver: HTTPServer) -> None:
    hostile = {"Code": "\x1b[2J\nFaults: none", "Message": "no"}
    httpserver.expect_request("/2023-03-30/functions/odu-sign").respond_with_json(hostile, status=500)
    serve(httpserver)
    _, not_visible = inspect(httpserver)
    why = "odu-sign: an answer without a code"
    assert not_visible == {"function": why, **beside(why)}


@pytest.mark.parametrize(("page", "status"), [("<html></html>", 200), ("", 200), ("<html></html>", 502)])
def test_an_answer_that_is_no_json_is_no_silence(httpserver: HTTPServer, page: str, status: int) -> None:
    httpserver.expect_request("/2023-03-30/functions/odu-sign").respond_with_data(page, status)
    serve(httpserver)
    _, not_visible = inspect(httpserver)
    why = "odu-sign: what cannot be read"
    assert not_visible == {"function": why, **beside(why)}


def test_who_does_not_answer_is_asked_once() -> None:
    with HTTPServer() as server:
        pass
    calls: list[str] = []

    class CountingServer(StaticCredentialsProvider):  # type: ignore[misc]
        def get_credentials(self) -> Any:
            calls.append("asked")
            return super().get_credentials()

    account = LiveFunctions(
        CountingServer("LTAI1", new_secret()),
        account_id=ACCOUNT,
        region="cn-hongkong",
        endpoint=f"http://127.0.0.1:{server.port}",
    )
    assert account.inspect("odu-sign", "odu-callback", (SIGN_ROLE, UPLOAD_ROLE)) == (
        None,
        {
            "function": "odu-sign: no answer",
            "callback function": "odu-callback: no answer",
            **beside("odu-sign: no answer; odu-callback: no answer"),
            "roles": f"{SIGN_ROLE}: no answer; {UPLOAD_ROLE}: no answer",
        },
    )
    assert len(calls) == 2  # Function Compute, and RAM


@pytest.mark.parametrize(
    ("action", "answer"),
    [
        ("GetRole", {"Role": {"Arn": arn(SIGN_ROLE), "AssumeRolePolicyDocument": document(), "MaxSessionDuration": None}}),
        ("GetRole", {"Role": {"Arn": arn(SIGN_ROLE), "AssumeRolePolicyDocument": document()}}),
        ("ListPoliciesForRole", {}),
        ("ListPoliciesForRole", {"Policies": []}),
        ("ListPoliciesForRole", {"Policies": {"Policies": []}}),
    ],
)  # fmt: skip
def test_a_role_of_another_shape_is_not_seen(httpserver: HTTPServer, action: str, answer: dict[str, Any]) -> None:
    httpserver.expect_request(
        "/", method="POST", headers={"x-acs-action": action}, query_string={"RoleName": SIGN_ROLE}
    ).respond_with_json(answer)
    serve(httpserver)
    given = sound_deployment()
    given.account, given.not_visible = inspect(httpserver)
    assert given.not_visible == {"roles": f"{SIGN_ROLE}: what cannot be read"}
    assert [name for name, _ in given.findings()] == DEFAULT_DECISIONS


def test_that_nothing_is_kept_beside_a_function_need_not_be_listed(httpserver: HTTPServer) -> None:
    serve(httpserver, configs={"async-invoke-configs": {"requestId": "1"}, "concurrency-configs": {}})
    _, not_visible = inspect(httpserver)
    assert not_visible == {}


def test_a_redirect_brings_nobody_else_the_deployers_token(httpserver: HTTPServer) -> None:
    with HTTPServer() as elsewhere:
        elsewhere.expect_request("/").respond_with_json(LIVE_FUNCTION)
        httpserver.expect_request("/2023-03-30/functions/odu-sign").respond_with_data(
            "", 302, {"Location": elsewhere.url_for("/")}
        )
        _, not_visible = inspect(httpserver)
        assert not_visible["function"] == "odu-sign: redirected"
        assert elsewhere.log == []


@pytest.mark.parametrize(
    "told",
    [
        {"Role": [1], "Policies": {"Policy": []}, "triggers": "one"},
        {"Role": {}, "Policies": [1], "triggers": [1]},
        {"functionName": "odu-sign"},
        {"functionName": "another", "triggers": []},
        {"functionName": "odu-sign", "Triggers": []},
        {"Role": {"Arn": arn("another"), "MaxSessionDuration": 3600}, "Policies": {"Policy": []}},
        {"Role": {"Arn": "odu-sign", "MaxSessionDuration": 3600}, "Policies": {"Policy": []}},
        {"Role": {"MaxSessionDuration": 3600}, "Policies": {"Policy": []}},
        {"Role": {}, "IsTruncated": True},
        {"Role": {}, "nextToken": "more"},
        {"Role": 1, "triggers": [{"triggerName": "http", "triggerConfig": "[1]"}]},
    ],
)
def test_what_is_of_another_shape_or_goes_on_elsewhere_is_not_seen(
    httpserver: HTTPServer, told: dict[str, Any]
) -> None:
    httpserver.expect_request(re.compile("/.*")).respond_with_json(told)
    roles = (SIGN_ROLE, UPLOAD_ROLE, CALLBACK_ROLE)
    assert inspect(httpserver) == (
        None,
        {
            "function": "odu-sign: what cannot be read",
            "callback function": "odu-callback: what cannot be read",
            **beside("odu-sign: what cannot be read; odu-callback: what cannot be read"),
            "roles": "; ".join(f"{name}: what cannot be read" for name in roles),
        },
    )
