"""The page's bucket: what is in it, what of that was published from here, and what is sent or deleted.

What was published is listed in the bucket itself, in `.published.json`. Nothing else in it is ever overwritten or
deleted. The list is written before anything is sent, so that a deployment that breaks off leaves nothing unlisted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice

import alibabacloud_oss_v2 as oss

from deploy.oss_client import refusal
from deploy.site.files import SiteFile

MANIFEST = ".published.json"
_AT_ONCE = 1000
"""Objects that one request deletes, at most: DeleteMultipleObjects."""


class ForeignObjects(Exception):
    """There is something in the bucket that was not published from here."""

    def __init__(self, bucket: str, keys: list[str]) -> None:
        named = ", ".join(keys[:5]) + (f" and {len(keys) - 5} more" if len(keys) > 5 else "")
        super().__init__(
            f"{bucket} holds what was not published from here: {named}. Nothing was changed. Move it to another "
            "bucket or delete it, then run this again."
        )


@dataclass(frozen=True)
class Outcome:
    """How many files were sent, left alone because they were there, and deleted."""

    sent: int
    unchanged: int
    deleted: int


class SiteBucket:
    """One bucket. Every method raises the SDK's OperationError, and ForeignObjects before anything is changed."""

    def __init__(self, client: oss.Client, name: str, say: Callable[[str], None]) -> None:
        self._client = client
        self._name = name
        self._say = say

    def publish(self, files: list[SiteFile]) -> Outcome:
        """Makes the bucket hold these files, and nothing else that was published before."""
        there, old = self._look()
        new = {file.key: file.mark for file in files}
        claimed = {**dict.fromkeys(new, ""), **old}
        self._list_as_published(old, claimed)
        changed = [file for file in files if there.get(file.key) != file.md5 or old.get(file.key) != file.mark]
        for number, file in enumerate(changed, 1):
            self._say(f"{number} of {len(changed)}: {file.key} ({len(file.content):,} B)")
            self._put(file)
        gone = sorted(old.keys() & there.keys() - new.keys())
        self._delete(gone)
        self._list_as_published(claimed, new)
        return Outcome(len(changed), len(files) - len(changed), len(gone))

    def empty(self) -> int:
        """Deletes what was published, the list of it last. How many files that were; none in a bucket that is gone."""
        try:
            there, old = self._look()
        except oss.exceptions.OperationError as fault:
            if (refused := refusal(fault)) and refused.code == "NoSuchBucket":
                return 0
            raise
        gone = sorted(old.keys() & there.keys())
        self._delete(gone)
        if MANIFEST in there:
            self._delete([MANIFEST])
        return len(gone)

    def _look(self) -> tuple[dict[str, str], dict[str, str]]:
        """Returns what is there (MD5 by key) and what of it, or more, was published (mark by key)."""
        there = self._list()
        published = self._read_manifest() if MANIFEST in there else {}
        if strange := sorted(there.keys() - published.keys() - {MANIFEST}):
            raise ForeignObjects(self._name, strange)
        return there, published

    def _list(self) -> dict[str, str]:
        request = oss.ListObjectsV2Request(bucket=self._name, max_keys=_AT_ONCE)
        pages = self._client.list_objects_v2_paginator().iter_page(request)
        return {found.key: found.etag.strip('"').lower() for page in pages for found in page.contents or []}

    def _read_manifest(self) -> dict[str, str]:
        answer = self._client.get_object(oss.GetObjectRequest(bucket=self._name, key=MANIFEST))
        try:
            listed = json.loads(answer.body.read())["files"]
            return {str(key): str(mark) for key, mark in listed.items()}
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ForeignObjects(self._name, [MANIFEST]) from None

    def _list_as_published(self, before: Mapping[str, str], now: Mapping[str, str]) -> None:
        if before != now:
            text = json.dumps({"files": now}, indent=1, sort_keys=True, ensure_ascii=False)
            self._put(SiteFile(MANIFEST, text.encode(), "application/json"))

    def _put(self, file: SiteFile) -> None:
        self._client.put_object(
            oss.PutObjectRequest(
                bucket=self._name,
                key=file.key,
                body=file.content,
                content_type=file.content_type,
                cache_control=file.cache_control,
            )
        )

    def _delete(self, keys: list[str]) -> None:
        left = iter(keys)
        while batch := [oss.ObjectIdentifier(key=key) for key in islice(left, _AT_ONCE)]:
            self._client.delete_multiple_objects(
                oss.DeleteMultipleObjectsRequest(bucket=self._name, delete=oss.Delete(objects=batch, quiet=True))
            )
        for key in keys:
            self._say(f"deleted {key}")
