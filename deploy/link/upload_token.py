"""Upload tokens, signed with JWT_SECRET (the first, where there are two), as the function's settings have it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

import jwt

from direct_upload import tokens
from direct_upload.authorize import MAX_SUBJECT, subject_part
from fc_http.errors import ApiError

_T = TypeVar("_T")


def issue_token(
    who: str, environ: Mapping[str, str], now: datetime, ends: datetime, narrowing: Mapping[str, Any] | None = None
) -> str:
    """Returns an upload token for `who` until `ends`; `narrowing` are more claims. Raises ValueError, ApiError."""
    issuer = _issuer(environ)
    try:
        subject_part(who)
    except ApiError:
        raise ValueError(f"--who must be 1 to {MAX_SUBJECT} characters") from None
    claims = {
        "iss": issuer.name,
        "aud": issuer.audience,
        "sub": who,
        "iat": int(now.timestamp()),
        "exp": int(ends.timestamp()),
        **(narrowing or {}),
    }
    # PyJWT's own encoder escapes other languages' characters, to twice the bytes and more.
    payload = json.dumps(claims, ensure_ascii=False, separators=(",", ":")).encode()
    token = jwt.PyJWS().encode(payload, issuer.keys[0].material, issuer.keys[0].algorithm)
    if len(token) > tokens.MAX_TOKEN_LENGTH:
        raise ValueError(
            f"The link is too long: its token has {len(token):,} characters, of {tokens.MAX_TOKEN_LENGTH:,}. "
            "Shorten --note, --types or --who"
        )
    # Refuse here what the function would refuse, so that the recipient of the link does not find out.
    issuer.verify(f"Bearer {token}")
    return token


def read_flag(name: str, parse: Callable[[str], _T], text: str) -> _T:
    """Returns what a text means. Raises ValueError, which names the option or the setting that it is from."""
    try:
        return parse(text)
    except ValueError as fault:
        raise ValueError(f"{name} {fault}") from None


def _issuer(environ: Mapping[str, str]) -> tokens.Issuer:
    secret = environ.get("JWT_SECRET", "")
    if not secret:
        raise ValueError("JWT_SECRET is missing: it must be the function's")
    keys = read_flag("JWT_SECRET", tokens.parse_secret_keys, secret)
    return tokens.Issuer(
        environ.get("JWT_ISSUER") or tokens.OWN_ISSUER, environ.get("JWT_AUDIENCE") or tokens.OWN_ISSUER, keys
    )
