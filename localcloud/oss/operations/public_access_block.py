"""PutBucketPublicAccessBlock, GetBucketPublicAccessBlock and DeleteBucketPublicAccessBlock: whether ACLs count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from localcloud.oss.authorization import authorize
from localcloud.oss.errors import malformed_xml
from localcloud.oss.request_document import read_document
from localcloud.oss.responses import xml_response

if TYPE_CHECKING:
    from localcloud.oss.request import OssRequest

ROOT = "PublicAccessBlockConfiguration"


def put_bucket_public_access_block(request: OssRequest) -> Response:
    """Returns 200. Raises OssError."""
    authorize(request.signer(), "oss:PutBucketPublicAccessBlock", request.bucket)
    blocked = read_document(request.http, ROOT).findtext("BlockPublicAccess", "false")
    if blocked not in ("true", "false"):
        raise malformed_xml()
    request.bucket.public_access_blocked = blocked == "true"
    return Response()


def get_bucket_public_access_block(request: OssRequest) -> Response:
    """Returns whether public access is blocked. Raises OssError."""
    authorize(request.signer(), "oss:GetBucketPublicAccessBlock", request.bucket)
    return block_response(blocked=request.bucket.public_access_blocked)


def delete_bucket_public_access_block(request: OssRequest) -> Response:
    """Returns 204. Raises OssError."""
    authorize(request.signer(), "oss:DeleteBucketPublicAccessBlock", request.bucket)
    request.bucket.public_access_blocked = False
    return Response(status=204)


def block_response(*, blocked: bool) -> Response:
    """Makes the document that says whether public access is blocked."""
    return xml_response(ROOT, [("BlockPublicAccess", str(blocked).lower())])
