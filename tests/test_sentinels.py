"""Tests of the search for secrets in what the tests write."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor

import pytest

from support import sentinels


@pytest.fixture(autouse=True)
def no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets a test begin without secrets, and forget its own."""
    monkeypatch.setattr(sentinels, "_never_answered", set())
    monkeypatch.setattr(sentinels, "_never_logged", set())


def test_one_thread_searches_while_another_makes_secrets() -> None:
    """Gateways in this process answer in threads, and each answer is searched."""
    made = [secrets.token_hex() for _ in range(50_000)]

    def keep_all() -> None:
        for secret in made:
            sentinels.keep_secret(secret)

    with ThreadPoolExecutor(1) as pool:
        making = pool.submit(keep_all)
        while not making.done():
            sentinels.search_answer("nothing secret")


def test_a_secret_is_found() -> None:
    secret = secrets.token_hex()
    sentinels.keep_secret(secret)
    with pytest.raises(AssertionError, match=r"a secret stands at \[5\] of 70 characters") as found:
        sentinels.search_answer(f"1234{secret}")
    assert secret not in str(found.value)
