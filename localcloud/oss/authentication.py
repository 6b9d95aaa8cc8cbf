"""Requests signed in a header or in the query (presigned URLs), signature version 4: who sent them."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from localcloud.oss import signature_v4
from localcloud.oss.authorization import identify
from localcloud.oss.errors import access_denied, invalid_argument, signature_does_not_match, time_too_skewed

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from localcloud.ram.identities import Identities, Identity

AUTHORIZATION = re.compile(
    rf"{signature_v4.ALGORITHM} +Credential=([^, ]*) *(?:, *AdditionalHeaders=([^, ]*) *)?, *Signature=([^, ]*)"
)
V1_QUERY = frozenset({"OSSAccessKeyId", "Signature", "Expires"})


@dataclass(frozen=True)
class Signed:
    """What a request says about its own signature."""

    credential: signature_v4.Credential
    x_oss_date: str
    signature: str
    additional: tuple[str, ...]
    security_token: str | None


def caller(request: Request, resource: str, identities: Identities, region: str, now: float) -> Identity | None:
    """Who signed a request for `/bucket/key`; None if it is not signed at all. Raises Refused.

    A request with both an Authorization header and a signed query goes by its header: our choice.
    """
    query = {unquote(name): unquote(value) for name, value in signature_v4.raw_pairs(raw_query(request))}
    if "Authorization" in request.headers:
        signed = _in_header(request, now)
    elif "x-oss-signature-version" in query or "x-oss-signature" in query:
        signed = _in_query(query, now)
    elif V1_QUERY & query.keys():
        raise invalid_argument("Signature version 1 is closed.", "OSSAccessKeyId", query.get("OSSAccessKeyId", ""))
    else:
        return None
    identity = identify(identities, signed.credential.access_key_id, signed.security_token, now)
    _verify(request, resource, signed, identity, region)
    return identity


def raw_query(request: Request) -> str:
    """The query string as it came."""
    return str(request.environ["QUERY_STRING"])


def _in_header(request: Request, now: float) -> Signed:
    authorization = request.headers["Authorization"]
    match = AUTHORIZATION.fullmatch(authorization)
    if match is None:
        raise invalid_argument("The Authorization header is invalid.", "Authorization", authorization)
    x_oss_date = request.headers.get("x-oss-date", "")
    try:
        skew = abs(now - signature_v4.instant(x_oss_date))
    except ValueError:
        raise access_denied("OSS authentication requires a valid Date.", "0002-00000502") from None
    if skew > signature_v4.MAX_SKEW:
        raise time_too_skewed(x_oss_date, signature_v4.iso_8601(now), "0002-00000504")
    try:
        credential = signature_v4.Credential.parse(match[1])
    except ValueError:
        raise invalid_argument("The Authorization header is invalid.", "Authorization", authorization) from None
    return Signed(credential, x_oss_date, match[3], _names(match[2] or ""), request.headers.get("x-oss-security-token"))


def _in_query(query: dict[str, str], now: float) -> Signed:
    # The documents give numbers for these faults; Code and wording are ours, but for the last.
    if query.get("x-oss-signature-version") != signature_v4.ALGORITHM:
        version = query.get("x-oss-signature-version", "")
        raise invalid_argument("The signature version is invalid.", "x-oss-signature-version", version)
    credential = _credential(query)
    _in_time(query, now)
    return Signed(
        credential,
        query["x-oss-date"],
        query.get("x-oss-signature", ""),
        _names(query.get("x-oss-additional-headers", "")),
        query.get("x-oss-security-token"),
    )


def _credential(query: dict[str, str]) -> signature_v4.Credential:
    text = query.get("x-oss-credential")
    if not text:
        raise invalid_argument("x-oss-credential is missing.", "x-oss-credential", "", "0002-00000217")
    if text.startswith("/"):
        raise invalid_argument("The access key id is invalid.", "x-oss-credential", text, "0002-00000222")
    try:
        return signature_v4.Credential.parse(text)
    except ValueError:
        raise invalid_argument("x-oss-credential is malformed.", "x-oss-credential", text, "0002-00000224") from None


def _in_time(query: dict[str, str], now: float) -> None:
    expires = query.get("x-oss-expires")
    if not expires:
        raise invalid_argument("x-oss-expires is missing.", "x-oss-expires", "", "0002-00000215")
    if not re.fullmatch("[0-9]{1,9}", expires) or not 1 <= int(expires) <= signature_v4.MAX_LIFE:
        raise invalid_argument(
            f"x-oss-expires is not in 1..{signature_v4.MAX_LIFE}.", "x-oss-expires", expires, "0002-00000232"
        )
    date = query.get("x-oss-date", "")
    try:
        begin = signature_v4.instant(date)
    except ValueError:
        raise invalid_argument("x-oss-date is invalid.", "x-oss-date", date) from None
    if now < begin - signature_v4.MAX_SKEW:
        raise access_denied("Request is not valid yet.", "0002-00000235")
    if now > begin + int(expires):
        raise access_denied("Request has expired.", "0002-00000236")


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for name in text.lower().split(";") if name)


def _verify(request: Request, resource: str, signed: Signed, identity: Identity, region: str) -> None:
    headers = {name.lower(): value for name, value in request.headers.items()}
    if missing := [name for name in signed.additional if name not in headers]:
        raise invalid_argument(
            "A header named in the additional headers is missing.", "AdditionalHeaders", missing[0], "0002-00000077"
        )
    # The day and the region are what they are, whatever the credential says: a credential for others does not match.
    scope = signature_v4.Credential("-", signed.x_oss_date[:8], region, signature_v4.PRODUCT).scope
    canonical = signature_v4.canonical_request(
        request.method,
        resource.encode(),
        raw_query(request),
        headers,
        signed.additional,
        headers.get("x-oss-content-sha256", signature_v4.UNSIGNED_PAYLOAD),
    )
    text = signature_v4.string_to_sign(signed.x_oss_date, scope, canonical)
    key = signature_v4.signing_key(identity.access_key_secret, signed.x_oss_date[:8], region)
    fits = hmac.compare_digest(signature_v4.signature(key, text).encode(), signed.signature.encode())
    if not fits or signed.credential.scope != scope:
        raise signature_does_not_match(
            identity.access_key_id,
            signed.signature,
            text,
            "0002-00000201",
            CanonicalRequest=canonical.decode("latin-1"),
        )
