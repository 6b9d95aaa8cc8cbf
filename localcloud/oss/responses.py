"""The responses of OSS that several operations give: errors, XML, stored objects, and the headers after an upload."""

from __future__ import annotations

import base64
from contextlib import ExitStack
from email.utils import formatdate
from typing import TYPE_CHECKING

from werkzeug.wrappers import Response
from werkzeug.wsgi import FileWrapper

from localcloud import xml_document
from localcloud.oss import partial_content
from localcloud.oss.object_headers import encode_header
from localcloud.stand_in import CHUNK

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from werkzeug.wrappers import Request

    from localcloud.oss.errors import OssError
    from localcloud.oss.storage.bucket import Bucket, StoredObject
    from localcloud.xml_document import Content

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


def error_response(error: OssError, request: Request, request_id: str) -> Response:
    """Makes the response to a refused request.

    A HEAD has no body: its XML goes into a header, where the vendor's SDK looks for it.
    """
    xml = error.xml(request_id, request.host)
    response = Response(xml, error.status, error.headers, content_type="application/xml")
    if error.ec:
        response.headers["x-oss-ec"] = error.ec
    if request.method == "HEAD":
        response.headers["x-oss-err"] = base64.b64encode(xml.encode()).decode()
    return response


def xml_response(root: str, content: Content) -> Response:
    """Makes a 200 with an XML document."""
    return Response(xml_document.render(root, content), content_type="application/xml")


def owner_elements(bucket: Bucket) -> Content:
    """Returns the elements that name the owner of a bucket."""
    return [("ID", bucket.account_id), ("DisplayName", bucket.account_id)]


def acl_response(bucket: Bucket, acl: str) -> Response:
    """Makes the document that has an ACL and the owner of the bucket."""
    elements: Content = [("Owner", owner_elements(bucket)), ("AccessControlList", [("Grant", acl)])]
    return xml_response("AccessControlPolicy", elements)


def upload_headers(stored: StoredObject) -> dict[str, str]:
    """Returns what the response to any upload says about the object."""
    headers = {
        "ETag": f'"{stored.etag}"',
        "x-oss-hash-crc64ecma": stored.crc64,
    }
    if stored.content_md5:
        headers["Content-MD5"] = stored.content_md5
    if stored.version_id:
        headers["x-oss-version-id"] = stored.version_id
    if encryption := stored.headers.get("x-oss-server-side-encryption"):
        headers["x-oss-server-side-encryption"] = encryption
    return headers


def object_response(
    request: Request, stored: StoredObject, file: BinaryIO, *, as_download: bool, status: int = 200
) -> Response:
    """Makes a response with an object's bytes and headers; see `object_headers`. Raises OssError.

    Conditions and a Range count for a 200 alone. That a HEAD ignores a Range is our choice.
    """
    headers = object_headers(stored, as_download=as_download)
    asked = {name.lower(): value for name, value in request.headers.items()}
    with ExitStack() as until_it_is_sent:
        until_it_is_sent.enter_context(file)
        if status == 200 and partial_content.is_not_modified(asked, stored):
            return Response(status=304, headers={"ETag": headers["ETag"]})
        bounds = partial_content.find_range(asked, stored.size) if (status, request.method) == (200, "GET") else None
        until_it_is_sent.pop_all()
    if bounds is None:
        response = Response(_ObjectFile(file, CHUNK), status, headers, direct_passthrough=True)
        response.content_length = stored.size
        return response
    begin, end = bounds
    headers |= {"Accept-Ranges": "bytes", "Content-Range": f"bytes {begin}-{end}/{stored.size}"}
    response = Response(_read_part(file, begin, end), 206, headers, direct_passthrough=True)
    response.content_length = end - begin + 1
    return response


class _ObjectFile(FileWrapper):
    """Closes the file however the response ends: Werkzeug itself does not if the client resets the connection."""

    def __del__(self) -> None:
        self.close()


def _read_part(file: BinaryIO, begin: int, end: int) -> Iterator[bytes]:
    """Yields the bytes from the first to the last one, and closes the file."""
    with file:
        file.seek(begin)
        while chunk := file.read(min(CHUNK, end + 1 - file.tell())):
            yield chunk


def object_headers(stored: StoredObject, *, as_download: bool) -> dict[str, str]:
    """Returns the headers of an object. OSS's own domains make a browser save it (`as_download`) instead of showing it.

    A Content-Disposition that was stored with the object goes out as it is even then: our choice.
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
    return {name: encode_header(value) for name, value in headers.items()}


def _is_rendered(content_type: str) -> bool:
    plain = content_type.partition(";")[0].strip().lower()
    return plain.startswith(RENDERED) or plain in RENDERED_TYPES
