"""Authorization: who the caller is, and what they may upload. A token narrows the settings, and never widens them."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from direct_upload import content_types
from direct_upload.errors import ProfileNotAllowed, TokenInvalid, UnknownProfile
from direct_upload.profiles import DEFAULT, Profile
from direct_upload.readable_text import is_readable_line
from direct_upload.settings import Settings

ANONYMOUS = "anonymous"

MAX_SUBJECT_PART = 96
"""Characters of a subject in a key. A longer one is hashed."""

MAX_SUBJECT = 255
"""Characters of the claim `sub`, as OpenID Connect has it."""

MAX_LINK_FILES = 1000
"""Of a counted link."""

MAX_TITLE = 120
"""Characters."""

MAX_NOTE = 500
"""Characters."""

MAX_INSTANT = 253_402_300_799
"""9999-12-31T23:59:59Z, in seconds since the epoch: the last that ISO 8601 writes in the usual way."""

_UNSAFE = re.compile(rb"[^a-z0-9-]")


class Grant(NamedTuple):
    """What a caller may upload, by the rules of one profile."""

    subject: str
    """The caller, as one part of a key."""
    key_prefix: str
    """The beginning of every key of this caller; ends in a slash."""
    max_size: int
    """Bytes."""
    content_types: Mapping[str, str]
    """Each allowed type and its extension."""
    profile: Profile
    sub: str = ""
    """The subject as the token spells it; empty without one."""
    max_files: int | None = None
    """How many files a counted link is for; None for any other token."""
    title: str = ""
    """What the token's maker asks for, in a line; empty without the claim."""
    note: str = ""
    """What else they have to say, in lines; empty without the claim."""
    expires_at: int | None = None
    """When the token does, in seconds since the epoch; None without one."""


class Caller(NamedTuple):
    """Who sends a request."""

    settings: Settings
    subject: str
    """As one part of a key."""
    claims: Mapping[str, Any] | None
    """Of a verified token; None without one."""

    def grant(self, profile: object, log_fields: dict[str, object]) -> Grant:
        """Returns what this caller may upload by the rules of the profile that a request names, None if it names none.

        The log gets the profile's name. Raises UnknownProfile, ProfileNotAllowed, TokenInvalid.
        """
        rules = _find_profile(self.settings, profile)
        log_fields["profile"] = rules.label
        place = f"{self.settings.prefix}/~{rules.label}" if rules.label else self.settings.prefix
        grant = Grant(
            subject=self.subject,
            key_prefix=f"{place}/{self.subject}/",
            max_size=rules.max_size,
            content_types=rules.content_types,
            profile=rules,
        )
        return grant if self.claims is None else _narrow(grant, self.claims)


def authenticate(settings: Settings, authorization: str | None) -> Caller:
    """Returns the sender of a request with this Authorization header. With AUTH=none all are the same anonymous one.

    Raises TokenMissing, TokenExpired, TokenInvalid.
    """
    if settings.issuer is None:
        return anybody(settings)
    claims = settings.issuer.verify(authorization)
    return Caller(settings, subject_part(claims["sub"]), claims)


def anybody(settings: Settings) -> Caller:
    """Returns a caller without a token: with AUTH=none all are this one, and else nothing is signed for it."""
    return Caller(settings, ANONYMOUS, None)


def _find_profile(settings: Settings, name: object) -> Profile:
    if name is None:
        return settings.default
    profile = settings.profiles.get(name) if isinstance(name, str) else None
    if profile is None:
        raise UnknownProfile
    return profile


def _narrow(grant: Grant, claims: Mapping[str, Any]) -> Grant:
    _check_profile(claims, grant.profile)
    max_files = _narrow_files(claims)
    return grant._replace(
        key_prefix=f"{grant.key_prefix}~{subject_part(claims.get('jti'))}/" if max_files else grant.key_prefix,
        max_size=_narrow_size(claims, grant.max_size),
        content_types=_narrow_types(claims, grant.content_types),
        sub=claims["sub"],
        max_files=max_files,
        title=_parse_text(claims, "title", MAX_TITLE),
        note=_parse_text(claims, "note", MAX_NOTE, separator="\n"),
        expires_at=min(int(claims["exp"]), MAX_INSTANT),
    )


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


def _check_profile(claims: Mapping[str, Any], profile: Profile) -> None:
    """Raises ProfileNotAllowed, TokenInvalid.

    A counted link is for one profile, or for the settings' own rules: in two it would have twice as many slots.
    """
    is_counted = "max_files" in claims
    if "profiles" not in claims:
        if profile.requires_claim or (is_counted and profile.name != DEFAULT):
            raise ProfileNotAllowed
        return
    names = _parse_names(claims["profiles"])
    if is_counted and len(names) != 1:
        raise TokenInvalid
    if profile.name not in names:
        raise ProfileNotAllowed


def _narrow_files(claims: Mapping[str, Any]) -> int | None:
    """Returns how many files a counted link is for."""
    if "max_files" not in claims:
        return None
    claim = claims["max_files"]
    if type(claim) is not int or not 1 <= claim <= MAX_LINK_FILES:
        raise TokenInvalid
    return claim


def _parse_text(claims: Mapping[str, Any], name: str, max_length: int, separator: str | None = None) -> str:
    """Returns a claim for people to read, or an empty text. With a separator it may have several lines."""
    if name not in claims:
        return ""
    claim = claims[name]
    if not isinstance(claim, str) or not 1 <= len(claim) <= max_length:
        raise TokenInvalid
    if not all(map(is_readable_line, claim.split(separator) if separator else [claim])):
        raise TokenInvalid
    return claim


def _parse_names(claim: object) -> list[str]:
    if not isinstance(claim, list) or not all(isinstance(name, str) for name in claim):
        raise TokenInvalid
    return claim


def _narrow_size(claims: Mapping[str, Any], allowed: int) -> int:
    claim = claims.get("max_size", allowed)
    if type(claim) is not int or claim < 1:
        raise TokenInvalid
    return min(claim, allowed)


def _narrow_types(claims: Mapping[str, Any], allowed: Mapping[str, str]) -> Mapping[str, str]:
    if "content_types" not in claims:
        return allowed
    return content_types.narrow(allowed, _parse_names(claims["content_types"]))
