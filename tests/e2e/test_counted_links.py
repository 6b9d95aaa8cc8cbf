"""Links that count, and links that say what they are for."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from localcloud.dev.cloud import Cloud
from support.page_steps import PNG, WITHOUT_PAUSES, MakeCloud, choose, expect_status, isolate, row
from support.tokens import new_secret, token

SECRET = new_secret()
NOTE = "All of March, please.\n<b>PDF</b> only: \u05ea\u05d5\u05d3\u05d4"


def link(count: int | None = 2, **claims: Any) -> str:
    return token(SECRET, sub="alice", exp=int(time.time()) + 86_400, jti="march", max_files=count, **claims)


@pytest.fixture
def cloud(cloud_with: MakeCloud) -> Cloud:
    return cloud_with(AUTH="jwt", JWT_SECRET=SECRET)


def open_link(page: Page, cloud: Cloud, of: str, more: str = "") -> None:
    page.goto(f"{cloud.site.url}/#token={of}{more}")
    expect(page.locator("#rules")).not_to_be_empty()


def stored_keys(cloud: Cloud) -> list[str]:
    return [each.key for each in cloud.bucket.objects()]


def pictures(*names: str) -> list[tuple[str, str, bytes]]:
    return [(f"{name}.png", "image/png", PNG + name.encode()) for name in names]


def test_a_link_says_what_it_is_for_as_text(page: Page, cloud: Cloud) -> None:
    open_link(page, cloud, link(5, title="Anna asks for <i>the</i> March invoices", note=NOTE))
    request = page.locator(".request")
    expect(request.get_by_role("heading")).to_have_text("Anna asks for <i>the</i> March invoices")
    assert request.locator(".note").evaluate("(note) => note.innerText") == NOTE
    expect(request.locator(".quiet")).to_have_text(re.compile(r"^Until \w+day\b.*, 5 files at most\.$"))
    page.locator("#language").select_option("zh-CN")
    expect(request.locator(".quiet")).to_have_text(re.compile("^截止时间：星期.*，最多可上传 5 个文件。$"))


def test_a_link_that_is_for_nothing_in_particular_shows_nothing(page: Page, cloud: Cloud) -> None:
    open_link(page, cloud, link(None))
    expect(page.locator(".request")).to_have_count(0)


def test_what_does_not_fit_into_a_used_up_link_stays_in_the_list_and_says_so(page: Page, cloud: Cloud) -> None:
    open_link(page, cloud, link(2))
    choose(page, *pictures("a", "b"))
    expect(page.locator("li.done")).to_have_count(2)
    used = "This link has been used for all of its 2 files."
    expect(page.locator(".left")).to_have_text(used)
    choose(page, *pictures("c"))
    expect_status(page, "c.png", f"10.2 kB · {used}")
    page.reload()
    expect(page.locator(".left")).to_have_text(used)
    assert stored_keys(cloud) == ["uploads/alice/~march/1", "uploads/alice/~march/2"]


@pytest.mark.thorough
def test_how_many_are_left_is_shown_as_far_as_the_page_knows(page: Page, cloud: Cloud) -> None:
    open_link(page, cloud, link(3))
    expect(page.locator(".left")).to_be_hidden()
    choose(page, *pictures("a"))
    expect(page.locator(".left")).to_have_text("At most 2 of 3 files are left on this link.")


@pytest.mark.thorough
def test_in_two_tabs_at_once_a_link_takes_exactly_its_files(page: Page, context: BrowserContext, cloud: Cloud) -> None:
    other = context.new_page()
    tabs = {"a": page, "b": other}
    for tab in tabs.values():
        open_link(tab, cloud, link(5))
    for name, tab in tabs.items():
        choose(tab, *pictures(*(f"{name}{number}" for number in range(5))))
    for tab in tabs.values():
        expect(tab.locator("li.done, li.failed")).to_have_count(5)
    assert stored_keys(cloud) == [f"uploads/alice/~march/{slot}" for slot in range(1, 6)]
    uploaded = [name for tab in tabs.values() for name in tab.locator("li.done .name").all_inner_texts()]
    assert sorted(uploaded) == sorted(each.meta["filename"] for each in cloud.bucket.objects())


def test_a_file_whose_answer_was_lost_is_not_called_uploaded(page: Page, context: BrowserContext, cloud: Cloud) -> None:
    """The storage has it, but the page cannot know: another holder of the link may have taken the slot."""
    page.add_init_script(WITHOUT_PAUSES)

    def lose_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route(f"{cloud.oss.url}/", lose_answer, times=1)
    open_link(page, cloud, link(2))
    choose(page, *pictures("a"))
    expect_status(page, "a.png", re.compile(r"^10.2\skB · Sent, but not confirmed: "))
    expect(page.locator("#summary")).to_have_text("0 of 1 file uploaded · 1 not confirmed")
    expect(page.locator("#alert-announcer")).to_contain_text("not confirmed")
    assert stored_keys(cloud) == ["uploads/alice/~march/1"]
    row(page, "a.png").get_by_role("button", name=f"Try again: {isolate('a.png')}").click()
    expect_status(page, "a.png", "10.2 kB · Uploaded")
    assert stored_keys(cloud) == ["uploads/alice/~march/1", "uploads/alice/~march/2"]


@pytest.mark.thorough
def test_another_counted_link_of_the_same_person_is_opened_without_a_question(page: Page, cloud: Cloud) -> None:
    open_link(page, cloud, link(1))
    choose(page, *pictures("a"))
    expect(page.locator("li.done")).to_have_count(1)
    april = token(SECRET, sub="alice", exp=int(time.time()) + 86_400, jti="april", max_files=1)
    page.evaluate("(fragment) => { location.hash = fragment; }", f"token={april}")
    expect(page.locator("#rows li")).to_have_count(0)
    choose(page, *pictures("b"))
    expect(page.locator("li.done")).to_have_count(1)
    assert stored_keys(cloud) == ["uploads/alice/~april/1", "uploads/alice/~march/1"]


def test_while_files_are_on_their_way_another_link_of_the_same_person_is_asked_about(page: Page, cloud: Cloud) -> None:
    cloud.faults.oss_stall_at = 0
    open_link(page, cloud, link(1))
    choose(page, *pictures("a"))
    expect(page.locator(".finishing")).to_have_count(1)
    april = token(SECRET, sub="alice", exp=int(time.time()) + 86_400, jti="april", max_files=1)
    page.evaluate("(fragment) => { location.hash = fragment; }", f"token={april}")
    dialog = page.get_by_role("dialog", name="This link is for other files")
    expect(dialog.locator("p")).to_have_text("If you switch, unfinished uploads stop.")
    dialog.get_by_role("button", name="Stay here").click()
    expect(page.locator(".finishing")).to_have_count(1)


PROFILES = {
    "photos": {"content_types": "image/png", "max_size": "20KB", "requires_claim": False},
    "notes": {"content_types": "text/plain", "max_size": "1KB", "requires_claim": False},
}


@pytest.mark.parametrize(
    ("configured", "fragment", "rules", "folder"),
    [
        pytest.param("photos", "", "PNG · Up to 20 kB each", "uploads/~photos/alice", marks=pytest.mark.thorough),
        ("photos", "&profile=notes", "TXT · Up to 1 kB each", "uploads/~notes/alice"),
        pytest.param(
            None, "&profile=photos", "PNG · Up to 20 kB each", "uploads/~photos/alice", marks=pytest.mark.thorough
        ),
    ],
)
def test_the_pages_profile_is_its_links_or_its_own(
    page: Page,
    cloud_with: MakeCloud,
    tmp_path: Path,
    configured: str | None,
    fragment: str,
    rules: str,
    folder: str,
) -> None:
    file = tmp_path / "profiles.json"
    file.write_text(json.dumps(PROFILES), encoding="utf-8")
    cloud = cloud_with(AUTH="jwt", JWT_SECRET=SECRET, PROFILES_FILE=str(file))
    config = {"function": cloud.gateway.url, **({"profile": configured} if configured else {})}
    page.route("**/config.json", lambda route: route.fulfill(body=json.dumps(config)))
    open_link(page, cloud, link(None), fragment)
    expect(page.locator("#rules")).to_have_text(rules)
    expect(page).to_have_url(f"{cloud.site.url}/")
    page.reload()
    expect(page.locator("#rules")).to_have_text(rules)
    name = "a.txt" if "notes" in folder else "a.png"
    choose(page, (name, "text/plain" if "notes" in folder else "image/png", b"x"))
    expect_status(page, name, "1 byte · Uploaded")
    assert [key.rpartition("/")[0] for key in stored_keys(cloud)] == [folder]


def test_a_link_for_a_profile_that_does_not_exist_is_refused_in_words(page: Page, cloud: Cloud) -> None:
    page.goto(f"{cloud.site.url}/#token={link(None)}&profile=nowhere")
    expect(page.locator("#trouble")).to_contain_text(
        "This page or link asks for a kind of upload that does not exist here. Contact the site's owner."
    )
    expect(page.locator("#drop")).to_be_hidden()
