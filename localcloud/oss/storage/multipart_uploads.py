"""The unfinished multipart uploads of a bucket: what was settled when each began, and the parts that have arrived.

They are files below the bucket's own folder, so that they outlive the process as objects do. Parts of one size are
written where they belong in one file, the content, so that completing copies nothing. A part that does not fit there
(another size, sent again, far ahead) has a file of its own.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import shutil
import threading
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from localcloud.oss.errors import OssError
from localcloud.oss.storage.crc64 import combine
from localcloud.oss.storage.incoming import Incoming

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

MAX_PARTS = 10_000

UPLOAD_ID = re.compile("[0-9A-F]{32}")

CONTENT = "content"

MAX_GAP = 16
"""Parts that may be missing before one in the content: not every file system leaves holes out."""


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
    offset: int | None
    """Where they begin in the upload's content; None if they have a file of their own."""

    @classmethod
    def from_file(cls, path: Path) -> Part:
        """Reads a part from the name of its file, which is empty if its bytes are in the content."""
        number, size, etag, crc64, last_modified, *offset = path.name.split("-")
        path = path.with_name(CONTENT) if offset else path
        place = int(offset[0]) if offset else None
        return cls(int(number), int(size), etag, int(crc64), float(last_modified), path, place)


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


@dataclass
class _Places:
    """Where the parts of an upload go in its content."""

    part_size: int = 0
    """Bytes of each part but the last: those of the first that comes."""
    taken: set[int] = field(default_factory=set)
    """Numbers of the parts that are there, or arrive."""
    is_closed: bool = False
    """Whether the content is an object, to which nothing more may be written."""

    def take(self, number: int, size: int) -> int | None:
        """Returns the offset of a part's place, which it has from now on; None if there is none for it."""
        self.part_size = self.part_size or size
        fits = 0 < size <= self.part_size and number <= len(self.taken) + MAX_GAP
        if self.is_closed or not fits or number in self.taken:
            return None
        self.taken.add(number)
        return (number - 1) * self.part_size

    def free(self, number: int, offset: int | None) -> None:
        """Gives back a place whose part has not arrived."""
        if offset is not None:
            self.taken.discard(number)


class MultipartUploads:
    """The unfinished uploads of one bucket."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._places: dict[str, _Places] = {}
        """By upload ID; of uploads that have begun in this process alone."""
        self.completing = threading.Lock()
        """Held while one is completed: of two completions at once, the second finds no upload."""
        folder.mkdir(parents=True, exist_ok=True)

    def initiate(self, key: str, content_type: str, settings: dict[str, str], now: float) -> MultipartUpload:
        """Begins an upload; `now` is in seconds since the epoch."""
        upload = MultipartUpload(secrets.token_hex(16).upper(), key, content_type, settings, now)
        folder = self._folder / upload.upload_id
        folder.mkdir()
        (folder / CONTENT).touch()
        self._places[upload.upload_id] = _Places()
        draft = folder / "draft"
        draft.write_text(json.dumps(asdict(upload)), encoding="utf-8")
        draft.rename(folder / "about")
        return upload

    def clear(self) -> None:
        """Deletes all uploads."""
        with self._lock:
            for upload_id in self.ids():
                shutil.rmtree(self._folder / upload_id)
            self._places.clear()

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

    @contextmanager
    def incoming(self, upload: MultipartUpload, number: int, size: int) -> Iterator[Incoming]:
        """Yields where a part of `size` bytes goes; 0 if that is not known. Raises OssError."""
        folder = self._folder / upload.upload_id
        with self._lock:
            self.find(upload.key, upload.upload_id)
            places = self._places.get(upload.upload_id, _Places(is_closed=True))
            offset = places.take(number, size)
            incoming = Incoming(folder / (CONTENT if offset is not None else secrets.token_hex(16)), offset)
        try:
            yield incoming
        except BaseException:
            with self._lock:
                places.free(number, offset)
            raise
        finally:
            incoming.discard()

    def put(self, upload: MultipartUpload, number: int, incoming: Incoming, now: float) -> Part:
        """Stores a part, over an earlier one with its number; `now` is in seconds since the epoch. Raises OssError."""
        incoming.file.close()
        etag = incoming.md5.hexdigest().upper()
        place = "" if incoming.offset is None else f"-{incoming.offset}"
        path = self._folder / upload.upload_id / f"{number}-{incoming.size}-{etag}-{incoming.crc64}-{now}{place}"
        with self._lock:
            self.find(upload.key, upload.upload_id)
            for earlier in path.parent.glob(f"{number}-*"):
                earlier.unlink()
            if incoming.offset is None:
                incoming.path.replace(path)
            else:
                path.touch()
        return Part.from_file(path)

    def parts(self, upload: MultipartUpload) -> list[Part]:
        """Returns the parts that have arrived, by number."""
        with self._lock:
            files = list((self._folder / upload.upload_id).glob("*-*"))
        return sorted((Part.from_file(path) for path in files), key=lambda part: part.number)

    def join(self, upload: MultipartUpload, parts: Sequence[Part], incoming: Incoming) -> None:
        """Gives `incoming` the bytes of these parts in a row. Raises OssError, and OSError of the disk."""
        if not (self._close_content(upload, parts) and incoming.adopt(self._folder / upload.upload_id / CONTENT)):
            for part in parts:
                with part.path.open("rb", buffering=0) as source:
                    source.seek(part.offset or 0)
                    incoming.copy(source, part.size)
        for part in parts:
            incoming.crc64 = combine(incoming.crc64, part.crc64, part.size)

    def _close_content(self, upload: MultipartUpload, parts: Sequence[Part]) -> bool:
        """Returns whether the content is these parts in a row, and nothing is written to it any more."""
        numbers, size = {part.number for part in parts}, sum(part.size for part in parts)
        if any(part.offset is None for part in parts):
            return False
        with self._lock:
            self.find(upload.key, upload.upload_id)
            places = self._places.get(upload.upload_id)
            content = self._folder / upload.upload_id / CONTENT
            # A part that is not listed may be arriving. With a hole, or with bytes of no part, it would be larger.
            if places is None or places.taken != numbers or content.stat().st_size != size:
                return False
            places.is_closed = True
        return True

    def remove(self, upload: MultipartUpload) -> None:
        """Deletes an upload and its parts. Raises OssError."""
        with self._lock:
            self.find(upload.key, upload.upload_id)
            shutil.rmtree(self._folder / upload.upload_id)
            self._places.pop(upload.upload_id, None)


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
