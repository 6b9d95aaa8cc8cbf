"""Tests AssumeRole through the vendor's SDK: its requests to STS, and which responses are accepted."""

from __future__ import annotations

import gzip
import json
import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import pytest
import requests
import time_machine
from alibabacloud_sts20150401.client import Client
from pytest_httpserver import HTTPServer
from Tea.exceptions import TeaException
from werkzeug.wrappers import Request, Response

from direct_upload import sdk_session
from direct_upload.credential_cache import AssumeRoleFailed
from direct_upload.settings import Settings
from direct_upload.sts import _config as sts_config
from direct_upload.sts import assume_role, role_assumer, role_session_name, session_policy
from localcloud.fault_switches import Faults
from localcloud.ram.identities import Identities, Identity
from localcloud.stand_in import StandIn
from localcloud.sts.assume_role import Role
from localcloud.sts.server import Sts
from oss_protocol.credentials import Credentials, OwnCredentials
from support import factories
from support.factories import NOON
from support.tokens import new_secret

ACCOUNT = "1234567890123456"
ROLE_ARN = factories.ENVIRON["OSS_STS_ROLE_ARN"]
PUT = {"Effect": "Allow", "Action": "oss:PutObject", "Resource": "acs:oss:*:*:team-uploads/*"}


@dataclass
class StsWorld:
    """A stand-in for STS, and the function's own credentials."""

    identities: Identities
    faults: Faults
    sts: Sts
    caller: Identity
    settings: Settings

    @property
    def own(self) -> OwnCredentials:
        return OwnCredentials(self.caller.access_key_id, self.caller.access_key_secret, self.caller.security_token)

    def assume(self) -> Credentials:
        return assume_role(self.own, "sign", self.settings)

    def find_identity(self, credentials: Credentials) -> Identity | None:
        return self.identities.find(credentials.access_key_id)


@pytest.fixture
def world() -> Iterator[StsWorld]:
    identities, faults = Identities(), Faults()
    may = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": f"acs:ram:*:{ACCOUNT}:role/oss-upload"}
    caller = identities.add_session(ACCOUNT, "fc", "fc", NOON + 9999, ({"Version": "1", "Statement": [may]},))
    role = Role({"Version": "1", "Statement": [PUT]}, trusted=(f"acs:ram::{ACCOUNT}:role/fc",))
    with time_machine.travel(NOON, tick=False), Sts(time.time, identities, faults, {ROLE_ARN: role}) as sts:
        settings = Settings.from_environ(factories.ENVIRON | {"LOCAL": "on", "STS_ENDPOINT": sts.url})
        yield StsWorld(identities, faults, sts, caller, settings)
    sts.check()


def test_all_four_fields_come_back(world: StsWorld) -> None:
    credentials = world.assume()
    issued = world.find_identity(credentials)
    assert issued
    assert credentials == Credentials(
        issued.access_key_id, issued.access_key_secret, issued.security_token, expiration=NOON + 3600
    )


def test_the_session_policy_narrows_the_role_to_the_prefix(world: StsWorld) -> None:
    issued = world.find_identity(world.assume())
    assert issued
    narrowed = PUT | {"Resource": "acs:oss:*:*:team-uploads/uploads/*"}
    assert issued.policies == ({"Version": "1", "Statement": [PUT]}, {"Version": "1", "Statement": [narrowed]})
    assert issued.arn == f"acs:ram::{ACCOUNT}:assumed-role/oss-upload/sign"


@pytest.mark.parametrize(
    ("context", "name"),
    [
        (SimpleNamespace(function=SimpleNamespace(name="Upload-Sign_1")), "Upload-Sign_1"),
        (SimpleNamespace(function=SimpleNamespace(name="a b/\N{SNOWMAN}.@")), "a-b--.@"),
        (SimpleNamespace(function=SimpleNamespace(name="s")), "s-"),
        (SimpleNamespace(function=SimpleNamespace(name="s" * 33)), "s" * 32),
        (SimpleNamespace(function=SimpleNamespace(name="")), "sign"),
        (SimpleNamespace(function=None), "sign"),
        (SimpleNamespace(), "sign"),
        (None, "sign"),
    ],
)
def test_the_session_has_the_functions_name_as_far_as_sts_takes_it(context: object, name: str) -> None:
    assert role_session_name(context) == name


def test_the_session_policy_is_compact_json() -> None:
    settings = Settings.from_environ(factories.ENVIRON | {"OSS_BUCKET": "bbb", "UPLOAD_PREFIX": "p/q"})
    assert session_policy(settings) == (
        '{"Version":"1","Statement":[{"Effect":"Allow","Action":"oss:PutObject","Resource":"acs:oss:*:*:bbb/p/q/*"}]}'
    )


