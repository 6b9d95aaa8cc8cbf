"""What a first visit loads of the page as it is published, in what order, and how soon it is seen."""

from __future__ import annotations

import gzip
import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page, Request

from benchmarks.page import features
from benchmarks.page.local import Local
from benchmarks.server.row import Row
from localcloud.dev.cloud import Cloud, CloudOptions
from support import minified_page

PHONE = {"offline": False, "latency": 150, "downloadThroughput": 1_600_000 / 8, "uploadThroughput": 750_000 / 8}
"""The network of Lighthouse's phone, whose processor is four times as slow."""

WATCH = """
window.shown = { paint: 0, shift: 0 };
new PerformanceObserver((list) => { window.shown.paint = list.getEntries().at(-1).startTime; })
    .observe({ type: "largest-contentful-paint", buffered: true });
new PerformanceObserver((list) => list.getEntries().forEach((entry) => { window.shown.shift += entry.value; }))
    .observe({ type: "layout-shift", buffered: true });
"""


def measure(browser: Browser, _: Local) -> Iterator[Row]:
    """Yields the bytes as OSS sends them, compressed, and the requests; then the paint, with nothing compressed."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "page"
        place.mkdir()
        with Cloud(Path(folder) / "files", CloudOptions(page=minified_page.write(place))) as cloud:
            yield from _weigh(browser, cloud.site.url + "/", place)
            yield from features.measure(place)
            yield from _time(browser, cloud.site.url)


def _weigh(browser: Browser, address: str, place: Path) -> Iterator[Row]:
    requests: list[Request] = []
    page = browser.new_page(locale="en-GB")

    def note(request: Request) -> None:
        requests.append(request)

    page.on("request", note)
    _open(page, address)
    page.close()
    asked = next(at for at, request in enumerate(requests) if request.url.endswith("/limits"))
    at_once, later = (
        {_name(request, address) for request in part if request.url.startswith(address)}
        for part in (requests[:asked], requests[asked:])
    )
    sizes = {path.name: _compressed_size(path) for path in place.iterdir()}
    scripts = sum(sizes[name] for name in at_once if name.endswith(".js"))
    first = sum(sizes.get(name, 0) for name in at_once)
    visit = first + sum(sizes[name] for name in later)
    rest = sum(size for name, size in sizes.items() if name.endswith(".js") and name not in at_once | later)
    yield _size_row("First paint, KB of JavaScript (gzip)", scripts, 9_000)
    yield _size_row("  in all", first, 14_000)
    yield Row("  and with what is loaded in the background", f"{visit / 1000:.1f}")
    yield _size_row("  with every feature used, in one language", visit + rest, 26_000)
    yield Row("  and what explains refusals to the owner", f"{sizes['owner-explanations.json'] / 1000:.1f}")
    yield Row("Requests of the first paint", f"{len(at_once)}", "<= 8", len(at_once) <= 8)
    yield Row("  in the background", f"{len(later)}")
    yield Row("  to others (the function's limits)", f"{sum(not each.url.startswith(address) for each in requests)}")


def _time(browser: Browser, address: str) -> Iterator[Row]:
    page = browser.new_page(locale="en-GB", viewport={"width": 412, "height": 823})
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", PHONE)
    session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    page.add_init_script(WATCH)
    _open(page, address)
    shown = page.evaluate("window.shown")
    page.close()
    what = "Largest contentful paint, ms (a phone's network and processor, nothing compressed)"
    yield Row(what, f"{shown['paint']:.0f}", "<= 1000", shown["paint"] <= 1000)
    yield Row("  layout shift", f"{shown['shift']:.3f}", "<= 0.01", shown["shift"] <= 0.01)


def _open(page: Page, address: str) -> None:
    """Waits until nothing is loaded any more."""
    page.goto(address)
    page.wait_for_selector("#rules:not(:empty)")
    page.wait_for_load_state("networkidle")


def _name(request: Request, address: str) -> str:
    return request.url.removeprefix(address) or "index.html"


def _compressed_size(path: Path) -> int:
    return len(gzip.compress(path.read_bytes(), 9))


def _size_row(what: str, size: int, target: int) -> Row:
    return Row(what, f"{size / 1000:.1f}", f"<= {target / 1000:.0f}", size <= target)
