"""The versions of objects that are no longer current: files below the bucket's own folder, a folder for each key."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class OlderVersion:
    """One version that is no longer current."""

    about: dict[str, Any]
    """What the bucket wrote of it when it was current."""
    description: Path
    """The file that has this."""
    content: Path
    """The file with its bytes; a delete marker has none."""

    def remove(self) -> None:
        """Deletes its files, and the folder if it was the last one."""
        self.description.unlink()
        self.content.unlink(missing_ok=True)
        if not any(self.description.parent.iterdir()):
            self.description.parent.rmdir()


class OlderVersions:
    """All of them in one bucket. The bucket holds its lock meanwhile."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, digest: str, description: Path, content: Path) -> None:
        """Moves a version here, as the newest one of its key, whose digest is given."""
        folder = self._folder / digest
        folder.mkdir(parents=True, exist_ok=True)
        number = max((int(path.stem) for path in folder.glob("*.json")), default=0) + 1
        if content.is_file():
            content.replace(folder / f"{number:010}")
        description.replace(folder / f"{number:010}.json")

    def find(self, digest: str) -> list[OlderVersion]:
        """Returns the older versions of a key, the newest first."""
        descriptions = sorted((self._folder / digest).glob("*.json"), reverse=True)
        return [OlderVersion(json.loads(path.read_text("utf-8")), path, path.with_suffix("")) for path in descriptions]

    def clear(self) -> None:
        """Deletes all of them."""
        shutil.rmtree(self._folder, ignore_errors=True)