def test_with_multipart_uploads_it_lets_parts_be_listed_and_thrown_away() -> None:
    more = {"MULTIPART_THRESHOLD": "1MB", "MULTIPART_SECRET": new_secret()}
    [statement] = json.loads(session_policy(Settings.from_environ(factories.ENVIRON | more)))["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Action": ["oss:PutObject", "oss:ListParts", "oss:AbortMultipartUpload"],
        "Resource": "acs:oss:*:*:team-uploads/uploads/*",
    }


@pytest.mark.parametrize(
    ("mode", "code"),
    [
        ("throttle", "Throttling.User"),
        ("fail", "InternalError"),
        ("no_permission", "NoPermission"),
        ("html", "UnretryableException"),
        ("empty", "UnretryableException"),
        ("reset", "UnretryableException"),
        ("null", "incomplete response"),
        ("list", "incomplete response"),
        ("no_token", "incomplete response"),
        ("no_secret", "incomplete response"),
        ("no_key", "incomplete response"),
        ("no_expiration", "incomplete response"),
        ("bad_expiration", "unreadable expiration"),
    ],
)
def test_a_failure_carries_a_code_and_nothing_else(world: StsWorld, mode: str, code: str) -> None:
    world.faults.sts_mode = mode
    with pytest.raises(AssumeRoleFailed) as failure:
        world.assume()
    assert (failure.value.code, str(failure.value), failure.value.own_refused) == (code, code, False)
    # The SDK's exceptions hold requests with tokens in their headers: none may be the context of this error.
    assert not isinstance(failure.value.__context__, TeaException)


@pytest.mark.parametrize(
    ("mode", "tries"), [("throttle", 2), ("fail", 2), ("reset", 2), ("no_permission", 1), ("null", 1)]
)
def test_only_what_may_pass_is_tried_again_and_only_once(world: StsWorld, mode: str, tries: int) -> None:
    world.faults.sts_mode = mode
    with pytest.raises(AssumeRoleFailed):
        world.assume()
    world.sts.stop()
    assert len(world.sts.records) == tries


def test_the_request_id_of_a_refusal_is_kept(world: StsWorld) -> None:
    world.faults.sts_mode = "no_permission"
    with pytest.raises(AssumeRoleFailed) as failure:
        world.assume()
    assert len(failure.value.request_id or "") == 32


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("InvalidAccessKeyId.NotFound", {"access_key_id": "STS.another"}),
        ("InvalidSecurityToken.MismatchWithAccessKey", {"security_token": "another"}),
        ("InvalidSecurityToken.Expired", {}),
    ],
)
def test_a_refusal_of_the_functions_own_credentials_says_so(world: StsWorld, code: str, change: dict[str, str]) -> None:
    world.faults.sts_token_revoked = not change
    with pytest.raises(AssumeRoleFailed) as failure:
        assume_role(replace(world.own, **change), "sign", world.settings)
    assert (failure.value.code, failure.value.own_refused) == (code, True)


def test_a_wrong_secret_is_no_sign_of_a_stale_instance(world: StsWorld) -> None:
    with pytest.raises(AssumeRoleFailed) as failure:
        assume_role(replace(world.own, access_key_secret="another"), "sign", world.settings)
    assert (failure.value.code, failure.value.own_refused) == ("SignatureDoesNotMatch", False)


def test_a_silent_sts_is_given_up(world: StsWorld) -> None:
    world.faults.sts_mode = "stall"
    begin = time.monotonic()
    with pytest.raises(AssumeRoleFailed):
        world.assume()
    assert 2.9 < time.monotonic() - begin < 30


