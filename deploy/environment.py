"""The deployer's environment: their own variables, over those of the file .env.

Serverless Devs reads that file too, with dotenv and dotenv-expand. So only what both read alike is taken here, and
everything else is refused, with its line: a secret that is read differently signs links that the function refuses.
"""

from __future__ import annotations

import os
import re
import stat
import sys
import unicodedata
from collections.abc import Mapping
from pathlib import Path

LARGEST = 1_000_000
"""Bytes of a .env that is read."""

_PACKAGES = ("build/sign", "build/callback")
"""What s.yaml names as `code`: Serverless Devs reads a .env there, too."""

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


def environment(environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """`environ` over what the file .env in `folder` sets, as Serverless Devs reads both. Raises ValueError."""
    of_file = dotenv(read(folder / ".env"))
    _refuse_other_files({**of_file, **environ}, folder)
    for name in of_file:
        # Serverless Devs fills in the variables of every value whose name stands in the file, wherever it is from.
        if "$" in environ.get(name, ""):
            raise ValueError(
                f"{name} is set in the environment, with a $ in it, and in .env too: Serverless Devs would put other "
                f"values in. Take {name} out of .env."
            )
    return {**of_file, **environ}


def _refuse_other_files(settings: Mapping[str, str], folder: Path) -> None:
    """Raises ValueError where Serverless Devs would read another file instead of .env, or before it."""
    for place in (*_PACKAGES, "."):
        vault, before = (folder / place / name for name in (".env.vault", ".env"))
        if settings.get("DOTENV_KEY") and vault.exists():
            raise ValueError(
                f"DOTENV_KEY is set: Serverless Devs would read {vault.relative_to(folder)} instead of .env. Unset it."
            )
        if place != "." and before.exists():
            raise ValueError(
                f"{before.relative_to(folder)} is there, and Serverless Devs would read it before .env: delete it"
            )


def own_environment(folder: Path) -> dict[str, str]:
    """This process's environment, over .env in `folder`; ends the process where that cannot be read."""
    try:
        return environment(os.environ, folder)
    except ValueError as fault:
        print(fault, file=sys.stderr)
        sys.exit(2)


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


def dotenv(text: str) -> dict[str, str]:
    """Returns the variables of a .env file: NAME=value a line, perhaps in quotes; ` #` begins a comment.

    Raises ValueError with a line for each that Serverless Devs might read otherwise; no value is in it.
    """
    found: dict[str, str] = {}
    faults = [
        f".env, line {number}: {fault}"
        for number, line in enumerate(text.split("\n"), 1)
        if (fault := _fault_of(line, found))
    ]
    if faults:
        more = [f"and {len(faults) - AT_MOST:,} lines more"] if len(faults) > AT_MOST else []
        raise ValueError("\n".join([*faults[:AT_MOST], *more]))
    return found


def _fault_of(line: str, found: dict[str, str]) -> str:
    """Adds what a line sets to `found`, or tell what is wrong with it."""
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
