"""What the tests of `make build` share: Pythons, and small folders of code."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from deploy.build import code_folder
from deploy.build import command as build
from deploy.build.pythons import Python

MINOR = "{}.{}".format(*sys.version_info)
HERE = Python(MINOR, Path(sys.executable))
TAG = HERE.tag

NO_REGISTRY = {
    **os.environ,
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_INDEX_URL": "http://127.0.0.1:9/",
    "PIP_NO_CACHE_DIR": "1",
}


def put(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def names(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in code_folder.files(folder)]


def python_that_says(path: Path, says: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{says}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


RUNTIME = f"python{MINOR}"
runs_in_function_compute = pytest.mark.skipif(
    RUNTIME not in build.RUNTIMES, reason=f"Function Compute does not run Python {MINOR}"
)
