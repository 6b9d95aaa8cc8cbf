"""CompleteMultipartUpload: makes one object of the parts that are listed, and calls back."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from localcloud import xml_document
from localcloud.oss import object_headers
from localcloud.oss.authorization import authorize
from localcloud.oss.errors import OssError, invalid_argument, malformed_xml
from localcloud.oss.operations.initiate_multipart_upload import FORBID_OVERWRITE
from localcloud.oss.operations.upload_part import parse_part_number
from localcloud.oss.responses import upload_headers, xml_response
from localcloud.oss.storage.multipart_uploads import MAX_PARTS, combine_etags
from localcloud.oss.url_encoding import encode_key, encoding_element

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from localcloud.oss.request import OssRequest
    from localcloud.oss.storage.bucket import StoredObject
    from localcloud.oss.storage.multipart_uploads import MultipartUpload, Part

MIN_PART_SIZE = 100 * 1024
"""Bytes of any part but the last."""

MAX_VARIABLES_SIZE = 5 * 1024
"""Bytes of x-oss-callback-var."""


def complete_multipart_upload(request: OssRequest) -> Response:
    """Stores the object and returns its address, or what the callback's receiver answers. Raises OssError."""
    identity = request.signer()
    callback = request.header("x-oss-callback")
    config = request.service.callbacks.parse(callback) if callback else None
    variables = _parse_variables(request.header("x-oss-callback-var") or "")
    object_headers.check({FORBID_OVERWRITE: request.header(FORBID_OVERWRITE) or "false"}, "", is_form=False)
    authorize(identity, "oss:PutObject", request.bucket, request.key)
    stored = _complete(request)
    request.note(size=stored.size)
    if config is None:
        return _response(request, stored)
    with request.service.callbacks.while_signer_waits(identity):
        return request.service.callbacks.call(
            config,
            stored,
            request.bucket,
            variables,
            operation="CompleteMultipartUpload",
            request_id=request.request_id,
        )


def _complete(request: OssRequest) -> StoredObject:
    """Makes the object. Raises OssError, and OSError of the disk."""
    uploads = request.bucket.multipart_uploads
    body = _read_body(request)
    with uploads.completing:
        upload = uploads.find(request.key, request.parameters["uploadId"])
        parts = _choose_parts(request, body, uploads.parts(upload))
        if any(part.size < MIN_PART_SIZE for part in parts[:-1]):
            message = "Your proposed upload smaller than the minimum allowed size."
            raise OssError(400, "EntityTooSmall", message, "0042-00000213")
        # Whether it was sent at the beginning or at the end, it holds: that one is enough is our choice.
        forbid = "true" in (upload.settings.get(FORBID_OVERWRITE), request.header(FORBID_OVERWRITE))
        stored = _join(request, upload, parts, forbid_overwrite=forbid)
        uploads.remove(upload)
    return stored


def _read_body(request: OssRequest) -> bytes:
    if (request.http.content_length or 0) > xml_document.MAX_BYTES:
        raise malformed_xml()
    return request.http.stream.read(xml_document.MAX_BYTES + 1)


def _choose_parts(request: OssRequest, body: bytes, uploaded: list[Part]) -> list[Part]:
    """Returns the parts that the object is to be made of. Raises OssError."""
    if request.header("x-oss-complete-all") == "yes":
        if body:
            # The misspelling is the published one.
            message = "Should not speficy both complete all header and http body."
            raise invalid_argument(message, "x-oss-complete-all", "yes", "0042-00000216")
        entries = [(part.number, part.etag) for part in uploaded]
    else:
        entries = _parse(body)
    by_entry = {(part.number, part.etag): part for part in uploaded}
    if not entries or any(entry not in by_entry for entry in entries):
        raise _invalid_part()
    numbers = [number for number, _ in entries]
    if numbers != sorted(set(numbers)):
        message = "The list of parts was not in ascending order. Parts list must specified in order by part number."
        raise OssError(400, "InvalidPartOrder", message, "0042-00000209")
    return [by_entry[entry] for entry in entries]


def _invalid_part() -> OssError:
    message = (
        "One or more of the specified parts could not be found or the specified entity tag might not have matched "
        "the part's entity tag."
    )
    return OssError(400, "InvalidPart", message)


def _parse(body: bytes) -> list[tuple[int, str]]:
    """Returns the numbers and ETags of a list of parts. Raises OssError."""
    try:
        root = xml_document.parse(body)
    except ValueError:
        raise malformed_xml() from None
    parts = [(part.findtext("PartNumber", ""), part.findtext("ETag", "")) for part in root.findall("Part")]
    if root.tag != "CompleteMultipartUpload" or not 1 <= len(parts) <= MAX_PARTS:
        raise malformed_xml()
    return [(parse_part_number(number.strip()), etag.strip().strip('"').upper()) for number, etag in parts]


def _join(request: OssRequest, upload: MultipartUpload, parts: list[Part], *, forbid_overwrite: bool) -> StoredObject:
    """Makes one object of the parts, which is never read as a whole. Raises OssError, and OSError of the disk."""
    bucket = request.bucket
    with bucket.incoming() as incoming:
        try:
            bucket.multipart_uploads.join(upload, parts, incoming)
        except FileNotFoundError:
            raise _invalid_part() from None  # one was sent again meanwhile, or the upload was aborted
        settings, content_type = upload.settings, upload.content_type
        described = object_headers.describe(upload.key, incoming, settings, content_type, request.now())
        described = replace(described, etag=combine_etags(parts))
        return bucket.put(incoming, described, forbid_overwrite=forbid_overwrite)


def _response(request: OssRequest, stored: StoredObject) -> Response:
    encoding_type = request.parameters.get("encoding-type")
    elements = [
        *encoding_element(encoding_type),
        ("Location", f"{request.base_url}/{quote(stored.key)}"),
        ("Bucket", request.bucket.name),
        ("Key", encode_key(stored.key, encoding_type)),
        ("ETag", f'"{stored.etag}"'),
    ]
    response = xml_response("CompleteMultipartUploadResult", elements)
    response.headers.update(upload_headers(stored))
    return response


def _parse_variables(text: str) -> dict[str, str]:
    """Returns the custom variables of a callback. Raises OssError; Codes and wording, except one, are our choice."""
    if not text:
        return {}
    if len(text) > MAX_VARIABLES_SIZE:
        message = "The length of callback var exceed max value."
        raise invalid_argument(message, "x-oss-callback-var", text, "0007-00000101")
    try:
        variables = json.loads(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError, RecursionError):
        variables = None
    sound = isinstance(variables, dict) and all(
        name.startswith("x:") and isinstance(value, str) for name, value in variables.items()
    )
    if not sound:
        raise invalid_argument("The callback var configuration is invalid.", "x-oss-callback-var", text)
    return dict(variables or {})
