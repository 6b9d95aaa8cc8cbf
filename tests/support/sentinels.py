"""Collects every secret that the tests make: none may appear where it does not belong. See conftest.py."""

from __future__ import annotations

import json
from typing import Any

END = 8
"""Characters at a secret's end by which it is known: there are more secrets than places in what is searched."""

_never_answered: dict[str, set[str]] = {}
_never_logged: dict[str, set[str]] = {}


def keep_secret(secret: str) -> None:
    """Adds a secret that belongs neither in a log nor in a response, such as an AccessKeySecret."""
    _keep(secret, _never_answered)
    _keep(secret, _never_logged)


def keep_out_of_logs(secret: str) -> None:
    """Adds a secret that goes out in a form, and never into a log, such as a security token."""
    _keep(secret, _never_logged)


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


def _keep(secret: str, by_end: dict[str, set[str]]) -> None:
    assert len(secret) >= END
    by_end.setdefault(secret[-END:], set()).add(secret)


def _search(said: Any, by_end: dict[str, set[str]]) -> None:
    text = json.dumps(said)
    ends = {text[place : place + END] for place in range(len(text) - END + 1)}
    # A copy: other threads make secrets meanwhile.
    candidates = [secret for end in ends if end in by_end for secret in tuple(by_end[end])]
    found = [place for secret in candidates if (place := text.find(secret)) >= 0]
    # Not the secret itself: this text is printed.
    assert not found, f"a secret stands at {found} of {len(text)} characters"
