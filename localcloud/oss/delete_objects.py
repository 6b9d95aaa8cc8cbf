"""DeleteObject and DeleteMultipleObjects."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING
from urllib.parse import quote
from xml.etree import ElementTree

from werkzeug.wrappers import Response

from localcloud.oss.authorization import authorize
from localcloud.oss.errors import Refused, invalid_argument, malformed_xml, not_implemented, xml_document
from localcloud.oss.object_headers import check_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from werkzeug.wrappers import Request

    from localcloud.oss.storage.bucket import Bucket
    from localcloud.ram.identities import Identity

MAX_KEYS = 1000
MAX_BODY = 2 * 1024**2
"""Bytes."""


def delete_object(bucket: Bucket, key: str, identity: Identity) -> Response:
    """204, whether the object was there or not. Raises Refused."""
    _delete(bucket, (key,), identity)
    return Response(status=204)


def delete_multiple_objects(
    request: Request, bucket: Bucket, identity: Identity, encoding_type: str | None
) -> Response:
    """200 with what has been deleted, or with nothing in quiet mode. Raises Refused."""
    keys, quiet = _read(_body(request))
    for key in keys:
        check_key(key)
    _delete(bucket, keys, identity)
    if quiet:
        return Response()
    encode = quote if encoding_type == "url" else str
    deleted = [("Deleted", [("Key", encode(key))]) for key in keys]
    encoding = [("EncodingType", encoding_type)] if encoding_type else []
    return Response(xml_document("DeleteResult", [*encoding, *deleted]), content_type="application/xml")


def _delete(bucket: Bucket, keys: Iterable[str], identity: Identity) -> None:
    """All or nothing: what OSS does where only some may be deleted is not documented, and this is our choice."""
    if bucket.versioning:
        raise not_implemented("deleting where versions are kept")
    for key in keys:
        authorize(identity, "oss:DeleteObject", bucket, key)
    for key in keys:
        bucket.delete(key)


def _body(request: Request) -> bytes:
    """The body, which Content-MD5 must fit. Both headers are documented as required; the Codes for that are ours."""
    if request.content_length is None:
        raise Refused(411, "MissingContentLength", "You must provide the Content-Length HTTP header.")
    if request.content_length > MAX_BODY:
        raise malformed_xml()
    content_md5 = request.headers.get("Content-MD5")
    if content_md5 is None:
        raise invalid_argument("You must provide the Content-MD5 HTTP header.", "Content-MD5", "")
    body = request.stream.read()
    if content_md5 != base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode():
        raise Refused(400, "InvalidDigest", "The Content-MD5 you specified was invalid.")
    return body


def _read(body: bytes) -> tuple[list[str], bool]:
    """The keys, and whether to be quiet about them. Raises Refused."""
    if b"<!" in body:
        raise malformed_xml()  # a document type: nobody needs one, and entities could make it grow
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 - see above
    except (ElementTree.ParseError, ValueError, LookupError):  # the last two are encodings that nobody can read
        raise malformed_xml() from None
    if root.find("Object/VersionId") is not None:
        raise not_implemented("deleting versions")
    keys = [found.findtext("Key") for found in root.findall("Object")]
    quiet = root.findtext("Quiet", "false").strip().lower()
    if root.tag != "Delete" or not 1 <= len(keys) <= MAX_KEYS or quiet not in ("true", "false"):
        raise malformed_xml()
    return [key or "" for key in keys], quiet == "true"
