"""The page explains what goes wrong, and continues by itself where it can."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from localcloud.dev.cloud import Cloud
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

THOROUGH = pytest.mark.thorough
"""Rows that come to the page as another one does: tests/web has how each is read, and how often it is tried."""

LONG_AGO = 1_000_000_000
"""Browsers compare the time of a file's last change by the second."""

FAULTS = [
    pytest.param(
        {"oss_deny_early": True}, "The storage refused this upload. Contact the site's owner.", 1, marks=THOROUGH
    ),
    ({"oss_error_rate": 1.0}, "The storage is busy. Try again later.", 6),
    pytest.param({"oss_fail_next": 6}, "The storage is busy. Try again later.", 6, marks=THOROUGH),
    pytest.param({"oss_disk_full": True}, "The storage is busy. Try again later.", 6, marks=THOROUGH),
    pytest.param(
        {"oss_reset_at": 0},
        "The connection was lost, or the storage refused this page. Try again later.",
        6,
        marks=THOROUGH,
    ),
]


def test_what_are_no_limits_is_told_and_files_wait_for_better_ones(page: Page, cloud: Cloud) -> None:
    answer: dict[str, object] = {"max_size": 1, "content_types": ["image/png"], "accept": [5], "subject": {}}
    page.route("**/limits", lambda route: route.fulfill(json=answer, headers={"Access-Control-Allow-Origin": "*"}))
    page.goto(cloud.site.url)
    expect(page.locator("#trouble")).to_have_text("The upload service is not available.")
    choose(page, ("cat.png", "image/png", PNG))
    expect(row(page, "cat.png")).to_have_class("done")
    page.unroute("**/limits")
    page.locator("oss-upload").evaluate("(element) => element.refresh()")
    expect(page.locator("#rules")).to_have_text("Up to 100 MB each")
    expect(page.locator("#trouble")).to_be_hidden()


@pytest.mark.parametrize(
    ("faults", "words", "tries"), FAULTS, ids=lambda value: "-".join(value) if isinstance(value, dict) else ""
)
def test_what_goes_wrong_is_told_in_words_and_can_be_tried_again(
    page: Page, context: BrowserContext, cloud: Cloud, faults: dict[str, Any], words: str, tries: int
) -> None:
    page.add_init_script(WITHOUT_PAUSES)
    open_page(page, cloud)
    usual = {name: getattr(cloud.faults, name) for name in faults}
    for name, value in faults.items():
        setattr(cloud.faults, name, value)
    choose(page, ("cat.png", "image/png", PNG))
    expect(row(page, "cat.png")).to_have_class("failed")
    expect_status(page, "cat.png", re.compile(rf"^10.2\skB · {re.escape(words)}"))
    expect(page.locator("#summary")).to_have_text("0 of 1 file uploaded · 1 failed")
    assert (stored_files(cloud), len(signings(cloud))) == ([], tries)
    for name, value in usual.items():
        setattr(cloud.faults, name, value)
    row(page, "cat.png").get_by_role("button", name=f"Try again: {isolate('cat.png')}").click()
    expect_status(page, "cat.png", "10.2 kB · Uploaded")
    assert stored_files(cloud) == [("cat.png", PNG)]


@pytest.mark.thorough
def test_a_function_without_credentials_is_asked_again_when_it_says(
    page: Page, context: BrowserContext, cloud: Cloud
) -> None:
    page.clock.install()
    page.add_init_script(WITHOUT_PAUSES)
    open_page(page, cloud)
    cloud.faults.sts_mode = "fail"
    cloud.gateway.end_instance()  # a new one has no credentials yet
    choose(page, ("cat.png", "image/png", PNG))
    expect_status(
        page,
        "cat.png",
        re.compile(r"The upload service is not ready\. Trying again in \d+ seconds?\.$"),
    )
    cloud.faults.sts_mode = ""
    cloud.gateway.end_instance()  # a new one has no failure behind it
    assert len(signings(cloud)) == 1
    page.clock.fast_forward(30_000)
    expect_status(page, "cat.png", "10.2 kB · Uploaded")
    assert len(signings(cloud)) == 2


