"""Buckets are folders that people can open: the object `uploads/a/b.png` is the file `<folder>/uploads/a/b.png`.

What else belongs to an object is a JSON file in `<folder>/.objects`, so that objects outlive the process.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import shutil
import threading
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from localcloud.oss.errors import already_exists
from localcloud.oss.storage.incoming import Incoming
from localcloud.oss.storage.multipart_uploads import MultipartUploads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localcloud.oss.cors import CorsRule

OWN_FOLDER = ".objects"
MAX_SEGMENT = 255
"""Bytes of one file name that file systems hold."""
MAX_CORS_RULES = 20
"""As the page of PutBucketCors says since 2026-02; 10 before."""


@dataclass(frozen=True)
class StoredObject:
    """One stored object, without its bytes."""

    key: str
    size: int
    """Bytes."""
    content_type: str
    headers: dict[str, str]
    """The headers stored with it, such as Cache-Control, by their usual spelling."""
    meta: dict[str, str]
    """Its user meta, by lower-case name without `x-oss-meta-`."""
    etag: str
    """Upper-case MD5 in hexadecimal, without quotes; of an object made of parts, one over theirs, `-` and their count.
    (OSS does not promise what the ETag of a form is made of.)"""
    crc64: str
    """Decimal."""
    last_modified: float
    """Seconds since the epoch."""
    version_id: str | None
    path: Path
    """The file with its bytes."""

    @property
    def content_md5(self) -> str | None:
        """Returns the MD5 in base64, as headers have it; None for an object made of parts, of which OSS knows none."""
        return None if "-" in self.etag else base64.b64encode(bytes.fromhex(self.etag)).decode()

    @property
    def object_type(self) -> str:
        """Returns the value of x-oss-object-type."""
        return "Multipart" if "-" in self.etag else "Normal"


@dataclass(frozen=True)
class Website:
    """The settings of static website hosting, as PutBucketWebsite takes them: keys of objects in the bucket."""

    index: str = "index.html"
    error: str = "404.html"
    """Sent with status 404 in place of a missing object."""


@dataclass
class Bucket:
    """One private bucket. Block Public Access is on: the ACL of an object is stored, and makes nothing public.

    Only the newest version of an object is stored, even with versioning.
    """

    name: str
    account_id: str
    """The account that owns it; identities of other accounts have no rights in it."""
    folder: Path
    cors_rules: list[CorsRule] = field(default_factory=list)
    versioning: bool = False
    public_read: bool = False
    """Whether anyone may read objects, as in a bucket that hosts a website."""
    website: Website | None = None
    region: str = ""
    """Its region, where it is not that of the service."""
    created: float = 0.0
    """Seconds since the epoch."""

    def __post_init__(self) -> None:
        """Makes the folders, and deletes what a killed process left unfinished."""
        if len(self.cors_rules) > MAX_CORS_RULES:
            raise ValueError("The CORS Rules num is beyond limit.")
        self.folder = self.folder.absolute()
        self._lock = threading.RLock()
        for folder in (self._own("incoming"), self._own("about"), self._own("names")):
            folder.mkdir(parents=True, exist_ok=True)
        for unfinished in self._own("incoming").iterdir():
            unfinished.unlink()
        self.multipart_uploads = MultipartUploads(self._own("multipart"))

    @contextmanager
    def incoming(self) -> Iterator[Incoming]:
        """Yields a place for the bytes of an upload; they are deleted at the end unless they have been stored."""
        incoming = Incoming(self._own("incoming") / secrets.token_hex(16))
        try:
            yield incoming
        finally:
            incoming.discard()

    def put(self, incoming: Incoming, described: StoredObject, *, forbid_overwrite: bool) -> StoredObject:
        """Stores an object, whole or not at all; `described.path` and `.version_id` are filled in here.

        Raises OssError (409) if the key is taken and must not be overwritten. Of two at once, one is the first.
        """
        incoming.file.close()
        with self._lock:
            old = self.get(described.key)
            if old and forbid_overwrite and not self.versioning:
                raise already_exists()
            path = old.path if old else self._free_path(described.key)
            stored = replace(described, path=path, version_id=secrets.token_hex(32) if self.versioning else None)
            about = self._describe(stored)
            incoming.path.replace(path)
            about.replace(self._about(stored.key))
        return stored

    def get(self, key: str) -> StoredObject | None:
        """Returns the object with this key, if its file is still there."""
        try:
            about = json.loads(self._about(key).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        stored = self._from_description(about)
        return stored if stored.path.is_file() else None

    def open(self, key: str) -> tuple[StoredObject, BinaryIO] | None:
        """Returns the object with this key and its bytes, which belong together even if it is overwritten meanwhile."""
        with self._lock:
            stored = self.get(key)
            return (stored, stored.path.open("rb")) if stored else None

    def delete(self, key: str) -> None:
        """Deletes the object with this key, if there is one, and the folders that it leaves empty."""
        with self._lock:
            stored = self.get(key)
            self._about(key).unlink(missing_ok=True)
            if stored:
                stored.path.unlink()
                self._prune(stored.path.parent)

    def clear(self) -> None:
        """Deletes all objects and all unfinished uploads."""
        with self._lock:
            for stored in self.objects():
                self.delete(stored.key)
            self.multipart_uploads.clear()

    def remove(self) -> None:
        """Deletes the folders of the bucket, which is empty."""
        shutil.rmtree(self.folder / OWN_FOLDER)
        if not any(self.folder.iterdir()):
            self.folder.rmdir()

    def _prune(self, folder: Path) -> None:
        while folder != self.folder and self._own("names") != folder and not any(folder.iterdir()):
            folder.rmdir()
            folder = folder.parent

    def objects(self) -> list[StoredObject]:
        """Returns every object, by key."""
        abouts = (json.loads(path.read_text(encoding="utf-8")) for path in self._own("about").glob("*.json"))
        objects = (self._from_description(about) for about in abouts)
        return sorted((stored for stored in objects if stored.path.is_file()), key=lambda stored: stored.key)

    def _own(self, name: str) -> Path:
        return self.folder / OWN_FOLDER / name

    def _about(self, key: str) -> Path:
        return self._own("about") / f"{_digest(key)}.json"

    def _from_description(self, about: dict[str, Any]) -> StoredObject:
        return StoredObject(**{**about, "path": self.folder / about["path"]})

    def _describe(self, stored: StoredObject) -> Path:
        about = asdict(stored) | {"path": stored.path.relative_to(self.folder).as_posix()}
        draft = self._own("incoming") / secrets.token_hex(16)
        draft.write_text(json.dumps(about, ensure_ascii=False, indent=1), encoding="utf-8")
        return draft

    def _free_path(self, key: str) -> Path:
        """Returns the path of a new object: its key, or a digest of it where no file can have that name."""
        if _is_a_path(key):
            path = self.folder / key
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError:
                pass  # some part of the path is an object itself, or the whole is too long
            else:
                # A file system that ignores case may have another object there.
                if not os.path.lexists(path):
                    return path
        return self._own("names") / _digest(key)


def _is_a_path(key: str) -> bool:
    """Returns whether a file in the folder can have exactly this key as its path."""
    segments = key.split("/")
    return (
        segments[0] != OWN_FOLDER
        and key.isprintable()
        and "\\" not in key
        and not any(segment in ("", ".", "..") or len(segment.encode()) > MAX_SEGMENT for segment in segments)
    )


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
