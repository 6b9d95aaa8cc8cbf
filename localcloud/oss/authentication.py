"""Requests signed in a header or in the query (presigned URLs), with signature version 4: who signed them."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from localcloud.oss import credential, dialects, signature_v4
from localcloud.oss.authorization import identify
from localcloud.oss.errors import (
    NO_RIGHT,
    access_denied,
    invalid_argument,
    not_implemented,
    signature_does_not_match,
    time_too_skewed,
)

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from localcloud.ram.identities import Identities, Identity

AUTHORIZATION = re.compile(
    rf"{signature_v4.ALGORITHM} +Credential=([^, ]*) *(?:, *AdditionalHeaders=([^, ]*) *)?, *Signature=([^, ]*)"
)


@dataclass(frozen=True)
class RequestSignature:
    """What a request says about its signature."""

    credential: credential.Credential
    x_oss_date: str
    signature: str
    additional: tuple[str, ...]
    security_token: str | None


def authenticate(request: Request, resource: str, identities: Identities, region: str, now: float) -> Identity | None:
    """Returns who signed a request for `/bucket/key`; None if it is not signed at all. Raises OssError.

    Of an Authorization header and a signed query the header counts: our choice.
    """
    query = {unquote(name): unquote(value) for name, value in signature_v4.raw_pairs(raw_query(request))}
    if dialect := dialects.find_request_dialect(request.headers.get("Authorization"), query):
        raise not_implemented(f"requests signed with {dialect}")
    if "Authorization" in request.headers:
        signature = _from_header(request, region, now)
    elif "x-oss-signature-version" in query or "x-oss-signature" in query:
        signature = _from_query(query, region, now)
    else:
        return None
    identity = identify(identities, signature.credential.access_key_id, signature.security_token, now)
    _verify(request, resource, signature, identity)
    return identity


def require_signed(identity: Identity | None) -> Identity:
    """Returns the identity. Raises OssError for an unsigned request: only reading is open to the anonymous here."""
    if identity is None:
        raise access_denied(NO_RIGHT)
    return identity


def raw_query(request: Request) -> str:
    """Returns the query string as it was sent."""
    return str(request.environ["QUERY_STRING"])


def _from_header(request: Request, region: str, now: float) -> RequestSignature:
    authorization = request.headers["Authorization"]
    match = AUTHORIZATION.fullmatch(authorization)
    if match is None:
        raise invalid_argument("The Authorization header is invalid.", "Authorization", authorization)
    x_oss_date = _header_date(request, now)
    signed_for = credential.HEADER.parse(match[1])
    credential.HEADER.check_scope(signed_for, region)
    return RequestSignature(
        signed_for, x_oss_date, match[3], _parse_names(match[2] or ""), request.headers.get("x-oss-security-token")
    )


def _header_date(request: Request, now: float) -> str:
    """Returns x-oss-date. A Date in its place is not accepted: our choice. Raises OssError."""
    x_oss_date = request.headers.get("x-oss-date", "")
    if "x-oss-date" not in request.headers and "Date" not in request.headers:
        raise access_denied("OSS authentication requires a valid Date.", "0002-00000503")
    try:
        skew = abs(now - signature_v4.parse_date(x_oss_date))
    except ValueError:
        raise access_denied("OSS authentication requires a valid Date.", "0002-00000502") from None
    if skew > signature_v4.MAX_SKEW_SECONDS:
        raise time_too_skewed(x_oss_date, signature_v4.iso_8601(now), "0002-00000504")
    return x_oss_date


def _from_query(query: dict[str, str], region: str, now: float) -> RequestSignature:
    # The documents give ECs for these faults; Code and wording, except of the last, are our choice.
    if query.get("x-oss-signature-version") != signature_v4.ALGORITHM:
        version = query.get("x-oss-signature-version", "")
        raise invalid_argument("The signature version is invalid.", "x-oss-signature-version", version, "0002-00000066")
    if not query.get("x-oss-credential"):
        raise invalid_argument("x-oss-credential is missing.", "x-oss-credential", "", "0002-00000217")
    signed_for = credential.QUERY.parse(query["x-oss-credential"])
    credential.QUERY.check_scope(signed_for, region)
    _check_time(query, now)
    return RequestSignature(
        signed_for,
        query["x-oss-date"],
        query.get("x-oss-signature", ""),
        _parse_names(query.get("x-oss-additional-headers", "")),
        query.get("x-oss-security-token"),
    )


def _check_time(query: dict[str, str], now: float) -> None:
    expires = query.get("x-oss-expires")
    if not expires:
        raise invalid_argument("x-oss-expires is missing.", "x-oss-expires", "", "0002-00000215")
    if not re.fullmatch("[0-9]{1,9}", expires) or not 1 <= int(expires) <= signature_v4.MAX_TTL_SECONDS:
        raise invalid_argument(
            f"x-oss-expires is not in 1..{signature_v4.MAX_TTL_SECONDS}.", "x-oss-expires", expires, "0002-00000232"
        )
    date = query.get("x-oss-date", "")
    try:
        begin = signature_v4.parse_date(date)
    except ValueError:
        raise invalid_argument("x-oss-date is invalid.", "x-oss-date", date) from None
    if now < begin - signature_v4.MAX_SKEW_SECONDS:
        raise access_denied("Request is not valid yet.", "0002-00000235")
    if now > begin + int(expires):
        raise access_denied("Request has expired.", "0002-00000236")


def _parse_names(text: str) -> tuple[str, ...]:
    return tuple(name for name in text.lower().split(";") if name)


def _verify(request: Request, resource: str, signature: RequestSignature, identity: Identity) -> None:
    headers = {name.lower(): value for name, value in request.headers.items()}
    if missing := [name for name in signature.additional if name not in headers]:
        raise invalid_argument(
            "A header named in the additional headers is missing.", "AdditionalHeaders", missing[0], "0002-00000077"
        )
    canonical = signature_v4.canonical_request(
        request.method,
        resource.encode(),
        raw_query(request),
        headers,
        signature.additional,
        headers.get("x-oss-content-sha256", signature_v4.UNSIGNED_PAYLOAD),
    )
    text = signature_v4.string_to_sign(signature.x_oss_date, signature.credential.scope, canonical)
    day = signature.x_oss_date[:8]
    key = signature_v4.signing_key(identity.access_key_secret, day, signature.credential.region)
    matches = hmac.compare_digest(signature_v4.signature(key, text).encode(), signature.signature.encode())
    if not matches or signature.credential.date != day:
        raise signature_does_not_match(
            identity.access_key_id,
            signature.signature,
            text,
            "0002-00000201",
            CanonicalRequest=canonical.decode("latin-1"),
        )
