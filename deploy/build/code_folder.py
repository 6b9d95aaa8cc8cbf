"""What the code folder may hold: all that Function Compute needs to run it, and nothing that it must not have."""

from __future__ import annotations

import io
import re
import shutil
import zipfile
from typing import TYPE_CHECKING

from deploy.build.dependencies import NEWEST_GLIBC
from deploy.private_files import fits, why_private

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deploy.build.pythons import Python

_UNUSED = ("bin", "tests", "*.pyi", "py.typed", "*.pyx", "*.pxd", "*.pxi", "*.c", "*.h", "_testcapi.*")
"""Of the dependencies: commands, tests, what type checkers and compilers read. No program imports any of it."""

_KEPT_METADATA = ("METADATA", "entry_points.txt", "LICEN[CS]E*", "NOTICE*", "licenses", "sboms")
"""Of a dist-info: licences ask to stay with the code; importlib.metadata and vulnerability scanners read the rest.

What goes is pip's own, for uninstalling: lists of files that are no longer there, and paths on this machine.
"""

_FORBIDDEN = {
    "a test": ("test", "tests", "conftest.py"),
    "of another system": ("*.pyd", "*.dll", "*.dylib", "*.exe"),
}

_UNCHECKED_HASH = b"\x01\x00\x00\x00"
"""Bytes 4 to 8 of a .pyc (PEP 552): use it, whatever the source's time. In a zip times shift with the time zone."""

X86_64 = 62
"""Of ELF's e_machine."""


def trim(folder: Path) -> None:
    """Removes from installed dependencies what no program uses."""
    for path in sorted(folder.rglob("*")):
        in_metadata = path.parent.suffix == ".dist-info" and path.parent.parent == folder
        unwanted = not fits(path.name, _KEPT_METADATA) if in_metadata else fits(path.name, _UNUSED)
        if unwanted and path.is_dir():
            shutil.rmtree(path)
        elif unwanted and path.exists():
            path.unlink()


def files(folder: Path) -> list[Path]:
    """Returns all files of a folder, in an order that is the same on every machine."""
    return sorted((path for path in folder.rglob("*") if not path.is_dir()), key=lambda path: path.parts)


def faults(folder: Path, python: Python) -> list[str]:
    """Returns everything about the folder that is not right for Function Compute and this Python, each in a line."""
    found = []
    for path in files(folder):
        name = path.relative_to(folder).as_posix()
        found += [f"{name} {fault}" for fault in _file_faults(path, name, python)]
    return found


def zipped_size(folder: Path) -> int:
    """Returns bytes of the folder as a zip, about as Serverless Devs makes it."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in files(folder):
            archive.write(path, path.relative_to(folder))
    return len(target.getvalue())


def _file_faults(path: Path, name: str, python: Python) -> Iterator[str]:
    if path.is_symlink():
        yield "is a link: its target stays behind"
        return
    for what, patterns in _FORBIDDEN.items():
        if any(fits(part, patterns) for part in name.split("/")):
            yield f"is {what}"
    content = path.read_bytes()
    yield from why_private(name, content)
    if path.suffix == ".so" or ".so." in path.name or content.startswith(b"\x7fELF"):
        yield from binary_faults(path.name, content, python)
    if path.suffix == ".py":
        yield from _bytecode_faults(path, python)


def binary_faults(name: str, content: bytes, python: Python) -> Iterator[str]:
    """Yields why Function Compute could not load a shared library of this name and these bytes.

    Follows the ELF header (`man 5 elf`). The versions of glibc that a library needs stand as NUL-terminated strings
    among its dynamic strings; looked for in the whole file, each of them is found, and at worst one too many.
    """
    header = content[:20]
    if header[:4] != b"\x7fELF":
        yield "is not for Linux (no ELF file)"
        return
    # 64 bits, little endian; then the machine.
    if header[4:6] != b"\x02\x01" or int.from_bytes(header[18:20], "little") != X86_64:
        yield "is not for x86_64"
    tag = re.search(r"\.((?:cpython|pypy|graalpy)[^.]*)\.so$", name)
    if tag and tag[1] != f"{python.tag}-x86_64-linux-gnu":
        yield f"is for {tag[1]}, not for Python {python.minor} on Linux"
    needed = max(
        ((int(major), int(minor)) for major, minor in re.findall(rb"GLIBC_(\d+)\.(\d+)(?:\.\d+)?\0", content)),
        default=(0, 0),
    )
    if needed > NEWEST_GLIBC:
        yield f"needs glibc {needed[0]}.{needed[1]}; Function Compute has {NEWEST_GLIBC[0]}.{NEWEST_GLIBC[1]}"


def _bytecode_faults(source: Path, python: Python) -> Iterator[str]:
    compiled = source.parent / "__pycache__" / f"{source.stem}.{python.tag}.pyc"
    if not compiled.exists():
        yield f"has no bytecode for Python {python.minor}"
    elif compiled.read_bytes()[4:8] != _UNCHECKED_HASH:
        yield "has bytecode that is checked against its source's time"
