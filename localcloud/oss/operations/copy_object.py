"""CopyObject: makes an object of another one, or of a version, that is in a bucket of the same region."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import unquote

from werkzeug.wrappers import Response

from localcloud.oss import object_headers
from localcloud.oss.authorization import authorize_read
from localcloud.oss.errors import (
    OssError,
    access_denied,
    invalid_argument,
    no_such_bucket,
    no_such_key,
    no_such_version,
    not_implemented,
)
from localcloud.oss.operations.put_object import check_headers
from localcloud.oss.request_body import MAX_OBJECT_SIZE
from localcloud.oss.responses import upload_headers, xml_response
from localcloud.oss.signature_v4 import iso_8601

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localcloud.oss.request import OssRequest
    from localcloud.oss.storage.bucket import Bucket, StoredObject
    from localcloud.ram.identities import Identity

SOURCE = "x-oss-copy-source"
COPY, REPLACE = "COPY", "REPLACE"
NOT_COPIED = ("x-oss-object-acl", "x-oss-storage-class", "x-oss-server-side-encryption")
"""Beginnings of headers that a copy does not take over: that this holds for the storage class is our choice."""


@dataclass(frozen=True)
class Source:
    """What is to be copied."""

    bucket: Bucket
    key: str
    version_id: str | None


def copy_object(request: OssRequest) -> Response:
    """Returns the ETag and the time of the copy. Raises OssError."""
    identity = request.signer()
    settings = check_headers(request, identity)
    directive = settings.get("x-oss-metadata-directive", COPY).upper()
    if directive not in (COPY, REPLACE):
        message = "x-oss-metadata-directive is neither COPY nor REPLACE."
        raise invalid_argument(message, "x-oss-metadata-directive", settings["x-oss-metadata-directive"])
    if settings.get("x-oss-tagging-directive", "Copy").lower() != "copy":
        raise not_implemented("object tagging: the header x-oss-tagging-directive")
    source = parse_source(request, settings[SOURCE])
    stored = find_source(source, identity)
    if is_not_modified(settings, stored):
        return Response(status=304)
    if stored.size > MAX_OBJECT_SIZE:
        # Within one bucket OSS copies larger ones, too: that this refuses them is our choice.
        raise OssError(400, "InvalidArgument", "The object you want to copy is larger than 5 GB.")
    is_onto_itself = (source.bucket.name, source.key) == (request.bucket.name, request.key)
    takes_over = directive == COPY and not (is_onto_itself and not request.bucket.versioning)
    copied = _copy(request, source, settings, takes_over=takes_over)
    response = xml_response(
        "CopyObjectResult", [("ETag", f'"{copied.etag}"'), ("LastModified", iso_8601(copied.last_modified))]
    )
    response.headers.update(upload_headers(copied))
    if stored.version_id:
        response.headers["x-oss-copy-source-version-id"] = stored.version_id
    return response


def parse_source(request: OssRequest, text: str, ec: str = "0016-00000304") -> Source:
    """Reads `/bucket/key`, with `?versionId=` if need be. Raises OssError, of this EC if it is written in another way.

    The Codes and wording are our choice.
    """
    path, mark, query = text.partition("?")
    name, value = query.partition("=")[::2]
    bucket, _, key = unquote(path).removeprefix("/").partition("/")
    if not path.startswith("/") or not key or (mark and name != "versionId"):
        raise invalid_argument("The x-oss-copy-source header is invalid.", SOURCE, text, ec)
    if mark and not value:
        raise invalid_argument("The x-oss-copy-source header is invalid.", SOURCE, text, "0016-00000305")
    version_id = object_headers.check_version_id(unquote(value) if mark else None)
    buckets = request.service.buckets
    if bucket not in buckets:
        raise no_such_bucket(bucket)
    if (buckets[bucket].region or request.service.region) != request.region:
        message = "Target object does not reside in the same data center as source object."
        raise access_denied(message, "0016-00000306")
    return Source(buckets[bucket], key, version_id)


def find_source(source: Source, identity: Identity) -> StoredObject:
    """Returns what is to be copied, if the identity may read it. Raises OssError."""
    bucket, key, version_id = source.bucket, source.key, source.version_id
    found = bucket.find(key, version_id)
    action = "oss:GetObject" if version_id is None else "oss:GetObjectVersion"
    authorize_read(identity, action, bucket, key, found)
    if found is None:
        raise no_such_key(key) if version_id is None else no_such_version(key, version_id)
    if found.is_delete_marker:
        error = no_such_key(key)
        error.ec = None if version_id is None else "0016-00000307"
        raise error
    return found


def is_not_modified(settings: Mapping[str, str], stored: StoredObject) -> bool:
    """Returns whether the answer is a 304. Raises OssError (412). All conditions that are sent count."""
    asked = {name.removeprefix(f"{SOURCE}-if-"): text for name, text in settings.items() if name.startswith(SOURCE)}
    etag = f'"{stored.etag}"'
    if "match" in asked and asked["match"] not in ("*", etag, stored.etag):
        raise _precondition_failed("match")
    if (time := _parse_time(asked.get("unmodified-since"))) is not None and time < int(stored.last_modified):
        raise _precondition_failed("unmodified-since")
    if asked.get("none-match") in ("*", etag, stored.etag):
        return True
    time = _parse_time(asked.get("modified-since"))
    return time is not None and time >= int(stored.last_modified)


def _precondition_failed(name: str) -> OssError:
    message = "At least one of the pre-conditions you specified did not hold."
    return OssError(412, "PreconditionFailed", message, Condition=f"{SOURCE}-if-{name}")


def _parse_time(text: str | None) -> float | None:
    """Returns a time as the page's sample has it, or as HTTP has it; None if it cannot be read: it has no effect."""
    if not text:
        return None
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    except ValueError:
        try:
            return parsedate_to_datetime(text).timestamp()
        except (ValueError, OverflowError):
            return None


def _copy(request: OssRequest, source: Source, settings: Mapping[str, str], *, takes_over: bool) -> StoredObject:
    """Stores the copy, with the source's type, headers and meta if it takes them over. Raises OssError."""
    with request.bucket.incoming() as incoming:
        # Read only now, so that bytes and description belong together even if it is overwritten meanwhile.
        opened = source.bucket.open(source.key, source.version_id)
        if opened is None:
            raise no_such_key(source.key)
        stored, file = opened
        with file:
            incoming.copy(file, stored.size)
        content_type = settings.get("content-type", "")
        described = object_headers.describe(request.key, incoming, settings, content_type, request.now())
        described = replace(described, etag=stored.etag, crc64=stored.crc64)
        if takes_over:
            own = {name: text for name, text in described.headers.items() if name.startswith(NOT_COPIED)}
            kept = {name: text for name, text in stored.headers.items() if not name.startswith(NOT_COPIED)}
            described = replace(
                described, content_type=stored.content_type, headers={**kept, **own}, meta=dict(stored.meta)
            )
        forbid = settings.get("x-oss-forbid-overwrite") == "true"
        return request.bucket.put(incoming, described, forbid_overwrite=forbid)
