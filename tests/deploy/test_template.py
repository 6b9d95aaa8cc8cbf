"""The template for `s init`: the real Serverless Devs makes the whole project of it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from support import serverless_devs
from support.scratch import PROJECT

pytestmark = pytest.mark.node_modules


def git(*words: str) -> list[str]:
    run = subprocess.run(["git", "-C", str(PROJECT), *words], capture_output=True, text=True, check=True)  # noqa: S603, S607
    return run.stdout.splitlines()


def test_s_init_makes_the_project_that_is_committed(tmp_path: Path) -> None:
    environ = os.environ | {"HOME": str(tmp_path / "home"), **serverless_devs.ENVIRON}
    project = tmp_path / "project"
    subprocess.run(["make", "-s", "-C", str(PROJECT), "template"], check=True, capture_output=True, env=environ)  # noqa: S603, S607
    init = [
        str(serverless_devs.PROGRAM),
        "init",
        "--uri",
        str(PROJECT / "build" / "template"),
        "-d",
        str(project),
        "-y",
    ]
    subprocess.run(init, check=True, capture_output=True, cwd=tmp_path, env=environ)  # noqa: S603
    files = {str(file.relative_to(project)): file for file in project.rglob("*") if file.is_file()}
    assert sorted(files) == sorted(git("ls-tree", "-r", "--name-only", "HEAD"))
    scripts = {line.split("\t")[1] for line in git("ls-files", "-s") if line.startswith("100755")}
    assert {name for name, file in files.items() if os.access(file, os.X_OK)} == scripts
