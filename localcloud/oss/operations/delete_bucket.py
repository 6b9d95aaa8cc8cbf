"""DeleteBucket: deletes a bucket that is empty."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from localcloud.oss.authorization import authorize
from localcloud.oss.errors import OssError

if TYPE_CHECKING:
    from localcloud.oss.request import OssRequest


def delete_bucket(request: OssRequest) -> Response:
    """Returns 204. Raises OssError; that unfinished uploads in parts count as content is our choice.

    So do versions and delete markers.
    """
    bucket = request.bucket
    authorize(request.signer(), "oss:DeleteBucket", bucket)
    if bucket.versions() or bucket.multipart_uploads.ids():
        message = "The bucket you tried to delete is not empty."
        raise OssError(409, "BucketNotEmpty", message, BucketName=bucket.name)
    request.service.buckets.pop(bucket.name, None)
    bucket.remove()
    return Response(status=204)
