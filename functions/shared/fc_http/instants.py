"""Instants, in seconds since the epoch: as text (ISO 8601 in UTC), and whether one is still to come."""

from __future__ import annotations

import time
from functools import lru_cache


def format_time(instant: float) -> str:
    """Returns whole seconds, as in `2026-11-24T08:00:00Z`."""
    return f"{_format_seconds(int(instant))}Z"


def format_milliseconds(instant: float) -> str:
    """Returns milliseconds, as in `2026-11-24T08:00:00.250Z`."""
    return f"{_format_seconds(int(instant))}.{int(instant % 1 * 1000):03d}Z"


# Most forms of a request expire at the same instant.
@lru_cache(maxsize=32)
def _format_seconds(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


def is_ahead(instant: float, now: float, max_seconds: float) -> bool:
    """Returns whether an instant is still to come.

    If it is more than `max_seconds` ahead, it is not: it was set by a clock that has been set back.
    """
    return 0 < instant - now <= max_seconds
