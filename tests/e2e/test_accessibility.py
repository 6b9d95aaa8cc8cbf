"""axe-core finds nothing in any state, size, colour scheme and language; and what it cannot see is measured."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, FilePayload, Page, Route, expect

from localcloud.dev.cloud import Cloud
from support.page_steps import PIXEL, MakeCloud

AXE = (Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")

FILES = [
    FilePayload(name="photo.png", mimeType="image/png", buffer=b"\x89PNG"),
    FilePayload(name="a very long name " * 12 + ".txt", mimeType="text/plain", buffer=b"x" * 100_000),
    FilePayload(name="合同 (终稿) v2.txt", mimeType="text/plain", buffer=b"y"),
]


def big(cloud: Cloud) -> Path:
    """Returns a file so big that it goes in parts, and more than a line holds: it is never wholly handed over."""
    path = cloud.bucket.folder.with_name("film " * 40 + ".mp4")
    with path.open("wb") as file:
        file.truncate(40_000_000)
    return path


@pytest.fixture
def cloud(cloud_with: MakeCloud) -> Cloud:
    return cloud_with(MULTIPART_THRESHOLD="1MB", MULTIPART_SECRET=os.urandom(32).hex())


def show_idle(page: Page, cloud: Cloud) -> None:
    expect(page.locator("#rules")).not_to_be_empty()


def show_running(page: Page, cloud: Cloud) -> None:
    cloud.faults.oss_stall_at = 0
    page.set_input_files("#files", FILES)
    expect(page.locator(".finishing")).to_have_count(3)


def show_failed(page: Page, cloud: Cloud) -> None:
    cloud.faults.oss_deny_early = True
    page.set_input_files("#files", FILES)
    expect(page.locator(".failed")).to_have_count(3)


def show_paused(page: Page, cloud: Cloud) -> None:
    cloud.faults.oss_stall_at = 0
    page.set_input_files("#files", big(cloud))
    page.get_by_role("button", name=re.compile("^Pause")).click()
    expect(page.locator(".paused")).to_have_count(1)


def show_interrupted(page: Page, cloud: Cloud) -> None:
    cloud.faults.oss_stall_at = 0
    with page.expect_response("**/multipart/parts"):
        page.set_input_files("#files", big(cloud))
    page.once("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(page.locator("li .status")).to_have_text(re.compile(r"^0\sbytes"))


def show_other_link(page: Page, cloud: Cloud) -> None:
    """Has the page ask whether another link replaces one that names a person and what it asks for."""
    page.route("**/limits", with_subject)
    page.reload()
    expect(page.locator("#who")).not_to_be_empty()
    expect(page.locator(".request h2")).to_have_text(ASKS["title"])
    page.evaluate("location.hash = 'token=of-bob'")
    expect(page.locator("dialog button").first).to_be_focused()


ASKS = {"title": "Anna asks for the invoices", "note": "a long word " * 20, "token_expires_at": "2099-12-04T17:30:00Z"}


def with_subject(route: Route) -> None:
    answer = route.fetch()
    who = "bob@example.com" if "authorization" in route.request.headers else "alice@example.com"
    route.fulfill(response=answer, json=answer.json() | ASKS | {"subject": who})


def show_unfolded(page: Page, cloud: Cloud) -> None:
    """Shows large pictures: the narrowest place for the longest texts."""
    show_failed(page, cloud)
    page.locator("#causes summary").click()
    cloud.faults.oss_deny_early = False
    page.set_input_files("#files", FilePayload(name="a.html", mimeType="text/html", buffer=b"x"))
    expect(page.locator(".failed")).to_have_count(4)
    page.locator("#enlarge").click()


def show_done(page: Page, cloud: Cloud) -> None:
    page.set_input_files("#files", FILES)
    expect(page.locator(".done")).to_have_count(3)


def show_every_row(page: Page, cloud: Cloud) -> None:
    """Has rows of every state, which the page has to itself in other states."""
    page.set_input_files("#files", FILES[0])
    expect(page.locator(".done")).to_have_count(1)
    cloud.faults.oss_deny_early = True
    page.set_input_files("#files", FILES[1:])
    expect(page.locator("#causes .notice")).to_have_count(1)
    cloud.faults.oss_deny_early = False
    cloud.faults.oss_stall_at = 0
    page.set_input_files("#files", big(cloud))
    page.locator("li").last.get_by_role("button", name=re.compile("^Pause")).click()
    expect(page.locator(".paused")).to_have_count(1)
    page.set_input_files("#files", {"name": "note.txt", "mimeType": "text/plain", "buffer": b"z"})
    expect(page.locator(".finishing")).to_have_count(1)


def open_page(browser: Browser, cloud: Cloud, **context: Any) -> Page:
    page = browser.new_context(bypass_csp=True, reduced_motion="reduce", **context).new_page()
    page.goto(cloud.site.url)
    show_idle(page, cloud)
    return page


def faults(page: Page, categories: tuple[str, ...] = ()) -> list[Any]:
    """Returns what axe finds by the rules of these categories; by all of them if none is named."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    options = {"resultTypes": ["violations"], **({"runOnly": list(categories)} if categories else {})}
    found = page.evaluate("(options) => axe.run(document, options)", options)
    return [(each["id"], [node["html"] for node in each["nodes"]]) for each in found["violations"]]


