"""The path under which a stranger's upload is stored on the owner's disk."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path, PurePosixPath

MAX_NAME = 200
"""Bytes of one part of a path that every file system takes, with room for a number."""

DEEPEST = 8
"""Parts of a path; of a deeper one the last are kept."""

LONGEST = 600
"""Bytes of a path, so that it fits below any folder (macOS takes 1,024); the last parts are kept."""

_UNFIT = re.compile(r'[<>:"|?*]')
_RESERVED = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"} | {
    f"{name}{number}" for name in ("COM", "LPT") for number in "0123456789\xb9\xb2\xb3"
}
"""Devices on Windows, whatever follows the first dot (CPython 3.13, ntpath.isreserved)."""


def safe_path(name: str) -> Path:
    """Returns a relative path for a name that anybody may have chosen: it leads nowhere but down, on every system."""
    parts = [_safe_part(part) for part in re.split(r"[/\\]", unicodedata.normalize("NFC", name))]
    kept = [part for part in parts if part][-DEEPEST:] or ["unnamed"]
    while len("/".join(kept).encode()) > LONGEST:
        del kept[0]
    return Path(*kept)


def _safe_part(part: str) -> str:
    part = _UNFIT.sub("_", "".join(each if each.isprintable() else "_" for each in part)).lstrip(" ").rstrip(" .")
    # What begins with a dot is hidden, and settings to many a program; with a dash, an option to commands (`rm *`);
    # with a plus, a command to editors and pagers (`vim *`); with an at sign, a file of options to compilers.
    part = re.sub(r"^[.+@-]+", lambda found: "_" * len(found[0]), part)
    if part.partition(".")[0].rstrip(" ").upper() in _RESERVED:
        part = f"_{part}"
    # With it, any folder is a repository whose `config` names programs that git runs; many a prompt asks git.
    if part.casefold() == "head":
        part = f"_{part}"
    suffix = PurePosixPath(part).suffix
    if len(suffix.encode()) > MAX_NAME // 2:
        suffix = ""
    stem = part.removesuffix(suffix).encode()[: MAX_NAME - len(suffix.encode())]
    return (stem.decode(errors="ignore") + suffix).rstrip(" .")
