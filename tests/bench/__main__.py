"""`make bench`: what the project claims in numbers, measured. All times are ratios, both sides in turn in one run.

A target that is missed is a number to read, and no failure; the exit code is 1 where something could not be measured.
With `--write`, the table in docs/performance.md becomes this run's.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable
from datetime import datetime, timezone
from http.client import HTTPException

import cold
import growth
import lifetime
import tutorial
import warm
from localcloud.cloud import ROOT
from row import NotMeasured, Row, line

# Times come first, while the process is as small as the function's.
MEASUREMENTS = (warm.measure, tutorial.measure, cold.measure, lifetime.measure, growth.measure)

PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- make bench -->\n", "<!-- /make bench -->\n"
HEAD = "| what | measured | target | holds |\n| --- | --- | --- | --- |\n"


def main(arguments: list[str]) -> int:
    """Print the table, row by row."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    machine = f"{python}, {platform.system()} {platform.machine()}, {os.cpu_count()} CPUs"
    print(f"{machine}\n")
    print(line("what", "measured", "target", "holds"))
    rows: list[Row] = []
    missing = [measure for measure in MEASUREMENTS if not _measured(measure, rows)]
    if arguments == ["--write"] and not missing:
        _write(f"{machine}; {datetime.now(timezone.utc):%Y-%m-%d}.", rows)
    return 1 if missing else 0


def _measured(measure: Callable[[], list[Row]], rows: list[Row]) -> bool:
    """Print what is measured, or why it could not be."""
    try:
        for row in measure():
            print(row, flush=True)
            rows.append(row)
    except (NotMeasured, OSError, HTTPException, ValueError) as fault:
        print(f"{measure.__module__} could not be measured: {fault}", flush=True)
        return False
    return True


def _write(where: str, rows: list[Row]) -> None:
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    table = HEAD + "".join(f"{row.markdown}\n" for row in rows)
    PAGE.write_text(f"{before}{BEGIN}{table}\n{where}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
