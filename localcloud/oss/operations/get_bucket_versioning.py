"""GetBucketVersioning: says whether versions are made of the objects of a bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localcloud.oss.authorization import authorize
from localcloud.oss.responses import xml_response

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from localcloud.oss.request import OssRequest


def get_bucket_versioning(request: OssRequest) -> Response:
    """Returns the status, or nothing if the bucket never had versioning. Raises OssError."""
    authorize(request.signer(), "oss:GetBucketVersioning", request.bucket)
    status = request.bucket.versioning
    return xml_response("VersioningConfiguration", [("Status", status)] if status else "")
