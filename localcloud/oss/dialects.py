"""Signatures that the stand-in does not verify: which version or dialect a form or a request is signed with.

The real OSS verifies them: versions 1 and 2 where account and bucket are old enough, and the dialects of Amazon S3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from localcloud.oss.errors import OssError, invalid_argument

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

VERSION_1, VERSION_2 = "signature version 1", "signature version 2"
S3_VERSION_2, S3_VERSION_4 = "version 2 of Amazon S3's signatures", "version 4 of Amazon S3's signatures"

AUTHORIZATIONS = {"OSS ": VERSION_1, "OSS2 ": VERSION_2, "AWS ": S3_VERSION_2, "AWS4-HMAC-SHA256 ": S3_VERSION_4}
"""How an Authorization header begins."""

QUERIES = {
    "X-Amz-Credential": S3_VERSION_4,
    "X-Amz-Signature": S3_VERSION_4,
    "AWSAccessKeyId": S3_VERSION_2,
    "x-oss-access-key-id": VERSION_2,
    "OSSAccessKeyId": VERSION_1,
    "Signature": VERSION_1,
}
"""Parameters of presigned URLs. `Signature` stands last, since S3 has it too."""

FIELDS = {
    "x-amz-credential": S3_VERSION_4,
    "x-amz-signature": S3_VERSION_4,
    "awsaccesskeyid": S3_VERSION_2,
    "x-oss-access-key-id": VERSION_2,
    "ossaccesskeyid": VERSION_1,
    "signature": VERSION_1,
}
"""Fields of forms, by lower-case name. `signature` stands last, since S3 has it too."""


def find_form_dialect(fields: Mapping[str, str]) -> str | None:
    """Returns what a form is signed with, if that is not verified here. Raises OssError for a credential of S3."""
    if "x-oss-signature-version" in fields:
        return VERSION_2 if fields["x-oss-signature-version"] == "OSS2" else None
    dialect = _find(FIELDS, fields)
    amz_credential = fields.get("x-amz-credential", "a/b/c/d/aws4_request")
    if len(amz_credential.split("/")) != 5 or not amz_credential.endswith("/aws4_request"):
        raise _invalid_amz_credential(amz_credential)
    return dialect


def find_request_dialect(authorization: str | None, query: Container[str]) -> str | None:
    """Returns what a header or a query is signed with, if that is not verified here."""
    if authorization is not None:
        return next((name for begin, name in AUTHORIZATIONS.items() if authorization.startswith(begin)), None)
    return _find(QUERIES, query)


def _find(names: Mapping[str, str], present: Container[str]) -> str | None:
    return next((dialect for name, dialect in names.items() if name in present), None)


def _invalid_amz_credential(text: str) -> OssError:
    message = "The x-amz-credential field in the PostObject request is invalid."
    return invalid_argument(message, "x-amz-credential", text, "0002-00000711")
