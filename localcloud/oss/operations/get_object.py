"""GetObject and HeadObject: sends what was stored to those who may read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localcloud.oss import website
from localcloud.oss.authorization import authorize
from localcloud.oss.errors import NO_RIGHT, UnknownOperationError, access_denied, no_such_key
from localcloud.oss.operations.list_objects import list_objects
from localcloud.oss.responses import object_response

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from localcloud.oss.request import OssRequest


def get_object(request: OssRequest) -> Response:
    """Sends an object; to the anonymous, what a website makes of its key. Raises OssError."""
    identity = request.identity()
    bucket, key = request.bucket, request.key
    if identity is None and bucket.website:
        return website.get_page(request, bucket.website)
    if identity is not None:
        authorize(identity, "oss:GetObject", bucket, key)
    elif not bucket.public_read:
        raise access_denied(NO_RIGHT)
    found = bucket.open(key)
    if found is None:
        raise no_such_key(key)
    return object_response(request.http, *found, as_download=not request.address.is_bound_domain)


def get_root(request: OssRequest) -> Response:
    """Sends the index of a website; to a signed request, or without a website, the list of objects. Raises OssError."""
    if request.bucket.website and request.identity() is None:
        return website.get_page(request, request.bucket.website)
    if request.http.method == "HEAD":
        raise UnknownOperationError(f"HeadBucket: HEAD {request.http.path}")
    return list_objects(request)
