"""Collects every secret that the tests make: none may appear where it does not belong. See conftest.py."""

from __future__ import annotations

import json
from typing import Any

_never_answered: set[str] = set()
_never_logged: set[str] = set()


def keep_secret(secret: str) -> None:
    """Adds a secret that belongs neither in a log nor in a response, such as an AccessKeySecret."""
    _never_answered.add(secret)
    _never_logged.add(secret)


def keep_out_of_logs(secret: str) -> None:
    """Adds a secret that goes out in a form, and never into a log, such as a security token."""
    _never_logged.add(secret)


def keep_identity(identity: Any) -> None:
    """Adds the secrets of an identity of the stand-ins."""
    keep_secret(identity.access_key_secret)
    keep_out_of_logs(identity.security_token)


def search_answer(answer: Any) -> None:
    """Raises AssertionError if a response holds what no response may hold."""
    _search(answer, _never_answered)


def search_log(logged: Any) -> None:
    """Raises AssertionError if a log line, an error or an output holds what may only go out in a form, or nowhere."""
    _search(logged, _never_logged)


def _search(said: Any, secrets: set[str]) -> None:
    text = json.dumps(said)
    # A copy: other threads make secrets meanwhile.
    found = [place for secret in tuple(secrets) if (place := text.find(secret)) >= 0]
    # Not the secret itself: this text is printed.
    assert not found, f"a secret stands at {found} of {len(text)} characters"
