"""PutObjectAcl: sets who may read and write an object, or a version of it, without further rights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from localcloud.oss import object_headers
from localcloud.oss.authorization import authorize, check_public_acl
from localcloud.oss.errors import invalid_argument
from localcloud.oss.operations.get_object import missing

if TYPE_CHECKING:
    from localcloud.oss.request import OssRequest


def put_object_acl(request: OssRequest) -> Response:
    """Returns 200. Raises OssError."""
    bucket, key, version_id = request.bucket, request.key, request.version_id
    authorize(request.signer(), "oss:PutObjectAcl" if version_id is None else "oss:PutObjectVersionAcl", bucket, key)
    acl = request.header("x-oss-object-acl")
    if not acl:
        message = "The x-oss-object-acl header is missing or empty."
        raise invalid_argument(message, "x-oss-object-acl", "", "0017-00000105")
    object_headers.check({"x-oss-object-acl": acl}, "", is_form=False)
    check_public_acl(bucket, acl)
    stored = bucket.get(key, version_id)
    if stored is None:
        raise missing(bucket, key, version_id, request.http.method)
    bucket.change_acl(key, version_id, acl)
    return Response(headers={"x-oss-version-id": stored.version_id} if stored.version_id else {})
