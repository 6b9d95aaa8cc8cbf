"""Tests the identity provider's keys: when they are read, how long they serve, and what callers can cause."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from joserfc.jwk import ECKey, RSAKey

from direct_upload import provider_keys
from direct_upload.errors import IdentityProviderUnavailable, TokenInvalid
from direct_upload.provider_keys import ProviderKeys
from direct_upload.tokens import Issuer
from fc_http.invocation import Invocation
from support.factories import NOON
from support.function import Function, Make
from support.provider import ISSUER, ONE_ATTEMPT, SETTINGS, Provider
from support.tokens import b64, raw_claims

MINUTE, HOUR, DAY = 60, 3600, 86_400


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch, clock: time_machine.Traveller) -> Provider:
    return Provider(monkeypatch)


@pytest.fixture
def function(make: Make, provider: Provider) -> Function:
    """Returns an instance that has been initialized."""
    function = make(**SETTINGS)
    function.prepare()
    return function


def unknown(number: int) -> str:
    """Returns a token that names a key that nobody has."""
    header = json.dumps({"alg": "ES256", "kid": f"attack-{number}", "jku": "https://evil.example/keys"}).encode()
    return f"{b64(header)}.{b64(raw_claims(iss=ISSUER, aud='uploads'))}.{'A' * 86}"


def at(function: Function, clock: time_machine.Traveller, second: float) -> Function:
    """Sets all clocks to so many seconds after noon."""
    function.now = NOON + second
    clock.move_to(function.now)
    return function


def test_the_initializer_reads_the_keys_in_two_requests_and_no_other_is_sent(
    function: Function, provider: Provider
) -> None:
    assert provider.requests == ONE_ATTEMPT
    assert provider.verdict(function, provider.token()) == "alice"
    assert provider.requests == ONE_ATTEMPT
    assert function.log_events("keys_renewed") == [{"event": "keys_renewed", "keys": 1}]


def test_without_an_initializer_the_first_token_has_them_read(make: Make, provider: Provider) -> None:
    function = make(**SETTINGS)
    assert (provider.verdict(function, provider.token()), provider.requests) == ("alice", ONE_ATTEMPT)


@pytest.mark.parametrize("kind", [ECKey, RSAKey])
def test_the_kind_of_a_key_fixes_its_algorithm(make: Make, provider: Provider, kind: Any) -> None:
    provider.rotate(kind)
    function = make(**SETTINGS)
    assert provider.verdict(function, provider.token()) == "alice"
    for algorithm in ("HS256", "none", "ES256" if kind is RSAKey else "RS256", "PS256"):
        header = b64(json.dumps({"alg": algorithm, "kid": provider.keys[-1].kid}).encode())
        forged = ".".join([header, *provider.token().split(".")[1:]])
        assert provider.verdict(function, forged) == "token_invalid"


@pytest.mark.parametrize("changed", [{"iss": "https://id.example.com/team/"}, {"aud": "another"}, {"iss": None}])
def test_a_token_of_another_issuer_or_for_another_audience_is_refused(
    function: Function, provider: Provider, changed: dict[str, Any]
) -> None:
    assert provider.verdict(function, provider.token(**changed)) == "token_invalid"


@pytest.mark.parametrize(("authorization", "code"), [(None, "token_missing"), ("Bearer x", "token_invalid")])
def test_what_is_no_token_has_no_keys_read(
    make: Make, provider: Provider, authorization: str | None, code: str
) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    assert make(**SETTINGS).error("POST", "/sign", headers=headers)[1] == code
    assert provider.requests == []


def test_limits_for_everybody_need_no_keys(make: Make, provider: Provider) -> None:
    assert make(**SETTINGS).request("GET", "/limits")["statusCode"] == 200
    assert provider.requests == []


def test_no_address_in_a_token_is_fetched(function: Function, provider: Provider) -> None:
    elsewhere = "https://evil.example/keys"
    token = provider.token(iss=elsewhere, header={"jku": elsewhere, "x5u": elsewhere, "kid": elsewhere})
    assert provider.verdict(function, token) == "token_invalid"
    assert set(provider.requests) == set(ONE_ATTEMPT)


@pytest.mark.any_python
def test_a_storm_of_ten_thousand_unknown_keys_causes_one_attempt(provider: Provider) -> None:
    keys, invocation = ProviderKeys(Issuer(ISSUER, "uploads", ())), Invocation(NOON, None, lambda line: None)
    keys.prepare(invocation)
    provider.requests.clear()
    for number in range(10_000):
        issuer = keys.issuer_for(f"Bearer {unknown(number)}", invocation)
    with pytest.raises(TokenInvalid):
        issuer.verify(f"Bearer {unknown(0)}")
    assert provider.requests == ONE_ATTEMPT


@pytest.mark.parametrize("is_down", [False, True])
def test_a_storm_that_lasts_causes_one_attempt_a_minute(
    function: Function, provider: Provider, clock: time_machine.Traveller, is_down: bool
) -> None:
    provider.requests.clear()
    provider.is_down = is_down
    attempts = []
    for second in range(0, 20 * MINUTE, 5):
        before = len(provider.requests)
        provider.verdict(at(function, clock, second), unknown(second))
        attempts += [second] * (len(provider.requests) > before)
    assert attempts == list(range(0, 20 * MINUTE, MINUTE))


def test_during_a_storm_a_new_key_is_known_after_a_minute_at_the_latest(
    function: Function, provider: Provider, clock: time_machine.Traveller
) -> None:
    provider.verdict(function, unknown(0))
    provider.rotate()
    assert provider.verdict(at(function, clock, 59), provider.token()) == "token_invalid"
    assert provider.verdict(at(function, clock, 60), provider.token()) == "alice"


@pytest.mark.parametrize("second", [0, 1, 599, 600])
def test_a_new_key_is_known_at_once_even_if_keys_have_just_been_renewed(
    function: Function, provider: Provider, clock: time_machine.Traveller, second: int
) -> None:
    assert provider.verdict(at(function, clock, second), provider.token()) == "alice"
    provider.rotate()
    assert provider.verdict(function, provider.token()) == "alice"


def test_a_key_without_a_name_beside_the_others_hides_no_new_one(make: Make, provider: Provider) -> None:
    provider.more_members = [ECKey.generate_key("P-256").as_dict(private=False)]
    function = make(**SETTINGS)
    function.prepare()
    provider.rotate()
    assert provider.verdict(function, provider.token()) == "alice"


def test_where_no_key_has_a_name_no_token_causes_an_attempt(make: Make, provider: Provider) -> None:
    nameless = ECKey.generate_key("P-256")
    provider.keys, provider.more_members = [], [nameless.as_dict(private=False)]
    function = make(**SETTINGS)
    function.prepare()
    tokens = [provider.token(nameless, header={"kid": name}) for name in ("a", "b")]
    assert [provider.verdict(function, token) for token in tokens] == ["alice", "alice"]
    assert provider.requests == ONE_ATTEMPT


@pytest.mark.any_python
def test_keys_rotated_twice_and_the_provider_down_for_an_hour_and_no_good_token_is_refused(
    function: Function, provider: Provider, clock: time_machine.Traveller
) -> None:
    verdicts = set()
    tokens = [provider.token(exp=int(NOON) + DAY)]
    for second in range(0, 3 * HOUR, 50):
        provider.is_down = HOUR <= second < 2 * HOUR
        if second in (HOUR // 2, 2 * HOUR):
            provider.rotate()
            tokens.append(provider.token(exp=int(NOON) + DAY))
        # Those that were signed by the key before are still good, too.
        verdicts |= {provider.verdict(at(function, clock, second), token) for token in tokens[-2:]}
    assert (verdicts, len(tokens)) == ({"alice"}, 3)


def test_a_withdrawn_key_serves_for_ten_minutes_at_most(
    function: Function, provider: Provider, clock: time_machine.Traveller
) -> None:
    first = provider.keys[0]
    old = provider.token(first, exp=int(NOON) + DAY)
    provider.keys.clear()
    provider.keys.append(ECKey.generate_key("P-256", {"kid": "new"}))
    assert provider.verdict(at(function, clock, 599), old) == "alice"
    assert provider.verdict(at(function, clock, 600), old) == "token_invalid"


def test_a_provider_that_withdraws_all_keys_is_obeyed(
    function: Function, provider: Provider, clock: time_machine.Traveller
) -> None:
    old = provider.token()
    provider.keys.clear()
    assert provider.verdict(at(function, clock, 600), old) == "identity_provider_unavailable"


def test_while_the_provider_is_down_keys_serve_for_a_day(
    function: Function, provider: Provider, clock: time_machine.Traveller
) -> None:
    provider.is_down = True
    token = provider.token(exp=int(NOON) + 2 * DAY)
    assert provider.verdict(at(function, clock, DAY), token) == "alice"
    assert provider.verdict(at(function, clock, DAY + 1), token) == "identity_provider_unavailable"
    assert function.log_events("key_fetch_failed")[0] == {
        "event": "key_fetch_failed",
        "reason": "configuration: ConnectionRefusedError",
    }


def test_while_the_provider_is_down_it_is_tried_once_a_minute(
    function: Function, provider: Provider, clock: time_machine.Traveller
) -> None:
    provider.is_down = True
    provider.requests.clear()
    token = provider.token()
    for second in range(600, 1200, 10):
        provider.verdict(at(function, clock, second), token)
    assert len(provider.requests) == 10


def test_down_at_the_cold_start_then_up(make: Make, provider: Provider) -> None:
    provider.is_down = True
    function = make(**SETTINGS)
    function.prepare()
    provider.is_down = False
    assert provider.verdict(function, provider.token()) == "alice"


def test_if_there_never_were_any_keys_the_answer_is_503_and_says_when_to_try_again(
    make: Make, provider: Provider, clock: time_machine.Traveller
) -> None:
    provider.is_down = True
    function = make(**SETTINGS)
    told = []
    for second in (0, 20, 59.5):
        headers = {"Authorization": f"Bearer {provider.token()}"}
        response = at(function, clock, second).request("POST", "/sign", headers=headers, body='{"files":[]}')
        error = json.loads(response["body"])["error"]
        told.append((response["statusCode"], error["code"], error["retry_after"]))
    assert told == [(503, "identity_provider_unavailable", seconds) for seconds in (60, 40, 1)]
    assert len(provider.requests) == 1
    assert function.sessions == []
    provider.is_down = False
    assert provider.verdict(at(function, clock, 60), provider.token()) == "alice"


def test_one_bad_key_does_not_take_the_others_down(make: Make, provider: Provider) -> None:
    private = ECKey.generate_key("P-256", {"kid": "private"})
    rsa = RSAKey.generate_key(2048, {"kid": "rsa"}).as_dict(private=False)
    provider.more_members = [
        private.as_dict(private=True),
        {"kty": "EC", "crv": "P-384", "kid": "p384", "x": b64(b"\1" * 48), "y": b64(b"\1" * 48)},
        {"kty": "RSA", "kid": "small", "n": b64(b"\xff" * 128), "e": "AQAB"},
        rsa | {"kid": "enc", "use": "enc"},
        rsa | {"kid": "ops", "key_ops": ["encrypt"]},
        rsa | {"kid": "pss", "alg": "PS256"},
        {"kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": b64(b"\1" * 32)},
        {"kty": "oct", "kid": "oct", "k": b64(b"\1" * 32)},
        "nonsense",
        None,
    ]
    function = make(**SETTINGS)
    assert provider.verdict(function, provider.token()) == "alice"
    assert provider.verdict(function, provider.token(private)) == "token_invalid"
    assert function.log_events("keys_renewed")[0] == {
        "event": "keys_renewed",
        "keys": 1,
        "skipped": [
            "holds a key of kind RSA that is not for RS256 signatures",
            "holds a key that is neither RSA nor EC; a shared secret belongs in JWT_SECRET",
            "holds a private key: remove its private parts, and replace the key, since others may have read it",
            "holds an EC key that is not on the curve P-256",
            "holds an RSA key of less than 2048 bits",
        ],
    }


def test_of_two_keys_of_one_name_each_is_tried(make: Make, provider: Provider) -> None:
    other = ECKey.generate_key("P-256", {"kid": provider.keys[0].kid})
    provider.more_members = [other.as_dict(private=False)]
    function = make(**SETTINGS)
    assert [provider.verdict(function, provider.token(key)) for key in (provider.keys[0], other)] == ["alice"] * 2


def test_a_clock_that_was_ahead_and_is_set_back_stops_nothing(
    function: Function, provider: Provider, clock: time_machine.Traveller
) -> None:
    provider.verdict(at(function, clock, HOUR), unknown(1))
    provider.rotate()
    assert provider.verdict(at(function, clock, 0), provider.token()) == "alice"


class AtOnce:
    """Several requests at a time: the first waits for the provider until a test lets it go on."""

    def __init__(self, provider: Provider) -> None:
        self.keys = ProviderKeys(Issuer(ISSUER, "uploads", ()))
        self.provider = provider
        self.outcomes: list[str] = []
        self.inside, self.go_on = threading.Event(), threading.Event()

    def hold(self) -> None:
        """Makes requests for keys wait from now on."""

        def wait() -> None:
            self.inside.set()
            assert self.go_on.wait(60)

        self.provider.before_answer = wait
        self.provider.requests.clear()

    def ask(self, token: str, second: float = 0) -> None:
        invocation = Invocation(NOON + second, None, lambda line: None)
        authorization = f"Bearer {token}"
        try:
            self.outcomes.append(
                self.keys.issuer_for(authorization, invocation).verify(authorization)["sub"],
            )
        except IdentityProviderUnavailable as error:
            self.outcomes.append(f"503, {error.retry_after}")

    def start(self, *args: Any) -> threading.Thread:
        thread = threading.Thread(target=self.ask, args=args)
        thread.start()
        return thread


def finish(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()


def test_while_one_request_renews_the_keys_the_others_use_those_that_are_there(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider_keys, "MAX_WAIT_SECONDS", 3600)  # a request that waits does not end
    world = AtOnce(provider)
    token = provider.token()
    world.ask(token)
    world.hold()
    first = world.start(token, 600)
    assert world.inside.wait(60)
    finish([world.start(token, 600) for _ in range(5)])
    assert world.outcomes == ["alice"] * 6
    world.go_on.set()
    finish([first])
    assert (world.outcomes, provider.requests) == (["alice"] * 7, ONE_ATTEMPT)


@pytest.mark.parametrize(("is_down", "outcome"), [(False, "alice"), (True, "503, 60")])
def test_without_keys_all_wait_for_one_attempt(provider: Provider, is_down: bool, outcome: str) -> None:
    provider.is_down = is_down
    world = AtOnce(provider)
    world.hold()
    token = provider.token()
    threads = [world.start(token, -number / 1000) for number in range(6)]
    assert world.inside.wait(60)
    assert world.outcomes == []
    world.go_on.set()
    finish(threads)
    assert (len(world.outcomes), {*world.outcomes}) == (6, {outcome})
    assert provider.requests == ONE_ATTEMPT[: 1 if is_down else 2]


def test_tokens_of_a_new_key_wait_for_one_attempt(provider: Provider) -> None:
    world = AtOnce(provider)
    world.keys.prepare(Invocation(NOON, None, lambda line: None))
    provider.rotate()
    world.hold()
    token = provider.token()
    threads = [world.start(token, 1 - number / 1000) for number in range(6)]
    assert world.inside.wait(60)
    world.go_on.set()
    finish(threads)
    assert (world.outcomes, provider.requests) == (["alice"] * 6, ONE_ATTEMPT)
