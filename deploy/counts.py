"""Numbers of things, in words."""

from __future__ import annotations


def number_of(count: int, thing: str) -> str:
    """Returns such as `1 day` or `1,000 days`, for things whose plural ends in s."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"
