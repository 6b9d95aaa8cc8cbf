"""Forms signed by their fields, with signature version 4: who signed them, and whether the signature is valid."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from localcloud.oss import credential, dialects, signature_v4
from localcloud.oss.authorization import identify
from localcloud.oss.errors import (
    invalid_argument,
    not_implemented,
    signature_does_not_match,
    time_too_skewed,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localcloud.ram.identities import Identities, Identity

V4_FIELDS = frozenset({"policy", "x-oss-signature-version", "x-oss-credential", "x-oss-signature"})


def authenticate_form(fields: Mapping[str, str], identities: Identities, region: str, now: float) -> Identity | None:
    """Returns who signed a form, given its fields by lower-case name; None if nobody did. Raises OssError.

    In which order OSS checks is not documented. That the region comes before the key and the signature is our choice.
    """
    if dialect := dialects.find_form_dialect(fields):
        raise not_implemented(f"forms signed with {dialect}")
    if not fields.keys() & V4_FIELDS:
        return None
    _check_fields(fields)
    signed_for = credential.FORM.parse(fields["x-oss-credential"])
    credential.FORM.check_scope(signed_for, region)
    date = _parse_date(fields.get("x-oss-date", ""))
    identity = identify(identities, signed_for.access_key_id, fields.get("x-oss-security-token"), now)
    _check_signature(fields, signed_for, identity)
    # x-oss-date is at most 15 minutes ahead and at most 7 days ago. The Code for other dates is our choice.
    if not -signature_v4.MAX_SKEW_SECONDS <= now - date <= signature_v4.MAX_TTL_SECONDS:
        raise time_too_skewed(signature_v4.iso_8601(date), signature_v4.iso_8601(now), "0002-00000709")
    return identity


def _check_fields(fields: Mapping[str, str]) -> None:
    """Checks that all fields of a signature are there. Raises OssError; the Codes for these ECs are our choice."""
    version = fields.get("x-oss-signature-version", "")
    if version != signature_v4.ALGORITHM:
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


def _parse_date(text: str) -> float:
    try:
        return signature_v4.parse_date(text)
    except ValueError:
        # No page is about x-oss-date itself; that it has the EC of the credential's date is our choice.
        raise invalid_argument("The x-oss-date field is invalid.", "x-oss-date", text, "0002-00000709") from None


def _check_signature(fields: Mapping[str, str], signed_for: credential.Credential, identity: Identity) -> None:
    """Computes the signature again. The day of the credential must be that of x-oss-date. Raises OssError."""
    day, policy = fields["x-oss-date"][:8], fields["policy"]
    key = signature_v4.signing_key(identity.access_key_secret, day, signed_for.region)
    expected = signature_v4.signature(key, policy)
    matches = hmac.compare_digest(expected.encode(), fields["x-oss-signature"].encode())
    if not matches or signed_for.date != day:
        raise signature_does_not_match(identity.access_key_id, fields["x-oss-signature"], policy, "0002-00000705")
