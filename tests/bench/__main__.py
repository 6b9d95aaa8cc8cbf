"""`make bench`: what the project claims in numbers, measured. All times are ratios, both sides in turn in one run.

A target that is missed is a number to read, and no failure; the exit code is 1 where something could not be measured.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable
from http.client import HTTPException

import growth
import lifetime
import warm
from row import NotMeasured, Row, line

# Times come first, while the process is as small as the function's.
MEASUREMENTS = (warm.measure, lifetime.measure, growth.measure)


def main() -> int:
    """Print the table, row by row."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    print(f"{python}, {platform.system()} {platform.machine()}, {os.cpu_count()} CPUs\n")
    print(line("what", "measured", "target", "holds"))
    missing = [measure for measure in MEASUREMENTS if not _measured(measure)]
    return 1 if missing else 0


def _measured(measure: Callable[[], list[Row]]) -> bool:
    """Print what is measured, or why it could not be."""
    try:
        for row in measure():
            print(row, flush=True)
    except (NotMeasured, OSError, HTTPException, ValueError) as fault:
        print(f"{measure.__module__} could not be measured: {fault}", flush=True)
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
