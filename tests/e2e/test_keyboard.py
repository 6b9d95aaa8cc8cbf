"""The page by keyboard alone: every control can be reached and used, and the focus never gets lost."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, expect

from localcloud.dev.cloud import Cloud
from support.page_steps import PNG, choose, expect_status, isolate, open_page, row, stored_files


def test_after_a_removal_the_focus_is_on_the_next_file(page: Page, cloud: Cloud) -> None:
    open_page(page, cloud)
    choose(page, *((name, "text/plain", b"x") for name in ("a.txt", "b.txt", "c.txt")))
    expect(page.locator(".done")).to_have_count(3)
    for removed, then in (("b.txt", "c.txt"), ("c.txt", "a.txt")):
        row(page, removed).get_by_role("button", name=f"Remove {isolate(removed)}").press("Enter")
        expect(page.get_by_role("button", name=f"Remove {isolate(then)}")).to_be_focused()
    page.get_by_role("button", name=f"Remove {isolate('a.txt')}").press("Enter")
    expect(page.locator("#files")).to_be_focused()


def test_in_a_filtered_list_the_focus_stays_among_what_is_shown(page: Page, cloud: Cloud) -> None:
    cloud.faults.oss_deny_early = True
    open_page(page, cloud)
    choose(page, *((f"{number}.txt", "text/plain", b"x") for number in range(3)))
    expect(page.locator(".failed")).to_have_count(3)
    cloud.faults.oss_deny_early = False
    choose(page, *((f"{number}.pdf", "application/pdf", b"x") for number in range(8)), ("last.html", "text/html", b"x"))
    expect(page.locator(".done")).to_have_count(8)
    page.get_by_role("button", name="Failed 4").press("Enter")
    page.get_by_role("button", name=f"Try again: {isolate('0.txt')}").press("Enter")
    expect(row(page, "0.txt")).to_have_class("done")
    expect(page.get_by_role("button", name=f"Remove {isolate('0.txt')}")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name=f"Try again: {isolate('1.txt')}")).to_be_focused()
    for removed, then in (("2.txt", "last.html"), ("last.html", "1.txt")):
        page.get_by_role("button", name=f"Remove {isolate(removed)}").press("Enter")
        expect(page.get_by_role("button", name=f"Remove {isolate(then)}")).to_be_focused()
    # Now that all are alike, there is nothing to filter.
    page.get_by_role("button", name="Failed 1").focus()
    page.locator("oss-upload").evaluate("(element) => element.retry()")
    expect(page.locator(".done")).to_have_count(10)
    expect(page.locator("#files")).to_be_focused()


def test_by_keyboard_alone(page: Page, cloud: Cloud) -> None:
    open_page(page, cloud)
    # Begun before the keys: a browser that is busy learns late that its dialogue is to be caught.
    with page.expect_file_chooser() as chooser:
        for focused in ("#language", "#files"):
            page.keyboard.press("Tab")
            expect(page.locator(focused)).to_be_focused()
        page.keyboard.press("Space")
    chooser.value.set_files({"name": "cat.png", "mimeType": "image/png", "buffer": PNG})
    expect_status(page, "cat.png", re.compile("Uploaded"))
    assert json.dumps(stored_files(cloud)[0][0]) == '"cat.png"'


def press(page: Page, name: str) -> None:
    """Goes to a button by the keyboard, and press it."""
    button = page.get_by_role("button", name=name)
    expect(button).to_be_visible()
    for _ in range(12):
        page.keyboard.press("Tab")
        if button.evaluate("(element) => element === element.getRootNode().activeElement"):
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"{name} cannot be reached")


def test_a_failed_file_is_tried_again_by_keyboard(page: Page, cloud: Cloud) -> None:
    cloud.faults.oss_deny_early = True
    open_page(page, cloud)
    choose(page, ("cat.png", "image/png", PNG))
    expect(row(page, "cat.png")).to_have_class("failed")
    cloud.faults.oss_deny_early = False
    press(page, f"Try again: {isolate('cat.png')}")
    expect_status(page, "cat.png", "10.2 kB · Uploaded")


@pytest.mark.thorough
def test_a_running_upload_is_cancelled_by_keyboard(page: Page, cloud: Cloud) -> None:
    cloud.faults.oss_stall_at = 0
    open_page(page, cloud)
    choose(page, ("cat.png", "image/png", PNG))
    expect(row(page, "cat.png")).to_have_class(re.compile("sending|finishing"))
    press(page, f"Cancel {isolate('cat.png')}")
    expect_status(page, "cat.png", "10.2 kB · Cancelled")


def test_the_language_is_switched_by_keyboard_while_files_are_on_their_way(page: Page, cloud: Cloud) -> None:
    cloud.faults.oss_stall_at = 0
    open_page(page, cloud)
    choose(page, ("cat.png", "image/png", PNG))
    expect(row(page, "cat.png")).to_have_class(re.compile("sending|finishing"))
    page.locator("#language").press("ArrowDown")
    expect(page.get_by_role("button", name=f"取消 {isolate('cat.png')}")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
