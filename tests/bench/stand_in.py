"""The stand-ins in a process of their own, so that what is measured shares no interpreter with them."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from localcloud.cloud import ROOT
from row import NotMeasured


@contextmanager
def stand_in(files: str, **settings: str) -> Iterator[tuple[int, dict[str, str]]]:
    """`make dev` in a process of its own, files below `files`: its id, and what it prints."""
    environ = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    environ |= {"JSON": "1", "FILES": files, **settings}
    command = [sys.executable, "-m", "localcloud.dev"]
    pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, env=environ, text=True, **pipes) as process:  # noqa: S603 - our own
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            if not select.select([process.stdout], [], [], 60)[0]:
                process.terminate()
            printed = process.stdout.readline()
            if not printed:
                raise NotMeasured(f"localcloud.dev does not start: {process.stderr.read().strip()}")
            yield process.pid, json.loads(printed)
        finally:
            process.terminate()
