"""DeleteMultipleObjects."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from localcloud import xml_document
from localcloud.oss.errors import (
    invalid_argument,
    invalid_digest,
    malformed_xml,
    missing_content_length,
)
from localcloud.oss.object_headers import check_key, check_version_id
from localcloud.oss.operations.delete_object import delete_versions
from localcloud.oss.responses import xml_response
from localcloud.oss.url_encoding import encode_key, encoding_element

if TYPE_CHECKING:
    from localcloud.oss.request import OssRequest
    from localcloud.oss.storage.bucket import StoredObject

MAX_KEYS = 1000


def delete_multiple_objects(request: OssRequest) -> Response:
    """Returns 200 with what was deleted, or with nothing in quiet mode. Raises OssError."""
    request.signer()
    versions, quiet = _parse(_read_body(request))
    for key, _ in versions:
        check_key(key)
    deleted = delete_versions(request, versions)
    if quiet:
        return Response()
    encoding_type = request.parameters.get("encoding-type")
    elements = [
        ("Deleted", _describe(encode_key(key, encoding_type), version_id, stored))
        for (key, version_id), stored in zip(versions, deleted, strict=True)
    ]
    return xml_response("DeleteResult", [*encoding_element(encoding_type), *elements])


def _describe(key: str, version_id: str | None, deleted: StoredObject | None) -> list[tuple[str, str]]:
    elements = [("Key", key), *([("VersionId", version_id)] if version_id else [])]
    if deleted and deleted.is_delete_marker:
        elements += [("DeleteMarker", "true"), ("DeleteMarkerVersionId", deleted.version_id or "")]
    return elements


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


def _parse(body: bytes) -> tuple[list[tuple[str, str | None]], bool]:
    """Returns the keys and the versions, and whether the response is to be empty. Raises OssError."""
    try:
        root = xml_document.parse(body)
    except ValueError:
        raise malformed_xml() from None
    versions = [(e.findtext("Key", ""), check_version_id(e.findtext("VersionId"))) for e in root.findall("Object")]
    quiet = root.findtext("Quiet", "false").strip().lower()
    if root.tag != "Delete" or not 1 <= len(versions) <= MAX_KEYS or quiet not in ("true", "false"):
        raise malformed_xml()
    return versions, quiet == "true"
