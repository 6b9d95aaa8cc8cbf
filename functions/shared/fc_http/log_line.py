"""The form of a line in the log: a timestamp, at which the log service separates lines, and JSON."""

from __future__ import annotations

import json
import re

from fc_http.instants import format_milliseconds

_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode

_HARMLESS = re.compile(r"[A-Z]{1,10}|/[a-z_/-]{0,40}")
"""Methods, and paths like those of the functions: no token and no key looks like this."""


def format_line(now: float, **fields: object) -> str:
    """Returns a log line such as `2026-11-24T08:00:00.250Z {"event":"request","status":200}`.

    `now` is in seconds since the epoch. Fields that are None are left out. Never pass a secret, a token, a policy or a
    signature. No text of a caller can start a new line, because JSON escapes line breaks.
    """
    members = {name: value for name, value in fields.items() if value is not None}
    return f"{format_milliseconds(now)} {_encode(members)}"


def redact(text: str) -> str:
    """Returns a caller's method or path if it looks like one, else `[other]`: a secret may be in it by mistake."""
    return text if _HARMLESS.fullmatch(text) else "[other]"