@pytest.mark.thorough
def test_what_fails_twice_arrives_without_anybody_doing_anything(
    page: Page, context: BrowserContext, cloud: Cloud
) -> None:
    page.add_init_script(WITHOUT_PAUSES)
    open_page(page, cloud)
    cloud.faults.oss_fail_next = 2
    choose(page, ("cat.png", "image/png", PNG))
    expect_status(page, "cat.png", "10.2 kB · Uploaded")
    assert (len(signings(cloud)), [record.status for record in posts(cloud)]) == (3, [503, 503, 200])


@pytest.mark.thorough
def test_a_line_that_falls_silent_is_given_up_after_a_minute(page: Page, context: BrowserContext, cloud: Cloud) -> None:
    page.clock.install()
    page.add_init_script(WITHOUT_PAUSES)
    open_page(page, cloud)
    cloud.faults.oss_stall_at = 0
    choose(page, ("cat.png", "image/png", PNG))
    expect(row(page, "cat.png")).to_have_class("finishing")
    cloud.faults.oss_stall_at = -1
    page.clock.fast_forward(60_000)
    expect_status(page, "cat.png", "10.2 kB · Uploaded")
    assert (len(signings(cloud)), len(stored_files(cloud))) == (2, 1)


def test_offline_everything_waits_and_goes_on_by_itself(page: Page, cloud: Cloud) -> None:
    open_page(page, cloud)
    page.context.set_offline(True)
    expect(page.locator("#offline")).to_have_text(
        "You are offline. Uploads continue automatically when the connection is back."
    )
    choose(page, ("cat.png", "image/png", PNG))
    expect_status(page, "cat.png", "10.2 kB · Waiting")
    assert signings(cloud) == []
    page.context.set_offline(False)
    expect_status(page, "cat.png", "10.2 kB · Uploaded")
    expect(page.locator("#offline")).to_be_empty()


def test_a_file_that_has_changed_since_it_was_chosen_says_so(page: Page, cloud: Cloud, tmp_path: Path) -> None:
    """Those that are read together with it are stored."""
    files = [tmp_path / f"{name}.txt" for name in ("first", "note", "last")]
    for file in files:
        file.write_text("as it was." if file.stem == "note" else f"the {file.stem} of all")
        os.utime(file, (LONG_AGO, LONG_AGO))
    open_page(page, cloud)
    page.context.set_offline(True)
    page.set_input_files("#files", files)
    expect_status(page, "note.txt", "10 bytes · Waiting")
    files[1].write_text("as it went")
    page.context.set_offline(False)
    expect_status(
        page,
        "note.txt",
        "10 bytes · The file has changed since you chose it, or can no longer be read. Choose it again.",
    )
    expect(page.locator("li.done")).to_have_count(2)
    assert sorted(content for _, content in stored_files(cloud)) == [b"the first of all", b"the last of all"]


def test_the_owner_gets_the_code_and_the_request_id(page: Page, cloud: Cloud) -> None:
    open_page(page, cloud)
    cloud.faults.oss_deny_early = True
    choose(page, ("cat.png", "image/png", PNG))
    details = row(page, "cat.png").locator("details")
    expect(details.locator("p").first).to_be_hidden()
    details.get_by_text("Details for the site's owner").click()
    expect(details.locator("p").first).to_be_visible()
    code, message, request = details.locator("p").all_inner_texts()[:3]
    assert (code, message) == (
        "AccessDenied · HTTP 403",
        "You have no right to access this object because of bucket acl.",
    )
    assert re.fullmatch("Request ID: [0-9A-F]{24}", request)
    expect_status(page, "cat.png", "10.2 kB · The storage refused this upload. Contact the site's owner.")


def test_failures_of_one_cause_are_told_once(page: Page, cloud: Cloud) -> None:
    open_page(page, cloud)
    cloud.faults.oss_deny_early = True
    choose(page, *((f"{number}.txt", "text/plain", b"x") for number in range(5)), ("a.html", "text/html", b"x"))
    notice = page.locator("#causes .notice")
    expect(notice.locator("> p")).to_have_text("5 files: The storage refused this upload. Contact the site's owner.")
    for number in range(5):
        expect_status(page, f"{number}.txt", "1 byte · Not uploaded")
    expect_status(page, "a.html", "1 byte · Files of this type are not allowed. Choose another file.")
    notice.get_by_text("Details for the site's owner").click()
    expect(notice.locator("details p").nth(2)).to_have_text(
        re.compile("^Request ID: ([0-9A-F]{24}, ){2}[0-9A-F]{24} …$")
    )


