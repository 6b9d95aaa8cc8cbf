"""PutBucket: makes a bucket, private and empty. A name is taken if any account has a bucket of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from localcloud import xml_document
from localcloud.oss.authorization import authorize_bucket
from localcloud.oss.errors import OssError, access_denied, invalid_argument, malformed_xml
from localcloud.oss.names import BUCKET
from localcloud.oss.object_headers import CLOSED_LISTS
from localcloud.oss.operations.put_bucket_acl import check_bucket_acl
from localcloud.oss.storage.bucket import PUBLIC_ACLS

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Request

    from localcloud.oss.request import OssRequest
    from localcloud.oss.storage.bucket import Bucket
    from localcloud.ram.identities import Identity

REDUNDANCY_TYPES = ("LRS", "ZRS")


def put_bucket(http: Request, name: str, identity: Identity, make_bucket: Callable[[str, str], Bucket]) -> Response:
    """Makes a bucket of the caller's account, and returns 200. Raises OssError."""
    if not BUCKET.fullmatch(name):
        raise OssError(400, "InvalidBucketName", "The specified bucket is not valid.", "0015-00000001", BucketName=name)
    authorize_bucket(identity, "oss:PutBucket", identity.account_id, name)
    _check_acl(http.headers.get("x-oss-acl", "private"))
    _check_body(http)
    make_bucket(name, identity.account_id)
    return Response()


def put_existing_bucket(request: OssRequest) -> Response:
    """Refuses to make a bucket whose name exists. Raises OssError."""
    is_own = request.signer().account_id == request.bucket.account_id
    message = (
        "The requested bucket name is not available. The bucket namespace is shared by all users of the system. "
        "Please select a different name and try again."
    )
    ec = None if is_own else "0015-00000102"
    raise OssError(409, "BucketAlreadyExists", message, ec, BucketName=request.bucket.name)


def _check_acl(acl: str) -> None:
    """Raises OssError. A new bucket blocks public access: that OSS refuses a public ACL here, too, is our choice."""
    check_bucket_acl(acl)
    if acl in PUBLIC_ACLS:
        raise access_denied("Put public bucket acl is not allowed")


def _check_body(http: Request) -> None:
    """Checks the configuration, if there is one; what it sets makes no difference here. Raises OssError."""
    body = http.stream.read(xml_document.MAX_BYTES + 1)
    if not body:
        return
    try:
        root = xml_document.parse(body)
    except ValueError:
        raise malformed_xml() from None
    if root.tag != "CreateBucketConfiguration":
        raise malformed_xml()
    allowed = {"StorageClass": CLOSED_LISTS["x-oss-storage-class"], "DataRedundancyType": REDUNDANCY_TYPES}
    for name, values in allowed.items():
        text = root.findtext(name, values[0])
        if text not in values:
            ec = "0013-00000101" if name == "StorageClass" else None
            raise invalid_argument(f"{name} is not one of {', '.join(values)}.", name, text, ec)
