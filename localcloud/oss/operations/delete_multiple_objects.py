"""DeleteMultipleObjects."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING
from urllib.parse import quote

from werkzeug.wrappers import Response

from localcloud import xml_document
from localcloud.oss.errors import (
    invalid_argument,
    invalid_digest,
    malformed_xml,
    missing_content_length,
    not_implemented,
)
from localcloud.oss.object_headers import check_key
from localcloud.oss.operations.delete_object import delete_keys
from localcloud.oss.responses import xml_response

if TYPE_CHECKING:
    from localcloud.oss.request import OssRequest

MAX_KEYS = 1000


def delete_multiple_objects(request: OssRequest) -> Response:
    """Returns 200 with the deleted keys, or with nothing in quiet mode. Raises OssError."""
    identity = request.signer()
    keys, quiet = _parse(_read_body(request))
    for key in keys:
        check_key(key)
    delete_keys(request.bucket, keys, identity)
    if quiet:
        return Response()
    encoding_type = request.parameters.get("encoding-type")
    encode = quote if encoding_type == "url" else str
    encoding = [("EncodingType", encoding_type)] if encoding_type else []
    return xml_response("DeleteResult", [*encoding, *(("Deleted", [("Key", encode(key))]) for key in keys)])


def _read_body(request: OssRequest) -> bytes:
    """Returns the body, which Content-MD5 must match. The documents require both headers; the Codes are our choice."""
    if request.http.content_length is None:
        raise missing_content_length()
    if request.http.content_length > xml_document.MAX_BYTES:
        raise malformed_xml()
    content_md5 = request.header("Content-MD5")
    if content_md5 is None:
        raise invalid_argument("You must provide the Content-MD5 HTTP header.", "Content-MD5", "")
    body = request.http.stream.read()
    if content_md5 != base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode():
        raise invalid_digest()
    return body


def _parse(body: bytes) -> tuple[list[str], bool]:
    """Returns the keys, and whether the response is to be empty. Raises OssError."""
    try:
        root = xml_document.parse(body)
    except ValueError:
        raise malformed_xml() from None
    if root.find("Object/VersionId") is not None:
        raise not_implemented("deleting versions")
    keys = [entry.findtext("Key") for entry in root.findall("Object")]
    quiet = root.findtext("Quiet", "false").strip().lower()
    if root.tag != "Delete" or not 1 <= len(keys) <= MAX_KEYS or quiet not in ("true", "false"):
        raise malformed_xml()
    return [key or "" for key in keys], quiet == "true"
