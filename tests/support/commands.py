"""Runs a command of this project in this process: a process of its own takes half a second to begin."""

from __future__ import annotations

import io
import signal
import subprocess
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from unittest.mock import patch


def run_here(
    main: Callable[[list[str]], int], arguments: Sequence[str], given: str = ""
) -> subprocess.CompletedProcess[str]:
    """Returns what a command's main function came to with these arguments, and `given` on its standard input."""
    handler = signal.getsignal(signal.SIGTERM)
    standard_input = io.TextIOWrapper(io.BytesIO(given.encode()))
    outputs = io.StringIO(), io.StringIO()
    try:
        with redirect_stdout(outputs[0]), redirect_stderr(outputs[1]), patch("sys.stdin", standard_input):
            code = main([*arguments])
    except SystemExit as end:  # argparse ends the process
        code = end.code if isinstance(end.code, int) else 1
    finally:
        signal.signal(signal.SIGTERM, handler)
    return subprocess.CompletedProcess([*arguments], code, outputs[0].getvalue(), outputs[1].getvalue())
