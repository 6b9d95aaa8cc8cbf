"""Presigned URLs: the holder of such a URL may make one request with it until it expires. Pure.

Follows OSS's "V4 signature in the URL": canonical request, string to sign, signature.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from urllib.parse import quote

from oss_protocol import signature

Parameters = Iterable[tuple[str, str | None]]
"""The parameters of a query. The value is None for a name that stands alone, as in `?uploads`."""

PAYLOAD = "UNSIGNED-PAYLOAD"
"""Stands in place of the body's hash, which the signer does not know."""

_ALWAYS_SIGNED = ("content-type", "content-md5")


def presign(
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
    """Returns the URL of one request for the object `key`, valid for `expires` seconds from `now` (since the epoch).

    `address` is the bucket's, such as `https://<bucket>.oss-<region>.aliyuncs.com`. The request must have these
    `headers`: all x-oss-*, Content-Type and Content-MD5, and those that `additional` names, exactly as they are here,
    and no others of these kinds. The other `headers` are not signed.
    """
    date = signature.format_date(now)
    day = date[:8]
    lower = {name.lower(): value for name, value in (headers or {}).items()}
    names = additional_headers(additional, lower)
    parameters = [
        *query,
        ("x-oss-signature-version", signature.VERSION),
        ("x-oss-credential", signature.credential(access_key_id, day, region)),
        ("x-oss-date", date),
        ("x-oss-expires", str(expires)),
        *([("x-oss-security-token", security_token)] if security_token else []),
        *([("x-oss-additional-headers", ";".join(names))] if names else []),
    ]
    text = string_to_sign(canonical_request(method, f"/{bucket}/{key}", parameters, lower, names), date, region)
    mac = signature.sign(text, signature.signing_key(access_key_secret, day, region))
    return f"{address}/{quote(key)}?{canonical_query(parameters)}&x-oss-signature={mac}"


def additional_headers(names: Iterable[str], headers: Mapping[str, str]) -> list[str]:
    """Returns those of the names that are among the headers and not always signed, in lower case and sorted."""
    return sorted({name.lower() for name in names if name.lower() in headers and not _is_always_signed(name.lower())})


def canonical_request(
    method: str, resource: str, query: Parameters, headers: Mapping[str, str], additional: list[str]
) -> str:
    """Returns the canonical request. `resource` is `/bucket/key`, not encoded; `headers` have lower-case names."""
    names = sorted(name for name in headers if _is_always_signed(name) or name in additional)
    return "\n".join(
        [
            method,
            quote(resource),
            canonical_query(query),
            "".join(f"{name}:{headers[name].strip()}\n" for name in names),
            ";".join(additional),
            PAYLOAD,
        ]
    )


def canonical_query(parameters: Parameters) -> str:
    """Returns the query, percent-encoded first and then sorted."""
    pairs = sorted((quote(name, safe=""), quote(value or "", safe="")) for name, value in parameters)
    return "&".join(f"{name}={value}" if value else name for name, value in pairs)


def string_to_sign(canonical: str, date: str, region: str) -> str:
    """Returns the text that is signed. `date` is `yyyymmddThhmmssZ`."""
    scope = "/".join(signature.scope(date[:8], region))
    return "\n".join([signature.VERSION, date, scope, hashlib.sha256(canonical.encode()).hexdigest()])


def _is_always_signed(name: str) -> bool:
    return name.startswith("x-oss-") or name in _ALWAYS_SIGNED
