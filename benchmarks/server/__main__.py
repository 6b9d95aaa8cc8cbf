"""`make bench`: what the project claims in numbers, measured. All times are ratios, both sides in turn in one run.

A target that is missed is a number to read, and no failure; the exit code is 1 where something could not be measured.
With `--write`, the tables in docs/performance.md become this run's.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from http.client import HTTPException

from benchmarks.server import cold, cores, growth, lifetime, load, oss_cloud, shares, tutorial, warm
from benchmarks.server.row import NotMeasured, Row, line
from benchmarks.server.table import HEADS, Table
from localcloud.dev.cloud import ROOT

# Times come first, while the process is as small as the function's.
MEASUREMENTS = (
    warm.measure,
    tutorial.measure,
    cold.measure,
    lifetime.measure,
    growth.measure,
    load.measure,
    oss_cloud.measure,
)
TABLES = (shares.measure, cold.stages, cores.measure)

PAGE = ROOT / "docs" / "performance.md"


def main(arguments: list[str]) -> int:
    """Prints the numbers row by row, then the other tables."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    machine = f"{python}, {platform.system()} {platform.machine()}, {os.cpu_count()} CPUs"
    print(f"{machine}\n\n{line(*HEADS['numbers'])}")
    rows: list[Row] = []
    tables: list[Table] = []
    missing: list[str] = []
    for measure in MEASUREMENTS:
        with _reporting(measure.__module__, missing):
            for row in measure():
                print(row, flush=True)
                rows.append(row)
    for tabulate in TABLES:
        with _reporting(tabulate.__module__, missing):
            tables.append(tabulate())
            print(f"\n{tables[-1]}", end="", flush=True)
    if arguments == ["--write"] and not missing:
        by = Table("machine", [(machine, f"{datetime.now(timezone.utc):%Y-%m-%d}")])
        _write([Table("numbers", [row.cells for row in rows]), *tables, by])
    return 1 if missing else 0


@contextmanager
def _reporting(name: str, missing: list[str]) -> Iterator[None]:
    """Prints why something could not be measured, and note it."""
    try:
        yield
    except (NotMeasured, OSError, HTTPException, ValueError) as fault:
        print(f"{name} could not be measured: {fault}", flush=True)
        missing.append(name)


def _write(tables: list[Table]) -> None:
    page = PAGE.read_text(encoding="utf-8")
    for table in tables:
        page = table.put_into(page)
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
