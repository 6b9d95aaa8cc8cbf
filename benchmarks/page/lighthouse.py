"""Lighthouse's marks for the published page, on a simulated phone and on a desk, where Lighthouse is installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser

from benchmarks.page.local import Local
from benchmarks.server.row import NotMeasured, Row
from localcloud.dev.cloud import Cloud, CloudOptions
from support import chromium, minified_page

HELP = "Lighthouse is not installed: npm install --no-save lighthouse@12"

PROGRAM = Path(__file__).parents[2] / "node_modules/.bin/lighthouse"
MARKS = ("performance", "accessibility", "best-practices", "seo")
FLAGS = (
    "--quiet",
    "--output=json",
    f"--only-categories={','.join(MARKS)}",
    "--chrome-flags=--headless=new --no-sandbox",
)
DEVICES = {"phone": (), "desk": ("--preset=desktop",)}


def measure(_: Browser, __: Local) -> Iterator[Row]:
    """Yields the marks, of 100; the largest contentful paint in ms; the layout shift."""
    if not (shutil.which("lighthouse") or PROGRAM.exists()):
        raise NotMeasured(HELP)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "page"
        place.mkdir()
        with Cloud(Path(folder) / "files", CloudOptions(page=minified_page.write(place))) as cloud:
            for device, flags in DEVICES.items():
                yield from _list_marks(device, _report(cloud.site.url + "/", *flags))


def _report(address: str, *flags: str) -> dict[str, Any]:
    program = shutil.which("lighthouse") or PROGRAM
    environ = {**os.environ, "CHROME_PATH": chromium.find()}
    command = [program, address, *FLAGS, *flags]
    done = subprocess.run(command, capture_output=True, check=True, timeout=180, env=environ)  # noqa: S603
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def _list_marks(device: str, report: dict[str, Any]) -> Iterator[Row]:
    for name in MARKS:
        mark = report["categories"][name]["score"] * 100
        what = f"Lighthouse {report['lighthouseVersion']}, {device}: {name}"
        yield Row(what, f"{mark:.0f}", "100", mark == 100)
    paint, shift = (
        report["audits"][name]["numericValue"] for name in ("largest-contentful-paint", "cumulative-layout-shift")
    )
    yield Row(
        "  largest contentful paint, ms (simulated, nothing compressed)", f"{paint:.0f}", "<= 1000", paint <= 1000
    )
    yield Row("  layout shift", f"{shift:.3f}", "<= 0.01", shift <= 0.01)
