"""DeleteBucketCors: deletes the CORS rules of a bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from localcloud.oss.authorization import authorize

if TYPE_CHECKING:
    from localcloud.oss.request import OssRequest


def delete_bucket_cors(request: OssRequest) -> Response:
    """Returns 204, whether there were rules or not. Raises OssError."""
    authorize(request.signer(), "oss:DeleteBucketCors", request.bucket)
    request.bucket.cors_rules = []
    return Response(status=204)
