"""AbortMultipartUpload: deletes an upload and its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from localcloud.oss.authorization import authorize

if TYPE_CHECKING:
    from localcloud.oss.request import OssRequest


def abort_multipart_upload(request: OssRequest) -> Response:
    """Returns 204. Raises OssError."""
    authorize(request.signer(), "oss:AbortMultipartUpload", request.bucket, request.key)
    uploads = request.bucket.multipart_uploads
    uploads.remove(uploads.find(request.key, request.parameters["uploadId"]))
    return Response(status=204)
