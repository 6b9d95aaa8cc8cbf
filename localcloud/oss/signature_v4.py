"""OSS signature version 4, after its documentation: signing key, canonical request, string to sign. Pure."""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from datetime import datetime, timezone
from functools import reduce
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_to_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ALGORITHM = "OSS4-HMAC-SHA256"
TERMINATOR = "aliyun_v4_request"
PRODUCT = "oss"
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"

MAX_SKEW_SECONDS = 15 * 60
"""How long before its own x-oss-date a request may come."""

MAX_TTL_SECONDS = 7 * 24 * 3600
"""How long a signature is valid, at most."""

DATE = re.compile("([0-9]{4})([0-9]{2})([0-9]{2})T([0-9]{2})([0-9]{2})([0-9]{2})Z")


def parse_date(text: str) -> float:
    """Returns an x-oss-date (`yyyymmddThhmmssZ`) in seconds since the epoch. Raises ValueError."""
    match = DATE.fullmatch(text)
    if match is None:
        raise ValueError(f"not yyyymmddThhmmssZ: {text!r}")
    # Not strptime, which is several times as slow: each request needs this more than once.
    year, month, day, hour, minute, second = map(int, match.groups())
    return datetime(year, month, day, hour, minute, second, tzinfo=timezone.utc).timestamp()


def iso_8601(seconds: float) -> str:
    """Writes a time as OSS does: `2024-07-13T13:34:14.000Z`."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(seconds))


def signing_key(access_key_secret: str, date: str, region: str, product: str = PRODUCT) -> bytes:
    """Returns the key for one day, region and product."""
    return reduce(_hmac, (date, region, product, TERMINATOR), f"aliyun_v4{access_key_secret}".encode())


def signature(key: bytes, text: str) -> str:
    """Returns 64 lower-case hexadecimal digits. For a form, `text` is the base64 post policy itself."""
    return _hmac(key, text).hex()


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def string_to_sign(x_oss_date: str, scope: str, canonical: bytes) -> str:
    """Returns the text that is signed for a request (of a form, the policy is signed instead)."""
    return "\n".join([ALGORITHM, x_oss_date, scope, hashlib.sha256(canonical).hexdigest()])


def canonical_request(  # noqa: PLR0917 - the six items of the specification
    method: str, resource: bytes, query: str, headers: Mapping[str, str], additional: Iterable[str], payload: str
) -> bytes:
    """Returns the canonical request.

    `resource` is `/bucket/key`, not percent-encoded; `query` is the raw query string; `headers` have lower-case names
    and values as Python's HTTP server reads them (latin-1); `additional` are the headers that are signed besides
    x-oss-*, content-type and content-md5.
    """
    names = sorted(additional)
    signed_headers = {name for name in headers if name.startswith("x-oss-")} | {"content-type", "content-md5", *names}
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in sorted(signed_headers) if name in headers)
    parts = [method, quote(resource, safe="/"), canonical_query(query), lines, ";".join(names), payload]
    return "\n".join(parts).encode("latin-1")


def canonical_query(query: str) -> str:
    """Decodes the query and encodes it again, sorted and without x-oss-signature; a name alone if it has no value."""
    pairs = sorted((_encode(name), _encode(value)) for name, value in raw_pairs(query))
    return "&".join(f"{name}={value}" if value else name for name, value in pairs if name != "x-oss-signature")


def raw_pairs(query: str) -> list[tuple[str, str]]:
    """Returns the pairs of a query string, percent-encoded as they were sent."""
    return [(name, value) for name, _, value in (pair.partition("=") for pair in query.split("&") if pair)]


def _encode(text: str) -> str:
    return quote(unquote_to_bytes(text.encode("latin-1")), safe="")
