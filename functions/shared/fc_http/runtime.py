"""What a function uses of the process and the machine that it runs on."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import NamedTuple


class Runtime(NamedTuple):
    """The process and the machine, as one value: `index.py` makes it, tests make another one."""

    environ: Mapping[str, str]
    clock: Callable[[], float]
    """Returns the seconds since the epoch."""
    random_hex: Callable[[int], str]
    """Returns that many random bytes as hexadecimal digits."""
    write: Callable[[str], object]
    """Writes one line to the log."""
    end_instance: Callable[[], object]
    """Ends the process, so that Function Compute starts a new instance."""


def write_line(line: str) -> None:
    """Writes a line to the log: Function Compute logs what a function prints."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
