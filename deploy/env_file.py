"""Reads .env, and writes a secret into it.

Serverless Devs reads that file too, with dotenv and dotenv-expand. So only what both read alike is taken here, and
everything else is refused, with its line: a secret that is read differently signs links that the function refuses.
A secret is written for the file's owner alone from the first byte on, whole or not at all, one command at a time.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import stat
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from deploy.counts import number_of

LARGEST = 1_000_000
"""Bytes of a .env that is read."""

_ASSIGNMENT = re.compile(r"[ \t]*(?:export[ \t]+)?([A-Za-z][A-Za-z0-9_]*)[ \t]*=(.*)")
_QUOTED = re.compile(r"""(?:"([^"\\]*)"|'([^'\\]*)')(?:[ \t]*|[ \t]+#.*)""")

AT_MOST = 10
"""Faults of a file that are printed."""

_IN_QUOTES = (
    "begins with a quote: write {name}=\"…\" or {name}='…' on one line, with no such quote and no \\ within, and "
    "nothing after it but a comment"
)
_VARIABLE = (
    "has a {what}, where Serverless Devs puts other values in: write it without one (an address: %24, a secret: make "
    "another), or set {name} in the environment instead"
)


def read(file: Path) -> str:
    """Returns the text of a .env; empty where there is none. Raises ValueError where it cannot be read as one."""
    try:
        mode = file.stat().st_mode
        if not stat.S_ISREG(mode):
            kind = "a folder" if stat.S_ISDIR(mode) else "no file"
            raise ValueError(f"{file.name} is {kind}: make a file of it (.env.example shows how), or take it away")
        with file.open("rb") as opened:
            content = opened.read(LARGEST + 1)
    except FileNotFoundError:
        if file.is_symlink():
            raise ValueError(f"{file.name} is a link to a file that is not there") from None
        return ""
    except OSError as fault:
        raise ValueError(f"{file.name} cannot be read: {fault.strerror}") from None
    if len(content) > LARGEST:
        raise ValueError(f"{file.name} has more than {LARGEST:,} bytes: it should have settings alone")
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as fault:
        line = content.count(b"\n", 0, fault.start) + 1
        raise ValueError(f"{file.name}, line {line}: this is not UTF-8: save the file as UTF-8") from None


def dotenv(text: str, file: str = ".env") -> dict[str, str]:
    """Returns the variables of a .env file: NAME=value a line, perhaps in quotes; ` #` begins a comment.

    Raises ValueError with a line for each that Serverless Devs might read otherwise; no value is in it.
    """
    found: dict[str, str] = {}
    faults = [
        f"{file}, line {number}: {fault}"
        for number, line in enumerate(text.split("\n"), 1)
        if (fault := _fault_of(line, found))
    ]
    if faults:
        more = [f"and {number_of(len(faults) - AT_MOST, 'line')} more"] if len(faults) > AT_MOST else []
        raise ValueError("\n".join([*faults[:AT_MOST], *more]))
    return found


def _fault_of(line: str, found: dict[str, str]) -> str:
    """Adds what a line sets to `found`, or returns what is wrong with it."""
    try:
        if assignment := _variable(line):
            found[assignment[0]] = assignment[1]
    except ValueError as fault:
        return str(fault)
    return ""


def _variable(line: str) -> tuple[str, str] | None:
    """Returns what a line sets; nothing where it is empty or a comment. Raises ValueError."""
    for character in line:
        if character == "\ufeff" or (character != "\t" and unicodedata.category(character) in ("Cc", "Zl", "Zp")):
            raise ValueError(f"U+{ord(character):04X} is an invisible character: take it out")
    if line.strip(" \t")[:1] in ("", "#"):
        return None
    match = _ASSIGNMENT.fullmatch(line)
    if not match:
        raise ValueError("write NAME=value; a name is of a-z, A-Z, 0-9 and _, and begins with a letter")
    name, written = match.groups()
    value = _value(name, written)
    for what in ("$", "<%"):
        if what in value:
            raise ValueError(f"{name} {_VARIABLE.format(what=what, name=name)}")
    return name, value


def _value(name: str, written: str) -> str:
    first = written.lstrip(" \t")
    if first[:1] in ('"', "'", "`"):
        quoted = _QUOTED.fullmatch(first)
        if not quoted:
            raise ValueError(f"{name} {_IN_QUOTES.format(name=name)}")
        return quoted[1] or quoted[2] or ""
    value, comment, _ = written.partition("#")
    if comment and not value.endswith((" ", "\t")):
        raise ValueError(f'{name} has a #, which begins a comment: write {name}="…", or a blank before the comment')
    value = value.strip(" \t")
    if value != value.strip():
        raise ValueError(f'{name} has a blank of another kind at an end: write {name}="…"')
    return value


def add_secret(file: Path, name: str) -> tuple[str, bool]:
    """Returns the secret of that name in the file, and whether it was made now: another command may have been first.

    A link stays one: what it leads to is written. Raises OSError, ValueError.
    """
    file = file.resolve()
    with _lock(file.parent):
        text = read(file)
        if known := dotenv(text, file.name).get(name):
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
