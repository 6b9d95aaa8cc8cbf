"""The stand-ins in a process of their own, so that what is measured shares no interpreter with them."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.server.row import NotMeasured
from localcloud.dev.cloud import ROOT


@contextmanager
def stand_in(files: str, **settings: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Runs `make dev` in a process of its own, files below `files`: its id, and what it prints."""
    environ = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    environ |= {"JSON": "1", "FILES": files, **settings}
    command = [sys.executable, "-m", "localcloud.dev"]
    # It logs every request: into a file, as a pipe that nobody empties would stop it.
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as said,
        subprocess.Popen(  # noqa: S603 - our own
            command, cwd=ROOT, env=environ, text=True, stdout=subprocess.PIPE, stderr=said
        ) as process,
    ):
        try:
            assert process.stdout is not None
            if not select.select([process.stdout], [], [], 60)[0]:
                process.terminate()
            printed = process.stdout.readline()
            if not printed:
                said.seek(0)
                raise NotMeasured(f"localcloud.dev does not start: {said.read().strip()}")
            yield process.pid, json.loads(printed)
        finally:
            process.terminate()
