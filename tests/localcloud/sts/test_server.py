"""AssumeRole of the stand-in for STS, asked by the vendor's SDK and by requests signed with its signer."""

from __future__ import annotations

import hashlib
import json
import math
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import requests
from alibabacloud_sts20150401.client import Client
from alibabacloud_sts20150401.models import AssumeRoleRequest
from alibabacloud_tea_openapi.exceptions import ClientException
from alibabacloud_tea_openapi.utils import Utils
from alibabacloud_tea_openapi.utils_models import Config
from darabonba.request import DaraRequest

from localcloud.fault_switches import Faults
from localcloud.ram.identities import Identities, Identity
from localcloud.sts.assume_role import Role
from localcloud.sts.server import Sts
from support.oss_world import ACCOUNT, NOON, Clock, ram_policy

ROLE_ARN = f"acs:ram::{ACCOUNT}:role/oss-upload"
LONG_ROLE_ARN = f"acs:ram::{ACCOUNT}:role/twelve.hours"
FUNCTION_ROLE_ARN = f"acs:ram::{ACCOUNT}:role/function"
ROLE_POLICY = ram_policy("oss:PutObject", "oss:GetObject")
SESSION_POLICY = ram_policy("oss:PutObject", resource="acs:oss:*:*:team-uploads/uploads/a b+c/*")
MAY_ASSUME = ram_policy("sts:AssumeRole", resource=f"acs:ram::{ACCOUNT}:role/*")


def session_of_the_function(
    *, policies: tuple[dict[str, Any], ...] = (MAY_ASSUME,), role: str = "function"
) -> Identity:
    return Identity(
        access_key_id=f"STS.{secrets.token_hex(12)}",
        access_key_secret=secrets.token_urlsafe(30),
        security_token=secrets.token_urlsafe(60),
        arn=f"acs:ram::{ACCOUNT}:assumed-role/{role}/fc",
        expiration=1e11,
        policies=policies,
    )


def ram_user(name: str) -> Identity:
    return Identity(
        access_key_id=f"LTAI{secrets.token_hex(10)}",
        access_key_secret=secrets.token_urlsafe(30),
        security_token="",
        arn=f"acs:ram::{ACCOUNT}:user/{name}",
        expiration=math.inf,
        policies=(MAY_ASSUME,),
    )


@dataclass
class Account:
    """A running stand-in, two roles, and the session of the function that may assume them."""

    clock: Clock = field(default_factory=Clock)
    faults: Faults = field(default_factory=Faults)
    identities: Identities = field(default_factory=Identities)

    def __post_init__(self) -> None:
        trusted = (FUNCTION_ROLE_ARN, f"acs:ram::{ACCOUNT}:user/trusted")
        roles = {
            ROLE_ARN: Role(ROLE_POLICY, trusted),
            LONG_ROLE_ARN: Role(ROLE_POLICY, trusted, max_session_duration=43200),
        }
        self.sts = Sts(self.clock, self.identities, self.faults, roles)
        self.caller = self.add(session_of_the_function())

    def add(self, identity: Identity) -> Identity:
        self.identities.add(identity)
        return identity

    def issued_identity(self, reply: Any) -> Identity:
        """Returns the identity whose credentials a reply brings."""
        identity = self.identities.find(reply["Credentials"]["AccessKeyId"])
        assert identity
        return identity


@pytest.fixture
def account() -> Iterator[Account]:
    """It must have nothing to complain of at the end."""
    account = Account()
    with account.sts:
        yield account
    account.sts.check()


