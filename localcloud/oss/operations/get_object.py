"""GetObject and HeadObject: sends what was stored to those who may read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localcloud.oss import website
from localcloud.oss.authorization import authorize
from localcloud.oss.errors import NO_RIGHT, UnknownOperationError, access_denied, no_such_key
from localcloud.oss.operation_names import name_operation
from localcloud.oss.responses import object_response

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from localcloud.oss.request import OssRequest


def get_object(request: OssRequest) -> Response:
    """Send an object; to the anonymous, what a website makes of its key. Raises OssError."""
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
    """Send the index of a website. Raises OssError for a signed request, which would list in the old way."""
    if request.bucket.website is None or request.identity() is not None:
        name = name_operation("GET", has_key=False, subresources=())
        raise UnknownOperationError(f"{name}: {request.http.method} {request.http.path}")
    return website.get_page(request, request.bucket.website)
