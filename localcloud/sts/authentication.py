"""Who signed a request to STS, from its bytes: date, access key, security token, signature and nonce, in this order.

The order is our choice; the documents name none.
"""

from __future__ import annotations

import calendar
import hashlib
import hmac
import time
from typing import TYPE_CHECKING

from localcloud.sts import signature_acs3
from localcloud.sts.errors import StsError, incomplete_signature

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from werkzeug.wrappers import Request

    from localcloud.fault_switches import Faults
    from localcloud.ram.identities import Identities, Identity

MAX_SKEW_SECONDS = 15 * 60
"""How far x-acs-date may be from now, either way."""

REQUIRED_SIGNED_HEADERS = frozenset(
    {"host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version"}
)
"""Headers that every signature has to cover."""


class Authenticator:
    """Authenticates requests, and remembers their nonces."""

    def __init__(self, clock: Callable[[], float], identities: Identities, faults: Faults) -> None:
        self._clock = clock
        self._identities = identities
        self._faults = faults
        self._nonces: dict[str, float] = {}

    def authenticate(self, request: Request, body: bytes) -> Identity:
        """Returns who signed the request. Raises StsError."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            authorization = signature_acs3.Authorization.parse(headers.get("authorization", ""))
        except ValueError:
            raise incomplete_signature() from None
        self._check_date(headers.get("x-acs-date", ""))
        identity = self._identify(authorization.access_key_id, headers.get("x-acs-security-token", ""))
        _check_signature(request, body, headers, authorization, identity)
        self._check_nonce(headers.get("x-acs-signature-nonce", ""))
        return identity

    def _check_date(self, text: str) -> None:
        try:
            date = calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))
        except ValueError:
            raise StsError(400, "InvalidTimeStamp.Format", "Specified time stamp is not well formatted.") from None
        if abs(self._clock() - date) > MAX_SKEW_SECONDS:
            raise StsError(400, "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.")

    def _identify(self, access_key_id: str, token: str) -> Identity:
        identity = self._identities.find(access_key_id)
        if identity is None:
            raise StsError(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
        if identity.security_token and not token:
            raise StsError(400, "MissingSecurityToken", "SecurityToken is mandatory for this action.")
        if not hmac.compare_digest(token.encode(), identity.security_token.encode()):
            raise StsError(
                400,
                "InvalidSecurityToken.MismatchWithAccessKey",
                "Specified SecurityToken mismatch with the AccessKey.",
            )
        if self._clock() >= identity.expiration or self._faults.sts_token_revoked:
            raise StsError(400, "InvalidSecurityToken.Expired", "Specified SecurityToken is expired.")
        return identity

    def _check_nonce(self, nonce: str) -> None:
        now = self._clock()
        self._nonces = {
            earlier: used_at for earlier, used_at in self._nonces.items() if now - used_at <= 2 * MAX_SKEW_SECONDS
        }
        if not nonce or nonce in self._nonces:
            raise StsError(400, "SignatureNonceUsed", "Specified signature nonce was used already.")
        self._nonces[nonce] = now


def _check_signature(
    request: Request,
    body: bytes,
    headers: Mapping[str, str],
    authorization: signature_acs3.Authorization,
    identity: Identity,
) -> None:
    required = REQUIRED_SIGNED_HEADERS | {name for name in headers if name.startswith("x-acs-")}
    if not required.issubset(authorization.signed_headers):
        raise incomplete_signature()
    path = request.environ["REQUEST_URI"].partition("?")[0]
    canonical = signature_acs3.canonical_request(
        request.method, path, request.environ["QUERY_STRING"], headers, authorization.signed_headers
    )
    expected = signature_acs3.signature(identity.access_key_secret, canonical)
    matches = hmac.compare_digest(expected, authorization.signature)
    if not matches or headers["x-acs-content-sha256"] != hashlib.sha256(body).hexdigest():
        raise StsError(400, "SignatureDoesNotMatch", "Specified signature is not matched with our calculation.")
