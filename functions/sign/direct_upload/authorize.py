"""Who asks, and what they may upload. A token may narrow what the settings allow, and never widen it."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from direct_upload import content_types
from direct_upload.errors import TokenInvalid
from direct_upload.settings import Settings

ANONYMOUS = "anonymous"

MAX_PART = 96
"""Characters of a subject's part of the key; what would be longer is hashed."""

MAX_SUBJECT = 255
"""Characters of the claim `sub`: what OpenID Connect allows."""

_UNSAFE = re.compile(rb"[^a-z0-9-]")


@dataclass(frozen=True)
class Grant:
    """The outcome of authorising: whose uploads these are, and their limits."""

    subject: str
    """One path-safe part of the key."""
    key_prefix: str
    """What every key of this caller begins with; ends in a slash."""
    max_size: int
    """Bytes."""
    content_types: Mapping[str, str]
    """Each allowed type and its extension."""
    sub: str = ""
    """The subject as the token spells it; empty with AUTH=none."""


def authorise(settings: Settings, authorization: str | None) -> Grant:
    """The grant of whoever sent this Authorization header; with AUTH=none everybody is the same anonymous caller.

    Raises TokenMissing, TokenExpired, TokenInvalid.
    """
    if settings.issuer is None:
        return _grant(settings, ANONYMOUS)
    claims = settings.issuer.claims(authorization)
    return _grant(
        settings,
        subject_part(claims["sub"]),
        max_size=_narrowed_size(claims, settings.max_size),
        content_types=_narrowed_types(claims, settings.content_types),
        sub=claims["sub"],
    )


def _grant(settings: Settings, subject: str, **narrowed: Any) -> Grant:
    limits = {"max_size": settings.max_size, "content_types": settings.content_types, **narrowed}
    return Grant(subject=subject, key_prefix=f"{settings.prefix}/{subject}/", **limits)


def subject_part(sub: object) -> str:
    """A subject as one part of a key: no two subjects share one, and none leaves its place.

    Lower-case letters, digits and `-` stay; every other byte becomes `_` and two hexadecimal digits. A part that would
    be too long is `__` and the SHA-256 of the subject instead, which the first form never begins with.
    Raises TokenInvalid.
    """
    if not isinstance(sub, str) or not 1 <= len(sub) <= MAX_SUBJECT:
        raise TokenInvalid
    try:
        raw = sub.encode()
    except UnicodeEncodeError:
        raise TokenInvalid from None
    part = _UNSAFE.sub(lambda byte: b"_%02x" % ord(byte[0]), raw).decode()
    if len(part) <= MAX_PART:
        return part
    return "__" + base64.b32encode(hashlib.sha256(raw).digest()).decode().lower().rstrip("=")


def _narrowed_size(claims: Mapping[str, Any], allowed: int) -> int:
    claim = claims.get("max_size", allowed)
    if type(claim) is not int or claim < 1:
        raise TokenInvalid
    return min(claim, allowed)


def _narrowed_types(claims: Mapping[str, Any], allowed: Mapping[str, str]) -> Mapping[str, str]:
    claim = claims.get("content_types", list(allowed))
    if not isinstance(claim, list) or not all(isinstance(name, str) for name in claim):
        raise TokenInvalid
    return content_types.narrowed(allowed, claim)
