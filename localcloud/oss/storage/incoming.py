"""The bytes of an upload that has not become an object or a part yet, with the sums that are computed meanwhile."""

from __future__ import annotations

import hashlib
import shutil
from typing import TYPE_CHECKING

from localcloud.oss.storage.crc64 import crc64_ecma

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

COPY_SIZE = 1024**2
"""Bytes that are copied at a time."""


class Incoming:
    """A file that grows while an upload arrives."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self.crc64 = 0
        self.md5 = hashlib.md5(usedforsecurity=False)
        self.file = path.open("xb", buffering=0)

    def write(self, chunk: memoryview) -> None:
        """Appends a piece. Raises OSError."""
        self.size += len(chunk)
        self.md5.update(chunk)
        self.crc64 = crc64_ecma(chunk, self.crc64)
        while chunk:
            chunk = chunk[self.file.write(chunk) :]

    def append(self, path: Path) -> None:
        """Copies a file to the end. The caller sets the sums."""
        with path.open("rb", buffering=0) as source:
            self.copy(source)

    def copy(self, source: BinaryIO) -> None:
        """Copies an open file to the end. The caller sets the sums."""
        shutil.copyfileobj(source, self.file, COPY_SIZE)
        self.size += source.tell()

    def discard(self) -> None:
        """Deletes the file, unless it has become an object or a part."""
        self.file.close()
        self.path.unlink(missing_ok=True)
