"""The npm package of web/: packed once for all tests, as long as its sources are the same, and installed or unpacked.

As a program it prints the folder of `unpack`, which the tests of the page's modules run in (tools/test.sh).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
PLACE = ROOT / "build" / "npm"

_SOURCES = ("web", "tools", "tsconfig.json", "LICENSE")


def pack() -> Path:
    """Returns the tarball of the sources as they are now."""
    return _make() / "package.tgz"


def unpack() -> Path:
    """Returns a folder with all that the checkout has, and in its web/ the tarball's files in place of the checkout's."""
    return _make() / "checkout"


def read_contents(tarball: Path) -> set[str]:
    with tarfile.open(tarball) as archive:
        return {name.removeprefix("package/") for name in archive.getnames()}


def install(tarball: Path, project: Path) -> None:
    """Installs it into a folder. Nothing is fetched: it has no dependencies."""
    (project / "package.json").write_text('{"private": true, "type": "module"}', encoding="utf-8")
    _npm(project, "install", "--offline", "--no-audit", "--no-fund", "--silent", str(tarball))


def _make() -> Path:
    """Returns the folder of what was made of these sources. One process makes it, and the others wait for it."""
    folder = PLACE / _digest_sources()
    PLACE.mkdir(parents=True, exist_ok=True)
    with (PLACE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            for old in PLACE.glob("*/"):
                shutil.rmtree(old)
            unfinished = PLACE / "unfinished"
            _pack(unfinished)
            _unpack(unfinished)
            unfinished.rename(folder)
    return folder


def _digest_sources() -> str:
    digest = hashlib.sha256()
    for source in _SOURCES:
        for path in sorted([ROOT / source, *(ROOT / source).rglob("*")]):
            if path.is_file():
                digest.update(f"{path.relative_to(ROOT)}\n".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _pack(folder: Path) -> None:
    """Packs a copy, for packing writes into the package's folder."""
    copy = folder / "sources"
    copy.mkdir(parents=True)
    for source in _SOURCES:
        path = ROOT / source
        shutil.copytree(path, copy / source) if path.is_dir() else shutil.copy(path, copy)
    for name in ("config.json", ".config.json"):  # A developer's own, perhaps: with an address.
        (copy / "web" / name).write_text('{"function": "https://sign.example.com"}', encoding="utf-8")
    (copy / "node_modules").symlink_to(ROOT / "node_modules")
    _npm(copy, "pack", "./web", "--silent", "--pack-destination", str(folder))
    [tarball] = folder.glob("*.tgz")
    tarball.rename(folder / "package.tgz")
    shutil.rmtree(copy)


def _unpack(folder: Path) -> None:
    checkout = folder / "checkout"
    shutil.copytree(ROOT / "web", checkout / "web")
    for path in ROOT.iterdir():
        if path.name not in ("build", "web") and not path.name.startswith("."):
            (checkout / path.name).symlink_to(path)
    with tarfile.open(folder / "package.tgz") as archive:
        archive.extractall(folder, filter="data")
    names = {path.name for path in (folder / "package").iterdir()}
    for name in names & {path.name for path in (ROOT / "web").iterdir()}:
        (folder / "package" / name).replace(checkout / "web" / name)
    shutil.rmtree(folder / "package")


def _npm(folder: Path, *arguments: str) -> None:
    environ = {**os.environ, "npm_config_update_notifier": "false", "npm_config_cache": str(folder / ".npm")}
    command = ["npm", *arguments]
    subprocess.run(command, cwd=folder, env=environ, stdout=subprocess.DEVNULL, check=True, timeout=120)  # noqa: S603


if __name__ == "__main__":
    sys.stdout.write(f"{unpack()}\n")
