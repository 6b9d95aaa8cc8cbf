"""GetObject and HeadObject: sends what was stored, or a version of it, to those who may read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localcloud.oss import website
from localcloud.oss.authorization import authorize_read
from localcloud.oss.errors import OssError, UnknownOperationError, is_delete_marker, no_such_key, no_such_version
from localcloud.oss.object_headers import check_values, encode_header
from localcloud.oss.operations.list_objects import list_objects
from localcloud.oss.responses import object_response

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from localcloud.oss.request import OssRequest
    from localcloud.oss.storage.bucket import Bucket

RESPONSE_HEADERS = {
    f"response-{name.lower()}": name
    for name in (
        "Content-Type",
        "Content-Language",
        "Expires",
        "Cache-Control",
        "Content-Disposition",
        "Content-Encoding",
    )
}
"""The parameters of a signed GetObject that replace headers of its response."""


def get_object(request: OssRequest) -> Response:
    """Sends an object; to the anonymous, what a website makes of its key. Raises OssError."""
    identity = request.identity()
    bucket, key, version_id = request.bucket, request.key, request.version_id
    if identity is None and bucket.website:
        return website.get_page(request, bucket.website)
    action = "oss:GetObject" if version_id is None else "oss:GetObjectVersion"
    authorize_read(identity, action, bucket, key, bucket.get(key, version_id))
    if identity is None and not RESPONSE_HEADERS.keys().isdisjoint(request.parameters):
        raise OssError(400, "InvalidRequest", "Can not override response header for an anonymous user.")
    replaced = {name: request.parameters[name] for name in RESPONSE_HEADERS if name in request.parameters}
    check_values(replaced)
    found = bucket.open(key, version_id)
    if found is None:
        raise missing(bucket, key, version_id, request.http.method)
    response = object_response(request.http, *found, as_download=not request.address.is_bound_domain)
    if request.http.method == "GET":
        response.headers.update({RESPONSE_HEADERS[name]: encode_header(value) for name, value in replaced.items()})
    return response


def missing(bucket: Bucket, key: str, version_id: str | None, method: str) -> OssError:
    """Makes the error for what cannot be read: there is nothing, or a delete marker."""
    found = bucket.find(key, version_id)
    if found and found.is_delete_marker and version_id is not None:
        message = "The specified method is not allowed against this resource."
        error = OssError(405, "MethodNotAllowed", message, Method=method, ResourceType="DeleteMarker")
        error = is_delete_marker(error, version_id)
        error.headers = {**error.headers, "Allow": "DELETE"}
        return error
    if found and found.is_delete_marker:
        return is_delete_marker(no_such_key(key), found.version_id or "")
    return no_such_key(key) if version_id is None else no_such_version(key, version_id)


def get_root(request: OssRequest) -> Response:
    """Sends the index of a website; to a signed request, or without a website, the list of objects. Raises OssError."""
    if request.bucket.website and request.identity() is None:
        return website.get_page(request, request.bucket.website)
    if request.http.method == "HEAD":
        raise UnknownOperationError(f"HeadBucket: HEAD {request.http.path}")
    return list_objects(request)
