"""Lighthouse's marks for the page on a simulated phone, where Lighthouse is installed (`npm install --no-save lighthouse`)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser

from benchmarks.page.local import Local
from benchmarks.server.row import NotMeasured, Row
from support import chromium

PROGRAM = Path(__file__).parents[2] / "node_modules/.bin/lighthouse"
MARKS = ("performance", "accessibility", "best-practices")
FLAGS = (
    "--quiet",
    "--output=json",
    f"--only-categories={','.join(MARKS)}",
    "--chrome-flags=--headless=new --no-sandbox",
)


def measure(browser: Browser, cloud: Local) -> Iterator[Row]:
    """Yields the marks, of 100; the largest contentful paint in ms; the layout shift."""
    program = shutil.which("lighthouse") or PROGRAM
    if not Path(program).exists():
        raise NotMeasured("Lighthouse is not installed: npm install --no-save lighthouse")
    environ = {**os.environ, "CHROME_PATH": chromium.find()}
    done = subprocess.run([program, cloud.page, *FLAGS], capture_output=True, check=True, timeout=180, env=environ)  # noqa: S603
    report = json.loads(done.stdout)
    for name in MARKS:
        mark = report["categories"][name]["score"] * 100
        yield Row(f"Lighthouse, phone: {name}", f"{mark:.0f}", "100", mark == 100)
    paint, shift = (
        report["audits"][name]["numericValue"] for name in ("largest-contentful-paint", "cumulative-layout-shift")
    )
    yield Row(
        "  largest contentful paint, ms (simulated, nothing compressed)", f"{paint:.0f}", "<= 1200", paint <= 1200
    )
    yield Row("  layout shift", f"{shift:.3f}", "<= 0.01", shift <= 0.01)
