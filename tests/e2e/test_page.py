"""The page in a real browser: files arrive as they are, and what it shows meanwhile."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from localcloud.dev.cloud import Cloud
from support.page_steps import (
    PIXEL,
    PNG,
    MakeCloud,
    choose,
    expect_status,
    isolate,
    open_page,
    posts,
    row,
    signings,
    stored_files,
)


def test_a_chosen_file_is_stored_byte_for_byte(page: Page, context: BrowserContext, cloud: Cloud) -> None:
    console: list[str] = []
    page.on("console", lambda message: console.append(message.text))
    open_page(page, cloud)
    choose(page, ("cat.png", "image/png", PNG))
    expect_status(page, "cat.png", "10.2 kB · Uploaded")
    [object_] = cloud.bucket.objects()
    assert (object_.path.read_bytes(), object_.content_type, object_.meta, object_.headers) == (
        PNG,
        "image/png",
        {"filename": "cat.png"},
        {"Content-Disposition": "attachment; filename*=UTF-8''cat.png"},
    )
    assert re.fullmatch(r"uploads/anonymous/[0-9a-f-]{36}\.png", object_.key)
    expect(row(page, "cat.png").locator(".stored")).to_have_text(object_.key)
    expect(page.locator("#summary")).to_have_text("1 file uploaded")
    assert console == []


def test_fields_are_posted_in_their_order_and_before_the_file(page: Page, cloud: Cloud) -> None:
    open_page(page, cloud)
    with page.expect_response("**/sign") as signed:
        choose(page, ("cat.png", "image/png", PNG))
    expect_status(page, "cat.png", re.compile("Uploaded"))
    fields = signed.value.json()["uploads"][0]["fields"]
    # OSS reads nothing that comes after the file: the fields that it has read were before it.
    assert [record.note["fields"] for record in posts(cloud)] == [[name.lower() for name in fields]]


def test_nothing_is_left_behind_and_nothing_told_to_others(page: Page, context: BrowserContext, cloud: Cloud) -> None:
    sent: list[dict[str, str]] = []
    page.on("request", lambda request: sent.append(request.headers))
    open_page(page, cloud)
    choose(page, ("cat.png", "image/png", PNG))
    expect_status(page, "cat.png", re.compile("Uploaded"))
    assert [headers for headers in sent if headers.get("referer") or headers.get("cookie")] == []
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]


def large(path: Path) -> Path:
    """Returns a file of 20 MB on the disk: Playwright takes ten seconds to hand over such content itself."""
    path.write_bytes(b"x" * 20_000_000)
    return path


@pytest.mark.thorough
def test_an_upload_can_be_cancelled(page: Page, cloud: Cloud, tmp_path: Path) -> None:
    cloud.faults.oss_bandwidth = 20_000
    open_page(page, cloud)
    page.set_input_files("#files", large(tmp_path / "slow.bin"))
    expect(row(page, "slow.bin")).to_have_class("sending")
    row(page, "slow.bin").get_by_role("button", name=f"Cancel {isolate('slow.bin')}").click()
    expect_status(page, "slow.bin", "20 MB · Cancelled")
    assert stored_files(cloud) == []
    cloud.faults.oss_bandwidth = 0
    row(page, "slow.bin").get_by_role("button", name=f"Try again: {isolate('slow.bin')}").click()
    expect_status(page, "slow.bin", re.compile("Uploaded"))
    assert [len(content) for _, content in stored_files(cloud)] == [20_000_000]


@pytest.mark.thorough
def test_four_files_at_a_time_are_on_their_way(page: Page, cloud: Cloud) -> None:
    cloud.faults.oss_stall_at = 0
    open_page(page, cloud)
    choose(page, *((f"{number}.txt", "text/plain", b"x") for number in range(6)))
    expect(page.locator(".finishing")).to_have_count(4)
    expect(page.locator(".waiting")).to_have_count(2)
    # Those that begin together are signed together.
    assert len(signings(cloud)) == 1


@pytest.mark.thorough
def test_forty_files_are_signed_in_a_few_requests_that_share_a_preflight(page: Page, cloud: Cloud) -> None:
    open_page(page, cloud)
    names = [f"{number}.txt" for number in range(40)]
    choose(page, *((name, "text/plain", name.encode()) for name in names))
    expect(page.locator("#summary")).to_have_text("All 40 files uploaded")
    preflights = [record for record in cloud.gateway.records if (record.method, record.path) == ("OPTIONS", "/sign")]
    assert sorted(stored_files(cloud)) == sorted((name, name.encode()) for name in names)
    # Three and one, unless the machine is so busy that a request begins before all are in the list.
    assert (len(signings(cloud)) <= 8, len(preflights) <= 3) == (True, True)


def test_a_team_has_its_own_title_logo_colour_and_footer(page: Page, cloud_with: MakeCloud) -> None:
    logo = "data:image/png;base64," + base64.b64encode(PIXEL).decode()
    look = {"title": "Team files", "accent": "#ffd400", "logo": logo, "footer": "Ask <b>Ann</b>."}
    open_page(page, cloud_with(look))
    expect(page.locator("h1")).to_have_text("Team files")
    expect(page).to_have_title("Team files")
    expect(page.locator("#footer")).to_have_text("Ask <b>Ann</b>.")
    assert page.evaluate("document.querySelector('#logo').naturalWidth") == 1
    filled = page.locator(".filled")
    # What is written on a light colour is dark.
    expect(filled).to_have_css("background-color", "rgb(255, 212, 0)")
    expect(filled).to_have_css("color", "rgb(0, 0, 0)")
    page.locator("#language").select_option("zh-CN")
    expect(page.locator("#drop .filled")).to_have_text("选择文件")
    expect(page.locator("h1")).to_have_text("Team files")


def test_the_language_is_the_browsers_until_another_is_chosen(browser: Browser, cloud: Cloud) -> None:
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    page.goto(cloud.site.url)
    expect(page.locator("h1")).to_have_text("上传文件")
    expect(page).to_have_title("上传文件")
    expect(page.locator("#rules")).to_have_text("单个文件不超过 100 MB")
    choose(page, ("page.html", "text/html", b"<p>"))
    expect_status(page, "page.html", "3字节 · 不允许上传此类型的文件，请选择其他文件。")
    page.locator("#language").select_option("en")
    expect_status(page, "page.html", "3 bytes · Files of this type are not allowed. Choose another file.")
    page.reload()
    expect(page.locator("h1")).to_have_text("Upload files")
    assert page.evaluate("[document.documentElement.lang, {...localStorage}]") == ["en", {"language": "en"}]
    context.close()


MIRRORED = """(row) => {
    const { x } = row.querySelector(".thumb").getBoundingClientRect();
    const isRight = (other) => x > row.querySelector(other).getBoundingClientRect().x;
    const { direction, textAlign } = getComputedStyle(row.querySelector(".name"));
    return [isRight(".name"), isRight(".remove"), direction, textAlign];
}"""


def test_what_is_written_from_right_to_left_is_shown_so_and_names_are_not(page: Page, cloud: Cloud) -> None:
    open_page(page, cloud)
    choose(page, ("cat.png", "image/png", PNG))
    expect_status(page, "cat.png", "10.2 kB · Uploaded")
    page.locator("#language").select_option("ar")
    expect(page.locator("h1")).to_have_text("رفع الملفات")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    assert row(page, "cat.png").evaluate(MIRRORED) == [True, True, "ltr", "right"]
    page.locator("#language").select_option("fr")
    expect(page.locator("h1")).to_have_text("Envoyer des fichiers")
    assert row(page, "cat.png").evaluate(MIRRORED) == [False, False, "ltr", "left"]


def test_the_key_can_be_copied(page: Page, context: BrowserContext, cloud: Cloud) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_page(page, cloud)
    choose(page, ("cat.png", "image/png", PNG))
    row(page, "cat.png").get_by_role("button", name=f"Copy where {isolate('cat.png')} is stored").click()
    expect(page.locator("#status-announcer")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == cloud.bucket.objects()[0].key


def test_all_can_be_cancelled_and_cleared(page: Page, cloud: Cloud) -> None:
    cloud.faults.oss_stall_at = 0
    open_page(page, cloud)
    choose(page, *((f"{number}.txt", "text/plain", b"x") for number in range(6)))
    expect(page.locator(".finishing")).to_have_count(4)
    page.get_by_role("button", name="Cancel all").click()
    expect(page.locator(".cancelled")).to_have_count(6)
    assert stored_files(cloud) == []
    page.get_by_role("button", name="Clear finished").click()
    expect(page.locator("li")).to_have_count(0)
    expect(page.locator("#total")).to_be_hidden()
    # The focus was on a button that is gone.
    expect(page.locator("#files")).to_be_focused()


@pytest.mark.thorough
def test_all_that_failed_can_be_tried_again(page: Page, cloud: Cloud) -> None:
    cloud.faults.oss_deny_early = True
    open_page(page, cloud)
    choose(page, ("a.txt", "text/plain", b"a"), ("b.txt", "text/plain", b"b"), ("c.html", "text/html", b"c"))
    expect(page.locator(".failed")).to_have_count(3)
    cloud.faults.oss_deny_early = False
    page.get_by_role("button", name="Retry failed").click()
    expect(page.locator("#summary")).to_have_text("2 of 3 files uploaded · 1 failed")
    assert sorted(stored_files(cloud)) == [("a.txt", b"a"), ("b.txt", b"b")]


def test_how_far_it_is_stands_in_the_summary_and_in_the_tabs_title(page: Page, cloud: Cloud, tmp_path: Path) -> None:
    cloud.faults.oss_bandwidth = 500_000
    open_page(page, cloud)
    page.set_input_files("#files", large(tmp_path / "film.mp4"))
    expect(page.locator("#summary")).to_have_text(
        re.compile(r"^0 of 1 file · [\d.]+\sMB of 20\sMB · [\d.]+\s[kM]B/s · \d+\s(sec|min) left$")
    )
    expect(page).to_have_title(re.compile(r"^\d+% – Upload files$"))
    page.evaluate("Object.defineProperty(navigator, 'onLine', { configurable: true, value: false })")
    expect(page.locator("#summary")).to_have_text(re.compile(r"^0 of 1 file · [\d.]+\sMB of 20\sMB$"))
    page.evaluate("delete navigator.onLine")
    cloud.faults.oss_bandwidth = 0
    expect_status(page, "film.mp4", "20 MB · Uploaded")
    expect(page).to_have_title("Upload files")
    expect(page.locator("#status-announcer")).to_have_text("1 file uploaded")


def test_leaving_is_guarded_while_something_is_unfinished(page: Page, context: BrowserContext, cloud: Cloud) -> None:
    cloud.faults.oss_stall_at = 0
    open_page(page, cloud)
    choose(page, ("cat.png", "image/png", PNG))
    expect(page.locator(".finishing")).to_have_count(1)
    page.locator("h1").click()  # browsers ask only those who have touched the page
    with page.expect_event("dialog") as asked:
        page.close(run_before_unload=True)
    assert asked.value.type == "beforeunload"
    asked.value.dismiss()
