"""The unfinished multipart uploads of a bucket: what was settled when each began, and the parts that have arrived.

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

from localcloud.oss.errors import OssError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from localcloud.oss.storage.incoming import Incoming

MAX_PARTS = 10_000

UPLOAD_ID = re.compile("[0-9A-F]{32}")


@dataclass(frozen=True)
class Part:
    """One stored part."""

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
    def from_file(cls, path: Path) -> Part:
        """Reads a part from the name of its file."""
        number, size, etag, crc64, last_modified = path.name.split("-")
        return cls(int(number), int(size), etag, int(crc64), float(last_modified), path)


@dataclass(frozen=True)
class MultipartUpload:
    """One unfinished upload."""

    upload_id: str
    key: str
    content_type: str
    settings: dict[str, str]
    """What the headers said about the object when the upload began, by lower-case name."""
    initiated: float
    """Seconds since the epoch."""


class MultipartUploads:
    """The unfinished uploads of one bucket."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self.completing = threading.Lock()
        """Held while one is completed: of two completions at once, the second finds no upload."""
        folder.mkdir(parents=True, exist_ok=True)

    def initiate(self, key: str, content_type: str, settings: dict[str, str], now: float) -> MultipartUpload:
        """Begins an upload; `now` is in seconds since the epoch."""
        upload = MultipartUpload(secrets.token_hex(16).upper(), key, content_type, settings, now)
        folder = self._folder / upload.upload_id
        folder.mkdir()
        draft = folder / "draft"
        draft.write_text(json.dumps(asdict(upload)), encoding="utf-8")
        draft.rename(folder / "about")
        return upload

    def clear(self) -> None:
        """Deletes all uploads."""
        with self._lock:
            for upload_id in self.ids():
                shutil.rmtree(self._folder / upload_id)

    def ids(self) -> list[str]:
        """Returns the ids of all uploads that were neither completed nor aborted."""
        return [folder.name for folder in self._folder.iterdir()]

    def list_all(self) -> list[MultipartUpload]:
        """Returns all uploads that were neither completed nor aborted, by key and by id."""
        abouts = [about for upload_id in self.ids() if (about := self._about(upload_id))]
        return sorted((MultipartUpload(**about) for about in abouts), key=lambda each: (each.key, each.upload_id))

    def find(self, key: str, upload_id: str) -> MultipartUpload:
        """Returns the upload with this id and key. Raises OssError."""
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
        """Stores a part, over an earlier one with its number; `now` is in seconds since the epoch. Raises OssError."""
        incoming.file.close()
        etag = incoming.md5.hexdigest().upper()
        path = self._folder / upload.upload_id / f"{number}-{incoming.size}-{etag}-{incoming.crc64}-{now}"
        with self._lock:
            self.find(upload.key, upload.upload_id)
            for earlier in path.parent.glob(f"{number}-*"):
                earlier.unlink()
            incoming.path.replace(path)
        return Part.from_file(path)

    def parts(self, upload: MultipartUpload) -> list[Part]:
        """Returns the parts that have arrived, by number."""
        with self._lock:
            files = list((self._folder / upload.upload_id).glob("*-*"))
        return sorted((Part.from_file(path) for path in files), key=lambda part: part.number)

    def remove(self, upload: MultipartUpload) -> None:
        """Deletes an upload and its parts. Raises OssError."""
        with self._lock:
            self.find(upload.key, upload.upload_id)
            shutil.rmtree(self._folder / upload.upload_id)


def combine_etags(parts: Sequence[Part]) -> str:
    """Returns the ETag of an object made of parts. OSS says only that it is not an MD5 of the content: our choice."""
    digests = b"".join(bytes.fromhex(part.etag) for part in parts)
    return f"{hashlib.md5(digests, usedforsecurity=False).hexdigest().upper()}-{len(parts)}"


def _no_such_upload(upload_id: str) -> OssError:
    message = (
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or "
        "completed."
    )
    return OssError(404, "NoSuchUpload", message, "0017-00000244", UploadId=upload_id)
