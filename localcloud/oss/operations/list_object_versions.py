"""GetBucketVersions (ListObjectVersions): lists all versions of all objects, delete markers included, in pages."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from localcloud.oss.authorization import authorize
from localcloud.oss.operations.list_objects_v2 import (
    MAX_PREFIX_SIZE,
    Query,
    describe_common_prefix,
    encode,
    group,
    invalid_parameter,
)
from localcloud.oss.responses import owner_elements, xml_response
from localcloud.oss.signature_v4 import iso_8601
from localcloud.oss.storage.bucket import NULL_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkzeug.wrappers import Response

    from localcloud.oss.request import OssRequest
    from localcloud.oss.storage.bucket import Bucket, StoredObject
    from localcloud.xml_document import Content

    Entry = tuple[str, str, StoredObject | None, bool]
    """The key or prefix, the id of the version, the version (None for a prefix), and whether it is the current one."""


def list_object_versions(request: OssRequest) -> Response:
    """Returns one page of the listing. Raises OssError."""
    bucket, parameters = request.bucket, request.parameters
    authorize(request.signer(), "oss:ListObjectVersions", bucket)
    key_marker, version_marker = parameters.get("key-marker", ""), parameters.get("version-id-marker", "")
    if len(key_marker.encode()) > MAX_PREFIX_SIZE or (version_marker and not key_marker):
        raise invalid_parameter("key-marker", key_marker)
    names = ("prefix", "max-keys", "delimiter", "encoding-type")
    query = Query.parse({name: parameters[name] for name in names if name in parameters} | {"list-type": "2"})
    first = list(islice(_after(_find_entries(bucket, query), key_marker, version_marker), query.max_keys + 1))
    page, is_truncated = first[: query.max_keys], len(first) > query.max_keys
    marker, last_id = page[-1][:2] if is_truncated else ("", "")
    elements: list[tuple[str, Content]] = [
        ("Name", bucket.name),
        ("Prefix", encode(query, query.prefix)),
        ("KeyMarker", encode(query, key_marker)),
        ("VersionIdMarker", version_marker),
        ("MaxKeys", str(query.max_keys)),
        ("Delimiter", encode(query, query.delimiter)),
        *([("EncodingType", query.encoding_type)] if query.encoding_type else []),
        ("IsTruncated", str(is_truncated).lower()),
        *([("NextKeyMarker", encode(query, marker)), ("NextVersionIdMarker", last_id)] if is_truncated else []),
        *(
            [("NextKeyMarker", encode(query, page[-1][0])), ("NextVersionIdMarker", page[-1][1])]
            if is_truncated
            else []
        ),
        *(_describe(bucket, query, entry) for entry in page),
    ]
    return xml_response("ListVersionsResult", elements)


def _find_entries(bucket: Bucket, query: Query) -> Iterator[Entry]:
    versions = ((version.key, (version, is_latest)) for version, is_latest in bucket.versions())
    for text, item in group(query, versions):
        yield (text, "", None, False) if item is None else (text, item[0].version_id or NULL_VERSION, *item)


def _after(entries: Iterator[Entry], key: str, version_id: str) -> Iterator[Entry]:
    """Yields what comes after a version of a key; without a version, after the key."""
    is_reached = not version_id
    for entry in entries:
        if entry[0] > key or (entry[0] == key and version_id and is_reached):
            yield entry
        is_reached = is_reached or entry[:2] == (key, version_id)


def _describe(bucket: Bucket, query: Query, entry: Entry) -> tuple[str, Content]:
    name, version_id, version, is_latest = entry
    if version is None:
        return describe_common_prefix(query, name)
    elements: list[tuple[str, Content]] = [
        ("Key", encode(query, name)),
        ("VersionId", version_id),
        ("IsLatest", str(is_latest).lower()),
        ("LastModified", iso_8601(version.last_modified)),
    ]
    if not version.is_delete_marker:
        elements += [
            ("ETag", f'"{version.etag}"'),
            ("Type", version.object_type),
            ("Size", str(version.size)),
            ("StorageClass", version.headers.get("x-oss-storage-class", "Standard")),
        ]
    return "DeleteMarker" if version.is_delete_marker else "Version", [*elements, ("Owner", owner_elements(bucket))]
