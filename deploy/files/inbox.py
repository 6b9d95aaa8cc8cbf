"""The folder into which `make files` fetches what strangers uploaded, so that no name of theirs meets anything else."""

from __future__ import annotations

import json
import os
import secrets
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path

MARK = ".oss-direct-upload-files"
"""The file that says of a folder that it was made here, and of what it holds, a line each, which object it was.

No file of an upload begins with a dot (safe_path.py), so that none can pose as it.
"""

MADE_LATER = ("build", "node_modules", "local-files", "upload-links")
"""Folders of the project that other commands make."""


@dataclass(frozen=True)
class StoredObject:
    """An object, as a list of the bucket has it."""

    key: str
    size: int
    """Bytes."""
    when: datetime
    """When it was stored; in UTC."""


class Inbox:
    """A folder that was new or empty, or is one from an earlier time."""

    def __init__(self, place: Path) -> None:
        """`place` is to be made with `at`."""
        self._place = place
        self._folders: dict[Path, _Folder] = {}
        self._fetched = {line[0]: line[1] for line in map(_fetched_object, _lines(place / MARK)) if line}

    @classmethod
    def at(cls, folder: Path, project: Path) -> Inbox:
        """Returns the folder, which it may create. Raises OSError, ValueError if strangers' files must not go there."""
        try:
            place = folder.resolve()
        except RuntimeError:
            raise ValueError(f"{folder} is a link that leads to itself: name a new or an empty folder") from None
        _keep_clear_of(project.resolve(), place, folder)
        if place.exists() and not place.is_dir():
            raise ValueError(f"{folder} is no folder: name a new or an empty one")
        mark = place / MARK
        if place.exists() and not (mark.is_file() and not mark.is_symlink()) and any(place.iterdir()):
            raise ValueError(f"{folder} holds files that `make files` did not fetch: name a new or an empty folder")
        place.mkdir(parents=True, exist_ok=True)
        if place.parent == project.resolve():
            (place / ".gitignore").write_text("*\n", encoding="utf-8")  # nobody commits other people's files unawares
        mark.touch()
        return cls(place)

    def has(self, listed: StoredObject) -> bool:
        """Tells whether this very object is there already."""
        path = self._fetched.get(listed)
        return path is not None and (self._place / path).is_file()

    def new_file(self, path: Path, fetch: Callable[[Path], None]) -> Path:
        """Returns a new file at this path below the folder, or with a number where something has its name.

        `fetch` makes it, at a path that no upload can have: if the process is killed, no half file has its name.
        """
        *above, name = path.parts
        folder = self._folder(self._place)
        for part in above:
            folder = self._folder(folder.folder(part))
        return folder.file(name, fetch)

    def add(self, listed: StoredObject, path: Path) -> None:
        """Notes that the object is there now, whole."""
        name = str(path.relative_to(self._place))
        line = {"key": listed.key, "size": listed.size, "when": listed.when.isoformat(), "path": name}
        with (self._place / MARK).open("a", encoding="utf-8") as mark:
            mark.write(json.dumps(line) + "\n")
        self._fetched[listed] = name

    def _folder(self, path: Path) -> _Folder:
        if path not in self._folders:
            self._folders[path] = _Folder(path)
        return self._folders[path]


class _Folder:
    """One folder. Names that some file system takes for one name (case, forms of Unicode) count as one everywhere."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._there = {_fold_case(name): path / name for name in os.listdir(path)}  # noqa: PTH208 - names are wanted
        self._next: dict[str, int] = {}
        self._used: dict[str, Path] = {}

    def folder(self, name: str) -> Path:
        """Returns a folder by this name, or with a number where a file or a link, which may lead elsewhere, has it."""
        key = _fold_case(name)
        if key not in self._used:
            there = self._there.get(key)
            is_one = there is not None and there.is_dir() and not there.is_symlink()
            self._used[key] = there if there and is_one else self._create(name, Path.mkdir)
        return self._used[key]

    def file(self, name: str, fetch: Callable[[Path], None]) -> Path:
        """Returns a new file by this name, or with a number where something has it."""
        part = self._path / f"{MARK}-{secrets.token_hex(8)}"
        try:
            fetch(part)
            return part.replace(self._create(name, lambda path: path.open("xb").close()))
        finally:
            part.unlink(missing_ok=True)

    def _create(self, name: str, make: Callable[[Path], None]) -> Path:
        while True:
            path = self._path / self._free(name)
            self._there[_fold_case(path.name)] = path
            try:
                make(path)
            except FileExistsError:
                continue
            return path

    def _free(self, name: str) -> str:
        """Returns the name, or with the next number: none is tried twice, however many files have the name."""
        if _fold_case(name) not in self._there:
            return name
        path = Path(name)
        for number in count(self._next.get(_fold_case(name), 2)):
            numbered = f"{path.stem} ({number}){path.suffix}"
            if _fold_case(numbered) not in self._there:
                self._next[_fold_case(name)] = number + 1
                return numbered
        raise AssertionError("there is always another number")


def _keep_clear_of(project: Path, place: Path, named: Path) -> None:
    """Raises ValueError where files would lie in or above the project: make, Python and Node.js read files there."""
    # `Build` is `build` on macOS.
    project, place = (Path(_fold_case(str(path))) for path in (project, place))
    if project.is_relative_to(place):
        raise ValueError(f"{named} is the project's folder, or one above it: name a new folder, such as inbox")
    beside = place.parent == project and not place.name.startswith(".") and place.name not in MADE_LATER
    if place.is_relative_to(project) and not beside:
        raise ValueError(f"{named} belongs to the project: name a new folder, such as inbox")


def _fold_case(name: str) -> str:
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold())


def _lines(mark: Path) -> list[str]:
    return mark.read_text(encoding="utf-8", errors="replace").splitlines()


def _fetched_object(line: str) -> tuple[StoredObject, str] | None:
    """Returns what a line of the mark says; nothing where it was cut off."""
    try:
        said = json.loads(line)
        return StoredObject(said["key"], said["size"], datetime.fromisoformat(said["when"])), str(said["path"])
    except (ValueError, KeyError, TypeError):
        return None
