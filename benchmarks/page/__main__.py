"""`make bench-web`: what the page claims in numbers, measured in Chromium. Times are ratios, both sides in turn in one run.

A target that is missed is a number to read, and no failure; the exit code is 1 where something could not be measured.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Error, sync_playwright

from benchmarks.page import in_parts, large, lighthouse, many, small, weight
from benchmarks.page.local import Local, local
from benchmarks.server.row import NotMeasured, Row, line
from support import chromium

MEASUREMENTS = (weight.measure, many.measure, small.measure, large.measure, in_parts.measure, lighthouse.measure)


def main() -> int:
    """Prints the table, row by row."""
    with tempfile.TemporaryDirectory() as folder, local(Path(folder) / "files") as cloud, _browser() as browser:
        print(f"Chromium {browser.version}, {platform.system()} {platform.machine()}, {os.cpu_count()} CPUs\n")
        print(line("what", "measured", "target", "holds"))
        measured = [_print_rows(measure, browser, cloud) for measure in MEASUREMENTS]
    return 0 if all(measured) else 1


def _print_rows(measure: Callable[[Browser, Local], Iterator[Row]], browser: Browser, cloud: Local) -> bool:
    """Prints what is measured, or why it could not be."""
    try:
        for row in measure(browser, cloud):
            print(row, flush=True)
    except (NotMeasured, Error, OSError, subprocess.SubprocessError) as fault:
        print(f"{measure.__module__} could not be measured: {fault}", flush=True)
        return False
    return True


@contextmanager
def _browser() -> Iterator[Browser]:
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=["--disable-gpu", *as_root])
        yield browser
        browser.close()


if __name__ == "__main__":
    sys.exit(main())