def test_two_tries_and_their_time_outs_end_before_six_seconds(world: StsWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    timeouts: list[tuple[float, float]] = []

    def send(_: object, __: object, options: Any) -> None:
        timeouts.append(options["timeout"])
        raise requests.Timeout

    monkeypatch.setattr(sdk_session.Session, "_send", send)
    with pytest.raises(AssumeRoleFailed):
        world.assume()
    assert timeouts == [(1.0, 1.5)] * 2


class Teapot(StandIn):
    """An STS that answers every request with what a test wants."""

    answer: Any = None

    def handle(self, request: Request) -> Response:
        return Response(json.dumps(self.answer), content_type="application/json")


GOOD = {
    "AccessKeyId": "STS.a",
    "AccessKeySecret": "s",
    "SecurityToken": "t",
    "Expiration": "2024-11-24T13:00:00Z",
}


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("value", ["", None, 7, [], {}])
def test_a_field_that_is_no_text_is_no_credential(name: str, value: Any) -> None:
    with Teapot(time.time) as teapot:
        teapot.answer = {"RequestId": "r", "Credentials": GOOD | {name: value}}
        settings = Settings.from_environ(factories.ENVIRON | {"LOCAL": "on", "STS_ENDPOINT": teapot.url})
        with pytest.raises(AssumeRoleFailed, match=r"^incomplete response$"):
            assume_role(OwnCredentials("STS.own", "secret", "token"), "sign", settings)


def failure_of(sts: HTTPServer) -> AssumeRoleFailed:
    settings = Settings.from_environ(
        factories.ENVIRON | {"LOCAL": "on", "STS_ENDPOINT": f"http://127.0.0.1:{sts.port}"}
    )
    with pytest.raises(AssumeRoleFailed) as failure:
        assume_role(OwnCredentials("STS.own", "secret", "token"), "sign", settings)
    return failure.value


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_wherever_sts_sends_us_nobody_else_is_asked(status: int) -> None:
    with HTTPServer() as sts, HTTPServer() as elsewhere:
        elsewhere.expect_request("/").respond_with_json({"Credentials": GOOD})
        body = json.dumps({"Credentials": GOOD})
        headers = {"Location": elsewhere.url_for("/"), "Content-Type": "application/json"}
        sts.expect_request("/").respond_with_data(body, status, headers)
        assert failure_of(sts).code == "redirected"
        assert (len(sts.log), elsewhere.log) == (1, [])


ENDLESS = 50 * 1024**2
PIECE = b" " * 65536


@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize("counted", [True, False])
def test_an_answer_without_an_end_is_not_read_to_it(status: int, counted: bool) -> None:
    taken = []

    def pieces() -> Iterator[bytes]:
        for _ in range(ENDLESS // len(PIECE)):
            taken.append(len(PIECE))
            yield PIECE

    def answer(_: Request) -> Response:
        headers = {"Content-Length": str(ENDLESS)} if counted else {}
        return Response(pieces(), status, headers, content_type="application/json")

    with HTTPServer() as sts:
        sts.expect_request("/").respond_with_handler(answer)
        assert failure_of(sts).code == "response too long"
    # More than the function reads, because the machine buffers some of it.
    assert sum(taken) < ENDLESS / 3


def test_what_was_packed_is_not_unpacked() -> None:
    with HTTPServer() as sts:
        packed = gzip.compress(json.dumps({"Credentials": GOOD}).encode() + b" " * ENDLESS)
        headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
        sts.expect_request("/").respond_with_data(packed, headers=headers)
        assert failure_of(sts).code == "UnretryableException"


def test_an_answer_that_breaks_off_is_none() -> None:
    def answer(_: Request) -> Response:
        return Response([json.dumps({"Credentials": GOOD})], headers={"Content-Length": "999"})

    with HTTPServer() as sts:
        sts.expect_request("/").respond_with_handler(answer)
        assert failure_of(sts).code == "UnretryableException"


def test_an_answer_that_trickles_in_is_given_up(world: StsWorld) -> None:
    world.assume()  # so that the SDK's import does not count
    ended = threading.Event()

    def pieces() -> Iterator[bytes]:
        while not ended.wait(0.2):
            yield b" "

    with HTTPServer(threaded=True) as sts:
        sts.expect_request("/").respond_with_handler(lambda _: Response(pieces(), headers={"Content-Length": "999"}))
        begin = time.monotonic()
        failure = failure_of(sts)
        took = time.monotonic() - begin
        ended.set()
    assert (failure.code, took < 30) == ("UnretryableException", True)


def test_the_sdk_says_nothing(
    world: StsWorld, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    # These loggers of the SDK have their own handlers, and get URLs and headers when something fails.
    names = ("alibabacloud-tea", "darabonba-core", "credentials")
    for name in names:
        logging.getLogger(name).disabled = False
    world.assume()
    caplog.set_level(logging.DEBUG)
    for name in names:
        logging.getLogger(name).critical("something with a token in it")
    assert (caplog.text, *capfd.readouterr()) == ("", "", "")


@pytest.mark.parametrize("region", ["cn-hangzhou", "ap-southeast-1"])
def test_the_regions_own_sts_is_asked(region: str) -> None:
    settings = Settings.from_environ(factories.ENVIRON | {"OSS_REGION": region})
    config = sts_config(OwnCredentials("STS.own", "secret", "token"), settings)
    assert Client(config)._endpoint == f"sts.{region}.aliyuncs.com"


def test_the_expiration_is_utc_wherever_the_function_runs(world: StsWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    try:
        assert role_assumer(world.settings)(world.own, "sign").expiration == NOON + 3600
    finally:
        monkeypatch.undo()
        time.tzset()
