"""AssumeRole of the stand-in, asked by the vendor's SDK: its parameters, who may call it, what it issues."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest
from alibabacloud_sts20150401.client import Client
from alibabacloud_sts20150401.models import AssumeRoleRequest
from alibabacloud_tea_openapi.exceptions import ClientException
from alibabacloud_tea_openapi.utils_models import Config

from localcloud.ram.identities import Identity
from support.oss_world import ACCOUNT, ram_policy
from support.sts_world import (
    LONG_ROLE_ARN,
    MAY_ASSUME,
    ROLE_ARN,
    ROLE_POLICY,
    SESSION_POLICY,
    Account,
    Call,
    outcome,
    ram_user,
    send,
    session_of_the_function,
    utc,
)


def vendors_call(account: Account, **asked: Any) -> Any:
    account.clock.now = float(int(time.time()))
    client = Client(
        Config(
            access_key_id=account.caller.access_key_id,
            access_key_secret=account.caller.access_key_secret,
            security_token=account.caller.security_token or None,
            endpoint=account.sts.url.removeprefix("http://"),
            protocol="http",
        )
    )
    return client.assume_role(
        AssumeRoleRequest(**({"role_arn": ROLE_ARN, "role_session_name": "fn@x.y-z_1"} | asked))
    ).body


def expected_reply(account: Account, reply: Any, *, duration: int) -> dict[str, Any]:
    """Returns everything that STS answers; what is random is checked for its form."""
    issued = account.issued_identity(reply)
    assert re.fullmatch(r"[0-9A-F-]{32,36}", reply["RequestId"])
    assert re.fullmatch(r"[0-9]+:fn@x\.y-z_1", reply["AssumedRoleUser"]["AssumedRoleId"])
    return {
        "RequestId": reply["RequestId"],
        "AssumedRoleUser": {
            "Arn": f"acs:ram::{ACCOUNT}:assumed-role/oss-upload/fn@x.y-z_1",
            "AssumedRoleId": reply["AssumedRoleUser"]["AssumedRoleId"],
        },
        "Credentials": {
            "AccessKeyId": issued.access_key_id,
            "AccessKeySecret": issued.access_key_secret,
            "SecurityToken": issued.security_token,
            "Expiration": utc(account.clock.now + duration),
        },
    }


def test_the_vendors_client_assumes_the_role(account: Account) -> None:
    reply = vendors_call(account).to_map()
    assert reply == expected_reply(account, reply, duration=3600)


def test_the_vendors_client_asks_for_everything(account: Account) -> None:
    reply = vendors_call(account, duration_seconds=900, policy=json.dumps(SESSION_POLICY)).to_map()
    assert reply == expected_reply(account, reply, duration=900)


@pytest.mark.parametrize(
    ("asked", "policies"),
    [({}, (ROLE_POLICY,)), ({"policy": json.dumps(SESSION_POLICY)}, (ROLE_POLICY, SESSION_POLICY))],
    ids=["without a session policy", "with one"],
)
def test_whoever_is_issued_may_do_what_role_and_session_policy_allow(
    account: Account, asked: dict[str, str], policies: tuple[dict[str, Any], ...]
) -> None:
    issued = account.issued_identity(vendors_call(account, **asked).to_map())
    assert (issued.policies, issued.expiration, issued.arn) == (
        policies,
        account.clock.now + 3600,
        f"acs:ram::{ACCOUNT}:assumed-role/oss-upload/fn@x.y-z_1",
    )


def test_what_is_issued_is_new_each_time_and_the_old_stays_good(account: Account) -> None:
    first, second = (account.issued_identity(vendors_call(account).to_map()) for _ in range(2))
    assert first.access_key_id != second.access_key_id
    assert first.access_key_secret != second.access_key_secret
    assert first.security_token != second.security_token
    assert account.identities.find(first.access_key_id) == first


def test_a_ram_user_calls_without_a_token(account: Account) -> None:
    account.caller = account.add(ram_user("trusted"))
    reply = vendors_call(account).to_map()
    assert reply == expected_reply(account, reply, duration=3600)


BAD = 400
PARAMETERS: dict[str, tuple[dict[str, Any], tuple[int, str]]] = {
    "the ARN of a user": ({"role_arn": f"acs:ram::{ACCOUNT}:user/a"}, (BAD, "InvalidParameter.RoleArn")),
    "the ARN of something longer": ({"role_arn": f"{ROLE_ARN}/a"}, (BAD, "InvalidParameter.RoleArn")),
    "no ARN": ({"role_arn": "oss-upload"}, (BAD, "InvalidParameter.RoleArn")),
    "an empty ARN": ({"role_arn": ""}, (BAD, "InvalidParameter.RoleArn")),
    "an ARN left out": ({"role_arn": None}, (BAD, "InvalidParameter.RoleArn")),
    "a session name of one character": ({"role_session_name": "a"}, (BAD, "InvalidParameter.RoleSessionName")),
    "a session name of 65": ({"role_session_name": "a" * 65}, (BAD, "InvalidParameter.RoleSessionName")),
    "a session name with a space": ({"role_session_name": "a b"}, (BAD, "InvalidParameter.RoleSessionName")),
    "a session name with a slash": ({"role_session_name": "a/b"}, (BAD, "InvalidParameter.RoleSessionName")),
    "a session name beyond ASCII": ({"role_session_name": "名字"}, (BAD, "InvalidParameter.RoleSessionName")),
    "a session name left out": ({"role_session_name": None}, (BAD, "InvalidParameter.RoleSessionName")),
    "a second too few": ({"duration_seconds": 899}, (BAD, "InvalidParameter.DurationSeconds")),
    "a second too many": ({"duration_seconds": 3601}, (BAD, "InvalidParameter.DurationSeconds")),
    "more than that role's most": (
        {"role_arn": LONG_ROLE_ARN, "duration_seconds": 43201},
        (BAD, "InvalidParameter.DurationSeconds"),
    ),
    "seconds below zero": ({"duration_seconds": -3600}, (BAD, "InvalidParameter.DurationSeconds")),
    "a fraction of a second": ({"duration_seconds": 3600.5}, (BAD, "InvalidParameter.DurationSeconds")),
    "far too many seconds": ({"duration_seconds": 10**30}, (BAD, "InvalidParameter.DurationSeconds")),
    "a policy of 2049 bytes": ({"policy": " " * 2049}, (BAD, "InvalidParameter.PolicySize")),
    "a policy of 2050 bytes in 1026 characters": ({"policy": '"' + "é" * 1024 + '"'}, (BAD, "InvalidParameter.PolicySize")),
    "a policy that is no JSON": ({"policy": "allow"}, (BAD, "InvalidParameter.PolicyGrammar")),
    "a policy too deep": ({"policy": "[" * 2048}, (BAD, "InvalidParameter.PolicyGrammar")),
    "a policy without a version": (
        {"policy": json.dumps({"Statement": SESSION_POLICY["Statement"]})},
        (BAD, "InvalidParameter.PolicyGrammar"),
    ),
    "an unknown role": ({"role_arn": f"acs:ram::{ACCOUNT}:role/nobody"}, (404, "EntityNotExist.Role")),
    "a role that the caller may not assume": ({"role_arn": "acs:ram::2:role/oss-upload"}, (403, "NoPermission")),
}  # fmt: skip


@pytest.mark.parametrize(("asked", "refusal"), PARAMETERS.values(), ids=PARAMETERS)
def test_a_parameter_at_fault(account: Account, asked: dict[str, Any], refusal: tuple[int, str]) -> None:
    with pytest.raises(ClientException) as refused:
        vendors_call(account, **asked)
    assert (refused.value.status_code, refused.value.code) == refusal


FITTING: dict[str, dict[str, Any]] = {
    "the least duration": {"duration_seconds": 900},
    "the longest duration": {"duration_seconds": 3600},
    "the longest of a role that allows more": {"role_arn": LONG_ROLE_ARN, "duration_seconds": 43200},
    "the shortest session name": {"role_session_name": "ab"},
    "the longest session name": {"role_session_name": "a" * 64},
    "a policy of 2048 bytes": {"policy": json.dumps(SESSION_POLICY).ljust(2048)},
    "an empty policy": {"policy": ""},
}


@pytest.mark.parametrize("asked", FITTING.values(), ids=FITTING)
def test_a_parameter_that_just_fits(account: Account, asked: dict[str, Any]) -> None:
    duration = asked.get("duration_seconds", 3600)
    reply = vendors_call(account, **asked).to_map()
    assert reply["Credentials"]["Expiration"] == utc(account.clock.now + duration)


CALLERS: dict[str, Identity] = {
    "no policy": session_of_the_function(policies=()),
    "a policy for something else": session_of_the_function(policies=(ram_policy("sts:GetCallerIdentity", resource="*"),)),
    "a policy for another role": session_of_the_function(policies=(ram_policy("sts:AssumeRole", resource="acs:ram::2:role/*"),)),
    "a session policy without it": session_of_the_function(policies=(MAY_ASSUME, ram_policy("oss:*"))),
    "another role, which is not trusted": session_of_the_function(role="another"),
    "a user who is not trusted": ram_user("somebody"),
}  # fmt: skip


@pytest.mark.parametrize("caller", CALLERS.values(), ids=CALLERS)
def test_a_caller_without_permission(account: Account, caller: Identity) -> None:
    account.caller = account.add(caller)
    with pytest.raises(ClientException) as refused:
        vendors_call(account)
    assert (refused.value.status_code, refused.value.code) == (403, "NoPermission")


MESSAGES: dict[str, tuple[dict[str, str], str]] = {
    "role": ({"RoleArn": "a"}, "The parameter RoleArn is wrongly formed."),
    "duration": ({"DurationSeconds": "1"}, "The Min/Max value of DurationSeconds is 15min/1hr."),
    "policy": ({"Policy": " " * 2049}, "The size of Policy must be smaller than 2048 bytes."),
    "permission": (
        {"RoleArn": "acs:ram::2:role/a"},
        "You are not authorized to do this action. You should be authorized by RAM.",
    ),
}


@pytest.mark.parametrize(("query", "message"), MESSAGES.values(), ids=MESSAGES)
def test_the_messages_are_those_of_the_documents(call: Call, query: dict[str, str], message: str) -> None:
    call.query |= query
    assert send(call.sign()).json()["Message"] == message


def test_a_duration_that_is_no_number(call: Call) -> None:
    call.query["DurationSeconds"] = "1h"
    assert outcome(send(call.sign())) == (400, "InvalidParameter.DurationSeconds")