def utc(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


# The vendor's SDK. It has no clock to give, so the stand-in takes its own.


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


# Requests of our own, signed by the SDK's signer, so that each can be altered before and after.


@dataclass
class Call:
    """A call before it is signed."""

    account: Account
    query: dict[str, str] = field(default_factory=lambda: {"RoleArn": ROLE_ARN, "RoleSessionName": "a-b"})
    date: str = field(default_factory=lambda: utc(NOON))
    body: bytes = b""
    secret: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    """Headers over those that every call has."""
    left_out: tuple[str, ...] = ()
    """Headers not signed, though sent."""

    def sign(self) -> requests.PreparedRequest:
        caller = self.account.caller
        headers = {
            "host": self.account.sts.url.removeprefix("http://"),
            "x-acs-action": "AssumeRole",
            "x-acs-version": "2015-04-01",
            "x-acs-date": self.date,
            "x-acs-signature-nonce": secrets.token_hex(16),
            "x-acs-content-sha256": hashlib.sha256(self.body).hexdigest(),
            "x-acs-security-token": caller.security_token,
        } | self.headers
        headers = {name: value for name, value in headers.items() if value}
        request = DaraRequest()
        request.method, request.pathname, request.query = "POST", "/", self.query
        request.headers = {name: value for name, value in headers.items() if name not in self.left_out}
        headers["Authorization"] = Utils.get_authorization(
            request,
            "ACS3-HMAC-SHA256",
            headers["x-acs-content-sha256"],
            caller.access_key_id,
            self.secret or caller.access_key_secret,
        )
        url = f"{self.account.sts.url}/?{urlencode(self.query, quote_via=quote)}"
        return requests.Request("POST", url, headers, data=self.body).prepare()


@pytest.fixture
def call(account: Account) -> Call:
    """Returns one that would be granted."""
    return Call(account)


def send(request: requests.PreparedRequest, timeout: float = 10) -> requests.Response:
    with requests.Session() as session:
        return session.send(request, timeout=timeout)


def outcome(answer: requests.Response) -> tuple[int, str | None]:
    return answer.status_code, answer.json().get("Code")


GRANTED = (200, None)


def test_a_call_signed_by_hand_is_granted(call: Call) -> None:
    assert outcome(send(call.sign())) == GRANTED


def test_a_body_that_is_signed_changes_nothing(call: Call) -> None:
    call.body = b"a=b"
    assert outcome(send(call.sign())) == GRANTED


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


Change = Callable[[Call], object]
Alteration = Callable[[requests.PreparedRequest], object]


def put(**changed: Any) -> Change:
    return lambda call: vars(call).update(changed)


def leave_unsigned(name: str) -> Change:
    return put(left_out=(name,))


def with_headers(**headers: str) -> Change:
    return put(headers={name.replace("_", "-"): value for name, value in headers.items()})


def stranger(call: Call) -> None:
    call.account.caller = session_of_the_function()


def expire_token(call: Call) -> None:
    call.account.clock.now = call.account.caller.expiration
    call.date = utc(call.account.clock.now)


INCOMPLETE = (400, "IncompleteSignature")
MISMATCH = (400, "SignatureDoesNotMatch")
EXPIRED = (400, "InvalidTimeStamp.Expired")

SIGNED_AMISS: dict[str, tuple[Change, tuple[int, str | None]]] = {
    "the host not signed": (leave_unsigned("host"), INCOMPLETE),
    "the action not signed": (leave_unsigned("x-acs-action"), INCOMPLETE),
    "the version not signed": (leave_unsigned("x-acs-version"), INCOMPLETE),
    "the date not signed": (leave_unsigned("x-acs-date"), INCOMPLETE),
    "the nonce not signed": (leave_unsigned("x-acs-signature-nonce"), INCOMPLETE),
    "the digest not signed": (leave_unsigned("x-acs-content-sha256"), INCOMPLETE),
    "the token not signed": (leave_unsigned("x-acs-security-token"), INCOMPLETE),
    "another header of theirs not signed": (put(headers={"x-acs-a": "b"}, left_out=("x-acs-a",)), INCOMPLETE),
    "no nonce": (with_headers(x_acs_signature_nonce=""), INCOMPLETE),
    "a second too old": (put(date=utc(NOON - 901)), EXPIRED),
    "a second too early": (put(date=utc(NOON + 901)), EXPIRED),
    "a date in another format": (put(date="20241124T120000Z"), (400, "InvalidTimeStamp.Format")),
    "an unknown access key": (stranger, (404, "InvalidAccessKeyId.NotFound")),
    "no security token": (with_headers(x_acs_security_token=""), (400, "MissingSecurityToken")),
    "another security token": (
        with_headers(x_acs_security_token="another"),
        (400, "InvalidSecurityToken.MismatchWithAccessKey"),
    ),
    "credentials that have ended": (expire_token, (400, "InvalidSecurityToken.Expired")),
    "another secret": (put(secret="another"), MISMATCH),
    "another digest": (with_headers(x_acs_content_sha256="0" * 64), MISMATCH),
    "the digest in capitals": (with_headers(x_acs_content_sha256=hashlib.sha256(b"").hexdigest().upper()), MISMATCH),
    "another host": (with_headers(host="sts.aliyuncs.com"), GRANTED),
}


@pytest.mark.parametrize(("change", "refusal"), SIGNED_AMISS.values(), ids=SIGNED_AMISS)
def test_a_call_signed_amiss(call: Call, change: Change, refusal: tuple[int, str | None]) -> None:
    change(call)
    assert outcome(send(call.sign())) == refusal


@pytest.mark.parametrize("seconds", [-900, 900])
def test_a_clock_fifteen_minutes_off_will_do(call: Call, seconds: int) -> None:
    call.date = utc(NOON + seconds)
    assert outcome(send(call.sign())) == GRANTED


def test_a_token_with_the_key_of_a_user(call: Call) -> None:
    call.account.caller = call.account.add(ram_user("trusted"))
    call.headers = {"x-acs-security-token": "a"}
    assert outcome(send(call.sign())) == (400, "InvalidSecurityToken.MismatchWithAccessKey")


def set_header(name: str, value: str) -> Alteration:
    return lambda request: request.headers.update({name: value})


def drop_header(name: str) -> Alteration:
    return lambda request: request.headers.pop(name)


def in_header(name: str, old: str, new: str) -> Alteration:
    def alter(request: requests.PreparedRequest) -> None:
        assert old in request.headers[name]
        request.headers[name] = request.headers[name].replace(old, new)

    return alter


def in_url(old: str, new: str) -> Alteration:
    def alter(request: requests.PreparedRequest) -> None:
        assert request.url
        assert old in request.url
        request.url = request.url.replace(old, new)

    return alter


def another_body(request: requests.PreparedRequest) -> None:
    request.body = b"a=b"
    request.headers["Content-Length"] = "3"


def another_method(request: requests.PreparedRequest) -> None:
    request.method = "GET"


def last_digit(request: requests.PreparedRequest) -> None:
    text = request.headers["Authorization"]
    request.headers["Authorization"] = text[:-1] + ("1" if text[-1] == "0" else "0")


ALTERED: dict[str, tuple[Alteration, tuple[int, str | None]]] = {
    "no authorization": (drop_header("Authorization"), INCOMPLETE),
    "another algorithm": (in_header("Authorization", "HMAC-SHA256", "HMAC-SM3"), INCOMPLETE),
    "a signature cut short": (in_header("Authorization", "Signature=", "Signature=0"), INCOMPLETE),
    "one header fewer in the list": (in_header("Authorization", "host;", ""), INCOMPLETE),
    "one header more in the list": (in_header("Authorization", "host;", "host;user-agent;"), MISMATCH),
    "a digit of the signature": (last_digit, MISMATCH),
    "a parameter altered": (in_url("SessionName=a-b", "SessionName=a-c"), MISMATCH),
    "a parameter added": (in_url("/?", "/?DurationSeconds=900&"), MISMATCH),
    "a parameter dropped": (in_url("&RoleSessionName=a-b", ""), MISMATCH),
    "a parameter without its escapes": (in_url("%3A", ":"), GRANTED),
    "another path": (in_url("/?", "/a?"), MISMATCH),
    "another method": (another_method, MISMATCH),
    "another date": (set_header("x-acs-date", utc(NOON + 1)), MISMATCH),
    "another nonce": (set_header("x-acs-signature-nonce", "1"), MISMATCH),
    "no nonce": (drop_header("x-acs-signature-nonce"), MISMATCH),
    "no date": (drop_header("x-acs-date"), (400, "InvalidTimeStamp.Format")),
    "a header of theirs added": (set_header("x-acs-a", "b"), INCOMPLETE),
    "any other header added": (set_header("x-b", "b"), GRANTED),
    "another body": (another_body, MISMATCH),
    "another access key id": (in_header("Authorization", "Credential=", "Credential=x"), (404, "InvalidAccessKeyId.NotFound")),
    "a token cut short": (lambda r: r.headers.update({"x-acs-security-token": r.headers["x-acs-security-token"][:-1]}), (400, "InvalidSecurityToken.MismatchWithAccessKey")),
    "no token": (drop_header("x-acs-security-token"), (400, "MissingSecurityToken")),
}  # fmt: skip


@pytest.mark.parametrize(("alter", "expected"), ALTERED.values(), ids=ALTERED)
def test_a_call_altered_after_signing(call: Call, alter: Alteration, expected: tuple[int, str | None]) -> None:
    request = call.sign()
    alter(request)
    assert outcome(send(request)) == expected


def test_the_same_bytes_again(call: Call) -> None:
    request = call.sign()
    assert [outcome(send(request)) for _ in range(3)] == [GRANTED, *[(400, "SignatureNonceUsed")] * 2]


def test_the_same_bytes_again_as_late_as_their_date_allows(call: Call) -> None:
    call.date = utc(NOON + 900)
    request = call.sign()
    send(request)
    call.account.clock.now = NOON + 1800
    assert outcome(send(request)) == (400, "SignatureNonceUsed")


class MeetingPlace(Clock):
    """A clock where two who look at it at the same time would meet."""

    def __init__(self) -> None:
        super().__init__()
        self.met = False
        self._two = threading.Barrier(2)

    def __call__(self) -> float:
        try:
            self._two.wait(0.3)
            self.met = True
        except threading.BrokenBarrierError:
            pass
        return super().__call__()


def test_of_the_same_bytes_twice_at_once_one_is_granted() -> None:
    clock = MeetingPlace()
    account = Account(clock)
    outcomes: list[tuple[int, str | None]] = []
    with account.sts:
        request = Call(account).sign()
        threads = [threading.Thread(target=lambda: outcomes.append(outcome(send(request.copy())))) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
    account.sts.check()
    assert (clock.met, sorted(outcomes, key=str)) == (False, [GRANTED, (400, "SignatureNonceUsed")])


def test_a_refused_signature_uses_up_no_nonce(call: Call) -> None:
    request = call.sign()
    good = request.headers["Authorization"]
    last_digit(request)
    send(request)
    request.headers["Authorization"] = good
    assert outcome(send(request)) == GRANTED


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


# The fault switches.

REFUSING = {
    "throttle": (400, "Throttling.User"),
    "fail": (500, "InternalError"),
    "no_permission": (403, "NoPermission"),
}


@pytest.mark.parametrize(("mode", "refusal"), REFUSING.items(), ids=REFUSING)
def test_mode_that_refuses(call: Call, mode: str, refusal: tuple[int, str]) -> None:
    call.account.faults.sts_mode = mode
    assert outcome(send(call.sign())) == refusal


@pytest.mark.parametrize("mode", REFUSING)
def test_not_even_then_is_a_wrong_signature_overlooked(call: Call, mode: str) -> None:
    call.account.faults.sts_mode, call.secret = mode, "another"
    assert outcome(send(call.sign())) == MISMATCH


NONSENSE = {
    "html": ("text/html", "<html><body>Bad gateway</body></html>"),
    "empty": ("application/json", ""),
    "null": ("application/json", '{"RequestId":"none","Credentials":null}'),
    "list": ("application/json", "[]"),
}


@pytest.mark.parametrize(("mode", "said"), NONSENSE.items(), ids=NONSENSE)
def test_mode_that_talks_nonsense(call: Call, mode: str, said: tuple[str, str]) -> None:
    call.account.faults.sts_mode = mode
    answer = send(call.sign())
    assert (answer.status_code, answer.headers["Content-Type"].partition(";")[0], answer.text) == (200, *said)


MEMBERS = {"AccessKeyId", "AccessKeySecret", "SecurityToken", "Expiration"}


@pytest.mark.parametrize(
    ("mode", "missing"),
    [
        ("no_token", "SecurityToken"),
        ("no_secret", "AccessKeySecret"),
        ("no_key", "AccessKeyId"),
        ("no_expiration", "Expiration"),
    ],
)
def test_mode_that_leaves_something_out(call: Call, mode: str, missing: str) -> None:
    call.account.faults.sts_mode = mode
    answer = send(call.sign())
    assert (answer.status_code, set(answer.json()["Credentials"])) == (200, MEMBERS - {missing})


def test_mode_bad_expiration(call: Call) -> None:
    call.account.faults.sts_mode = "bad_expiration"
    credentials = send(call.sign()).json()["Credentials"]
    assert (set(credentials), credentials["Expiration"]) == (MEMBERS, "soon")


def test_mode_short(call: Call) -> None:
    call.account.faults.sts_mode = "short"
    reply = send(call.sign()).json()
    assert (reply["Credentials"]["Expiration"], call.account.issued_identity(reply).expiration) == (
        utc(NOON + 60),
        NOON + 60,
    )


def test_mode_reset(call: Call) -> None:
    call.account.faults.sts_mode = "reset"
    with pytest.raises(requests.ConnectionError, match="Connection reset by peer"):
        send(call.sign())


def test_mode_stall_lasts_until_the_client_goes(call: Call) -> None:
    call.account.faults.sts_mode = "stall"
    ended = threading.Event()
    call.account.sts.on_record = lambda record: ended.set()
    with pytest.raises(requests.ReadTimeout):
        send(call.sign(), timeout=0.2)
    assert ended.wait(5)


def test_mode_stall_ends_with_the_cloud(call: Call) -> None:
    call.account.faults.sts_mode = "stall"
    ends: list[str] = []

    def ask() -> None:
        try:
            send(call.sign(), timeout=30)
        except requests.ConnectionError as end:
            ends.append(type(end).__name__)

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join(0.2)
    assert (thread.is_alive(), ends) == (True, [])
    call.account.sts.stop()
    thread.join(10)
    assert (thread.is_alive(), ends) == (False, ["ConnectionError"])
    call.account.sts.start()


def test_fail_next_counts_down(call: Call) -> None:
    call.account.faults.sts_fail_next = 2
    assert [outcome(send(call.sign())) for _ in range(3)] == [*[(500, "InternalError")] * 2, GRANTED]
    assert call.account.faults.sts_fail_next == 0


def test_latency(call: Call) -> None:
    call.account.faults.sts_latency = 0.2
    begin = time.monotonic()
    assert outcome(send(call.sign())) == GRANTED
    assert 0.2 <= time.monotonic() - begin < 30


@pytest.mark.parametrize(("skew", "expected"), [(900, GRANTED), (901, EXPIRED), (-900, GRANTED), (-901, EXPIRED)])
def test_skew(call: Call, skew: float, expected: tuple[int, str | None]) -> None:
    call.account.faults.sts_skew = skew
    assert outcome(send(call.sign())) == expected


def test_a_skewed_clock_tells_its_own_time(call: Call) -> None:
    call.account.faults.sts_skew = 300
    reply = send(call.sign()).json()
    assert reply["Credentials"]["Expiration"] == "2024-11-24T13:05:00Z"


def test_token_revoked(call: Call) -> None:
    call.account.faults.sts_token_revoked = True
    assert outcome(send(call.sign())) == (400, "InvalidSecurityToken.Expired")
    call.account.faults.sts_token_revoked = False
    assert outcome(send(call.sign())) == GRANTED