OF_LANGUAGES = ("cat.language", "cat.name-role-value", "cat.text-alternatives")
LOOKS: list[tuple[str, int, str, tuple[str, ...]]] = [
    ("en", 320, "light", ()),
    ("zh-CN", 900, "dark", ()),
    ("ar", 320, "dark", OF_LANGUAGES),
    ("de", 320, "light", OF_LANGUAGES),
]
"""Languages, widths, colour schemes and axe's categories: no rule of style.css depends on two of the first three."""
TARGET = 44
"""Pixels, at least: what can be hit with a thumb (WCAG 2.5.5)."""

SMALL = """(targets, least) => targets.map((target) => target.getBoundingClientRect()).filter(
    ({ width, height }) => Math.min(width, height) < least,
)"""


def findings(page: Page, width: int, categories: tuple[str, ...]) -> dict[str, Any]:
    """Returns axe's findings; on a narrow screen also how wide the page is, and what is too small to be hit."""
    found: dict[str, Any] = {"axe": faults(page, categories)}
    if width == 320:
        found["wide"] = page.evaluate("document.documentElement.scrollWidth")
        targets = page.locator("button:visible, .button:visible, select:visible, summary:visible")
        found["small"] = targets.evaluate_all(SMALL, TARGET)
    return found


ALONE = pytest.mark.thorough
"""States that `show_every_row` and `show_unfolded` show among others."""


@pytest.mark.parametrize(
    "state",
    [
        show_idle,
        pytest.param(show_running, marks=ALONE),
        pytest.param(show_failed, marks=ALONE),
        show_unfolded,
        show_other_link,
        pytest.param(show_paused, marks=ALONE),
        show_interrupted,
        show_done,
        show_every_row,
    ],
)
def test_in_no_state_size_scheme_and_language_is_there_anything_to_complain_of(
    browser: Browser, cloud: Cloud, state: Callable[[Page, Cloud], None]
) -> None:
    page = open_page(browser, cloud, locale="en")
    state(page, cloud)
    found = []
    for language, width, scheme, categories in LOOKS:
        show_language(page, language)
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found.append(findings(page, width, categories))
    page.context.close()
    narrow = {"axe": [], "wide": 320, "small": []}
    assert found == [narrow, {"axe": []}, narrow, narrow]


def show_language(page: Page, language: str) -> None:
    """Chooses by the page's own switch, which a dialog may cover."""
    page.locator("#language").select_option(language, force=True)
    expect(page.locator("html")).to_have_attribute("lang", language)


def test_at_200_percent_nothing_scrolls_sideways_and_everything_can_be_reached(browser: Browser, cloud: Cloud) -> None:
    """WCAG 1.4.4 and 1.4.10: a browser's zoom halves the page's width and doubles its pixels."""
    context = browser.new_context(viewport={"width": 640, "height": 400}, device_scale_factor=2)
    page = context.new_page()
    page.goto(cloud.site.url)
    show_done(page, cloud)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    for button in page.locator("button:visible, label.button:visible").all():
        button.scroll_into_view_if_needed()
        expect(button).to_be_in_viewport()
    context.close()


MOVING = "(rows) => rows.getRootNode().getAnimations().length"


def test_whoever_wants_no_motion_sees_none(browser: Browser, cloud: Cloud) -> None:
    page = open_page(browser, cloud)
    show_running(page, cloud)
    assert page.locator("#rows").evaluate(MOVING) == 0
    page.emulate_media(reduced_motion="no-preference")
    assert page.locator("#rows").evaluate(MOVING) == 3
    page.context.close()


def test_in_forced_colours_progress_and_buttons_can_be_told_apart(browser: Browser, cloud: Cloud) -> None:
    page = open_page(browser, cloud, forced_colors="active")
    colours = page.locator(".filled").evaluate(
        "(button) => [getComputedStyle(button).color, getComputedStyle(button).backgroundColor]"
    )
    assert colours[0] != colours[1]
    page.set_input_files("#files", {"name": "a.png", "mimeType": "image/png", "buffer": PIXEL})
    switch = page.get_by_role("button", name="Large pictures")
    switch.click()
    expect(switch).to_have_css("background-color", colours[1])
    page.context.close()


def test_each_file_that_fails_is_read_aloud(browser: Browser, cloud: Cloud) -> None:
    page = open_page(browser, cloud)
    expect(page.locator("#alert-announcer")).to_have_role("alert")
    expect(page.locator("#status-announcer")).to_have_role("status")
    page.set_input_files("#files", {"name": "a.html", "mimeType": "text/html", "buffer": b"a"})
    expect(page.locator("#alert-announcer")).to_have_text(
        "a.html: 1 byte · Files of this type are not allowed. Choose another file."
    )
    page.set_input_files("#files", [FilePayload(name=f"{n}.html", mimeType="text/html", buffer=b"") for n in range(2)])
    expect(page.locator("#alert-announcer")).to_have_text(
        "2 files: Files of this type are not allowed. Choose another file."
    )
    page.context.close()