def test_what_only_one_file_is_left_with_is_told_in_its_line(page: Page, cloud: Cloud) -> None:
    open_page(page, cloud)
    cloud.faults.oss_deny_early = True
    choose(page, ("a.txt", "text/plain", b"a"), ("b.txt", "text/plain", b"b"))
    expect(page.locator("#causes .notice")).to_have_count(1)
    cloud.faults.oss_deny_early = False
    row(page, "a.txt").get_by_role("button", name=f"Try again: {isolate('a.txt')}").click()
    expect_status(page, "a.txt", "1 byte · Uploaded")
    expect_status(page, "b.txt", "1 byte · The storage refused this upload. Contact the site's owner.")
    expect(page.locator("#causes .notice")).to_have_count(0)


def test_what_was_told_once_follows_the_language(page: Page, cloud: Cloud) -> None:
    open_page(page, cloud)
    cloud.faults.oss_deny_early = True
    choose(page, ("a.txt", "text/plain", b"a"), ("b.txt", "text/plain", b"b"))
    expect(page.locator("#causes .notice > p")).to_have_text(re.compile("^2 files: "))
    page.locator("#language").select_option("zh-CN")
    expect(page.locator("#causes .notice > p")).to_have_text("2 个文件：存储服务拒绝了此次上传，请联系管理员。")
    expect(page.locator("#causes summary")).to_have_text("供管理员参考的详细信息")
    expect_status(page, "a.txt", "1字节 · 未上传")


def test_where_a_language_cannot_be_loaded_the_page_goes_on_in_the_one_it_has(page: Page, cloud: Cloud) -> None:
    open_page(page, cloud)
    page.route("**/ja*.json", lambda route: route.abort())
    page.locator("#language").select_option("ja")
    expect(page.locator("#language")).to_have_value("en")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("#trouble")).to_be_hidden()


def test_of_what_troubles_the_page_the_code_is_folded_too(page: Page, cloud: Cloud) -> None:
    error = {"code": "misconfigured", "message": "Its log names every fault.", "request_id": "1-2-3"}
    page.route("**/limits", lambda route: route.fulfill(status=500, json={"error": error}))
    page.goto(cloud.site.url)
    expect(page.locator("#trouble")).to_have_text(
        "The upload service is not configured correctly. Contact the site's owner."
    )
    expect(page.locator("#trouble + details p")).to_have_text(
        ["misconfigured · HTTP 500", "Its log names every fault.", "Request ID: 1-2-3"]
    )


def test_the_owner_reads_what_the_storage_s_refusal_is_about(page: Page, context: BrowserContext, cloud: Cloud) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))
    open_page(page, cloud)
    choose(page, ("dog.png", "image/png", PNG))
    expect_status(page, "dog.png", re.compile("Uploaded"))
    assert "owner-explanations.json" not in asked
    cloud.faults.oss_deny_early = True
    choose(page, ("cat.png", "image/png", PNG))
    expect(row(page, "cat.png").locator("details p").last).to_have_text(
        "The bucket is private, and the caller has no rights in it. To fix: sign the request, as a user of the account "
        "that owns the bucket. Source: HTTP status code 403."
    )
    expect(row(page, "dog.png").locator("details")).to_have_count(0)


def test_what_is_stored_already_is_done_and_not_stored_twice(page: Page, cloud: Cloud) -> None:
    """The first answer is lost on its way: the browser knows nothing of it, and tries again with the same id."""
    open_page(page, cloud)
    lost: list[int] = []

    def lose(route: Any) -> None:
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch().status)
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route(cloud.oss.url + "/", lose)
    choose(page, ("cat.png", "image/png", PNG))
    expect_status(page, "cat.png", re.compile("Uploaded"))
    assert (lost, [record.status for record in posts(cloud)], len(stored_files(cloud))) == ([200], [200, 409], 1)


def test_a_reply_that_is_not_json_is_told_too(page: Page, cloud: Cloud) -> None:
    open_page(page, cloud)
    page.route(
        "**/sign",
        lambda route: route.fulfill(status=502, content_type="application/json", body="Internal Server Error"),
    )
    choose(page, ("cat.png", "image/png", PNG))
    expect_status(
        page,
        "cat.png",
        re.compile(r"^10\.2\skB · The upload service is not available\. Trying again in (1 second|2 seconds)\.$"),
    )


