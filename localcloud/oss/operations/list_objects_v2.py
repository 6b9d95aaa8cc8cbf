"""ListObjectsV2: lists the objects of a bucket, by key, in pages."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

from localcloud.oss.authorization import authorize
from localcloud.oss.errors import invalid_argument
from localcloud.oss.responses import xml_response
from localcloud.oss.signature_v4 import iso_8601

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from werkzeug.wrappers import Response

    from localcloud.oss.errors import OssError
    from localcloud.oss.request import OssRequest
    from localcloud.oss.storage.bucket import Bucket, StoredObject
    from localcloud.xml_document import Content

T = TypeVar("T")

DEFAULT_MAX_KEYS = 100
MAX_KEYS = 1000
MAX_PREFIX_SIZE = 1023
"""Bytes of a prefix, and of a key to start after."""


@dataclass(frozen=True)
class Entry:
    """One line of a listing: an object, or all objects whose keys are the same up to the delimiter."""

    text: str
    """The key, or the common prefix."""
    stored: StoredObject | None
    """None for a common prefix."""

    def token(self) -> str:
        """Returns a continuation token for the page after this entry; clients cannot read it."""
        return base64.urlsafe_b64encode(f"{'o' if self.stored else 'p'}{self.text}".encode()).decode()


@dataclass(frozen=True)
class Query:
    """The parameters of a listing, with OSS's defaults for those that are missing."""

    prefix: str
    delimiter: str
    max_keys: int
    start_after: str
    continuation_token: str
    encoding_type: str
    fetch_owner: bool

    @classmethod
    def parse(cls, parameters: Mapping[str, str]) -> Query:
        """Reads a query's parameters. Raises OssError; the messages are our choice."""
        for name in ("prefix", "start-after"):
            if len(parameters.get(name, "").encode()) > MAX_PREFIX_SIZE:
                raise invalid_parameter(name, parameters[name])
        if parameters.get("list-type") != "2":
            raise invalid_parameter("list-type", parameters.get("list-type", ""))
        max_keys = parse_max(parameters, "max-keys", DEFAULT_MAX_KEYS)
        if parameters.get("encoding-type", "url") != "url":
            raise invalid_parameter("encoding-type", parameters["encoding-type"])
        if parameters.get("fetch-owner", "false") not in ("true", "false"):
            raise invalid_parameter("fetch-owner", parameters["fetch-owner"])
        return cls(
            parameters.get("prefix", ""),
            parameters.get("delimiter", ""),
            max_keys,
            parameters.get("start-after", ""),
            parameters.get("continuation-token", ""),
            parameters.get("encoding-type", ""),
            parameters.get("fetch-owner") == "true",
        )

    def is_before_page(self, entry: Entry) -> bool:
        """Returns whether an entry belongs to an earlier page. A token takes precedence over start-after."""
        if not self.continuation_token:
            return entry.text <= self.start_after and entry.stored is not None
        try:
            last = base64.urlsafe_b64decode(self.continuation_token).decode()
        except ValueError:
            raise invalid_parameter("continuation-token", self.continuation_token) from None
        if last[:1] not in ("o", "p"):
            raise invalid_parameter("continuation-token", self.continuation_token)
        return entry.text <= last[1:]


def list_objects_v2(request: OssRequest) -> Response:
    """Returns one page of the listing. Raises OssError."""
    authorize(request.signer(), "oss:ListObjects", request.bucket)
    bucket, query = request.bucket, Query.parse(request.parameters)
    entries = (entry for entry in find_entries(bucket, query) if not query.is_before_page(entry))
    first = list(islice(entries, query.max_keys + 1))
    page = first[: query.max_keys]
    return xml_response("ListBucketResult", _document(bucket, query, page, is_truncated=len(first) > len(page)))


def find_entries(bucket: Bucket, query: Query) -> Iterator[Entry]:
    """Yields the whole listing: the keys in order, and each common prefix once."""
    objects = ((stored.key, stored) for stored in bucket.objects() if not _is_skipped(query, stored.key))
    return (Entry(text, stored) for text, stored in group(query, objects))


def _is_skipped(query: Query, key: str) -> bool:
    return not query.continuation_token and key <= query.start_after


def group(query: Query, items: Iterable[tuple[str, T]]) -> Iterator[tuple[str, T | None]]:
    """Yields the items with the prefix, by key; of those with the same key up to the delimiter, that part alone."""
    last = ""
    for key, item in items:
        if not key.startswith(query.prefix):
            continue
        head, delimiter, _ = key[len(query.prefix) :].partition(query.delimiter or "\0\0")
        if not delimiter:
            yield key, item
        elif (common := query.prefix + head + delimiter) != last:
            last = common
            yield common, None


def _document(bucket: Bucket, query: Query, page: list[Entry], *, is_truncated: bool) -> list[tuple[str, Content]]:
    optional = (
        ("Delimiter", encode(query, query.delimiter)),
        ("StartAfter", encode(query, query.start_after)),
        ("ContinuationToken", query.continuation_token),
        ("EncodingType", query.encoding_type),
        ("NextContinuationToken", encode(query, page[-1].token()) if is_truncated else ""),
    )
    return [
        ("Name", bucket.name),
        ("Prefix", encode(query, query.prefix)),
        ("MaxKeys", str(query.max_keys)),
        *((name, text) for name, text in optional if text),
        ("IsTruncated", str(is_truncated).lower()),
        ("KeyCount", str(len(page))),
        *(describe_object(bucket, query, entry.stored) for entry in page if entry.stored),
        *(describe_common_prefix(query, entry.text) for entry in page if not entry.stored),
    ]


def describe_object(bucket: Bucket, query: Query, stored: StoredObject) -> tuple[str, Content]:
    """Returns the element of an object."""
    owner = [("ID", bucket.account_id), ("DisplayName", bucket.account_id)]
    members: Content = [
        ("Key", encode(query, stored.key)),
        ("LastModified", iso_8601(stored.last_modified)),
        ("ETag", f'"{stored.etag}"'),
        ("Type", stored.object_type),
        ("Size", str(stored.size)),
        ("StorageClass", stored.headers.get("x-oss-storage-class", "Standard")),
        *([("Owner", owner)] if query.fetch_owner else []),
    ]
    return "Contents", members


def describe_common_prefix(query: Query, prefix: str) -> tuple[str, Content]:
    """Returns the element of all objects whose keys are the same up to the delimiter."""
    return "CommonPrefixes", [("Prefix", encode(query, prefix))]


def parse_max(parameters: Mapping[str, str], name: str, default: int) -> int:
    """Returns how many entries a page may have. Raises OssError."""
    text = parameters.get(name) or str(default)
    if not re.fullmatch("[0-9]{1,4}", text) or not 1 <= int(text) <= MAX_KEYS:
        raise invalid_parameter(name, text)
    return int(text)


def encode(query: Query, text: str) -> str:
    """Returns a text as the response has it: percent-encoded, if the request asks for that."""
    return quote(text, safe="") if query.encoding_type else text


def invalid_parameter(name: str, value: str) -> OssError:
    """Makes a 400 for a parameter whose value is not allowed."""
    return invalid_argument(f"The value of {name} is invalid.", name, value)
