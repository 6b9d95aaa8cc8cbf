"""OSS signature version 4, from its documentation: signing key, canonical request, string to sign. Pure."""

from __future__ import annotations

import calendar
import hashlib
import hmac
import re
import time
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_to_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ALGORITHM = "OSS4-HMAC-SHA256"
TERMINATOR = "aliyun_v4_request"
PRODUCT = "oss"
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"

MAX_SKEW = 15 * 60
"""Seconds a request may come before its own x-oss-date."""

MAX_LIFE = 7 * 24 * 3600
"""Seconds anything signed is good for, at most."""

INSTANT = re.compile("[0-9]{8}T[0-9]{6}Z")


@dataclass(frozen=True)
class Credential:
    """`<access key id>/<yyyymmdd>/<region>/<product>/aliyun_v4_request`, in its parts."""

    access_key_id: str
    date: str
    region: str
    product: str

    @classmethod
    def parse(cls, text: str) -> Credential:
        """The parts of a credential. Raises ValueError if there are not five, or the last is not the constant."""
        *parts, terminator = text.split("/")
        if terminator != TERMINATOR:
            raise ValueError(f"a credential ends in /{TERMINATOR}")
        if len(parts) != 4 or not all(parts):
            raise ValueError("a credential has five parts")
        return cls(*parts)

    @property
    def scope(self) -> str:
        """The credential without its access key id."""
        return f"{self.date}/{self.region}/{self.product}/{TERMINATOR}"


def instant(text: str) -> float:
    """Seconds since the epoch of an x-oss-date (`yyyymmddThhmmssZ`). Raises ValueError."""
    if not INSTANT.fullmatch(text):
        raise ValueError(f"not yyyymmddThhmmssZ: {text!r}")
    return calendar.timegm(time.strptime(text, "%Y%m%dT%H%M%SZ"))


def iso_8601(seconds: float) -> str:
    """`2024-07-13T13:34:14.000Z`, the form in which OSS prints instants."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(seconds))


def signing_key(access_key_secret: str, date: str, region: str, product: str = PRODUCT) -> bytes:
    """The key for one day, region and product."""
    return reduce(_hmac, (date, region, product, TERMINATOR), f"aliyun_v4{access_key_secret}".encode())


def signature(key: bytes, text: str) -> str:
    """64 lower-case hexadecimal digits. For a form, `text` is the base64 post policy itself."""
    return _hmac(key, text).hex()


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def string_to_sign(x_oss_date: str, scope: str, canonical: bytes) -> str:
    """What is signed for a request, as opposed to a form."""
    return "\n".join([ALGORITHM, x_oss_date, scope, hashlib.sha256(canonical).hexdigest()])


def canonical_request(  # noqa: PLR0917 - the six items of the specification
    method: str, resource: bytes, query: str, headers: Mapping[str, str], additional: Iterable[str], payload: str
) -> bytes:
    """The canonical request.

    `resource` is `/bucket/key`, not percent-encoded; `query` is the raw query string; `headers` have lower-case names
    and values as Python's HTTP server reads them (latin-1); `additional` names what is signed beyond x-oss-*,
    content-type and content-md5.
    """
    names = sorted(additional)
    signed = {name for name in headers if name.startswith("x-oss-")} | {"content-type", "content-md5", *names}
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in sorted(signed) if name in headers)
    parts = [method, quote(resource, safe="/"), canonical_query(query), lines, ";".join(names), payload]
    return "\n".join(parts).encode("latin-1")


def canonical_query(query: str) -> str:
    """Names and values decoded and encoded again, sorted, without x-oss-signature; a name alone if it has no value."""
    pairs = sorted((_encoded(name), _encoded(value)) for name, value in raw_pairs(query))
    return "&".join(f"{name}={value}" if value else name for name, value in pairs if name != "x-oss-signature")


def raw_pairs(query: str) -> list[tuple[str, str]]:
    """The pairs of a query string, as percent-encoded as they came."""
    return [(name, value) for name, _, value in (pair.partition("=") for pair in query.split("&") if pair)]


def _encoded(text: str) -> str:
    return quote(unquote_to_bytes(text.encode("latin-1")), safe="")