@pytest.mark.parametrize(
    "body", [pytest.param("", marks=THOROUGH), pytest.param("{}", marks=THOROUGH), '{"function":7}', "<html>"]
)
def test_a_page_that_is_not_set_up_says_so(page: Page, cloud: Cloud, body: str) -> None:
    page.route("**/config.json", lambda route: route.fulfill(body=body))
    page.goto(cloud.site.url)
    expect(page.locator("#trouble")).to_have_text(
        "This page is not set up: its config.json is missing or invalid. Contact the site's owner."
    )


def test_limits_that_are_none_are_told_in_words(page: Page, cloud: Cloud) -> None:
    page.route("**/limits", lambda route: route.fulfill(json={"odd": 1}, headers={"Access-Control-Allow-Origin": "*"}))
    page.goto(cloud.site.url)
    expect(page.locator("#trouble")).to_have_text(re.compile("not available"))


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (429, '{"Code":"ResourceExhausted","Message":"x"}', "Too many upload requests right now. Trying again in "),
        pytest.param(502, "", "The upload service is not available. Trying again in ", marks=THOROUGH),
        pytest.param(
            503, "FCCommonError: no JSON", "The upload service is not available. Trying again in ", marks=THOROUGH
        ),
    ],
    ids=["429", "502", "503"],
)
def test_what_the_gateway_says_instead_of_the_function_is_told(
    page: Page, cloud: Cloud, status: int, body: str, words: str
) -> None:
    open_page(page, cloud)
    page.route("**/sign", lambda route: route.fulfill(status=status, content_type="application/json", body=body))
    choose(page, ("cat.png", "image/png", PNG))
    expect_status(page, "cat.png", re.compile(rf"^10.2\skB · {re.escape(words)}"))


@pytest.mark.parametrize("body", [pytest.param("", marks=THOROUGH), "FCCommonError: no JSON"])
def test_a_gateway_that_lets_nobody_through_is_told_once(page: Page, cloud: Cloud, body: str) -> None:
    open_page(page, cloud)
    page.route("**/sign", lambda route: route.fulfill(status=403, content_type="application/json", body=body))
    choose(page, ("cat.png", "image/png", PNG))
    expect(page.locator("#outage")).to_have_text(
        "You are not allowed to upload here. Contact the site's owner. Your files stay in the list. Try again to continue."
    )
    expect_status(page, "cat.png", "10.2 kB · Waiting")


def test_a_storage_that_does_not_know_the_page_is_told(page: Page, cloud: Cloud) -> None:
    cloud.bucket.cors_rules.clear()
    open_page(page, cloud)
    choose(page, ("cat.png", "image/png", PNG))
    expect_status(
        page, "cat.png", re.compile("The connection was lost, or the storage refused this page. Trying again in ")
    )
    assert stored_files(cloud) == []


def test_a_file_that_arrived_damaged_is_sent_again_under_another_key(
    page: Page, context: BrowserContext, cloud: Cloud
) -> None:
    page.add_init_script(WITHOUT_PAUSES)
    open_page(page, cloud)
    spoilt: list[str] = []

    def spoil_first(route: Route) -> None:
        response = route.fetch()
        headers = response.headers
        if not spoilt and route.request.method == "POST":
            spoilt.append(headers["x-oss-hash-crc64ecma"])
            headers["x-oss-hash-crc64ecma"] = "7"
        route.fulfill(response=response, headers=headers)

    page.route(cloud.oss.url + "/", spoil_first)
    choose(page, ("cat.png", "image/png", PNG))
    expect_status(page, "cat.png", "10.2 kB · Uploaded")
    [first, second] = cloud.bucket.objects()
    assert ([first.crc64], first.path.read_bytes()) == (spoilt, second.path.read_bytes())
    expect(row(page, "cat.png").locator(".stored")).to_have_text(re.compile(f"{first.key}|{second.key}"))


def test_where_no_script_comes_the_page_says_so_after_a_while(page: Page, cloud: Cloud) -> None:
    page.route("**/*.js", lambda route: route.abort())
    page.goto(cloud.site.url)
    words = page.get_by_text("This page needs JavaScript.")
    expect(words).to_be_hidden()
    page.evaluate("for (const animation of document.getAnimations()) animation.finish()")
    expect(words).to_be_visible()
