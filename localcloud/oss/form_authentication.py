"""Forms signed by their fields, with signature version 4: who signed them, and whether the signature is valid."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from localcloud.oss import signature_v4
from localcloud.oss.authorization import identify
from localcloud.oss.errors import access_denied, invalid_argument, signature_does_not_match, time_too_skewed
from localcloud.oss.signature_v4 import Credential

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localcloud.ram.identities import Identities, Identity

V4_FIELDS = frozenset({"x-oss-signature-version", "x-oss-credential", "x-oss-signature"})
V1_FIELDS = frozenset({"ossaccesskeyid", "signature"})


def authenticate_form(fields: Mapping[str, str], identities: Identities, region: str, now: float) -> Identity:
    """Return who signed a form, given its fields by lower-case name. Raises OssError."""
    _check_fields(fields)
    credential = _parse_credential(fields["x-oss-credential"])
    date = _parse_date(fields.get("x-oss-date", ""))
    identity = identify(identities, credential.access_key_id, fields.get("x-oss-security-token"), now)
    _check_signature(fields, credential, identity, region)
    # x-oss-date is at most 15 minutes ahead and at most 7 days ago. The Code for other dates is our choice.
    if not -signature_v4.MAX_SKEW_SECONDS <= now - date <= signature_v4.MAX_TTL_SECONDS:
        raise time_too_skewed(signature_v4.iso_8601(date), signature_v4.iso_8601(now), "0002-00000709")
    return identity


def _check_fields(fields: Mapping[str, str]) -> None:
    """Check that all fields of a signature are there. Raises OssError; the Codes for these ECs are our choice."""
    if not fields.keys() & {"policy", *V4_FIELDS, *V1_FIELDS}:
        raise access_denied("Anonymous user has no right to access this bucket.")
    version = fields.get("x-oss-signature-version", "")
    if version != signature_v4.ALGORITHM:
        # New accounts and buckets do not accept signatures of version 1; nor does this stand-in.
        message = f"x-oss-signature-version must be {signature_v4.ALGORITHM}."
        raise invalid_argument(message, "x-oss-signature-version", version, "0002-00000701")
    _require(fields, "policy", "The bucket POST must contain the specified field name.", "0002-00000702")
    _require(fields, "x-oss-signature", "Post request signature is empty.", "0002-00000703", "0002-00000704")
    _require(fields, "x-oss-credential", "Post request accessKeyId is empty.", "0002-00000706", "0002-00000707")


def _require(
    fields: Mapping[str, str], name: str, message: str, ec_if_missing: str, ec_if_empty: str | None = None
) -> None:
    if name not in fields:
        raise invalid_argument(message, name, "", ec_if_missing)
    if ec_if_empty and not fields[name]:
        raise invalid_argument(message, name, "", ec_if_empty)


def _parse_credential(text: str) -> Credential:
    try:
        return Credential.parse(text)
    except ValueError:
        ec = "0002-00000708" if text.endswith(f"/{signature_v4.TERMINATOR}") else "0002-00000710"
        message = "The x-oss-credential field in the PostObject request is invalid."
        raise invalid_argument(message, "x-oss-credential", text, ec) from None


def _parse_date(text: str) -> float:
    try:
        return signature_v4.parse_date(text)
    except ValueError:
        raise invalid_argument("The x-oss-date field is invalid.", "x-oss-date", text, "0002-00000709") from None


def _check_signature(fields: Mapping[str, str], credential: Credential, identity: Identity, region: str) -> None:
    """Compute the signature again, for the day of x-oss-date and the bucket's region. Raises OssError."""
    day, policy = fields.get("x-oss-date", "")[:8], fields["policy"]
    scope = Credential("-", day, region, signature_v4.PRODUCT).scope
    key = signature_v4.signing_key(identity.access_key_secret, day, region)
    expected = signature_v4.signature(key, policy)
    matches = hmac.compare_digest(expected.encode(), fields["x-oss-signature"].encode())
    if not matches or credential.scope != scope:
        raise signature_does_not_match(identity.access_key_id, fields["x-oss-signature"], policy, "0002-00000705")
