"""Any answer of the stand-in for STS: how it refuses, and what it records."""

from __future__ import annotations

import re

import pytest

from support.oss_world import ACCOUNT
from support.sts_world import ROLE_ARN, Call, outcome, send


def test_a_refusal_is_told_as_sts_tells_it(call: Call) -> None:
    call.query["RoleArn"] = f"acs:ram::{ACCOUNT}:role/nobody"
    answer = send(call.sign())
    told = answer.json()
    assert re.fullmatch(r"[0-9A-F-]{32,36}", told.pop("RequestId"))
    assert (answer.status_code, answer.headers["Content-Type"], told) == (
        404,
        "application/json;charset=utf-8",
        {
            "HostId": call.account.sts.url.removeprefix("http://"),
            "Code": "EntityNotExist.Role",
            "Message": "The specified Role not exists .",
        },
    )


@pytest.mark.parametrize(
    "headers", [{"x-acs-action": "GetCallerIdentity"}, {"x-acs-version": "2014-11-04"}, {"x-acs-action": ""}], ids=str
)
def test_an_unknown_action_is_refused_and_the_stand_in_complains(call: Call, headers: dict[str, str]) -> None:
    call.headers = headers
    assert outcome(send(call.sign())) == (404, "InvalidAction.NotFound")
    with pytest.raises(AssertionError, match="the stand-in for STS does not have this operation: "):
        call.account.sts.check()
    call.account.sts.clear_assertions()


def test_the_record_of_a_call(call: Call) -> None:
    send(call.sign())
    [record] = call.account.sts.records
    assert (record.service, record.method, record.path, record.status, record.note) == (
        "sts",
        "POST",
        "/",
        200,
        {"role": ROLE_ARN, "session": "a-b", "duration": 3600},
    )
