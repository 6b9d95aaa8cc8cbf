"""Writes a secret into .env: for its owner alone from the first byte on, whole or not at all, one command at a time."""

from __future__ import annotations

import fcntl
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from deploy.environment import dotenv, read


def add_secret(file: Path, name: str) -> tuple[str, bool]:
    """Returns the secret of that name in the file, and whether it was made now: another command may have been first.

    A link stays one: what it leads to is written. Raises OSError, ValueError.
    """
    file = file.resolve()
    with _lock(file.parent):
        text = read(file)
        if known := dotenv(text).get(name):
            return known, False
        made = secrets.token_urlsafe(32)
        left = [line for line in text.split("\n") if name not in dotenv(line)]
        while left and not left[-1]:
            left.pop()
        _replace(file, "\n".join([*left, f"{name}={made}", ""]))
    return made, True


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    opened = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield
        os.fsync(opened)
    finally:
        os.close(opened)


def _replace(file: Path, text: str) -> None:
    # A new file is its owner's alone.
    number, name = tempfile.mkstemp(prefix=".env.", dir=file.parent)
    try:
        with open(number, "w", encoding="utf-8", newline="") as new:  # noqa: PTH123 - a file that is open already
            new.write(text)
            new.flush()
            os.fsync(number)
            with suppress(FileNotFoundError, PermissionError):
                there = file.stat()
                os.fchown(number, there.st_uid, there.st_gid)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink()
        raise
