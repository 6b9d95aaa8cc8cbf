"""ListObjectsV2: what is in a bucket, by key, in pages."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import quote

from werkzeug.wrappers import Response

from localcloud.oss.authorization import authorize
from localcloud.oss.errors import invalid_argument, xml_document
from localcloud.oss.signature_v4 import iso_8601

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from localcloud.oss.errors import Content
    from localcloud.oss.storage.bucket import Bucket, StoredObject
    from localcloud.ram.identities import Identity

PARAMETERS = frozenset(
    {
        *("list-type", "prefix", "delimiter", "max-keys", "continuation-token", "start-after"),
        *("encoding-type", "fetch-owner"),
    }
)
DEFAULT_MAX_KEYS = 100
MAX_KEYS = 1000
MAX_TEXT = 1023
"""Bytes of a prefix, and of a key to start after."""


@dataclass(frozen=True)
class Entry:
    """One line of a listing: an object, or all those whose keys are the same up to the delimiter."""

    text: str
    """The key, or the common prefix."""
    stored: StoredObject | None
    """None for a common prefix."""

    def token(self) -> str:
        """What stands for "go on after this". Opaque to whoever gets it."""
        return base64.urlsafe_b64encode(f"{'o' if self.stored else 'p'}{self.text}".encode()).decode()


@dataclass(frozen=True)
class Query:
    """What is asked for, with OSS's defaults for what is not."""

    prefix: str
    delimiter: str
    max_keys: int
    start_after: str
    continuation_token: str
    encoding_type: str
    fetch_owner: bool

    @classmethod
    def parse(cls, parameters: Mapping[str, str]) -> Query:
        """From a query's parameters, decoded. Raises Refused; the messages are ours."""
        for name in ("prefix", "start-after"):
            if len(parameters.get(name, "").encode()) > MAX_TEXT:
                raise _invalid(name, parameters[name])
        if parameters.get("list-type") != "2":
            raise _invalid("list-type", parameters.get("list-type", ""))
        max_keys = parameters.get("max-keys") or str(DEFAULT_MAX_KEYS)
        if not re.fullmatch("[0-9]{1,4}", max_keys) or not 1 <= int(max_keys) <= MAX_KEYS:
            raise _invalid("max-keys", max_keys)
        if parameters.get("encoding-type", "url") != "url":
            raise _invalid("encoding-type", parameters["encoding-type"])
        if parameters.get("fetch-owner", "false") not in ("true", "false"):
            raise _invalid("fetch-owner", parameters["fetch-owner"])
        return cls(
            parameters.get("prefix", ""),
            parameters.get("delimiter", ""),
            int(max_keys),
            parameters.get("start-after", ""),
            parameters.get("continuation-token", ""),
            parameters.get("encoding-type", ""),
            parameters.get("fetch-owner") == "true",
        )

    def is_behind(self, entry: Entry) -> bool:
        """Whether an entry belongs to a page before this one. A token goes before start-after."""
        if not self.continuation_token:
            return entry.text <= self.start_after and entry.stored is not None
        try:
            last = base64.urlsafe_b64decode(self.continuation_token).decode()
        except ValueError:
            raise _invalid("continuation-token", self.continuation_token) from None
        if last[:1] not in ("o", "p"):
            raise _invalid("continuation-token", self.continuation_token)
        return entry.text <= last[1:]


def list_objects_v2(bucket: Bucket, identity: Identity, parameters: Mapping[str, str]) -> Response:
    """The answer to GET /?list-type=2. Raises Refused."""
    authorize(identity, "oss:ListObjects", bucket)
    query = Query.parse(parameters)
    found = list(islice((e for e in _entries(bucket, query) if not query.is_behind(e)), query.max_keys + 1))
    page = found[: query.max_keys]
    document = _document(bucket, query, page, is_truncated=len(found) > len(page))
    return Response(xml_document("ListBucketResult", document), content_type="application/xml")


def _entries(bucket: Bucket, query: Query) -> Iterator[Entry]:
    """All of the listing: the keys in order, and each common prefix once."""
    last = ""
    for stored in bucket.objects():
        if not stored.key.startswith(query.prefix) or (
            not query.continuation_token and stored.key <= query.start_after
        ):
            continue
        head, delimiter, _ = stored.key[len(query.prefix) :].partition(query.delimiter or "\0\0")
        if not delimiter:
            yield Entry(stored.key, stored)
        elif (common := query.prefix + head + delimiter) != last:
            last = common
            yield Entry(common, None)


def _document(bucket: Bucket, query: Query, page: list[Entry], *, is_truncated: bool) -> list[tuple[str, Content]]:
    encode = _url if query.encoding_type else str
    asked = (
        ("Delimiter", encode(query.delimiter)),
        ("StartAfter", encode(query.start_after)),
        ("ContinuationToken", query.continuation_token),
        ("EncodingType", query.encoding_type),
        ("NextContinuationToken", encode(page[-1].token()) if is_truncated else ""),
    )
    return [
        ("Name", bucket.name),
        ("Prefix", encode(query.prefix)),
        ("MaxKeys", str(query.max_keys)),
        *((name, text) for name, text in asked if text),
        ("IsTruncated", str(is_truncated).lower()),
        ("KeyCount", str(len(page))),
        *(("Contents", _contents(bucket, query, entry.stored)) for entry in page if entry.stored),
        *(("CommonPrefixes", [("Prefix", encode(entry.text))]) for entry in page if not entry.stored),
    ]


def _contents(bucket: Bucket, query: Query, stored: StoredObject) -> list[tuple[str, Content]]:
    owner = [("ID", bucket.account_id), ("DisplayName", bucket.account_id)]
    return [
        ("Key", _url(stored.key) if query.encoding_type else stored.key),
        ("LastModified", iso_8601(stored.last_modified)),
        ("ETag", f'"{stored.etag}"'),
        ("Type", stored.object_type),
        ("Size", str(stored.size)),
        ("StorageClass", stored.headers.get("x-oss-storage-class", "Standard")),
        *([("Owner", owner)] if query.fetch_owner else []),
    ]


def _url(text: str) -> str:
    return quote(text, safe="")


def _invalid(name: str, value: str) -> Exception:
    return invalid_argument(f"The value of {name} is invalid.", name, value)
