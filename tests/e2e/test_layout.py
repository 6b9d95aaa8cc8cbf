"""Where things are on the page: what there is room for, what stays in view, what is seen without being read."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from localcloud.dev.cloud import Cloud
from support.page_steps import choose, open_page


def test_the_drop_zone_is_small_while_there_is_a_list(page: Page, cloud: Cloud) -> None:
    open_page(page, cloud)
    page.set_viewport_size({"width": 360, "height": 640})
    drop = page.locator("#drop")
    height = drop.evaluate("(drop) => drop.offsetHeight")
    choose(page, ("a.txt", "text/plain", b"a"))
    expect(page.locator(".done")).to_have_count(1)
    assert drop.evaluate("(drop) => drop.offsetHeight") < height / 1.5
    page.get_by_role("button", name="Clear finished").click()
    expect(page.locator("li")).to_have_count(0)
    expect(drop).to_have_css("height", f"{height}px")
