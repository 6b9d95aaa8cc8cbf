"""GetObjectAcl: says who may read and write an object, or a version of it, without further rights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localcloud.oss.authorization import authorize
from localcloud.oss.operations.get_object import missing
from localcloud.oss.responses import acl_response

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from localcloud.oss.request import OssRequest


def get_object_acl(request: OssRequest) -> Response:
    """Returns the object's own ACL, `default` if it has none, and the owner. Raises OssError."""
    bucket, key, version_id = request.bucket, request.key, request.version_id
    authorize(request.signer(), "oss:GetObjectAcl" if version_id is None else "oss:GetObjectVersionAcl", bucket, key)
    stored = bucket.get(key, version_id)
    if stored is None:
        raise missing(bucket, key, version_id, request.http.method)
    response = acl_response(bucket, stored.headers.get("x-oss-object-acl", "default"))
    if stored.version_id:
        response.headers["x-oss-version-id"] = stored.version_id
    return response
