"""The whole cloud in a process of its own: one in this process would share its interpreter lock with what measures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.server.row import NotMeasured


@dataclass(frozen=True)
class Local:
    """Where a `make dev` answers."""

    page: str
    """With a slash at its end."""
    function: str
    oss: str
    files: Path
    """Where what is uploaded lands."""
    process: int
    """Its id."""


@contextmanager
def local(files: Path, **settings: str) -> Iterator[Local]:
    """Runs `make dev` with these settings. Raises NotMeasured where it does not start."""
    environ = {**os.environ, "JSON": "1", "FILES": str(files), "MAX_SIZE": "2GB", **settings}
    command = [sys.executable, "-m", "localcloud.dev"]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:  # noqa: S603
        assert process.stdout
        try:
            line = process.stdout.readline()
            if not line:
                raise NotMeasured("make dev does not start")
            said = json.loads(line)
            yield Local(said["page"], said["function"], said["oss"], Path(said["files"]), process.pid)
        finally:
            process.terminate()
