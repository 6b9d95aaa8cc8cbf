"""A thousand files at once."""

from __future__ import annotations

from collections.abc import Iterator

from playwright.sync_api import Browser, CDPSession, expect

from benchmarks.page.local import Local
from benchmarks.server.row import Row

MAKE = """() => {
    const transfer = new DataTransfer();
    for (let number = 0; number < 1000; number += 1) {
        transfer.items.add(new File(["x"], `${number}.txt`, { type: "text/plain" }));
    }
    document.querySelector("oss-upload").shadowRoot.querySelector("#files").files = transfer.files;
}"""

NEVER_SIGNED = """
const fetchAll = window.fetch;
window.fetch = (address, ...rest) => String(address).endsWith("/sign") ? new Promise(() => {}) : fetchAll(address, ...rest);
"""

CHOOSE = "document.querySelector('oss-upload').shadowRoot.querySelector('#files').dispatchEvent(new Event('change'))"


def measure(browser: Browser, cloud: Local) -> Iterator[Row]:
    """Yields the scripts' time until all are listed; none is signed meanwhile."""
    page = browser.new_page()
    page.add_init_script(NEVER_SIGNED)
    page.goto(cloud.page)
    page.wait_for_selector("#rules:not(:empty)")
    page.evaluate(MAKE)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    before = _script_seconds(session)
    page.evaluate(CHOOSE)
    expect(page.locator("li.waiting")).to_have_count(996, timeout=30_000)
    spent = (_script_seconds(session) - before) * 1000
    page.close()
    yield Row("1,000 files added: script time, ms", f"{spent:.0f}", "<= 150", spent <= 150)


def _script_seconds(session: CDPSession) -> float:
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(each["value"] for each in metrics if each["name"] == "ScriptDuration"))
