"""GetObject and HeadObject: what was stored, to those who may read it."""

from __future__ import annotations

import base64
from email.utils import formatdate
from typing import TYPE_CHECKING

from werkzeug.wrappers import Response
from werkzeug.wsgi import wrap_file

from localcloud.oss_access import authorize
from localcloud.oss_errors import Refused, access_denied
from localcloud.server import CHUNK

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from localcloud.identities import Identity
    from localcloud.objects import Bucket, StoredObject

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


def get_object(request: Request, bucket: Bucket, key: str, identity: Identity | None) -> Response:
    """The answer to GET or HEAD; `identity` is None for an anonymous request. Raises Refused."""
    if identity is not None:
        authorize(identity, "oss:GetObject", bucket, key)
    elif not bucket.public_read:
        raise access_denied("You have no right to access this object because of bucket acl.")
    found = bucket.open(key)
    if found is None:
        raise Refused(404, "NoSuchKey", "The specified key does not exist.", Key=key)
    stored, file = found
    response = Response(
        wrap_file(request.environ, file, CHUNK), headers=object_headers(stored), direct_passthrough=True
    )
    response.content_length = stored.size
    return response


def object_headers(stored: StoredObject) -> dict[str, str]:
    """The headers of an object, as OSS's own domain sends them: what a browser would show, it is told to download.

    Every address of this stand-in behaves like that domain, unless the object brings a Content-Disposition: our choice.
    """
    headers = {
        "Content-Type": stored.content_type,
        "ETag": f'"{stored.etag}"',
        "Last-Modified": formatdate(stored.last_modified, usegmt=True),
        "Content-MD5": base64.b64encode(bytes.fromhex(stored.etag)).decode(),
        "x-oss-hash-crc64ecma": stored.crc64,
        "x-oss-object-type": "Normal",
        "x-oss-storage-class": "Standard",
        **{name: value for name, value in stored.headers.items() if name != "x-oss-object-acl"},
        **{f"x-oss-meta-{name}": value for name, value in stored.meta.items()},
    }
    if stored.version_id:
        headers["x-oss-version-id"] = stored.version_id
    if _is_rendered(stored.content_type):
        headers.setdefault("Content-Disposition", "attachment")
        headers["x-oss-force-download"] = "true"
    # Header values go out in latin-1: this makes the bytes on the line the UTF-8 that came in.
    return {name: value.encode().decode("latin-1") for name, value in headers.items()}


def _is_rendered(content_type: str) -> bool:
    plain = content_type.partition(";")[0].strip().lower()
    return plain.startswith(RENDERED) or plain in RENDERED_TYPES
