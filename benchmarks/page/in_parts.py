"""Big files in parts, against the same page's forms in the same run; and one that is larger than any form may be.

Throughput is measured in a page whose requests no debugger hears of: Playwright's would make parts slower, since there
are many of them.
"""

from __future__ import annotations

import re
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import Browser

from benchmarks.page.large import PATIENCE, TIME_THE_PAGE, by_page, clear, open_page, renderer_memory
from benchmarks.page.local import Local, local
from benchmarks.server.row import NotMeasured, Row
from support import webdriver

ROUNDS = 3
WHOLE = 2**30
"""Bytes of the file that is sent both ways."""
CAPPED = 2**28
HUGE = 5 * 2**30

CAP = 20_000_000
"""Bytes per second that a connection may carry."""

IN_PARTS = {"MULTIPART_THRESHOLD": "100MB", "MAX_SIZE": "10GB"}


def measure(browser: Browser, _: Local) -> Iterator[Row]:
    """Measures throughput with and without a cap on each connection, and memory at 5 GiB."""
    with tempfile.TemporaryDirectory() as folder:
        ratio = _ratio(Path(folder), WHOLE)
        yield Row("1 GiB in parts: throughput over that of the form", f"{ratio:.2f}", ">= 0.85", ratio >= 0.85)
        ratio = _ratio(Path(folder), CAPPED, FAULTS=f"oss_bandwidth={CAP}")
        yield Row("  each connection capped at 20 MB/s", f"{ratio:.2f}", ">= 2", ratio >= 2)
        page, stand_in = _measure_growth(browser, Path(folder))
        yield Row("5 GiB in parts: memory of the renderers, MB", f"{page:+.0f}", "<= +30", page <= 30)
        yield Row("  memory of the stand-in, MB", f"{stand_in:+.0f}", "<= +30", stand_in <= 30)


def _ratio(folder: Path, size: int, **settings: str) -> float:
    """Returns how many times as fast in parts."""
    file = _sparse(folder, size)
    with ExitStack() as stack:
        clouds = [stack.enter_context(local(folder / "files", **settings, **more)) for more in ({}, IN_PARTS)]
        profile = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        page = stack.enter_context(webdriver.browser("Chromium", profile))
        took: list[list[float]] = [[], []]
        for _ in range(ROUNDS):
            for seconds, cloud in zip(took, clouds, strict=True):
                seconds.append(_time(page, cloud, file))
    return statistics.median(took[0]) / statistics.median(took[1])


def _time(page: webdriver.Page, cloud: Local, file: Path) -> float:
    """Returns the seconds from the choice until the page says that the file is stored."""
    page.open(cloud.page)
    page.wait_for("return Boolean(shadow?.querySelector('#rules').textContent)", True)
    page.run(f"({TIME_THE_PAGE})()")
    page.choose("#files", file)
    end = time.monotonic() + PATIENCE
    while not (seconds := float(page.run("return window.took"))):
        if time.monotonic() > end:
            raise NotMeasured(f"the page had not uploaded {file.name} after {PATIENCE} s")
        time.sleep(0.5)
    clear(cloud)
    return seconds


def _measure_growth(browser: Browser, folder: Path) -> tuple[float, float]:
    """Megabytes that the page and the stand-in grow by while 5 GiB go through them."""
    with local(folder / "files", **IN_PARTS) as cloud:
        page = open_page(browser, cloud)
        session = browser.new_browser_cdp_session()
        seen: list[tuple[int, int]] = []
        by_page(page, cloud, _sparse(folder, CAPPED))  # so that everything is loaded
        file = _sparse(folder, HUGE)

        def look() -> None:
            seen.append((renderer_memory(session), _resident(cloud.process)))

        look()
        by_page(page, cloud, file, look)
        page.close()
    first, most = seen[0], [max(each) for each in zip(*seen, strict=True)]
    return (most[0] - first[0]) / 1e6, (most[1] - first[1]) / 1e6


def _sparse(folder: Path, size: int) -> Path:
    file = folder / "large.bin"
    with file.open("wb") as content:
        content.truncate(size)
    return file


def _resident(process: int) -> int:
    """Returns bytes (Linux)."""
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    return sum(int(size) * 1024 for size in re.findall(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE))
