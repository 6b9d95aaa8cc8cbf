"""ACS3-HMAC-SHA256, the signature of Alibaba Cloud's APIs, after "V3 request structure and signature". Pure."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ALGORITHM = "ACS3-HMAC-SHA256"

_AUTHORIZATION = re.compile(
    rf"{ALGORITHM} +Credential=([^, ]+), *SignedHeaders=([a-z0-9;-]+), *Signature=([0-9a-f]{{64}})"
)


@dataclass(frozen=True)
class Authorization:
    """What a request's Authorization header says."""

    access_key_id: str
    signed_headers: tuple[str, ...]
    signature: str

    @classmethod
    def parse(cls, text: str) -> Authorization:
        """Reads the header. Raises ValueError."""
        match = _AUTHORIZATION.fullmatch(text)
        if match is None:
            raise ValueError("not an ACS3-HMAC-SHA256 authorization")
        return cls(match[1], tuple(match[2].split(";")), match[3])


def canonical_request(
    method: str, path: str, query: str, headers: Mapping[str, str], signed_headers: Iterable[str]
) -> str:
    """Returns the canonical request; `query` is the raw query string, `headers` have lower-case names.

    The digest of the body is taken from x-acs-content-sha256: the caller has to compare it with the body.
    """
    names = sorted(signed_headers)
    lines = "".join(f"{name}:{headers.get(name, '').strip()}\n" for name in names)
    digest = headers.get("x-acs-content-sha256", "")
    return "\n".join([method, path or "/", canonical_query(query), lines, ";".join(names), digest])


def canonical_query(query: str) -> str:
    """Decodes, sorts and encodes the query as in RFC 3986."""
    pairs = (pair.partition("=") for pair in query.split("&") if pair)
    decoded = sorted((unquote_plus(name), unquote_plus(value)) for name, _, value in pairs)
    return "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in decoded)


def signature(access_key_secret: str, canonical: str) -> str:
    """Returns 64 lower-case hexadecimal digits."""
    text = f"{ALGORITHM}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    return hmac.new(access_key_secret.encode(), text.encode(), hashlib.sha256).hexdigest()
