"""The npm package of web/, packed from a copy and installed into projects that have nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from pathlib import Path

ROOT = Path(__file__).parents[2]


def pack(folder: Path) -> Path:
    """Returns the tarball. Packing writes into the package's folder, so it is a copy."""
    copy = folder / "project"
    for name in ("web", "tools"):
        shutil.copytree(ROOT / name, copy / name)
    for name in ("tsconfig.json", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    (copy / "node_modules").symlink_to(ROOT / "node_modules")
    _npm(copy, "pack", "./web", "--silent", "--pack-destination", str(folder))
    [tarball] = folder.glob("*.tgz")
    return tarball


def read_contents(tarball: Path) -> set[str]:
    with tarfile.open(tarball) as archive:
        return {name.removeprefix("package/") for name in archive.getnames()}


def install(tarball: Path, project: Path) -> None:
    """Installs it into a folder. Nothing is fetched: it has no dependencies."""
    (project / "package.json").write_text('{"private": true, "type": "module"}', encoding="utf-8")
    _npm(project, "install", "--offline", "--no-audit", "--no-fund", "--silent", str(tarball))


def _npm(folder: Path, *arguments: str) -> None:
    environ = {**os.environ, "npm_config_update_notifier": "false", "npm_config_cache": str(folder / ".npm")}
    command = ["npm", *arguments]
    subprocess.run(command, cwd=folder, env=environ, stdout=subprocess.DEVNULL, check=True, timeout=120)  # noqa: S603
