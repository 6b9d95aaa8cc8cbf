"""One invocation: its time, its context, and its lines in the log.

A line starts with a timestamp, at which the log service separates lines. JSON follows.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

_encode = json.JSONEncoder(separators=(",", ":")).encode

_HARMLESS = re.compile(r"[A-Z]{1,10}|/[a-z_/-]{0,40}")
"""Methods, and paths like those of the functions: no token and no key looks like this."""


@dataclass
class Invocation:
    """One invocation of a function."""

    now: float
    """Seconds since the epoch. Everything that the invocation does happens at this instant."""
    context: Any
    """Function Compute's context."""
    write: Callable[[str], object]
    log_fields: dict[str, object] = field(default_factory=dict)
    """The members of the log line that ends the invocation."""

    @property
    def request_id(self) -> str | None:
        """Returns the id that Function Compute gave the request."""
        return getattr(self.context, "request_id", None)

    def log_event(self, **fields: object) -> None:
        """Writes a log line with these members and the request's id."""
        self.write(format_line(self.now, request_id=self.request_id, **fields))


def format_line(now: float, **fields: object) -> str:
    """Returns a log line such as `2026-11-24T08:00:00.250Z {"event":"request","status":200}`.

    `now` is in seconds since the epoch. Fields that are None are left out. Never pass a secret, a token, a policy or a
    signature. No text of a caller can start a new line, because JSON escapes line breaks.
    """
    timestamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
    members = {name: value for name, value in fields.items() if value is not None}
    return f"{timestamp}.{int(now % 1 * 1000):03d}Z {_encode(members)}"


def redact(text: str) -> str:
    """Returns a caller's method or path if it looks like one, else `[other]`: a secret may be in it by mistake."""
    return text if _HARMLESS.fullmatch(text) else "[other]"
