"""A thousand files at once, and ten thousand: added, cancelled and cleared."""

from __future__ import annotations

from collections.abc import Iterator

from playwright.sync_api import Browser, CDPSession, Page, expect

from benchmarks.page.local import Local
from benchmarks.server.row import Row

MAKE = """([count, type]) => {
    const transfer = new DataTransfer();
    for (let number = 0; number < count; number += 1) {
        transfer.items.add(new File(["x"], `${number}.txt`, { type }));
    }
    document.querySelector("oss-upload").shadowRoot.querySelector("#files").files = transfer.files;
}"""

NEVER_SIGNED = """
const fetchAll = window.fetch;
window.fetch = (address, ...rest) => String(address).endsWith("/sign") ? new Promise(() => {}) : fetchAll(address, ...rest);
"""

CHOOSE = "document.querySelector('oss-upload').shadowRoot.querySelector('#files').dispatchEvent(new Event('change'))"


WATCH = """() => {
    window.tasks = [];
    new PerformanceObserver((list) => tasks.push(...list.getEntries())).observe({ type: "longtask" });
}"""

MANY = 10_000

STEPS = [
    (
        "added",
        CHOOSE,
        "({ queue, uploads }, count) => uploads.length === count && queue.totals.of('waiting') > count - 9",
    ),
    ("cancelled", "document.querySelector('oss-upload').cancel()", "({ queue }) => queue.totals.open === 0"),
    ("cleared", "document.querySelector('oss-upload').clear()", "({ uploads }) => uploads.length === 0"),
]


def measure(browser: Browser, cloud: Local) -> Iterator[Row]:
    """Yields the scripts' time until all are listed, and how long the page was busy; none is signed meanwhile."""
    page = _open(browser, cloud, 1000)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    before = _seconds(session, "ScriptDuration")
    page.evaluate(CHOOSE)
    expect(page.locator("li.waiting")).to_have_count(996, timeout=30_000)
    spent = (_seconds(session, "ScriptDuration") - before) * 1000
    page.close()
    yield Row("1,000 files added: script time, ms", f"{spent:.0f}", "<= 150", spent <= 150)
    yield from _measure_many(_open(browser, cloud, MANY), "files", STEPS)
    yield from _measure_many(_open(browser, cloud, MANY, "image/jpeg"), "pictures", STEPS[:1])


def _open(browser: Browser, cloud: Local, count: int, kind: str = "text/plain") -> Page:
    """Opens the page, with so many files of a type ready to be chosen."""
    page = browser.new_page()
    page.add_init_script(NEVER_SIGNED)
    page.goto(cloud.page)
    page.wait_for_selector("#rules:not(:empty)")
    page.evaluate(MAKE, [count, kind])
    return page


def _measure_many(page: Page, what: str, steps: list[tuple[str, str, str]]) -> Iterator[Row]:
    """Yields the page's whole work, layout and painting included, and its longest task, of each step."""
    session = page.context.new_cdp_session(page)
    # The processor's time: others may be at work on the machine.
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.evaluate(WATCH)
    for name, act, is_over in steps:
        before = _seconds(session, "TaskDuration")
        page.evaluate("tasks.length = 0")
        page.evaluate(act)
        # Now and then: to look at each frame makes frames, and lists ten thousand files each time.
        is_over_here = f"(count) => ({is_over})(document.querySelector('oss-upload'), count)"
        page.wait_for_function(is_over_here, arg=MANY, polling=200)
        page.wait_for_timeout(1500)  # until all is painted
        spent = _seconds(session, "TaskDuration") - before
        longest = page.evaluate("Math.max(0, ...tasks.map(({ duration }) => duration))")
        yield Row(f"10,000 {what} {name}: work in all, s", f"{spent:.2f}", "<= 1", spent <= 1)
        yield Row("  longest task, ms (0: below 50)", f"{longest:.0f}", "<= 100", longest <= 100)
    page.close()


def _seconds(session: CDPSession, name: str) -> float:
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(each["value"] for each in metrics if each["name"] == name))
