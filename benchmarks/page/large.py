"""A file of 1 GiB: the page against ten lines of script in the same browser, and against curl."""

from __future__ import annotations

import json
import re
import shutil
import statistics
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

from playwright.sync_api import Browser, CDPSession, Page

from benchmarks.page.local import Local, local
from benchmarks.server.row import NotMeasured, Row

SIZE = 2**30
ROUNDS = 3

LINE = 125_000_000
"""Bytes per second of a connection of 1 Gbit/s."""

PATIENCE = 600
"""Seconds."""

WATCH = """
window.longest = 0;
new PerformanceObserver((list) => {
    window.longest = Math.max(window.longest, ...list.getEntries().map((entry) => entry.duration));
}).observe({ entryTypes: ["longtask"] });
"""

TIME_THE_PAGE = """() => {
    window.took = window.paints = window.longest = 0;
    const { shadowRoot } = document.querySelector("oss-upload");
    let begin = 0;
    shadowRoot.addEventListener("change", () => { begin = performance.now(); }, { capture: true, once: true });
    const paints = new MutationObserver(() => { window.paints += 1; });
    paints.observe(shadowRoot.querySelector("#bar"), { attributes: true });
    const lines = new MutationObserver(() => {
        if (shadowRoot.querySelector("li.done")) {
            window.took = (performance.now() - begin) / 1000;
            lines.disconnect();
            paints.disconnect();
        }
    });
    lines.observe(shadowRoot.querySelector("#rows"), { subtree: true, attributes: true });
}"""

TEN_LINES = """async (address) => {
    const [file] = document.querySelector("#plain").files;
    const files = [{ filename: "plain", size: file.size, content_type: "application/octet-stream" }];
    const answer = await fetch(`${address}/sign`, { method: "POST", body: JSON.stringify({ files }) });
    const { url, fields } = (await answer.json()).uploads[0];
    const data = new FormData();
    Object.entries(fields).forEach(([name, value]) => data.append(name, value));
    data.append("file", CONTENT);
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.upload.onprogress = () => {};
    const begin = performance.now();
    await new Promise((resolve, reject) => {
        request.onload = () => (request.status === 200 ? resolve() : reject(new Error(request.status)));
        request.onerror = reject;
        request.send(data);
    });
    return (performance.now() - begin) / 1000;
}"""

WHOLE = "file"
SLICE = 'file.slice(0, file.size, fields["x-oss-content-type"])'
"""Chromium reads it in another process than the one that sends it."""


