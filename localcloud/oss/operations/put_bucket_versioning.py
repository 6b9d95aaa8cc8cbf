"""PutBucketVersioning: begins to make versions of the objects of a bucket, or suspends that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from localcloud.oss.authorization import authorize
from localcloud.oss.errors import invalid_argument
from localcloud.oss.request_document import read_document

if TYPE_CHECKING:
    from localcloud.oss.request import OssRequest


def put_bucket_versioning(request: OssRequest) -> Response:
    """Returns 200. Raises OssError; the wording is our choice."""
    authorize(request.signer(), "oss:PutBucketVersioning", request.bucket)
    status = read_document(request.http, "VersioningConfiguration").findtext("Status", "")
    if status not in ("Enabled", "Suspended"):
        ec = "0012-00000004" if status else "0012-00000003"
        raise invalid_argument("The status of versioning is neither Enabled nor Suspended.", "Status", status, ec)
    request.bucket.versioning = status
    return Response()
