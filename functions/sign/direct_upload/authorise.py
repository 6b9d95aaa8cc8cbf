"""Who asks, and what they may upload."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from direct_upload.settings import Settings

ANONYMOUS = "anonymous"


@dataclass(frozen=True)
class Grant:
    """The outcome of authorising: whose uploads these are, and their limits."""

    subject: str
    """One path-safe part of the key."""
    prefix: str
    """What every key of this caller begins with; ends in a slash."""
    max_size: int
    """Bytes."""
    content_types: Mapping[str, str]
    """Each allowed type and its extension."""


def authorise(settings: Settings) -> Grant:
    """With AUTH=none everybody is the same anonymous caller."""
    return Grant(
        subject=ANONYMOUS,
        prefix=f"{settings.prefix}/{ANONYMOUS}/",
        max_size=settings.max_size,
        content_types=settings.content_types,
    )
