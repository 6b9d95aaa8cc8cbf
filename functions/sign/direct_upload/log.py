"""One line for one thing that happened: a timestamp first, so that the log service keeps lines apart, then JSON."""

from __future__ import annotations

import json
import re
import time

_encode = json.JSONEncoder(separators=(",", ":")).encode

MAX_SENT = 128
"""Characters of what a caller sent that go into the log."""

_LIKE_A_SECRET = re.compile(r"[A-Za-z0-9_+=.%~-]{40,}")


def sent(text: str) -> str:
    """What a caller sent, fit for the log: cut short, and without anything that might be a token or a key."""
    return _LIKE_A_SECRET.sub("[hidden]", text)[:MAX_SENT]


def line(now: float, **facts: object) -> str:
    """A log line such as `2026-11-24T08:00:00.250Z {"event":"request","status":200}`.

    `now` is seconds since the epoch; facts that are None are left out. Never pass a secret, a token, a policy or a
    signature. Nothing a caller sends can start a new line: JSON escapes line breaks.
    """
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
    told = {name: fact for name, fact in facts.items() if fact is not None}
    return f"{stamp}.{int(now % 1 * 1000):03d}Z {_encode(told)}"
