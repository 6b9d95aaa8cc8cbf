"""Who may ask the stand-in for STS: calls signed amiss, altered after signing, or sent twice."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from typing import Any

import pytest
import requests

from support.oss_world import NOON, Clock
from support.sts_world import (
    EXPIRED,
    GRANTED,
    MISMATCH,
    Account,
    Call,
    outcome,
    ram_user,
    send,
    session_of_the_function,
    utc,
)


def test_a_call_signed_by_hand_is_granted(call: Call) -> None:
    assert outcome(send(call.sign())) == GRANTED


def test_a_body_that_is_signed_changes_nothing(call: Call) -> None:
    call.body = b"a=b"
    assert outcome(send(call.sign())) == GRANTED


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
            thread.join(60)
    account.sts.check()
    assert (clock.met, sorted(outcomes, key=str)) == (False, [GRANTED, (400, "SignatureNonceUsed")])


def test_a_refused_signature_uses_up_no_nonce(call: Call) -> None:
    request = call.sign()
    good = request.headers["Authorization"]
    last_digit(request)
    send(request)
    request.headers["Authorization"] = good
    assert outcome(send(request)) == GRANTED
