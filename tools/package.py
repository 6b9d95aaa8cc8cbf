"""`make package`: builds the distribution oss-localcloud from localcloud/: its sdist and, from that, its wheel.

The build backend is the locked setuptools of this environment. What it writes beside the sources stays in a copy.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import sys
import tarfile
import tempfile
from pathlib import Path

from setuptools import build_meta

PROJECT = Path(__file__).resolve().parent.parent


def build(target: Path) -> list[Path]:
    """Builds both into a folder, and copies what an image is made of beside them. Returns their paths."""
    target.mkdir(parents=True, exist_ok=True)
    for name in ("Containerfile", "requirements.txt"):
        shutil.copy(PROJECT / "localcloud" / name, target)
    os.environ.setdefault("SOURCE_DATE_EPOCH", "315532800")  # 1980-01-01: the same sources make the same wheel
    logging.disable(logging.INFO)  # the backend names each file that it copies
    with tempfile.TemporaryDirectory() as temporary, contextlib.redirect_stdout(sys.stderr):
        copy = Path(temporary) / "localcloud"
        shutil.copytree(PROJECT / "localcloud", copy, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        os.chdir(copy)
        sdist = target / build_meta.build_sdist(str(target))
        with tarfile.open(sdist) as archive:
            archive.extractall(temporary, filter="data")
        os.chdir(Path(temporary) / sdist.name.removesuffix(".tar.gz"))
        wheel = target / build_meta.build_wheel(str(target))
        os.chdir(PROJECT)
    return [sdist, wheel]


if __name__ == "__main__":
    for built in build(Path(sys.argv[1] if len(sys.argv) > 1 else PROJECT / "dist").absolute()):
        print(built)
