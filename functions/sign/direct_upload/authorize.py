"""Authorization: who the caller is, and what they may upload. A token narrows the settings, and never widens them."""

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

MAX_SUBJECT_PART = 96
"""Characters of a subject in a key. A longer one is hashed."""

MAX_SUBJECT = 255
"""Characters of the claim `sub`, as OpenID Connect has it."""

_UNSAFE = re.compile(rb"[^a-z0-9-]")


@dataclass(frozen=True)
class Grant:
    """What a caller may upload."""

    subject: str
    """The caller, as one part of a key."""
    key_prefix: str
    """The beginning of every key of this caller; ends in a slash."""
    max_size: int
    """Bytes."""
    content_types: Mapping[str, str]
    """Each allowed type and its extension."""
    sub: str = ""
    """The subject as the token spells it; empty with AUTH=none."""


def authorize(settings: Settings, authorization: str | None) -> Grant:
    """Returns the grant for an Authorization header. With AUTH=none all callers are the same anonymous one.

    Raises TokenMissing, TokenExpired, TokenInvalid.
    """
    if settings.issuer is None:
        return _create_grant(settings, ANONYMOUS)
    claims = settings.issuer.verify(authorization)
    return _create_grant(
        settings,
        subject_part(claims["sub"]),
        max_size=_narrow_size(claims, settings.max_size),
        content_types=_narrow_types(claims, settings.content_types),
        sub=claims["sub"],
    )


def _create_grant(settings: Settings, subject: str, **limits: Any) -> Grant:
    members = {"max_size": settings.max_size, "content_types": settings.content_types, **limits}
    return Grant(subject=subject, key_prefix=f"{settings.prefix}/{subject}/", **members)


def subject_part(sub: object) -> str:
    """Returns a subject as one part of a key: no two subjects share one, and none leaves its folder.

    Lower-case letters, digits and `-` stay; every other byte becomes `_` and two hexadecimal digits. If that is too
    long, the part is `__` and the SHA-256 of the subject; parts of the other form never begin so. Raises TokenInvalid.
    """
    if not isinstance(sub, str) or not 1 <= len(sub) <= MAX_SUBJECT:
        raise TokenInvalid
    try:
        raw = sub.encode()
    except UnicodeEncodeError:
        raise TokenInvalid from None
    part = _UNSAFE.sub(lambda byte: b"_%02x" % ord(byte[0]), raw).decode()
    if len(part) <= MAX_SUBJECT_PART:
        return part
    return "__" + base64.b32encode(hashlib.sha256(raw).digest()).decode().lower().rstrip("=")


def _narrow_size(claims: Mapping[str, Any], allowed: int) -> int:
    claim = claims.get("max_size", allowed)
    if type(claim) is not int or claim < 1:
        raise TokenInvalid
    return min(claim, allowed)


def _narrow_types(claims: Mapping[str, Any], allowed: Mapping[str, str]) -> Mapping[str, str]:
    claim = claims.get("content_types", list(allowed))
    if not isinstance(claim, list) or not all(isinstance(name, str) for name in claim):
        raise TokenInvalid
    return content_types.narrow(allowed, claim)
