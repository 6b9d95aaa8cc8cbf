"""One line for one thing that happened: a timestamp first, so that the log service keeps lines apart, then JSON."""

from __future__ import annotations

import json
import re
import time

_encode = json.JSONEncoder(separators=(",", ":")).encode

_HARMLESS = re.compile(r"[A-Z]{1,10}|/[a-z_/-]{0,40}")
"""Methods, and addresses such as ours: what neither a token nor a key can look like."""


def sent(text: str) -> str:
    """What a caller sent as method or path, fit for the log: he may have put a secret there by mistake."""
    return text if _HARMLESS.fullmatch(text) else "[other]"


def line(now: float, **facts: object) -> str:
    """A log line such as `2026-11-24T08:00:00.250Z {"event":"request","status":200}`.

    `now` is seconds since the epoch; facts that are None are left out. Never pass a secret, a token, a policy or a
    signature. Nothing a caller sends can start a new line: JSON escapes line breaks.
    """
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
    told = {name: fact for name, fact in facts.items() if fact is not None}
    return f"{stamp}.{int(now % 1 * 1000):03d}Z {_encode(told)}"
