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

from deploy.pythons import BuildError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deploy.pythons import Python

ROOT = Path(__file__).parent.parent
LOCK = ROOT / "functions" / "sign" / "requirements.txt"
TOOLS_LOCK = ROOT / "deploy" / "requirements-build.txt"

SOURCE_ONLY = ("alibabacloud-tea",)
"""Packages published as source only. Building one runs its code on this machine, so each is named here."""

NEWEST_GLIBC = (2, 28)
"""What both runtimes have: python3.10 is Debian 10 with this one, python3.12 Debian 11 with 2.31."""

_PLATFORMS = ["manylinux2014_x86_64", *(f"manylinux_2_{minor}_x86_64" for minor in range(17, NEWEST_GLIBC[1] + 1))]

# A registry that does not answer is given up within a minute.
_ALWAYS = ["-q", "--disable-pip-version-check", "--no-input", "--timeout", "15", "--retries", "2", "--require-hashes"]


def install(python: Python, folder: Path, work: Path, environ: Mapping[str, str]) -> None:
    """Put all that the lock names into `folder`; `work` is an empty folder for what that takes.

    Raises BuildError: no registry answers, a package is not the locked one, or there is none for Function Compute.
    """
    tools, wheels = work / "tools", work / "wheels"
    entries = lock_entries(LOCK.read_text(encoding="utf-8"))

    # Every machine builds with the same pip and setuptools, and no interpreter needs any of its own.
    _pip(sys.executable, "install", ["--no-deps", "--target", tools, "-r", TOOLS_LOCK], environ)
    environ = {**environ, "PYTHONPATH": str(tools)}

    sources = _written(work / "sources.txt", [entry for entry in entries if _name(entry) in SOURCE_ONLY])
    as_source = ["--no-deps", "--no-build-isolation", "--no-binary", ",".join(SOURCE_ONLY)]
    _pip(python.path, "wheel", [*as_source, "--wheel-dir", wheels, "-r", sources], environ)

    entries = [_built(entry, wheels) for entry in entries]
    as_wheels = ["--only-binary", ":all:", "--implementation", "cp", "--python-version", python.minor]
    platforms: list[str | Path] = [word for platform in _PLATFORMS for word in ("--platform", platform)]
    here = ["--find-links", wheels, "--target", folder, "--no-compile"]
    all_of_them = _written(work / "all.txt", entries)
    _pip(python.path, "install", [*as_wheels, *platforms, *here, "-r", all_of_them], environ)


def lock_entries(lock: str) -> list[str]:
    """What a lock lists: each entry a requirement with its marker, and its hashes on further lines."""
    return re.findall(r"^[^\s#].*(?:\n[ \t]+\S.*)*", lock, re.MULTILINE)


def _built(entry: str, wheels: Path) -> str:
    """A source's entry, with the hash of the wheel made of it here: the source's own was checked before that."""
    [*made] = wheels.glob(_name(entry).replace("-", "_") + "-*.whl")
    if _name(entry) not in SOURCE_ONLY or not made:
        return entry
    hashes = " ".join(f"--hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}" for wheel in made)
    return entry.partition("--hash")[0] + hashes


def _name(entry: str) -> str:
    return re.split(r"[=\s]", entry, maxsplit=1)[0]


def _written(file: Path, entries: list[str]) -> Path:
    file.write_text("\n".join(entries) + "\n", encoding="utf-8")
    return file


def _pip(python: Path | str, command: str, arguments: list[str | Path], environ: Mapping[str, str]) -> None:
    done = subprocess.run(  # noqa: S603 - pip, with arguments of ours
        [python, "-m", "pip", command, *_ALWAYS, *arguments],
        # These two, if people have set them, are about environments of their own.
        env={**environ, "PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        raise BuildError(explained(done.stderr))


def explained(said: str) -> str:
    """pip's many lines in one, with what to do."""
    # pip says first whatever went wrong with the network, and then that it found no such package.
    if "Retrying (" in said or "NewConnectionError" in said:
        return "The package registry does not answer: check the network, HTTPS_PROXY and pip's index-url, and try again"
    if "DO NOT MATCH THE HASHES" in said:
        [*packages] = re.findall(r"^ {4}(\S+) from ", said, re.MULTILINE)
        return (
            f"Not what the lock names: {', '.join(packages) or 'a package'}. Somebody may have exchanged it: "
            "try without pip's cache (PIP_NO_CACHE_DIR=1), then another registry"
        )
    [*missing] = re.findall(r"No matching distribution found for (\S+)", said)
    if missing:
        return (
            f"{missing[0]} has no wheel for Function Compute (Linux, x86_64, glibc {'.'.join(map(str, NEWEST_GLIBC))}) at "
            "this registry: lock another version, or, if its makers publish source only and it is pure Python, name it "
            "in SOURCE_ONLY in deploy/dependencies.py"
        )
    [*errors] = re.findall(r"^ *(?:ERROR|error): (.+)", said, re.MULTILINE)
    return f"pip could not install the function's dependencies: {errors[-1] if errors else said.strip()}"
