"""GetObjectMeta: sends the size, the ETag and the time of an object, and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localcloud.oss.operations.get_object import get_object

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from localcloud.oss.request import OssRequest

HEADERS = ("ETag", "Last-Modified", "Content-Length", "x-oss-version-id", "x-oss-hash-crc64ecma")


def get_object_meta(request: OssRequest) -> Response:
    """Answers HEAD as HeadObject does, with fewer headers. Raises OssError."""
    response = get_object(request)
    for name in set(response.headers.keys()) - set(HEADERS):
        del response.headers[name]
    return response
