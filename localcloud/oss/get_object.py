"""GetObject and HeadObject: what was stored, to those who may read it."""

from __future__ import annotations

from email.utils import formatdate
from typing import TYPE_CHECKING

from werkzeug.wrappers import Response
from werkzeug.wsgi import wrap_file

from localcloud.oss.authorization import NO_RIGHT, authorize
from localcloud.oss.errors import Refused, access_denied
from localcloud.stand_in import CHUNK

if TYPE_CHECKING:
    from typing import BinaryIO

    from werkzeug.wrappers import Request

    from localcloud.oss.addressing import Address
    from localcloud.oss.storage.bucket import StoredObject
    from localcloud.ram.identities import Identity

RENDERED = ("text/", "image/", "audio/", "video/")
RENDERED_TYPES = frozenset(
    {
        "application/pdf",
        "application/xhtml+xml",
        "application/xml",
        "application/json",
        "application/javascript",
    }
)


def get_object(request: Request, address: Address, identity: Identity | None) -> Response:
    """The answer to GET or HEAD; `identity` is None for an anonymous request. Raises Refused."""
    bucket, key = address.bucket, address.key
    if identity is not None:
        authorize(identity, "oss:GetObject", bucket, key)
    elif not bucket.public_read:
        raise access_denied(NO_RIGHT)
    found = bucket.open(key)
    if found is None:
        raise no_such_key(key)
    return send(request, *found, as_download=not address.is_bound_domain)


def no_such_key(key: str) -> Refused:
    """404."""
    return Refused(404, "NoSuchKey", "The specified key does not exist.", Key=key)


def send(request: Request, stored: StoredObject, file: BinaryIO, *, as_download: bool, status: int = 200) -> Response:
    """An answer with an object's bytes and headers; see `object_headers`."""
    headers = object_headers(stored, as_download=as_download)
    response = Response(wrap_file(request.environ, file, CHUNK), status, headers, direct_passthrough=True)
    response.content_length = stored.size
    return response


def object_headers(stored: StoredObject, *, as_download: bool) -> dict[str, str]:
    """The headers of an object. OSS's own domains send it `as_download`: what a browser would show, it is told to save.

    A Content-Disposition that the object brings goes out as it is even then: our choice.
    """
    headers = {
        "Content-Type": stored.content_type,
        "ETag": f'"{stored.etag}"',
        "Last-Modified": formatdate(stored.last_modified, usegmt=True),
        "x-oss-hash-crc64ecma": stored.crc64,
        "x-oss-object-type": stored.object_type,
        "x-oss-storage-class": "Standard",
        **{name: value for name, value in stored.headers.items() if name != "x-oss-object-acl"},
        **{f"x-oss-meta-{name}": value for name, value in stored.meta.items()},
    }
    if stored.content_md5:
        headers["Content-MD5"] = stored.content_md5
    if stored.version_id:
        headers["x-oss-version-id"] = stored.version_id
    if as_download and _is_rendered(stored.content_type):
        headers.setdefault("Content-Disposition", "attachment")
        headers["x-oss-force-download"] = "true"
    # Header values go out in latin-1: this makes the bytes on the line the UTF-8 that came in.
    return {name: value.encode().decode("latin-1") for name, value in headers.items()}


def _is_rendered(content_type: str) -> bool:
    plain = content_type.partition(";")[0].strip().lower()
    return plain.startswith(RENDERED) or plain in RENDERED_TYPES
