"""An outage is reported once and tested by one file; on a slow line files go one by one."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from localcloud.dev.cloud import Cloud, CloudOptions
from support.page_steps import (
    PNG,
    WITHOUT_PAUSES,
    choose,
    expect_status,
    isolate,
    open_page,
    posts,
    row,
    signings,
    stored_files,
)

pytestmark = pytest.mark.thorough

FOUR = [f"{number}.png" for number in range(4)]

SPEED = 10
"""How much faster time passes in the clouds of slow lines, and for their pages."""

FASTER = f"""
const now = performance.now.bind(performance);
performance.now = () => now() * {SPEED};
"""


def choose_all(page: Page, names: list[str]) -> None:
    choose(page, *((name, "image/png", PNG) for name in names))


def in_all_rows(page: Page, text: str | re.Pattern[str]) -> None:
    expect(page.locator("li .status")).to_have_text([text] * page.locator("li").count())


@pytest.fixture
def fast_cloud(tmp_path: Path, page_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """Yields one whose forms live a minute, and whose minutes are short."""
    usual, begin = time.time, time.time()
    # The function asks the machine for the time, as it does in the cloud.
    monkeypatch.setattr(time, "time", lambda: begin + (usual() - begin) * SPEED)
    settings = {"EXPIRES_IN": "60"}
    with Cloud(tmp_path / "files", CloudOptions(page=page_folder, settings=settings, clock=time.time)) as cloud:
        yield cloud
    cloud.check()


def test_clocks_that_differ_are_told_once_and_no_file_is_lost(page: Page, cloud: Cloud) -> None:
    open_page(page, cloud)
    cloud.faults.oss_skew = 3000.0
    choose_all(page, FOUR)
    expect(page.locator("#outage")).to_have_text(
        "The clocks of the upload service and the storage do not agree. Contact the site's owner. "
        "Your files stay in the list. Try again to continue."
    )
    in_all_rows(page, "10.2 kB · Waiting")
    cloud.faults.oss_skew = 0.0
    page.get_by_role("button", name="Try again", exact=True).click()
    in_all_rows(page, "10.2 kB · Uploaded")
    expect(page.locator("#outage")).to_be_empty()


def test_a_storage_that_takes_nothing_is_told_once_and_few_posts_are_made(
    page: Page, context: BrowserContext, cloud: Cloud
) -> None:
    page.add_init_script(WITHOUT_PAUSES.replace("0", "0.5"))
    page.clock.install()
    open_page(page, cloud)
    cloud.faults.oss_error_rate = 1.0
    choose_all(page, [f"{number}.png" for number in range(60)])
    expect(page.locator("#outage")).to_have_text("The storage is busy. Uploads continue automatically.")
    expect(page.locator("#summary")).to_have_text("0 of 60 files · 0 bytes of 615 kB")
    page.clock.run_for(20_000)
    expect(page.locator(".failed")).to_have_count(0)
    assert len(posts(cloud)) <= 10
    cloud.faults.oss_error_rate = 0.0
    page.clock.run_for(60_000)
    expect(page.locator("#summary")).to_have_text("All 60 files uploaded")
    expect(page.locator("#outage")).to_be_empty()
    assert len(stored_files(cloud)) == 60


def test_where_the_function_says_when_to_ask_nobody_asks_before(
    page: Page, context: BrowserContext, cloud: Cloud
) -> None:
    page.clock.install()
    page.add_init_script(WITHOUT_PAUSES)
    open_page(page, cloud)
    cloud.faults.sts_mode = "fail"
    cloud.gateway.end_instance()  # a new one has no credentials yet
    choose_all(page, [f"{number}.png" for number in range(60)])
    expect(page.locator("#outage")).to_have_text(re.compile(r"^The upload service is not ready\."))
    page.clock.run_for(29_000)
    assert len(signings(cloud)) == 1
    cloud.faults.sts_mode = ""
    cloud.gateway.end_instance()
    page.clock.run_for(1_500)
    expect(page.locator("#summary")).to_have_text("All 60 files uploaded")


def test_of_what_is_only_tried_again_there_is_neither_speed_nor_time_left(
    page: Page, context: BrowserContext, cloud: Cloud
) -> None:
    page.add_init_script("Math.random = () => 0.1")
    open_page(page, cloud)
    cloud.faults.oss_fail_next = 1000
    page.locator("#summary").evaluate("""(summary) => {
        window.seen = [];
        const look = () =>
            summary.getRootNode().querySelector("li.sending, li.finishing") || window.seen.push(summary.textContent);
        new MutationObserver(look).observe(summary, { childList: true });
    }""")
    with page.expect_response(lambda answer: answer.status == 503 and len(posts(cloud)) > 8):
        choose(page, *((name, "image/png", PNG * 30) for name in FOUR))
    seen: list[str] = page.evaluate("window.seen")
    assert (len(seen) > 1, [text for text in seen if "/s" in text or "left" in text]) == (True, [])


def test_files_on_a_slow_line_each_arrive_at_the_first_time(
    page: Page, context: BrowserContext, fast_cloud: Cloud
) -> None:
    """Four of 1 MB at 50 KB/s, with forms that live 60 s: together they would need 80."""
    page.add_init_script(FASTER)
    open_page(page, fast_cloud)
    fast_cloud.faults.oss_shared_bandwidth = 50_000 * SPEED
    choose(page, *((name, "image/png", b"x" * 1_000_000) for name in FOUR))
    expect(page.locator("#summary")).to_have_text("All 4 files uploaded")
    assert [record.status for record in posts(fast_cloud)] == [200, 200, 200, 200]


def test_a_line_that_is_too_slow_for_a_file_is_named(page: Page, context: BrowserContext, fast_cloud: Cloud) -> None:
    page.add_init_script(FASTER)
    open_page(page, fast_cloud)
    fast_cloud.faults.oss_shared_bandwidth = 12_000 * SPEED
    choose(page, ("film.png", "image/png", b"x" * 1_000_000))
    expect(row(page, "film.png").locator(".status")).to_have_text(
        re.compile(
            r"^1\sMB · The connection is too slow for this file: the permission to upload it expired first\. "
            r"Use a faster connection, or choose a smaller file\."
        ),
    )
    fast_cloud.faults.oss_shared_bandwidth = 0.0
    row(page, "film.png").get_by_role("button", name=f"Try again: {isolate('film.png')}").click()
    expect_status(page, "film.png", "1 MB · Uploaded")
