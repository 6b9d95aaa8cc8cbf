"""Signs for OSS and STS, from the vendor's documents alone: version 4 for OSS, ACS3-HMAC-SHA256 for STS."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping

ALGORITHM = "OSS4-HMAC-SHA256"
STS_ALGORITHM = "ACS3-HMAC-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"


@dataclass(frozen=True)
class Credentials:
    """One access key, with a token if it is temporary."""

    access_key_id: str
    secret: str = field(repr=False)
    token: str = field(default="", repr=False)


def format_date(now: float) -> str:
    """Returns the time of a signature; `now` is in seconds since the epoch."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))


def format_expiration(now: float) -> str:
    """Returns the time in a post policy."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(now))


def sign_v4(secret: str, day: str, region: str, text: str) -> str:
    """Returns the signature of a text: of a form's policy in base64, or of a request's string to sign."""
    key = f"aliyun_v4{secret}".encode()
    for part in (day, region, "oss", "aliyun_v4_request"):
        key = _hmac(key, part)
    return _hmac(key, text).hex()


def sign_request(
    credentials: Credentials,
    method: str,
    resource: str,
    query: Mapping[str, str],
    headers: Mapping[str, str],
    *,
    region: str,
    now: float,
) -> dict[str, str]:
    """Returns the headers of a request that is signed in its header. `resource` is `/<bucket>/<key>`."""
    date = format_date(now)
    signed = {name: value for name, value in headers.items() if _is_signed(name.lower())}
    signed |= {"x-oss-date": date, "x-oss-content-sha256": UNSIGNED}
    if credentials.token:
        signed["x-oss-security-token"] = credentials.token
    by_name = sorted((name.lower(), value.strip()) for name, value in signed.items())
    lines = "".join(f"{name}:{value}\n" for name, value in by_name)
    canonical = "\n".join([method, quote(resource), _canonical_query(query), lines, "", UNSIGNED])
    scope = f"{date[:8]}/{region}/oss/aliyun_v4_request"
    text = "\n".join([ALGORITHM, date, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    signature = sign_v4(credentials.secret, date[:8], region, text)
    authorization = f"{ALGORITHM} Credential={credentials.access_key_id}/{scope},Signature={signature}"
    return {**headers, **signed, "Authorization": authorization}


def sign_sts(credentials: Credentials, action: str, query: Mapping[str, str], host: str, now: float) -> dict[str, str]:
    """Returns the headers of a call to STS, which is a POST to `/` with its parameters in the query."""
    headers = {
        "host": host,
        "x-acs-action": action,
        "x-acs-version": "2015-04-01",
        "x-acs-date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)),
        "x-acs-signature-nonce": secrets.token_hex(16),
        "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
    }
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    parameters = "&".join(f"{quote(name, safe='')}={quote(query[name], safe='')}" for name in sorted(query))
    canonical = "\n".join(["POST", "/", parameters, lines, names, headers["x-acs-content-sha256"]])
    text = f"{STS_ALGORITHM}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = _hmac(credentials.secret.encode(), text).hex()
    authorization = (
        f"{STS_ALGORITHM} Credential={credentials.access_key_id},SignedHeaders={names},Signature={signature}"
    )
    return {**headers, "Authorization": authorization}


def _is_signed(name: str) -> bool:
    return name.startswith("x-oss-") or name in ("content-type", "content-md5")


def _canonical_query(query: Mapping[str, str]) -> str:
    pairs = sorted((quote(name, safe=""), quote(value, safe="")) for name, value in query.items())
    return "&".join(f"{name}={value}" if value else name for name, value in pairs)


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
