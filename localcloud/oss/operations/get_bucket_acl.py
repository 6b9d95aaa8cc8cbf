"""GetBucketAcl: says who may read and write the objects of a bucket without further rights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localcloud.oss.authorization import authorize
from localcloud.oss.responses import acl_response

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from localcloud.oss.request import OssRequest


def get_bucket_acl(request: OssRequest) -> Response:
    """Returns the ACL and the owner. Raises OssError."""
    authorize(request.signer(), "oss:GetBucketAcl", request.bucket)
    return acl_response(request.bucket, request.bucket.acl)
