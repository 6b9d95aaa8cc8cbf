"""`make dev` as a process of its own."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.checkout import untouched_checkout

PATIENCE = 60
"""Seconds to wait, at most, for what ought to happen at once."""


def environment(files: Path, **more: str) -> dict[str, str]:
    """Returns an environment without the settings of the person who runs the tests."""
    return {"PATH": os.environ["PATH"], "FILES": str(files), **more}


@dataclass(frozen=True)
class Dev:
    """A running `make dev`."""

    process: subprocess.Popen[bytes]
    log: Path

    def line(self) -> str:
        """Returns the next line on standard output; empty at its end."""
        assert self.process.stdout
        readable, _, _ = select.select([self.process.stdout], [], [], PATIENCE)
        assert readable, self.log.read_text(encoding="utf-8")
        return self.process.stdout.readline().decode()

    def addresses(self) -> Any:
        line = self.line()
        assert line, self.log.read_text(encoding="utf-8")
        return json.loads(line)

    def end(self, how: signal.Signals = signal.SIGINT) -> int:
        """Returns the exit code, after Ctrl-C or another signal."""
        self.process.send_signal(how)
        return self.process.wait(PATIENCE)


@contextmanager
def dev(folder: Path, *through: str, **environ: str) -> Iterator[Dev]:
    """Runs `make dev`; `through` is a command that runs another."""
    log = folder / "log"
    with log.open("wb") as errors:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [*through, sys.executable, "-m", "localcloud.dev"],
            cwd=untouched_checkout(),
            env=environment(folder / "files", **environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            bufsize=0,
            start_new_session=True,
        )
    with process:
        try:
            yield Dev(process, log)
        finally:
            if process.poll() is None:
                process.kill()
