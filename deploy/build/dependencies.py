"""The function's locked dependencies as Function Compute needs them: installed into a folder, each checked by its hash.

Each is a wheel for Linux on x86_64 and for the target's Python, whatever machine this is. pip runs under the target's
own Python, because a lock's markers (`python_full_version < '3.11'`) are evaluated for the Python that runs pip,
whatever `--python-version` says.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.build.pythons import BuildError
from direct_upload import without_aiohttp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deploy.build.pythons import Python

ROOT = Path(__file__).parents[2]
TOOLS_LOCK = ROOT / "deploy" / "build" / "requirements.txt"

_SOURCES = ROOT / "deploy" / "build" / "source-only.txt"
SOURCE_ONLY = tuple(re.findall(r"^[^#\s]+", _SOURCES.read_text(encoding="utf-8"), re.MULTILINE))
"""Packages published as source only. Building one runs its code on this machine, so each is named in that file."""

LEFT_OUT = (
    *("aiohttp", "aiohappyeyeballs", "aiosignal", "async-timeout", "attrs", "frozenlist", "multidict", "propcache"),
    "yarl",
)
"""aiohttp, which the function's code never calls (direct_upload/without_aiohttp.py), and what nothing else needs."""

NEWEST_GLIBC = (2, 28)
"""What both runtimes have: python3.10 is Debian 10 with this one, python3.12 Debian 11 with 2.31."""

_PLATFORMS = (
    *("--platform", "manylinux2014_x86_64"),
    *(word for minor in range(17, NEWEST_GLIBC[1] + 1) for word in ("--platform", f"manylinux_2_{minor}_x86_64")),
)

# A registry that does not answer is given up within a minute.
_ALWAYS = ["-q", "--disable-pip-version-check", "--no-input", "--timeout", "15", "--retries", "2", "--require-hashes"]


def install(lock: Path, python: Python, folder: Path, work: Path, environ: Mapping[str, str]) -> None:
    """Puts all that a lock names, but LEFT_OUT, into `folder`; `work` is an empty folder for what that takes.

    Raises BuildError: no registry answers, a package is not the locked one, or there is none for Function Compute.
    """
    tools, wheels = work / "tools", work / "wheels"
    left_out = LEFT_OUT if without_aiohttp.ENABLED else ()
    entries = [entry for entry in lock_entries(lock.read_text(encoding="utf-8")) if _name(entry) not in left_out]

    # Every machine builds with the same pip and setuptools, and no interpreter needs any of its own. As wheels: a
    # source of theirs would be built with tools that no lock names.
    only_wheels = ("--no-deps", "--no-compile", "--only-binary", ":all:")
    _pip(environ, sys.executable, "install", *only_wheels, "--target", tools, "-r", TOOLS_LOCK)
    environ = {**environ, "PYTHONPATH": str(tools)}

    # Never a wheel from pip's cache: who knows what has built it.
    as_source = ("--no-deps", "--no-build-isolation", "--no-cache-dir", "--no-binary", ":all:")
    wheels.mkdir()
    if sources := [entry for entry in entries if _name(entry) in SOURCE_ONLY]:
        listed = _write_list(work / "sources.txt", sources)
        _pip(environ, python.path, "wheel", *as_source, "--wheel-dir", wheels, "-r", listed)

    as_wheels = ("--only-binary", ":all:", "--implementation", "cp", "--python-version", python.minor, *_PLATFORMS)
    everything = _write_list(work / "everything.txt", [_with_own_hash(entry, wheels) for entry in entries])
    # The lock has everything already, and what is left out is not to come back.
    here = ("--find-links", wheels, "--target", folder, "--no-compile", "--no-deps")
    _pip(environ, python.path, "install", *as_wheels, *here, "-r", everything)


def lock_entries(lock: str) -> list[str]:
    """Returns what a lock lists: each entry a requirement with its marker, and its hashes on further lines."""
    return re.findall(r"^[^\s#].*(?:\n[ \t]+\S.*)*", lock, re.MULTILINE)


def _with_own_hash(entry: str, wheels: Path) -> str:
    """Returns the entry; for a source, with the hash of the wheel built here. Its own hash was checked before."""
    if _name(entry) not in SOURCE_ONLY:
        return entry
    made = wheels.glob(_name(entry).replace("-", "_") + "-*.whl")
    hashes = " ".join(f"--hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}" for wheel in made)
    return entry.partition("--hash")[0] + hashes


def _name(entry: str) -> str:
    return re.split(r"[=\s]", entry, maxsplit=1)[0]


def _write_list(file: Path, entries: list[str]) -> Path:
    file.write_text("\n".join(entries) + "\n", encoding="utf-8")
    return file


def _pip(environ: Mapping[str, str], python: str | Path, *arguments: str | Path) -> None:
    done = subprocess.run(  # noqa: S603 - pip, with fixed arguments
        [python, "-m", "pip", *arguments, *_ALWAYS],
        # These two, if people have set them, are about environments of their own.
        env={**environ, "PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0"},
        # What is run as a module finds others in the folder in which it is run: here nobody puts any.
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        raise BuildError(explain_failure(done.stderr))


def explain_failure(said: str) -> str:
    """Puts pip's many lines into one, with what to do."""
    if "DO NOT MATCH THE HASHES" in said:
        exchanged = re.findall(r"^ {4}(\S+) from ", said, re.MULTILINE)
        return (
            f"Not what the lock names: {', '.join(exchanged)}. Try without pip's cache (PIP_NO_CACHE_DIR=1), then "
            "another registry; if it stays so, somebody has exchanged it"
        )
    # After whatever went wrong with the network, pip says that it found no such package.
    if "Retrying (" in said:
        return "The package registry does not answer: check the network, HTTPS_PROXY and pip's index-url, and try again"
    if missing := re.findall(r"No matching distribution found for (\S+)", said):
        return (
            f"This registry has no wheel of {missing[0]} for Function Compute (Linux, x86_64, glibc 2.28 or older): "
            "lock another version, or, if it is pure Python and published as source only, name it in "
            "deploy/build/source-only.txt"
        )
    errors = re.findall(r"^ *(?:ERROR|error): (.+)", said, re.MULTILINE)
    return f"pip could not install the function's dependencies: {errors[-1] if errors else said.strip()}"
