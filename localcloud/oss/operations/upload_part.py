"""UploadPart: stores one part. Parts may come in any order; the last one with a number counts."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from localcloud.oss.errors import invalid_argument
from localcloud.oss.operations.put_object import check_headers
from localcloud.oss.request_body import write_body
from localcloud.oss.storage.multipart_uploads import MAX_PARTS

if TYPE_CHECKING:
    from localcloud.oss.request import OssRequest


def upload_part(request: OssRequest) -> Response:
    """Returns 200 with the part's sums. Raises OssError."""
    request.note(part=request.parameters["partNumber"])
    check_headers(request, request.signer())
    number = parse_part_number(request.parameters["partNumber"])
    uploads = request.bucket.multipart_uploads
    upload = uploads.find(request.key, request.parameters["uploadId"])
    place = uploads.incoming(upload, number, request.http.content_length or 0)
    with request.service.uploads.receive(request.http, place) as (body, incoming):
        write_body(body, incoming, request.header("Content-MD5"))
        request.note(size=incoming.size)
        request.service.uploads.fail_if_disk_is_full()
        part = uploads.put(upload, number, incoming, request.now())
    content_md5 = base64.b64encode(bytes.fromhex(part.etag)).decode()
    headers = {"ETag": f'"{part.etag}"', "Content-MD5": content_md5, "x-oss-hash-crc64ecma": str(part.crc64)}
    return Response(headers=headers)


def parse_part_number(text: str) -> int:
    """Returns a number from 1 to 10,000. Raises OssError."""
    if not re.fullmatch("[0-9]{1,5}", text) or not 1 <= int(text) <= MAX_PARTS:
        message = f"Part number must be an integer between 1 and {MAX_PARTS}, inclusive."
        raise invalid_argument(message, "PartNumber", text, "0017-00000220")
    return int(text)
