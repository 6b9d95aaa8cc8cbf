"""The bytes of an upload that has not become an object or a part yet, with the sums that are computed meanwhile."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from localcloud.oss.storage.crc64 import crc64_ecma

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

COPY_SIZE = 1024**2
"""Bytes that are copied at a time."""


class Incoming:
    """A file, or a stretch of one, that grows while an upload arrives."""

    def __init__(self, path: Path, offset: int | None = None) -> None:
        """`offset` is where the bytes go in a file that has others, too; without it, the file is made."""
        self.path = path
        self.offset = offset
        self.size = 0
        self.crc64 = 0
        self.md5 = hashlib.md5(usedforsecurity=False)
        self.file = path.open("xb" if offset is None else "r+b", buffering=0)
        self.file.seek(offset or 0)

    def write(self, chunk: memoryview) -> None:
        """Appends a piece. Raises OSError."""
        self.md5.update(chunk)
        self.crc64 = crc64_ecma(chunk, self.crc64)
        self._append(chunk)

    def copy(self, source: BinaryIO, size: int) -> None:
        """Appends so many bytes of an open file. The caller sets the sums. Raises OSError."""
        while size and (chunk := source.read(min(COPY_SIZE, size))):
            self._append(memoryview(chunk))
            size -= len(chunk)

    def adopt(self, path: Path) -> bool:
        """Becomes another name of a file, without a copy. The caller sets the sums. Returns whether it could."""
        name = self.path.with_name(f"{self.path.name}-adopted")
        try:
            name.hardlink_to(path)
        except OSError:
            return False  # not every file system has links
        name.replace(self.path)
        self.size = path.stat().st_size
        return True

    def _append(self, chunk: memoryview) -> None:
        self.size += len(chunk)
        while chunk:
            chunk = chunk[self.file.write(chunk) :]

    def discard(self) -> None:
        """Deletes the file, unless it has become an object or a part, or has other bytes, too."""
        self.file.close()
        if self.offset is None:
            self.path.unlink(missing_ok=True)
