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
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from localcloud.oss.errors import already_exists
from localcloud.oss.storage.incoming import Incoming
from localcloud.oss.storage.multipart_uploads import MultipartUploads
from localcloud.oss.storage.versions import OlderVersions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localcloud.oss.cors import CorsRule

OWN_FOLDER = ".objects"
MAX_SEGMENT = 255
"""Bytes of one file name that file systems hold."""
MAX_CORS_RULES = 20
"""As the page of PutBucketCors says since 2026-02; 10 before."""

NULL_VERSION = "null"
"""The id of the one version of an object that was stored while its bucket made no versions."""

PUBLIC_ACLS = ("public-read", "public-read-write")


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
    """None in a bucket that never had versioning."""
    path: Path
    """The file with its bytes."""
    is_delete_marker: bool = False
    """Whether it says that the object was deleted, and has no bytes."""

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
    """One bucket, private at first: Block Public Access is on, so that no ACL makes anything public."""

    name: str
    account_id: str
    """The account that owns it; identities of other accounts have no rights in it."""
    folder: Path
    cors_rules: list[CorsRule] = field(default_factory=list)
    versioning: str = ""
    """Enabled or Suspended; empty if it never had versioning."""
    acl: str = "private"
    public_access_blocked: bool = True
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
        self._drafts, self._abouts = self._own("incoming"), self._own("about")
        for folder in (self._drafts, self._abouts, self._own("names")):
            folder.mkdir(parents=True, exist_ok=True)
        for unfinished in self._drafts.iterdir():
            unfinished.unlink()
        self.multipart_uploads = MultipartUploads(self._own("multipart"))
        self._older = OlderVersions(self._own("versions"))

    def allow_public(self, acl: str) -> None:
        """Ends Block Public Access, and sets the bucket's ACL."""
        self.public_access_blocked, self.acl = False, acl

    def find_acl(self, stored: StoredObject | None) -> str:
        """Returns the ACL that counts for an object, or for one that does not exist yet."""
        if self.public_access_blocked:
            return "private"
        own = stored.headers.get("x-oss-object-acl", "default") if stored else "default"
        return self.acl if own == "default" else own

    @contextmanager
    def incoming(self) -> Iterator[Incoming]:
        """Yields a place for the bytes of an upload; they are deleted at the end unless they have been stored."""
        incoming = Incoming(self._drafts / secrets.token_hex(16))
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
            old = self._find_current(described.key)
            if old and not old.is_delete_marker and forbid_overwrite and not self.versioning:
                raise already_exists()
            path = self._make_room(old, described.key)
            stored = replace(described, path=path, version_id=self._new_version_id())
            about = self._describe(stored)
            incoming.path.replace(path)
            about.replace(self._about(stored.key))
        return stored

    def change_acl(self, key: str, version_id: str | None, acl: str) -> None:
        """Writes another ACL into what is known of a version, which exists."""
        with self._lock:
            about = self._about(key)
            if version_id is not None and not self._is_current(key, version_id):
                about = next(e.description for e in self._older.find(_digest(key)) if _id(e.about) == version_id)
            members = json.loads(about.read_text(encoding="utf-8"))
            members["headers"] = {**members["headers"], "x-oss-object-acl": acl}
            self._write(members).replace(about)

    def get(self, key: str, version_id: str | None = None) -> StoredObject | None:
        """Returns the object with this key, if its file is still there; or an older version of it."""
        found = self.find(key, version_id)
        return None if found is None or found.is_delete_marker else found

    def find(self, key: str, version_id: str | None = None) -> StoredObject | None:
        """Returns the current version with this key, or another one: an object, or a delete marker."""
        with self._lock:
            if version_id is None or self._is_current(key, version_id):
                return self._find_current(key)
            return next((each for each in self._find_older(key) if each.version_id == version_id), None)

    def open(self, key: str, version_id: str | None = None) -> tuple[StoredObject, BinaryIO] | None:
        """Returns the object with this key and its bytes, which belong together even if it is overwritten meanwhile."""
        with self._lock:
            stored = self.get(key, version_id)
            return (stored, stored.path.open("rb")) if stored else None

    def delete(self, key: str, version_id: str | None = None, now: float = 0.0) -> StoredObject | None:
        """Deletes the object with this key, or one version of it for good; returns what was deleted.

        Where versions are made, an object is not deleted: it gets a delete marker, which is returned. `now` is in
        seconds since the epoch.
        """
        with self._lock:
            if version_id is None and self.versioning:
                return self._put_delete_marker(key, now)
            found = self.find(key, version_id)
            if version_id is None:
                self._about(key).unlink(missing_ok=True)
                self._delete_content(found)
            elif self._is_current(key, version_id):
                self._about(key).unlink()
                self._delete_content(found)
                self._restore_newest(key)
            elif found:
                next(e for e in self._older.find(_digest(key)) if _id(e.about) == version_id).remove()
            return found

    def clear(self) -> None:
        """Deletes all objects, with all of their versions, and all unfinished uploads."""
        with self._lock:
            for current in self._current():
                self._about(current.key).unlink()
                self._delete_content(current)
            self._older.clear()
            self.multipart_uploads.clear()

    def objects(self) -> list[StoredObject]:
        """Returns every object, by key."""
        with self._lock:
            return [stored for stored in self._current() if not stored.is_delete_marker]

    def versions(self) -> list[tuple[StoredObject, bool]]:
        """Returns every version and whether it is the current one: by key, the newest first."""
        with self._lock:
            return [
                (version, number == 0)
                for current in self._current()
                for number, version in enumerate([current, *self._find_older(current.key)])
            ]

    def remove(self) -> None:
        """Deletes the folders of the bucket, which is empty."""
        shutil.rmtree(self.folder / OWN_FOLDER)
        if not any(self.folder.iterdir()):
            self.folder.rmdir()

    def _prune(self, folder: Path) -> None:
        while folder != self.folder and self._own("names") != folder and not any(folder.iterdir()):
            folder.rmdir()
            folder = folder.parent

    def _own(self, name: str) -> Path:
        return self.folder / OWN_FOLDER / name

    def _about(self, key: str) -> Path:
        return self._abouts / f"{_digest(key)}.json"

    def _current(self) -> list[StoredObject]:
        """Returns the current version of every key whose file is still there."""
        abouts = (json.loads(path.read_text(encoding="utf-8")) for path in self._abouts.glob("*.json"))
        versions = (self._from_description(about) for about in abouts)
        return sorted((each for each in versions if _is_there(each)), key=lambda stored: stored.key)

    def _find_current(self, key: str) -> StoredObject | None:
        try:
            about = json.loads(self._about(key).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        stored = self._from_description(about)
        return stored if _is_there(stored) else None

    def _is_current(self, key: str, version_id: str) -> bool:
        current = self._find_current(key)
        return current is not None and (current.version_id or NULL_VERSION) == version_id

    def _find_older(self, key: str) -> list[StoredObject]:
        older = self._older.find(_digest(key))
        return [StoredObject(**{**each.about, "path": each.content, "version_id": _id(each.about)}) for each in older]

    def _from_description(self, about: dict[str, Any]) -> StoredObject:
        version_id = about["version_id"] or (NULL_VERSION if self.versioning else None)
        return StoredObject(**{**about, "path": self.folder / about["path"], "version_id": version_id})

    def _new_version_id(self) -> str | None:
        return {"": None, "Enabled": secrets.token_hex(32), "Suspended": NULL_VERSION}[self.versioning]

    def _make_room(self, old: StoredObject | None, key: str) -> Path:
        """Puts the current version aside where it is to be kept, and returns the path for the next one."""
        if self.versioning == "Suspended":
            for older in self._older.find(_digest(key)):
                if _id(older.about) == NULL_VERSION:
                    older.remove()
        is_overwritten = self.versioning != "Enabled" and (old is None or old.version_id in (None, NULL_VERSION))
        if old and not is_overwritten:
            self._older.add(_digest(key), self._about(key), old.path)
        return old.path if old and not old.is_delete_marker else self._free_path(key)

    def _put_delete_marker(self, key: str, now: float) -> StoredObject:
        old = self._find_current(key)
        path = self._make_room(old, key)
        path.unlink(missing_ok=True)
        self._prune(path.parent)
        marker = StoredObject(key, 0, "", {}, {}, "", "", now, self._new_version_id(), self.folder, True)
        self._describe(marker).replace(self._about(key))
        return marker

    def _delete_content(self, stored: StoredObject | None) -> None:
        """Deletes the bytes of a current version, and the folders that it leaves empty."""
        if stored and not stored.is_delete_marker:
            stored.path.unlink()
            self._prune(stored.path.parent)

    def _restore_newest(self, key: str) -> None:
        """Makes the newest of the older versions the current one, if there is one."""
        for newest in self._older.find(_digest(key))[:1]:
            is_marker = newest.about.get("is_delete_marker", False)
            path = self.folder if is_marker else self._free_path(key)
            if not is_marker:
                newest.content.replace(path)
            about = {**newest.about, "path": path.relative_to(self.folder).as_posix()}
            self._write(about).replace(self._about(key))
            newest.remove()

    def _describe(self, stored: StoredObject) -> Path:
        # Not relative_to, which takes longer than the rest.
        path = stored.path.as_posix()[len(self.folder.as_posix()) :].removeprefix("/")
        return self._write(vars(stored) | {"path": path})

    def _write(self, about: dict[str, Any]) -> Path:
        draft = self._drafts / secrets.token_hex(16)
        draft.write_bytes(json.dumps(about).encode())
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
        segments[0].casefold() != OWN_FOLDER  # a file system may ignore case
        and key.isprintable()
        and "\\" not in key
        and not any(segment in ("", ".", "..") or len(segment.encode()) > MAX_SEGMENT for segment in segments)
    )


def _is_there(version: StoredObject) -> bool:
    return version.is_delete_marker or version.path.is_file()


def _id(about: dict[str, Any]) -> str:
    """Returns the id of a version, given what was written of it."""
    return about["version_id"] or NULL_VERSION


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
