"""GetBucket (ListObjects): lists the objects of a bucket in the old way, which some clients still do."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from localcloud.oss.authorization import authorize
from localcloud.oss.operations.list_objects_v2 import (
    MAX_PREFIX_SIZE,
    Query,
    describe_common_prefix,
    describe_object,
    encode,
    find_entries,
    invalid_parameter,
)
from localcloud.oss.responses import xml_response

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from localcloud.oss.request import OssRequest
    from localcloud.xml_document import Content


def list_objects(request: OssRequest) -> Response:
    """Returns one page of the listing. Raises OssError."""
    request.note(operation="ListObjects")
    authorize(request.signer(), "oss:ListObjects", request.bucket)
    marker = request.parameters.get("marker", "")
    if len(marker.encode()) > MAX_PREFIX_SIZE:
        raise invalid_parameter("marker", marker)
    names = ("prefix", "max-keys", "delimiter", "encoding-type")
    shared = {name: request.parameters[name] for name in names if name in request.parameters}
    query = replace(Query.parse({**shared, "list-type": "2"}), fetch_owner=True)
    first = list(islice((e for e in find_entries(request.bucket, query) if e.text > marker), query.max_keys + 1))
    page, is_truncated = first[: query.max_keys], len(first) > query.max_keys
    elements: list[tuple[str, Content]] = [
        ("Name", request.bucket.name),
        ("Prefix", encode(query, query.prefix)),
        ("Marker", encode(query, marker)),
        ("MaxKeys", str(query.max_keys)),
        ("Delimiter", encode(query, query.delimiter)),
        *([("EncodingType", query.encoding_type)] if query.encoding_type else []),
        ("IsTruncated", str(is_truncated).lower()),
        *([("NextMarker", encode(query, page[-1].text))] if is_truncated else []),
        *(describe_object(request.bucket, query, entry.stored) for entry in page if entry.stored),
        *(describe_common_prefix(query, entry.text) for entry in page if not entry.stored),
    ]
    return xml_response("ListBucketResult", elements)
