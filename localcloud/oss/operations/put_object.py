"""PutObject: stores the body of a request that is signed in its header or its query."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from localcloud.oss import object_headers
from localcloud.oss.authorization import authorize_acl, authorize_write
from localcloud.oss.errors import OssError, not_implemented
from localcloud.oss.request_body import write_body
from localcloud.oss.responses import upload_headers

if TYPE_CHECKING:
    from localcloud.oss.request import OssRequest
    from localcloud.ram.identities import Identity

NOT_SUPPORTED = {
    "x-oss-callback": "a callback of PutObject: the header x-oss-callback",
    "x-oss-symlink-target": "PutSymlink: the header x-oss-symlink-target",
    "x-oss-tagging": "object tagging: the header x-oss-tagging",
}
"""Headers that would make it another operation, or do more than store an object, and what each asks for."""


CONDITIONS = ("if-match", "if-none-match", "if-modified-since", "if-unmodified-since")
"""Headers for reading, which OSS refuses here."""


def put_object(request: OssRequest) -> Response:
    """Returns 200 with nothing but headers. Raises OssError."""
    settings = check_headers(request, request.identity())
    for name in CONDITIONS:
        if name in settings:
            raise _conditional(name)
    with request.service.uploads.receive(request.http, request.bucket.incoming()) as (body, incoming):
        write_body(body, incoming, request.header("Content-MD5"))
        request.note(size=incoming.size)
        request.service.uploads.fail_if_disk_is_full()
        content_type = settings.get("content-type", "")
        described = object_headers.describe(request.key, incoming, settings, content_type, request.now())
        forbid = settings.get("x-oss-forbid-overwrite") == "true"
        return Response(headers=upload_headers(request.bucket.put(incoming, described, forbid_overwrite=forbid)))


def _conditional(name: str) -> OssError:
    message = "A header you provided implies functionality that is not implemented."
    return OssError(400, "NotImplemented", message, "0017-00000245", Header=name)


def check_headers(request: OssRequest, identity: Identity | None) -> dict[str, str]:
    """Checks all but the body, and returns the headers by lower-case name. Raises OssError."""
    settings = {name.lower(): _decode(value) for name, value in request.http.headers.items()}
    for name, feature in NOT_SUPPORTED.items():
        if name in settings:
            raise not_implemented(feature)
    object_headers.check(settings, settings.get("content-type", ""), is_form=False)
    authorize_write(identity, "oss:PutObject", request.bucket, request.key)
    authorize_acl(identity, request.bucket, request.key, settings.get("x-oss-object-acl"))
    return settings


def _decode(value: str) -> str:
    """Returns a header's value in UTF-8, as it is meant; Python's HTTP server has read it as latin-1."""
    return value.encode("latin-1").decode(errors="replace")
