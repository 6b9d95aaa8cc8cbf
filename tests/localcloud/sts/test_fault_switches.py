"""How STS fails where a fault switch is on."""

from __future__ import annotations

import threading
import time

import pytest
import requests

from support.oss_world import NOON
from support.sts_world import EXPIRED, GRANTED, MISMATCH, Call, outcome, send, utc

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
    assert ended.wait(60)


def test_mode_stall_ends_with_the_cloud(call: Call) -> None:
    call.account.faults.sts_mode = "stall"
    ends: list[str] = []

    def ask() -> None:
        try:
            send(call.sign(), timeout=60)
        except requests.ConnectionError as end:
            ends.append(type(end).__name__)

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join(0.2)
    assert (thread.is_alive(), ends) == (True, [])
    call.account.sts.stop()
    thread.join(60)
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
