"""What the upload bucket, or a folder in it, holds: every version of every file, and unfinished uploads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import alibabacloud_oss_v2 as oss

from deploy.counts import number_of
from deploy.oss_client import refusal

_AT_ONCE = 1000
"""Objects that one request deletes, at most: DeleteMultipleObjects."""

_IN_XML = re.compile(r"[\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*")
"""The keys that such a request can name (XML 1.0, 2.2; a carriage return would be read as another character).

The holder of a folder form can choose others, and must not keep all files from being deleted by them.
"""


@dataclass(frozen=True)
class Contents:
    """What makes a folder not empty."""

    files: int
    size: int
    """Bytes of all files, versions included."""
    unfinished: int
    """Uploads in parts that were begun and not finished."""

    def __str__(self) -> str:
        files = f"{number_of(self.files, 'file')} ({number_of(self.size, 'byte')})"
        unfinished = number_of(self.unfinished, "unfinished upload")
        return " and ".join([files] * bool(self.files) + [unfinished] * bool(self.unfinished))

    def __bool__(self) -> bool:
        return bool(self.files or self.unfinished)

    def __add__(self, other: Contents) -> Contents:
        return Contents(self.files + other.files, self.size + other.size, self.unfinished + other.unfinished)


class Folder:
    """All keys of a bucket that begin with a prefix; a bucket that does not exist has none."""

    def __init__(self, client: oss.Client, bucket: str, prefix: str = "") -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = prefix

    def contents(self) -> Contents:
        """Counts everything. Raises the SDK's OperationError if it may not, or cannot."""
        files = size = 0
        for _, bytes_ in self._versions():
            files, size = files + 1, size + bytes_
        return Contents(files, size, sum(1 for _ in self._multipart_uploads()))

    def empty(self) -> None:
        """Deletes every file in every version, and aborts every unfinished upload."""
        for upload in self._multipart_uploads():
            self._client.abort_multipart_upload(
                oss.AbortMultipartUploadRequest(bucket=self._bucket, key=upload.key, upload_id=upload.upload_id)
            )
        versions = (identifier for identifier, _ in self._versions())
        others = []
        while batch := list(islice(versions, _AT_ONCE)):
            others += [each for each in batch if not _IN_XML.fullmatch(each.key or "")]
            if listed := [each for each in batch if _IN_XML.fullmatch(each.key or "")]:
                self._client.delete_multiple_objects(
                    oss.DeleteMultipleObjectsRequest(bucket=self._bucket, delete=oss.Delete(objects=listed, quiet=True))
                )
        for each in others:
            self._client.delete_object(
                oss.DeleteObjectRequest(bucket=self._bucket, key=each.key, version_id=each.version_id)
            )

    def folders(self) -> list[str]:
        """Returns the folders that begin with the prefix, those with nothing but old versions included."""
        request = oss.ListObjectVersionsRequest(
            bucket=self._bucket, prefix=self._prefix, delimiter="/", encoding_type="url"
        )
        pages = self._client.list_object_versions_paginator().iter_page(request)
        found = {each.prefix or "" for page in pages for each in page.common_prefixes or ()}
        for upload in self._multipart_uploads():
            rest, slash, _ = (upload.key or "").removeprefix(self._prefix).partition("/")
            found |= {self._prefix + rest + slash} if slash else set()
        return sorted(found)

    def _versions(self) -> Iterator[tuple[oss.ObjectIdentifier, int]]:
        """Yields each version of each object, and its bytes. Without versioning the only version is called `null`."""
        request = oss.ListObjectVersionsRequest(bucket=self._bucket, prefix=self._prefix, encoding_type="url")
        try:
            for page in self._client.list_object_versions_paginator().iter_page(request):
                for found in [*(page.version or []), *(page.delete_marker or [])]:
                    yield (
                        oss.ObjectIdentifier(key=found.key, version_id=found.version_id),
                        getattr(found, "size", 0) or 0,
                    )
        except oss.exceptions.OperationError as fault:
            _unless_gone(fault)

    def _multipart_uploads(self) -> Iterator[oss.models.Upload]:
        request = oss.ListMultipartUploadsRequest(bucket=self._bucket, prefix=self._prefix, encoding_type="url")
        try:
            for page in self._client.list_multipart_uploads_paginator().iter_page(request):
                yield from page.uploads or []
        except oss.exceptions.OperationError as fault:
            _unless_gone(fault)


def _unless_gone(fault: oss.exceptions.OperationError) -> None:
    refused = refusal(fault)
    if refused is None or refused.code != "NoSuchBucket":
        raise fault
