"""Tests credentials: where the function's own come from; how long the upload role's are cached, and when renewed."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from direct_upload.credential_cache import AssumeRoleFailed, CredentialCache
from direct_upload.errors import CredentialsUnavailable
from fc_http.errors import InstanceIsStale
from oss_protocol.credentials import Credentials, OwnCredentials, own_credentials
from support import factories
from support.factories import NOON

OWN = OwnCredentials("STS.own", "own-secret", "own-token")
VARIABLES = {
    "ALIBABA_CLOUD_ACCESS_KEY_ID": "STS.env",
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "env-secret",
    "ALIBABA_CLOUD_SECURITY_TOKEN": "env-token",
}
MAX_LIFE = 2000
RENEWED_WITH_LESS_THAN = MAX_LIFE + 300


def in_context(**parts: str) -> Any:
    return SimpleNamespace(credentials=SimpleNamespace(**parts))


def test_own_credentials_come_from_the_context_where_it_has_them() -> None:
    context = in_context(access_key_id="STS.ctx", access_key_secret="ctx-secret", security_token="ctx-token")
    assert own_credentials(context, VARIABLES) == OwnCredentials("STS.ctx", "ctx-secret", "ctx-token")


@pytest.mark.parametrize("context", [SimpleNamespace(), SimpleNamespace(credentials=None), None])
def test_else_they_come_from_the_environment(context: Any) -> None:
    assert own_credentials(context, VARIABLES) == OwnCredentials("STS.env", "env-secret", "env-token")


@pytest.mark.parametrize("name", VARIABLES)
def test_an_identity_with_a_part_missing_is_none(name: str) -> None:
    assert own_credentials(None, VARIABLES | {name: ""}) is None
    assert own_credentials(None, {other: VARIABLES[other] for other in VARIABLES if other != name}) is None


def test_half_an_identity_from_the_context_is_not_filled_up_from_the_environment() -> None:
    context = in_context(access_key_id="STS.ctx", access_key_secret="ctx-secret", security_token="")
    assert own_credentials(context, VARIABLES) is None


def test_no_secret_is_in_a_repr() -> None:
    kept = factories.credentials()
    shown = repr(kept) + repr(OWN)
    assert [s for s in (kept.access_key_secret, kept.security_token, "own-secret", "own-token") if s in shown] == []


class Sts:
    """Returns or raises the next outcome in its list, and records its callers."""

    def __init__(self, *answers: Credentials | AssumeRoleFailed, started: float = NOON - 3600) -> None:
        self.answers = list(answers)
        self.calls: list[tuple[OwnCredentials, str]] = []
        self.reports: list[dict[str, object]] = []
        self.own: OwnCredentials | None = OWN
        self.kept = CredentialCache(self.assume_role, max_form_lifetime=MAX_LIFE, started=started)

    def assume_role(self, own: OwnCredentials, session: str) -> Credentials:
        self.calls.append((own, session))
        answer = self.answers.pop(0)
        if isinstance(answer, AssumeRoleFailed):
            raise answer
        return answer

    def get(self, now: float) -> Credentials:
        return self.kept.get(now, lambda: self.own, lambda: "sign", lambda **facts: self.reports.append(facts))


def test_the_first_request_assumes_the_role_with_the_functions_own_credentials() -> None:
    fresh = factories.credentials()
    sts = Sts(fresh)
    assert sts.get(NOON) is fresh
    assert sts.calls == [(OWN, "sign")]
    assert sts.reports == [{"event": "assumed_role", "expires_at": int(NOON + 3600)}]


def test_they_are_kept_while_they_outlive_the_longest_form_by_five_minutes() -> None:
    first = factories.credentials()
    sts = Sts(first)
    sts.get(NOON)
    assert sts.get(first.expiration - RENEWED_WITH_LESS_THAN) is first
    assert len(sts.calls) == 1


def test_they_are_renewed_when_they_would_not() -> None:
    first, second = factories.credentials(), factories.credentials(expiration=NOON + 7200)
    sts = Sts(first, second)
    sts.get(NOON)
    assert sts.get(first.expiration - RENEWED_WITH_LESS_THAN + 1) is second


def test_ten_thousand_requests_in_one_life_assume_the_role_once() -> None:
    sts = Sts(factories.credentials())
    for second in range(10_000):
        sts.get(NOON + second / 10)
    assert len(sts.calls) == 1


def test_if_renewing_fails_the_old_ones_go_on_serving_down_to_a_minute() -> None:
    first = factories.credentials()
    sts = Sts(first, AssumeRoleFailed("Throttling.User"), AssumeRoleFailed("Throttling.User"))
    sts.get(NOON)
    assert sts.get(first.expiration - 2000) is first
    assert sts.get(first.expiration - 60) is first


def test_then_there_are_none() -> None:
    first = factories.credentials()
    sts = Sts(first, AssumeRoleFailed("ServiceUnavailable"))
    sts.get(NOON)
    with pytest.raises(CredentialsUnavailable) as caught:
        sts.get(first.expiration - 59)
    assert caught.value.retry_after == 30


def test_after_a_failure_sts_is_left_alone_for_thirty_seconds() -> None:
    fresh = factories.credentials()
    sts = Sts(AssumeRoleFailed("InternalError", request_id="R-1"), fresh)
    for second, wait in ((0, 30), (12.5, 18), (29.9, 1)):
        with pytest.raises(CredentialsUnavailable) as caught:
            sts.get(NOON + second)
        assert caught.value.retry_after == wait
    assert len(sts.calls) == 1
    assert sts.get(NOON + 30) is fresh
    assert sts.reports[0] == {"event": "assume_role_failed", "code": "InternalError", "sts_request_id": "R-1"}


def test_short_lived_credentials_do_not_send_every_request_to_sts() -> None:
    short = factories.credentials(expiration=NOON + 90)
    sts = Sts(short)
    assert [sts.get(NOON + second) for second in (0, 1, 29)] == [short] * 3
    assert len(sts.calls) == 1


def test_credentials_about_to_end_are_not_taken() -> None:
    sts = Sts(factories.credentials(expiration=NOON + 59))
    with pytest.raises(CredentialsUnavailable):
        sts.get(NOON)
    code = "credentials that have ended, or are about to"
    assert sts.reports == [{"event": "assume_role_failed", "code": code, "sts_request_id": None}]


def test_credentials_with_a_minute_left_are_taken() -> None:
    last = factories.credentials(expiration=NOON + 60)
    assert Sts(last).get(NOON) is last


def test_without_own_credentials_sts_is_not_asked() -> None:
    sts = Sts()
    sts.own = None
    with pytest.raises(CredentialsUnavailable):
        sts.get(NOON)
    assert sts.calls == []
    assert sts.reports[0]["code"] == "no credentials of an execution role"


class AtOnce:
    """Several requests at a time: the first waits for STS until the others have come."""

    def __init__(self, answer: Credentials | AssumeRoleFailed, *, kept: Credentials | None = None) -> None:
        self.answer = answer
        self.outcomes: list[object] = []
        self.calls = 0
        self.inside, self.go_on = threading.Event(), threading.Event()
        self.credentials = CredentialCache(self.assume_role, max_form_lifetime=MAX_LIFE, started=NOON - 3600)
        if kept:
            self.answer, wanted = kept, self.answer
            self.go_on.set()
            self.ask(NOON)
            self.answer, self.outcomes, self.calls = wanted, [], 0
            self.inside.clear()
            self.go_on.clear()

    def assume_role(self, _: OwnCredentials, __: str) -> Credentials:
        self.calls += 1
        self.inside.set()
        self.go_on.wait(60)
        if isinstance(self.answer, AssumeRoleFailed):
            raise self.answer
        return self.answer

    def ask(self, now: float) -> None:
        try:
            self.outcomes.append(self.credentials.get(now, lambda: OWN, lambda: "sign", lambda **_: None))
        except CredentialsUnavailable as refusal:
            self.outcomes.append(refusal.retry_after)

    def run(self, now: float, number: int, *, others_wait: bool) -> list[object]:
        threads = [threading.Thread(target=self.ask, args=(now - n / 1000,)) for n in range(number)]
        threads[0].start()
        assert self.inside.wait(60)
        for thread in threads[1:]:
            thread.start()
        for thread in threads[1:]:
            thread.join(0.1 if others_wait else 60)  # time enough to go wrong in
        before = list(self.outcomes)
        self.go_on.set()
        for thread in threads:
            thread.join(60)
        assert len(self.outcomes) == number
        assert before == ([] if others_wait else self.outcomes[:-1])
        return self.outcomes


def test_of_requests_at_once_one_assumes_the_role_and_the_others_wait_for_it() -> None:
    fresh = factories.credentials()
    at_once = AtOnce(fresh)
    assert at_once.run(NOON, 8, others_wait=True) == [fresh] * 8
    assert at_once.calls == 1


def test_of_requests_at_once_all_hear_of_one_failure() -> None:
    at_once = AtOnce(AssumeRoleFailed("Throttling.User"))
    assert at_once.run(NOON, 8, others_wait=True) == [30] * 8
    assert at_once.calls == 1


def test_while_one_renews_them_the_others_go_on_with_what_is_kept() -> None:
    first, second = factories.credentials(), factories.credentials(expiration=NOON + 7200)
    at_once = AtOnce(second, kept=first)
    assert at_once.run(first.expiration - 60, 8, others_wait=False) == [*[first] * 7, second]
    assert at_once.calls == 1


def test_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("direct_upload.credential_cache.MAX_WAIT_SECONDS", 0.01)
    at_once = AtOnce(factories.credentials())
    outcomes = at_once.run(NOON, 2, others_wait=False)
    assert (type(outcomes[0]), type(outcomes[1])) == (int, Credentials)


REFUSED = AssumeRoleFailed("InvalidSecurityToken.Expired", own_refused=True)


def test_own_credentials_that_are_refused_and_do_not_change_make_the_instance_stale() -> None:
    sts = Sts(REFUSED)
    with pytest.raises(InstanceIsStale):
        sts.get(NOON)


def test_own_credentials_that_have_changed_meanwhile_are_tried_at_once() -> None:
    fresh = factories.credentials()
    sts = Sts(REFUSED, fresh)
    seen = iter([OWN, OwnCredentials("STS.new", "new-secret", "new-token")])
    with pytest.raises(CredentialsUnavailable) as caught:
        sts.kept.get(NOON, lambda: next(seen), lambda: "sign", lambda **_: None)
    assert caught.value.retry_after == 1
    assert sts.get(NOON) is fresh


def test_a_young_instance_is_not_stale_whatever_sts_says() -> None:
    sts = Sts(AssumeRoleFailed("InvalidSecurityToken.Expired", own_refused=True), started=NOON - 600)
    with pytest.raises(CredentialsUnavailable):
        sts.get(NOON)


def test_a_clock_that_was_ahead_and_is_set_back_does_not_stop_the_attempts() -> None:
    fresh = factories.credentials()
    sts = Sts(AssumeRoleFailed("InternalError"), fresh)
    with pytest.raises(CredentialsUnavailable):
        sts.get(NOON + 1_000_000)
    assert sts.get(NOON) is fresh


def test_an_instance_with_credentials_still_good_is_not_stale_yet() -> None:
    first = factories.credentials()
    sts = Sts(first, REFUSED, REFUSED)
    sts.get(NOON)
    assert sts.get(first.expiration - 60) is first
    with pytest.raises(InstanceIsStale):
        sts.get(first.expiration - 30)
