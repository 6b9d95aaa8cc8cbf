"""The Pythons of this machine: a package is made by a Python of the minor version that will run it."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parents[2]

RUNTIMES = ("3.12", "3.10")
"""What Function Compute runs, its default first."""


class BuildError(Exception):
    """The package cannot be made here; the text says why and what to do, a line for each fault."""


@dataclass(frozen=True)
class Python:
    """A CPython on this machine; `minor` is its version as in `3.12`."""

    minor: str
    path: Path

    @property
    def tag(self) -> str:
        """Returns what CPython calls itself in the names of compiled files."""
        return "cpython-" + self.minor.replace(".", "")


def find(minor: str, environ: Mapping[str, str]) -> Python:
    """Returns this project's Python, else the one on PATH, else pyenv's newest, else uv's. Raises BuildError."""
    for path in _candidates(minor, environ):
        if _is_cpython(path, minor):
            return Python(minor, path)
    raise BuildError(
        f"Python {minor}, which will run the package, has to make it, and is not on this machine. Debian 12 has no "
        f"package of it: get it with `.venv/default/bin/uv python install {minor}` or `pyenv install {minor}`. "
        f"{_others(environ)}"
    )


def _candidates(minor: str, environ: Mapping[str, str]) -> Iterator[Path]:
    yield ROOT / ".venv" / minor / "bin" / "python"
    if on_path := shutil.which(f"python{minor}", path=environ.get("PATH")):
        yield Path(on_path)
    if pyenv := shutil.which("pyenv", path=environ.get("PATH")):
        prefix = _output([pyenv, "prefix", minor])
        yield Path(prefix) / "bin" / "python"
    for uv in (shutil.which("uv", path=environ.get("PATH")), ROOT / ".venv" / "default" / "bin" / "uv"):
        if uv and (managed := _output([str(uv), "python", "find", "--managed-python", "--system", minor])):
            yield Path(managed)


def _others(environ: Mapping[str, str]) -> str:
    """Returns which Pythons there are, and the runtime that one of them can build for."""
    minors = [f"3.{number}" for number in range(8, 20)]
    found = {minor: path for minor in minors for path in _candidates(minor, environ) if _is_cpython(path, minor)}
    if not found:
        return "There is no other Python here either."
    told = f"This machine has: {', '.join(f'{minor} ({path})' for minor, path in found.items())}."
    runtimes = [f"RUNTIME=python{minor}" for minor in RUNTIMES if minor in found]
    return " ".join([told, *(f"Or build for what is here: {runtime}." for runtime in runtimes)])


def _is_cpython(path: Path, minor: str) -> bool:
    # pyenv puts names on PATH for Pythons that it does not have: only running one tells.
    says = "import sys; print(sys.implementation.name, '%d.%d' % sys.version_info[:2])"
    return _output([str(path), "-c", says]) == f"cpython {minor}"


def _output(command: list[str]) -> str:
    try:
        return subprocess.run(  # noqa: S603 - a program of this machine
            command, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", timeout=60, check=False
        ).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""
