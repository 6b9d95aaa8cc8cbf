"""Presigned URLs: one request, open to whoever has its URL until it ends. Pure.

Follows OSS's "V4 signature in the URL": canonical request, string to sign, signature.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Mapping
from urllib.parse import quote

from oss_protocol import signature

Parameters = Iterable[tuple[str, str | None]]
"""Of a query; None for a name that stands alone, as in `?uploads`."""

PAYLOAD = "UNSIGNED-PAYLOAD"
"""In place of the body's hash, which nobody knows yet."""

_SIGNED_ANYWAY = ("content-type", "content-md5")


def url(
    method: str,
    address: str,
    key: str,
    *,
    bucket: str,
    region: str,
    access_key_id: str,
    access_key_secret: str,
    security_token: str | None,
    now: float,
    expires: int,
    query: Parameters = (),
    headers: Mapping[str, str] | None = None,
    additional: Iterable[str] = (),
) -> str:
    """The URL of one request for the object `key`, good for `expires` seconds from `now` (since the epoch).

    `address` is the bucket's, such as `https://<bucket>.oss-<region>.aliyuncs.com`. Whoever uses the URL must send
    the `headers`: all x-oss-*, Content-Type and Content-MD5, and those that `additional` names, just as they are here,
    and of these kinds no others; what else is in `headers` is not signed.
    """
    date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    day = date[:8]
    sent = {name.lower(): value for name, value in (headers or {}).items()}
    names = additional_names(additional, sent)
    parameters = [
        *query,
        ("x-oss-signature-version", signature.VERSION),
        ("x-oss-credential", signature.credential(access_key_id, day, region)),
        ("x-oss-date", date),
        ("x-oss-expires", str(expires)),
        *([("x-oss-security-token", security_token)] if security_token else []),
        *([("x-oss-additional-headers", ";".join(names))] if names else []),
    ]
    text = string_to_sign(canonical_request(method, f"/{bucket}/{key}", parameters, sent, names), date, region)
    signed = signature.signature(text, signature.signing_key(access_key_secret, day, region))
    return f"{address}/{quote(key)}?{canonical_query(parameters)}&x-oss-signature={signed}"


def additional_names(asked: Iterable[str], headers: Mapping[str, str]) -> list[str]:
    """Of the headers asked to be signed besides, those that are there and not signed anyway; in lower case, sorted."""
    return sorted({name.lower() for name in asked if name.lower() in headers and not _is_signed_anyway(name.lower())})


def canonical_request(
    method: str, resource: str, query: Parameters, headers: Mapping[str, str], additional: list[str]
) -> str:
    """Six lines or groups of lines. `resource` is `/bucket/key`, not encoded; `headers` have lower-case names."""
    signed = sorted(name for name in headers if _is_signed_anyway(name) or name in additional)
    return "\n".join(
        [
            method,
            quote(resource),
            canonical_query(query),
            "".join(f"{name}:{headers[name].strip()}\n" for name in signed),
            ";".join(additional),
            PAYLOAD,
        ]
    )


def canonical_query(parameters: Parameters) -> str:
    """Percent-encoded, then sorted."""
    encoded = sorted((quote(name, safe=""), quote(value or "", safe="")) for name, value in parameters)
    return "&".join(f"{name}={value}" if value else name for name, value in encoded)


def string_to_sign(canonical: str, date: str, region: str) -> str:
    """What is signed; `date` is `yyyymmddThhmmssZ`."""
    scope = "/".join(signature.scope(date[:8], region))
    return "\n".join([signature.VERSION, date, scope, hashlib.sha256(canonical.encode()).hexdigest()])


def _is_signed_anyway(name: str) -> bool:
    return name.startswith("x-oss-") or name in _SIGNED_ANYWAY