def measure(browser: Browser, cloud: Local) -> Iterator[Row]:
    """Measures throughput, memory, long tasks and repaints."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "large.bin"
        with file.open("wb") as content:
            content.truncate(SIZE)
        page = open_page(browser, cloud)
        curl, whole, sliced, ours, paints, longest = [], [], [], [], [], []
        for _ in range(ROUNDS):
            curl.append(_by_curl(cloud, file))
            whole.append(_by_ten_lines(page, cloud, file, WHOLE))
            sliced.append(_by_ten_lines(page, cloud, file, SLICE))
            seconds = by_page(page, cloud, file)
            ours.append(seconds)
            paints.append(page.evaluate("window.paints") / seconds)
            longest.append(page.evaluate("window.longest"))
        # In a round of its own: to look at memory slows Chromium down.
        session = browser.new_browser_cdp_session()
        before, peaks = renderer_memory(session), [0]
        by_page(page, cloud, file, lambda: peaks.append(renderer_memory(session)))
        grown = (max(peaks) - before) / 1_000_000
        page.close()
        on_line = _ratio_on_line(browser, Path(folder), file)
    ratio = statistics.median(whole) / statistics.median(ours)
    yield Row("1 GiB: throughput over that of a ten-line XHR of the file", f"{ratio:.2f}", ">= 0.9", ratio >= 0.9)
    ratio = statistics.median(sliced) / statistics.median(ours)
    yield Row("  and of one of a slice that has the type", f"{ratio:.2f}", ">= 0.9", ratio >= 0.9)
    yield Row("  and of one of the file, on a line of 1 Gbit/s", f"{on_line:.2f}", ">= 0.9", on_line >= 0.9)
    yield Row("  and over that of curl -F", f"{statistics.median(curl) / statistics.median(ours):.2f}")
    yield Row("  memory of the renderers meanwhile, MB", f"{grown:+.0f}", "<= +30", grown <= 30)
    yield Row("  longest task, ms (0: all below 50)", f"{max(longest):.0f}", "0", max(longest) == 0)
    yield Row("  repaints a second", f"{max(paints):.1f}", "<= 10", max(paints) <= 10)


def _ratio_on_line(browser: Browser, folder: Path, file: Path) -> float:
    """Returns throughput over that of the ten lines where the network is the slowest part."""
    with local(folder / "files", FAULTS=f"oss_bandwidth={LINE}") as cloud:
        page = open_page(browser, cloud)
        pairs = [(_by_ten_lines(page, cloud, file, WHOLE), by_page(page, cloud, file)) for _ in range(ROUNDS)]
        page.close()
    return statistics.median(whole for whole, _ in pairs) / statistics.median(ours for _, ours in pairs)


def open_page(browser: Browser, cloud: Local) -> Page:
    """Returns the page, watched, and with a second file input for the ten lines."""
    page = browser.new_page()
    page.set_default_timeout(PATIENCE * 1000)
    page.add_init_script(WATCH)
    page.goto(cloud.page)
    page.wait_for_selector("#rules:not(:empty)")
    page.evaluate("document.body.append(Object.assign(document.createElement('input'), { type: 'file', id: 'plain' }))")
    return page


def _by_ten_lines(page: Page, cloud: Local, file: Path, content: str) -> float:
    page.set_input_files("#plain", file)
    seconds = float(page.evaluate(TEN_LINES.replace("CONTENT", content), cloud.function))
    clear(cloud)
    return seconds


def by_page(page: Page, cloud: Local, file: Path, look: Callable[[], object] = bool) -> float:
    """Returns the seconds from the choice until the page says that it is stored; `look` is called meanwhile."""
    page.set_input_files("#files", [])
    page.evaluate(TIME_THE_PAGE)
    page.set_input_files("#files", file)
    end = time.monotonic() + PATIENCE
    while not (seconds := float(page.evaluate("window.took"))):
        if time.monotonic() > end:
            raise NotMeasured(f"the page had not uploaded {file.name} after {PATIENCE} s")
        page.wait_for_timeout(500)
        look()
    page.click("li .remove")
    clear(cloud)
    return seconds


def _by_curl(cloud: Local, file: Path) -> float:
    wanted = {"filename": "curl", "size": file.stat().st_size, "content_type": "application/octet-stream"}
    request = urllib.request.Request(f"{cloud.function}/sign", json.dumps({"files": [wanted]}).encode())  # noqa: S310
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(request, timeout=30) as answer:
        form = json.load(answer)["uploads"][0]
    fields = [part for name, value in form["fields"].items() for part in ("--form-string", f"{name}={value}")]
    upload = ["-F", f"file=@{file};type=application/octet-stream"]
    command = ["curl", "-sSf", "--noproxy", "*", "-w", "%{time_total}", *fields, *upload, form["url"]]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE)  # noqa: S603
    clear(cloud)
    return float(done.stdout)


def clear(cloud: Local) -> None:
    """Takes away what was stored."""
    shutil.rmtree(cloud.files / "uploads")


def renderer_memory(session: CDPSession) -> int:
    """Returns bytes that the browser's renderers have for themselves (Linux)."""
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    return sum(_own_memory(each["id"]) for each in processes if each["type"] == "renderer")


def _own_memory(process: int) -> int:
    try:
        rollup = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="utf-8")
    except OSError:
        return 0  # it has ended meanwhile
    return sum(int(size) * 1024 for size in re.findall(r"^Private_Dirty:\s+(\d+) kB", rollup, re.MULTILINE))
