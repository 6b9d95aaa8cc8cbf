"""UploadPartCopy: makes a part of an object, or of a piece of it, that is in a bucket of the same region."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from localcloud.oss.errors import no_such_key
from localcloud.oss.operations.copy_object import SOURCE, find_source, is_not_modified, parse_source
from localcloud.oss.operations.put_object import check_headers
from localcloud.oss.operations.upload_part import parse_part_number
from localcloud.oss.responses import xml_response
from localcloud.oss.signature_v4 import iso_8601
from localcloud.stand_in import CHUNK

if TYPE_CHECKING:
    from typing import BinaryIO

    from localcloud.oss.request import OssRequest
    from localcloud.oss.storage.incoming import Incoming

RANGE = f"{SOURCE}-range"


def upload_part_copy(request: OssRequest) -> Response:
    """Returns the ETag and the time of the part. Raises OssError."""
    request.note(part=request.parameters["partNumber"])
    identity = request.signer()
    settings = check_headers(request, identity)
    number = parse_part_number(request.parameters["partNumber"])
    uploads = request.bucket.multipart_uploads
    upload = uploads.find(request.key, request.parameters["uploadId"])
    source = parse_source(request, settings[SOURCE], ec="0042-00000301" if settings[SOURCE] else "0042-00000302")
    stored = find_source(source, identity)
    if is_not_modified(settings, stored):
        return Response(status=304)
    opened = source.bucket.open(source.key, source.version_id)
    if opened is None:
        raise no_such_key(source.key)
    with opened[1] as file, request.bucket.incoming() as incoming:
        bounds = _parse_range(settings.get(RANGE), opened[0].size)
        begin, end = bounds or (0, opened[0].size - 1)
        file.seek(begin)
        _write(incoming, file, end - begin + 1)
        part = uploads.put(upload, number, incoming, request.now())
    response = xml_response(
        "CopyPartResult", [("LastModified", iso_8601(part.last_modified)), ("ETag", f'"{part.etag}"')]
    )
    # No page shows this header. ali-oss takes the ETag from here and not from the document.
    response.headers["ETag"] = f'"{part.etag}"'
    if bounds:
        response.headers["Content-Range"] = f"bytes {begin}-{end}/{opened[0].size}"
    if stored.version_id:
        response.headers["x-oss-copy-source-version-id"] = stored.version_id
    return response


def _parse_range(text: str | None, size: int) -> tuple[int, int] | None:
    """Returns the first and the last byte; None if the range is no range of the source: then all of it is copied."""
    match = re.fullmatch("bytes=([0-9]{1,18})-([0-9]{1,18})", text or "")
    if match is None or not int(match[1]) <= int(match[2]) < size:
        return None
    return int(match[1]), int(match[2])


def _write(incoming: Incoming, file: BinaryIO, size: int) -> None:
    while size and (chunk := file.read(min(CHUNK, size))):
        incoming.write(memoryview(chunk))
        size -= len(chunk)
