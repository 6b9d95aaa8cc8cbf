"""PutBucketAcl: sets who may read and write the objects of a bucket without further rights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from localcloud.oss.authorization import authorize
from localcloud.oss.errors import access_denied, invalid_argument
from localcloud.oss.storage.bucket import PUBLIC_ACLS

if TYPE_CHECKING:
    from localcloud.oss.request import OssRequest

BUCKET_ACLS = ("private", *PUBLIC_ACLS)


def put_bucket_acl(request: OssRequest) -> Response:
    """Returns 200; without the header nothing changes. Raises OssError."""
    authorize(request.signer(), "oss:PutBucketAcl", request.bucket)
    acl = request.header("x-oss-acl")
    if acl is not None:
        check_bucket_acl(acl)
        if request.bucket.public_access_blocked and acl in PUBLIC_ACLS:
            raise access_denied("Put public bucket acl is not allowed")
        request.bucket.acl = acl
    return Response()


def check_bucket_acl(acl: str) -> None:
    """Raises OssError unless this is an ACL that a bucket can have."""
    if acl not in BUCKET_ACLS:
        raise invalid_argument("no such bucket access control exists", "x-oss-acl", acl, "0015-00000204")
