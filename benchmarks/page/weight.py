"""What the page weighs, and how many requests it takes."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

from playwright.sync_api import Browser, Request

from benchmarks.page.local import Local
from benchmarks.server.row import Row


def measure(browser: Browser, cloud: Local) -> Iterator[Row]:
    """Yields everything that a first visit loads, in the browser's language."""
    requests: set[Request] = set()
    page = browser.new_page(locale="en-GB")
    page.on("request", lambda request: requests.update([request]))
    page.goto(cloud.page)
    page.wait_for_selector("#rules:not(:empty)")
    sizes = {request.url: _compressed_size(request) for request in requests if request.url.startswith(cloud.page)}
    scripts = sum(size for url, size in sizes.items() if url.endswith(".js"))
    whole = sum(sizes.values())
    page.close()
    yield Row("the whole page, KB (gzip, not minified)", f"{whole / 1000:.1f}", "<= 15", whole <= 15_000)
    yield Row("  of that JavaScript", f"{scripts / 1000:.1f}", "<= 10", scripts <= 10_000)
    yield Row("requests, of the page itself", f"{len(sizes)}", "<= 10", len(sizes) <= 10)
    yield Row("  and to others (the function's limits)", f"{len(requests) - len(sizes)}")


def _compressed_size(request: Request) -> int:
    response = request.response()
    return len(gzip.compress(response.body(), 9)) if response else 0
