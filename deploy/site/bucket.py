"""The page's bucket: what is in it, what of that was published from here, and what is sent or deleted.

What was published is listed in the bucket itself, in `.published.json`. Nothing else in it is ever overwritten or
deleted. The list is written before anything is sent, so that a deployment that breaks off leaves nothing unlisted.

Files with a hash in their name stay for one deployment more: a page that was opened before it may still load them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from itertools import islice

import alibabacloud_oss_v2 as oss

from deploy.oss_client import refusal
from deploy.site.files import VERSION_CACHE_CONTROL, SiteFile

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
class Manifest:
    """What was published: the mark of each file, by its key."""

    files: Mapping[str, str]
    previous: Mapping[str, str]
    """Of the deployment before: what pages that were opened before may still load."""

    @property
    def all(self) -> dict[str, str]:
        return {**self.previous, **self.files}

    def still_loaded(self, files: Mapping[str, str]) -> dict[str, str]:
        """Returns what stays when these files take the place of the present ones."""
        last = self.previous if files == self.files else self.files
        return {key: mark for key, mark in last.items() if key not in files and mark.endswith(VERSION_CACHE_CONTROL)}


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
        """Makes the bucket hold these files and, of what was published before, only what open pages may load."""
        there, published = self._look()
        old = published.all
        marks = {file.key: file.mark for file in files}
        new = Manifest(marks, published.still_loaded(marks))
        claimed = Manifest({**dict.fromkeys(marks, ""), **old}, {}) if new != published else published
        self._list_as_published(published, claimed)
        changed = [file for file in files if there.get(file.key) != file.md5 or old.get(file.key) != file.mark]
        for number, file in enumerate(changed, 1):
            self._say(f"{number} of {len(changed)}: {file.key} ({len(file.content):,} B)")
            self._put(file)
        gone = sorted(old.keys() & there.keys() - new.all.keys())
        self._delete(gone)
        self._list_as_published(claimed, new)
        return Outcome(len(changed), len(files) - len(changed), len(gone))

    def empty(self) -> int:
        """Deletes what was published, the list of it last. How many files that were; none in a bucket that is gone."""
        try:
            there, published = self._look()
        except oss.exceptions.OperationError as fault:
            if (refused := refusal(fault)) and refused.code == "NoSuchBucket":
                return 0
            raise
        gone = sorted(published.all.keys() & there.keys())
        self._delete(gone)
        if MANIFEST in there:
            self._delete([MANIFEST])
        return len(gone)

    def _look(self) -> tuple[dict[str, str], Manifest]:
        """Returns what is there (MD5 by key) and what of it, or more, was published."""
        there = self._list()
        published = self._read_manifest() if MANIFEST in there else Manifest({}, {})
        if strange := sorted(there.keys() - published.all.keys() - {MANIFEST}):
            raise ForeignObjects(self._name, strange)
        return there, published

    def _list(self) -> dict[str, str]:
        request = oss.ListObjectsV2Request(bucket=self._name, max_keys=_AT_ONCE)
        pages = self._client.list_objects_v2_paginator().iter_page(request)
        return {found.key: found.etag.strip('"').lower() for page in pages for found in page.contents or []}

    def _read_manifest(self) -> Manifest:
        answer = self._client.get_object(oss.GetObjectRequest(bucket=self._name, key=MANIFEST))
        try:
            manifest = json.loads(answer.body.read())
            listed = (manifest["files"], manifest.get("previous", {}))
            return Manifest(*({str(key): str(mark) for key, mark in each.items()} for each in listed))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ForeignObjects(self._name, [MANIFEST]) from None

    def _list_as_published(self, before: Manifest, now: Manifest) -> None:
        if before != now:
            text = json.dumps(asdict(now), indent=1, sort_keys=True, ensure_ascii=False)
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
