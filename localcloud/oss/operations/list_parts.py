"""ListParts: the parts of an upload that have arrived, in pages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from localcloud.oss.authorization import authorize
from localcloud.oss.errors import invalid_argument
from localcloud.oss.responses import xml_response
from localcloud.oss.signature_v4 import iso_8601
from localcloud.oss.storage.multipart_uploads import MAX_PARTS
from localcloud.oss.url_encoding import encode_key, encoding_element

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Response

    from localcloud.oss.request import OssRequest
    from localcloud.oss.storage.multipart_uploads import Part

MAX_PAGE = 1000
"""Parts that one response lists at most."""


def list_parts(request: OssRequest) -> Response:
    """Returns one page of parts. Raises OssError."""
    identity = request.signer()
    bucket, key, parameters = request.bucket, request.key, request.parameters
    authorize(identity, "oss:ListParts", bucket, key)
    upload = bucket.multipart_uploads.find(key, parameters["uploadId"])
    max_parts = _parse_number(parameters, "max-parts", default=MAX_PAGE, minimum=1, maximum=MAX_PAGE)
    marker = _parse_number(parameters, "part-number-marker", default=0, minimum=0, maximum=MAX_PARTS)
    parts = [part for part in bucket.multipart_uploads.parts(upload) if part.number > marker]
    page = parts[:max_parts]
    encoding_type = parameters.get("encoding-type")
    elements = [
        *encoding_element(encoding_type),
        ("Bucket", bucket.name),
        ("Key", encode_key(key, encoding_type)),
        ("UploadId", upload.upload_id),
        ("StorageClass", upload.settings.get("x-oss-storage-class", "Standard")),
        ("PartNumberMarker", str(marker)),
        ("NextPartNumberMarker", str(page[-1].number if page else marker)),
        ("MaxParts", str(max_parts)),
        ("IsTruncated", str(len(parts) > max_parts).lower()),
    ]
    return xml_response("ListPartsResult", [*elements, *(("Part", _part_elements(part)) for part in page)])


def _part_elements(part: Part) -> list[tuple[str, str]]:
    return [
        ("PartNumber", str(part.number)),
        ("LastModified", iso_8601(part.last_modified)),
        ("ETag", f'"{part.etag}"'),
        ("HashCrc64ecma", str(part.crc64)),
        ("Size", str(part.size)),
    ]


def _parse_number(parameters: Mapping[str, str], name: str, *, default: int, minimum: int, maximum: int) -> int:
    """Returns an integer among the parameters. Raises OssError; Code and wording are our choice."""
    text = parameters.get(name, str(default))
    if not re.fullmatch("[0-9]{1,6}", text) or not minimum <= int(text) <= maximum:
        raise invalid_argument(f"{name} must be an integer between {minimum} and {maximum}.", name, text)
    return int(text)
