"""Multipart uploads of a bucket that have begun: what was settled when they did, and the parts that have arrived.

They are files below the bucket's own folder, so that they outlive the process as objects do.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import shutil
import threading
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from localcloud.oss.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from localcloud.oss.storage.bucket import Incoming

UPLOAD_ID = re.compile("[0-9A-F]{32}")


@dataclass(frozen=True)
class Part:
    """One part, as it arrived."""

    number: int
    """1 to 10,000."""
    size: int
    """Bytes."""
    etag: str
    """Upper-case MD5 in hexadecimal, without quotes."""
    crc64: int
    last_modified: float
    """Seconds since the epoch."""
    path: Path
    """The file with its bytes."""

    @classmethod
    def at(cls, path: Path) -> Part:
        """Its file's name says what it is."""
        number, size, etag, crc64, last_modified = path.name.split("-")
        return cls(int(number), int(size), etag, int(crc64), float(last_modified), path)


@dataclass(frozen=True)
class MultipartUpload:
    """An upload that has begun."""

    upload_id: str
    key: str
    content_type: str
    settings: dict[str, str]
    """What was said of the object when it began, by lower-case name of the header."""


class MultipartUploads:
    """Those of one bucket."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self.completing = threading.Lock()
        """Held by whoever completes one: of two at once, one finds it gone."""
        folder.mkdir(parents=True, exist_ok=True)

    def initiate(self, key: str, content_type: str, settings: dict[str, str]) -> MultipartUpload:
        """A new one."""
        upload = MultipartUpload(secrets.token_hex(16).upper(), key, content_type, settings)
        folder = self._folder / upload.upload_id
        folder.mkdir()
        (folder / "about").write_text(json.dumps(asdict(upload)), encoding="utf-8")
        return upload

    def open(self) -> list[str]:
        """The ids of those that were neither completed nor aborted."""
        return [folder.name for folder in self._folder.iterdir()]

    def find(self, key: str, upload_id: str) -> MultipartUpload:
        """The upload with this id, if it is one for this key. Raises Refused."""
        about = self._about(upload_id) if UPLOAD_ID.fullmatch(upload_id) else None
        if about is None or about["key"] != key:
            raise _no_such_upload(upload_id)
        return MultipartUpload(**about)

    def _about(self, upload_id: str) -> dict[str, Any] | None:
        try:
            about: dict[str, Any] = json.loads((self._folder / upload_id / "about").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return about

    def put(self, upload: MultipartUpload, number: int, incoming: Incoming, now: float) -> Part:
        """Keep a part in place of an earlier one of its number; `now` in seconds since the epoch. Raises Refused."""
        incoming.file.close()
        etag = incoming.md5.hexdigest().upper()
        path = self._folder / upload.upload_id / f"{number}-{incoming.size}-{etag}-{incoming.crc64}-{now}"
        with self._lock:
            self.find(upload.key, upload.upload_id)
            for earlier in path.parent.glob(f"{number}-*"):
                earlier.unlink()
            incoming.path.replace(path)
        return Part.at(path)

    def parts(self, upload: MultipartUpload) -> list[Part]:
        """What has arrived, by number."""
        files = (self._folder / upload.upload_id).glob("*-*")
        return sorted((Part.at(path) for path in files), key=lambda part: part.number)

    def remove(self, upload: MultipartUpload) -> None:
        """Forget it and its parts. Raises Refused."""
        with self._lock:
            self.find(upload.key, upload.upload_id)
            shutil.rmtree(self._folder / upload.upload_id)


def etag_of(parts: Sequence[Part]) -> str:
    """The ETag of an object made of parts. OSS says only that it is no MD5 of the content: this form is our choice."""
    digests = b"".join(bytes.fromhex(part.etag) for part in parts)
    return f"{hashlib.md5(digests, usedforsecurity=False).hexdigest().upper()}-{len(parts)}"


def _no_such_upload(upload_id: str) -> Refused:
    message = (
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or "
        "completed."
    )
    return Refused(404, "NoSuchUpload", message, "0017-00000244", UploadId=upload_id)
