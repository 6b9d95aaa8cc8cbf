"""The page in a real browser: files arrive as they are, or the reason why not is told in words."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
import socket
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, FilePayload, Locator, Page, expect

import deploy.link
from given_tokens import new_secret, token
from localcloud.cloud import Cloud

MakeCloud = Callable[..., Cloud]

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
"""A whole image."""

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40


@pytest.fixture
def cloud_with(tmp_path: Path) -> Iterator[MakeCloud]:
    """Makes a cloud with other settings than the usual ones, and another look of the page."""
    clouds: list[Cloud] = []

    def make(look: dict[str, str] | None = None, **settings: str) -> Cloud:
        cloud = Cloud(tmp_path / "files", settings=settings, page_look=look)
        clouds.append(cloud)
        cloud.start()
        return cloud

    yield make
    for cloud in clouds:
        cloud.stop()
        cloud.check()


def open_page(page: Page, cloud: Cloud) -> Page:
    page.goto(cloud.site.url)
    expect(page.locator("#rules")).not_to_be_empty()
    return page


def choose(page: Page, *files: tuple[str, str, bytes]) -> None:
    """Choose files: name, type, content."""
    payloads = [FilePayload(name=name, mimeType=kind, buffer=content) for name, kind, content in files]
    page.set_input_files("#files", payloads)


def row(page: Page, name: str) -> Locator:
    return page.locator("li").filter(has=page.get_by_text(name, exact=True))


def told(page: Page, name: str, text: str | re.Pattern[str]) -> None:
    expect(row(page, name).locator(".status")).to_have_text(text)


def posts(cloud: Cloud) -> list[Any]:
    return [record for record in cloud.oss.records if record.method == "POST"]


def signings(cloud: Cloud) -> list[Any]:
    return [record for record in cloud.gateway.records if (record.method, record.path) == ("POST", "/sign")]


def stored(cloud: Cloud) -> list[tuple[str, bytes]]:
    return [(each.meta["filename"], each.path.read_bytes()) for each in cloud.bucket.objects()]


def test_a_chosen_file_is_stored_byte_for_byte(page: Page, cloud: Cloud) -> None:
    console: list[str] = []
    page.on("console", lambda message: console.append(message.text))
    open_page(page, cloud)
    choose(page, ("cat.png", "image/png", PNG))
    told(page, "cat.png", "10.2 KB · Uploaded")
    [object_] = cloud.bucket.objects()
    assert (object_.path.read_bytes(), object_.content_type, object_.meta, object_.headers) == (
        PNG,
        "image/png",
        {"filename": "cat.png"},
        {"Content-Disposition": "attachment; filename*=UTF-8''cat.png"},
    )
    assert re.fullmatch(r"uploads/anonymous/[0-9a-f-]{36}\.png", object_.key)
    expect(row(page, "cat.png").locator(".stored")).to_have_text(object_.key)
    expect(page.locator("#summary")).to_have_text("1 of 1 files uploaded")
    assert console == []


def test_fields_are_posted_in_their_order_and_before_the_file(page: Page, cloud: Cloud) -> None:
    open_page(page, cloud)
    with page.expect_response("**/sign") as signed:
        choose(page, ("cat.png", "image/png", PNG))
    told(page, "cat.png", re.compile("Uploaded"))
    fields = signed.value.json()["uploads"][0]["fields"]
    # OSS reads nothing that comes after the file: the fields that it has read were before it.
    assert [record.note["fields"] for record in posts(cloud)] == [[name.lower() for name in fields]]


def test_nothing_is_left_behind_and_nothing_told_to_others(page: Page, cloud: Cloud) -> None:
    sent: list[dict[str, str]] = []
    page.on("request", lambda request: sent.append(request.headers))
    open_page(page, cloud)
    choose(page, ("cat.png", "image/png", PNG))
    told(page, "cat.png", re.compile("Uploaded"))
    assert [headers for headers in sent if headers.get("referer") or headers.get("cookie")] == []
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]


DROP = """async ([name, content, type]) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([content], name, { type }));
    document.querySelector("h1").dispatchEvent(new DragEvent("drop", { bubbles: true, dataTransfer: transfer }));
}"""


def test_a_file_dropped_anywhere_on_the_page_is_stored(page: Page, cloud: Cloud) -> None:
    open_page(page, cloud)
    page.evaluate(DROP, ["note.txt", "a note", "text/plain"])
    told(page, "note.txt", re.compile("Uploaded"))
    assert stored(cloud) == [("note.txt", b"a note")]


def test_a_folder_of_250_files_keeps_its_names(page: Page, cloud: Cloud, tmp_path: Path) -> None:
    folder = tmp_path / "trip ü"
    for number in range(250):
        file = folder / f"day {number % 3}" / f"{number}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"file {number}")
    open_page(page, cloud)
    page.set_input_files("#folder", folder)
    expect(page.locator("#summary")).to_have_text("250 of 250 files uploaded", timeout=120_000)
    names = {f"trip%20%C3%BC%2Fday%20{number % 3}%2F{number}.txt": f"file {number}".encode() for number in range(250)}
    assert dict(stored(cloud)) == names
    for each in cloud.bucket.objects():
        assert re.fullmatch(r"uploads/anonymous/[0-9a-f-]{36}\.txt", each.key)
        assert each.headers == {"Content-Disposition": f"attachment; filename*=UTF-8''{each.meta['filename']}"}


HOSTILE = [
    "<img src=x onerror=alert(1)>.txt",
    "\"quoted\" 'name' & more.txt",
    "合同 (终稿) v2.txt",
    "${filename}.txt",
    'a"},{"key":"b.txt',
]


def test_hostile_names_are_shown_as_text_and_stored(page: Page, cloud: Cloud) -> None:
    open_page(page, cloud)
    choose(page, *((name, "text/plain", name.encode()) for name in HOSTILE))
    expect(page.locator("#summary")).to_have_text(f"{len(HOSTILE)} of {len(HOSTILE)} files uploaded")
    assert page.locator(".name").all_inner_texts() == HOSTILE
    assert page.locator("li img").count() == 0
    assert sorted(content.decode() for _, content in stored(cloud)) == sorted(HOSTILE)


def test_a_name_that_reads_backwards_is_refused_in_words(page: Page, cloud: Cloud) -> None:
    name = "photo\u202egnp.exe"
    open_page(page, cloud)
    choose(page, (name, "application/octet-stream", b"MZ"))
    expect(page.locator(".status")).to_contain_text("The file's name cannot be used. Rename it and choose it again.")
    assert stored(cloud) == []


def test_what_is_not_allowed_is_told_before_anything_is_asked(page: Page, cloud_with: MakeCloud) -> None:
    cloud = cloud_with(MAX_SIZE="10", CONTENT_TYPES="image/png,text/plain")
    open_page(page, cloud)
    expect(page.locator("#rules")).to_have_text("PNG, PLAIN · Up to 10 B each")
    choose(
        page,
        ("empty.txt", "text/plain", b""),
        ("large.png", "image/png", b"x" * 11),
        ("page.html", "text/html", b"<p>"),
    )
    told(page, "empty.txt", "0 B · The file is empty.")
    told(page, "large.png", "11 B · The file is larger than allowed (10 B).")
    told(page, "page.html", "3 B · Files of this type are not allowed.")
    assert (signings(cloud), posts(cloud)) == ([], [])
    # There is nothing to be tried again, and each can be taken off the list.
    expect(page.locator("li button:visible")).to_have_count(3)
    row(page, "page.html").get_by_role("button", name="Remove page.html").click()
    expect(page.locator(".name")).to_have_text(["empty.txt", "large.png"])
    page.get_by_role("button", name="Clear finished").click()
    expect(page.locator("li")).to_have_count(0)


FAULTS: list[tuple[dict[str, Any], str, int]] = [
    ({"oss_deny_early": True}, "The storage refused this upload. Tell the site's owner.", 1),
    ({"oss_error_rate": 1.0}, "The storage is busy. (InternalError", 6),
    ({"oss_fail_next": 6}, "The storage is busy. (ServiceUnavailable", 6),
    ({"oss_disk_full": True}, "The storage is busy. (InternalError", 6),
    ({"oss_skew": 3000.0}, "The clocks do not agree. Tell the site's owner.", 2),
    ({"oss_reset_at": 0}, "The connection was lost, or the storage refused this page. Try again later.", 6),
]

WITHOUT_PAUSES = "Math.random = () => 0"
"""Chance decides how long the page waits before another try."""


@pytest.mark.parametrize(
    ("faults", "words", "tries"), FAULTS, ids=lambda value: "-".join(value) if isinstance(value, dict) else ""
)
def test_what_goes_wrong_is_told_in_words_and_can_be_tried_again(
    page: Page, cloud: Cloud, faults: dict[str, Any], words: str, tries: int
) -> None:
    page.add_init_script(WITHOUT_PAUSES)
    open_page(page, cloud)
    usual = {name: getattr(cloud.faults, name) for name in faults}
    for name, value in faults.items():
        setattr(cloud.faults, name, value)
    choose(page, ("cat.png", "image/png", PNG))
    expect(row(page, "cat.png")).to_have_class("failed")
    told(page, "cat.png", re.compile(f"^10.2 KB · {re.escape(words)}"))
    expect(page.locator("#summary")).to_have_text("0 of 1 files uploaded · 1 failed")
    assert (stored(cloud), len(signings(cloud))) == ([], tries)
    for name, value in usual.items():
        setattr(cloud.faults, name, value)
    row(page, "cat.png").get_by_role("button", name="Try again: cat.png").click()
    told(page, "cat.png", "10.2 KB · Uploaded")
    assert stored(cloud) == [("cat.png", PNG)]


def test_a_function_without_credentials_is_asked_again_when_it_says(page: Page, cloud: Cloud) -> None:
    page.clock.install()
    page.add_init_script(WITHOUT_PAUSES)
    open_page(page, cloud)
    cloud.faults.sts_mode = "fail"
    choose(page, ("cat.png", "image/png", PNG))
    told(
        page,
        "cat.png",
        re.compile(r"The upload service is not ready\. \(credentials_unavailable, .*Trying again in \d+ s\.$"),
    )
    cloud.faults.sts_mode = ""
    cloud.gateway.end_instance()  # a new one has no failure behind it
    assert len(signings(cloud)) == 1
    page.clock.fast_forward(30_000)
    told(page, "cat.png", "10.2 KB · Uploaded")
    assert len(signings(cloud)) == 2


def test_what_fails_twice_arrives_without_anybody_doing_anything(page: Page, cloud: Cloud) -> None:
    page.add_init_script(WITHOUT_PAUSES)
    open_page(page, cloud)
    cloud.faults.oss_fail_next = 2
    choose(page, ("cat.png", "image/png", PNG))
    told(page, "cat.png", "10.2 KB · Uploaded")
    assert (len(signings(cloud)), [record.status for record in posts(cloud)]) == (3, [503, 503, 200])


def test_a_line_that_falls_silent_is_given_up_after_a_minute(page: Page, cloud: Cloud) -> None:
    page.clock.install()
    page.add_init_script(WITHOUT_PAUSES)
    open_page(page, cloud)
    cloud.faults.oss_stall_at = 0
    choose(page, ("cat.png", "image/png", PNG))
    expect(row(page, "cat.png")).to_have_class("finishing")
    cloud.faults.oss_stall_at = -1
    page.clock.fast_forward(60_000)
    told(page, "cat.png", "10.2 KB · Uploaded")
    assert (len(signings(cloud)), len(stored(cloud))) == (2, 1)


def test_offline_everything_waits_and_goes_on_by_itself(page: Page, cloud: Cloud) -> None:
    open_page(page, cloud)
    page.context.set_offline(True)
    expect(page.locator("#offline")).to_have_text(
        "You are offline. Uploads go on by themselves when the connection is back."
    )
    choose(page, ("cat.png", "image/png", PNG))
    told(page, "cat.png", "10.2 KB · Waiting")
    assert signings(cloud) == []
    page.context.set_offline(False)
    told(page, "cat.png", "10.2 KB · Uploaded")
    expect(page.locator("#offline")).to_be_empty()


def test_what_is_stored_but_was_not_reported_says_so(page: Page, cloud: Cloud) -> None:
    xml = "<Error><Code>CallbackFailed</Code><Message>no</Message><RequestId>5C3D</RequestId></Error>"
    open_page(page, cloud)
    page.route(
        cloud.oss.url + "/",
        lambda route: route.fulfill(
            status=203, content_type="application/xml", headers={"Access-Control-Allow-Origin": "*"}, body=xml
        ),
    )
    choose(page, ("cat.png", "image/png", PNG))
    told(
        page,
        "cat.png",
        "10.2 KB · Stored, but the site was not told. Tell the site's owner. (CallbackFailed, 5C3D)",
    )
    expect(page.locator("#summary")).to_have_text("1 of 1 files uploaded")


def test_what_a_callback_answered_is_shown(page: Page, cloud: Cloud) -> None:
    open_page(page, cloud)
    page.route(
        cloud.oss.url + "/",
        lambda route: route.fulfill(
            content_type="application/json", headers={"Access-Control-Allow-Origin": "*"}, body='{"case":"<b>7</b>"}'
        ),
    )
    choose(page, ("cat.png", "image/png", PNG))
    expect(row(page, "cat.png").locator(".answer")).to_have_text('{"case":"<b>7</b>"}')


def test_what_the_callback_function_found_is_shown(page: Page, cloud_with: MakeCloud) -> None:
    cloud = cloud_with(CALLBACK="on")
    open_page(page, cloud)
    choose(page, ("cat.png", "image/png", PNG))
    told(page, "cat.png", "10.2 KB · Uploaded")
    expect(row(page, "cat.png").locator(".answer")).to_have_text("Received by the site: cat.png, 10.2 KB, image/png")


@pytest.mark.parametrize("mode", ["down", "html", "fail", "slow"])
def test_a_callback_that_fails_is_told_and_the_file_is_kept(page: Page, cloud_with: MakeCloud, mode: str) -> None:
    cloud = cloud_with(CALLBACK="on")
    if mode == "slow":
        cloud.faults.callback_latency = 6
        cloud.oss.callbacks.timeout = 0.2
    else:
        cloud.faults.callback_mode = mode
    open_page(page, cloud)
    choose(page, ("cat.png", "image/png", PNG))
    text = r"10\.2 KB · Stored, but the site was not told\. Tell the site's owner\. \(CallbackFailed, [0-9A-F]{24}\)"
    told(page, "cat.png", re.compile(text))
    assert stored(cloud) == [("cat.png", PNG)]


def test_a_site_whose_webhook_is_down_was_not_told_and_the_page_says_so(page: Page, cloud_with: MakeCloud) -> None:
    secret = f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/"
        cloud = cloud_with(CALLBACK="on", WEBHOOK_URL=url, WEBHOOK_SECRET=secret)
        open_page(page, cloud)
        choose(page, ("cat.png", "image/png", PNG))
        told(page, "cat.png", "10.2 KB · Stored, but the site was not told. Tell the site's owner.")
    expect(row(page, "cat.png").locator(".answer")).to_have_text("Received by the site: cat.png, 10.2 KB, image/png")


def test_a_file_that_has_changed_since_it_was_chosen_says_so(page: Page, cloud: Cloud, tmp_path: Path) -> None:
    file = tmp_path / "note.txt"
    file.write_text("as it was chosen")
    open_page(page, cloud)
    page.context.set_offline(True)
    page.set_input_files("#files", file)
    told(page, "note.txt", "16 B · Waiting")
    file.write_text("as it is now, which is longer")
    page.context.set_offline(False)
    told(page, "note.txt", "16 B · The file has changed or can no longer be read. Choose it again.")


def test_the_owner_gets_the_code_and_the_request_id(page: Page, cloud: Cloud) -> None:
    open_page(page, cloud)
    cloud.faults.oss_deny_early = True
    choose(page, ("cat.png", "image/png", PNG))
    told(page, "cat.png", re.compile(r"\(AccessDenied, [0-9A-F]{24}\)$"))


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
    told(page, "cat.png", re.compile("Uploaded"))
    assert (lost, [record.status for record in posts(cloud)], len(stored(cloud))) == ([200], [200, 409], 1)


def test_an_upload_can_be_cancelled(page: Page, cloud: Cloud) -> None:
    cloud.faults.oss_bandwidth = 20_000
    open_page(page, cloud)
    choose(page, ("slow.bin", "", b"x" * 20_000_000))
    expect(row(page, "slow.bin")).to_have_class("sending")
    row(page, "slow.bin").get_by_role("button", name="Cancel slow.bin").click()
    told(page, "slow.bin", "20 MB · Cancelled")
    assert stored(cloud) == []
    cloud.faults.oss_bandwidth = 0
    row(page, "slow.bin").get_by_role("button", name="Try again: slow.bin").click()
    told(page, "slow.bin", re.compile("Uploaded"))
    assert [len(content) for _, content in stored(cloud)] == [20_000_000]


def test_four_files_at_a_time_are_on_their_way(page: Page, cloud: Cloud) -> None:
    cloud.faults.oss_stall_at = 0
    open_page(page, cloud)
    choose(page, *((f"{number}.txt", "text/plain", b"x") for number in range(6)))
    expect(page.locator(".finishing")).to_have_count(4)
    expect(page.locator(".waiting")).to_have_count(2)
    # Those that begin together are signed together.
    assert len(signings(cloud)) == 1


def test_a_reply_that_is_not_json_is_told_too(page: Page, cloud: Cloud) -> None:
    open_page(page, cloud)
    page.route(
        "**/sign",
        lambda route: route.fulfill(status=502, content_type="application/json", body="Internal Server Error"),
    )
    choose(page, ("cat.png", "image/png", PNG))
    told(
        page,
        "cat.png",
        re.compile(r"^10\.2 KB · The upload service is not working at the moment\. \(502\) Trying again in [12] s\.$"),
    )


@pytest.mark.parametrize("body", ["", "{}", '{"function":7}', "<html>"])
def test_a_page_that_is_not_set_up_says_so(page: Page, cloud: Cloud, body: str) -> None:
    page.route("**/config.json", lambda route: route.fulfill(body=body))
    page.goto(cloud.site.url)
    expect(page.locator("#trouble")).to_have_text(
        "This page is not set up yet: its config.json is missing or wrong. Tell the site's owner."
    )


SECRET = new_secret()


def open_link(page: Page, cloud: Cloud, of: str) -> None:
    page.goto(f"{cloud.site.url}/#token={of}")


@pytest.fixture
def link(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """`make link`: prints a link, of which the token is given here."""

    def make(*arguments: str) -> str:
        arguments = ("--who", "alice", "--page", "http://127.0.0.1:1/", *arguments)
        assert deploy.link.main(list(arguments), {"JWT_SECRET": SECRET}, datetime.now(timezone.utc)) == 0
        return capsys.readouterr().out.strip().partition("#token=")[2]

    return make


def test_a_page_opened_from_an_upload_link_uploads(page: Page, cloud_with: MakeCloud, link: Callable[..., str]) -> None:
    cloud = cloud_with(AUTH="jwt", JWT_SECRET=SECRET)
    open_link(page, cloud, link("--until", "1d", "--max-size", "20KB"))
    expect(page.locator("#rules")).to_have_text("Up to 20 KB each")
    assert page.url == cloud.site.url + "/"
    choose(page, ("cat.png", "image/png", PNG))
    told(page, "cat.png", "10.2 KB · Uploaded")
    page.reload()
    choose(page, ("dog.png", "image/png", PNG))
    told(page, "dog.png", "10.2 KB · Uploaded")
    assert {each.key.rpartition("/")[0] for each in cloud.bucket.objects()} == {"uploads/alice"}
    assert [hashlib.md5(content, usedforsecurity=False).hexdigest() for _, content in stored(cloud)] == [
        hashlib.md5(PNG, usedforsecurity=False).hexdigest()
    ] * 2


def test_a_larger_file_than_the_link_allows_is_refused_in_words(
    page: Page, cloud_with: MakeCloud, link: Callable[..., str]
) -> None:
    cloud = cloud_with(AUTH="jwt", JWT_SECRET=SECRET)
    open_link(page, cloud, link("--until", "1d", "--max-size", "1KB"))
    expect(page.locator("#rules")).to_have_text("Up to 1 KB each")
    choose(page, ("cat.png", "image/png", PNG))
    told(page, "cat.png", "10.2 KB · The file is larger than allowed (1 KB).")


def test_a_link_with_a_changed_byte_is_refused_in_words(
    page: Page, cloud_with: MakeCloud, link: Callable[..., str]
) -> None:
    sound = link("--until", "1d")
    middle = len(sound) // 2
    changed = sound[:middle] + ("A" if sound[middle] != "A" else "B") + sound[middle + 1 :]
    open_link(page, cloud_with(AUTH="jwt", JWT_SECRET=SECRET), changed)
    expect(page.locator("#trouble")).to_contain_text(
        "Your upload link is not valid. Open it again, whole, or ask for a new one."
    )


def test_a_link_after_its_date_is_refused_in_words(page: Page, cloud_with: MakeCloud, link: Callable[..., str]) -> None:
    open_link(page, cloud_with(AUTH="jwt", JWT_SECRET=SECRET), token(SECRET, exp=1_732_449_600))
    expect(page.locator("#trouble")).to_contain_text("Your upload link has ended. Ask the site's owner for a new one.")


def test_another_link_opened_in_the_same_tab_counts(
    page: Page, cloud_with: MakeCloud, link: Callable[..., str]
) -> None:
    cloud = cloud_with(AUTH="jwt", JWT_SECRET=SECRET)
    open_link(page, cloud, token(SECRET, exp=1_732_449_600))
    expect(page.locator("#trouble")).to_contain_text("ended")
    open_link(page, cloud, link("--until", "1d"))
    expect(page.locator("#rules")).not_to_be_empty()
    expect(page).to_have_url(cloud.site.url + "/")
    choose(page, ("cat.png", "image/png", PNG))
    expect(page.locator("li.done")).to_have_count(1)


def test_a_browser_that_keeps_nothing_uploads_all_the_same(
    page: Page, cloud_with: MakeCloud, link: Callable[..., str]
) -> None:
    page.add_init_script(
        """for (const name of ["localStorage", "sessionStorage"]) {
            Object.defineProperty(window, name, { get() { throw new DOMException("no", "SecurityError"); } });
        }"""
    )
    cloud = cloud_with(AUTH="jwt", JWT_SECRET=SECRET)
    open_link(page, cloud, link("--until", "1d"))
    choose(page, ("cat.png", "image/png", PNG))
    expect(page.locator("li.done")).to_have_count(1)


def test_limits_that_are_none_are_told_in_words(page: Page, cloud: Cloud) -> None:
    page.route("**/limits", lambda route: route.fulfill(json={"odd": 1}, headers={"Access-Control-Allow-Origin": "*"}))
    page.goto(cloud.site.url)
    expect(page.locator("#trouble")).to_have_text(re.compile("not working"))


def test_without_a_link_the_page_says_what_is_needed(page: Page, cloud_with: MakeCloud) -> None:
    page.goto(cloud_with(AUTH="jwt", JWT_SECRET=SECRET).site.url)
    expect(page.locator("#trouble")).to_have_text(
        "You need an upload link to upload here. Ask the site's owner for one."
    )
    expect(page.locator("#drop")).to_be_hidden()


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
    page.get_by_role("button", name="中文").click()
    expect(page.locator("#drop .filled")).to_have_text("选择文件")
    expect(page.locator("h1")).to_have_text("Team files")


def test_the_language_is_the_browsers_until_another_is_chosen(browser: Browser, cloud: Cloud) -> None:
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    page.goto(cloud.site.url)
    expect(page.locator("h1")).to_have_text("上传文件")
    expect(page).to_have_title("上传文件")
    expect(page.locator("#rules")).to_have_text("单个不超过 100 MB")
    choose(page, ("empty.txt", "text/plain", b""))
    told(page, "empty.txt", "0 B · 文件为空。")
    page.get_by_role("button", name="English").click()
    told(page, "empty.txt", "0 B · The file is empty.")
    page.reload()
    expect(page.locator("h1")).to_have_text("Upload files")
    assert page.evaluate("[document.documentElement.lang, {...localStorage}]") == ["en", {"language": "en"}]
    context.close()


def test_what_is_in_the_list_is_not_taken_twice(page: Page, cloud: Cloud, tmp_path: Path) -> None:
    file = tmp_path / "note.txt"
    file.write_text("a note")
    open_page(page, cloud)
    page.set_input_files("#files", file)
    told(page, "note.txt", "6 B · Uploaded")
    page.set_input_files("#files", file)
    expect(page.locator("#news")).to_have_text("Already in the list: note.txt")
    assert (page.locator("li").count(), len(stored(cloud))) == (1, 1)
    row(page, "note.txt").get_by_role("button", name="Remove note.txt").click()
    page.set_input_files("#files", file)
    told(page, "note.txt", "6 B · Uploaded")
    expect(page.locator("#news")).to_be_empty()


def test_more_files_than_the_page_takes_are_told(page: Page, cloud: Cloud) -> None:
    page.route(
        "**/config.json",
        lambda route: route.fulfill(body=json.dumps({"function": cloud.gateway.url, "max_files": 1})),
    )
    open_page(page, cloud)
    expect(page.locator("#rules")).to_have_text("Up to 100 MB each · at most 1 files")
    choose(page, ("a.txt", "text/plain", b"a"), ("b.txt", "text/plain", b"b"))
    told(page, "a.txt", "1 B · Uploaded")
    told(page, "b.txt", "1 B · Too many files: at most 1 at a time.")


PASTE = """() => {
    const clipboardData = new DataTransfer();
    clipboardData.items.add(new File(["pixels"], "image.png", { type: "image/png" }));
    document.dispatchEvent(new ClipboardEvent("paste", { clipboardData }));
}"""


def test_a_pasted_file_is_stored(page: Page, cloud: Cloud) -> None:
    open_page(page, cloud)
    page.evaluate(PASTE)
    told(page, "image.png", "6 B · Uploaded")
    assert stored(cloud) == [("image.png", b"pixels")]


def test_still_images_have_thumbnails_and_nothing_else_is_drawn(page: Page, cloud: Cloud) -> None:
    open_page(page, cloud)
    choose(page, ("dot.png", "image/png", PIXEL), ("broken.png", "image/png", PNG), ("note.txt", "text/plain", b"x"))
    expect(page.locator(".done")).to_have_count(3)
    expect(row(page, "dot.png").locator("img")).to_have_count(1)
    assert page.evaluate("document.querySelector('li img').naturalWidth") == 1
    expect(page.locator("li .thumb")).to_have_text(["", "png", "txt"])
    expect(page.locator("li img")).to_have_count(1)


def test_the_key_can_be_copied(page: Page, cloud: Cloud) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_page(page, cloud)
    choose(page, ("cat.png", "image/png", PNG))
    row(page, "cat.png").get_by_role("button", name="Copy where cat.png is stored").click()
    expect(page.locator("#told")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == cloud.bucket.objects()[0].key


def test_all_can_be_cancelled_and_cleared(page: Page, cloud: Cloud) -> None:
    cloud.faults.oss_stall_at = 0
    open_page(page, cloud)
    choose(page, *((f"{number}.txt", "text/plain", b"x") for number in range(6)))
    expect(page.locator(".finishing")).to_have_count(4)
    page.get_by_role("button", name="Cancel all").click()
    expect(page.locator(".cancelled")).to_have_count(6)
    assert stored(cloud) == []
    page.get_by_role("button", name="Clear finished").click()
    expect(page.locator("li")).to_have_count(0)
    expect(page.locator("#total")).to_be_hidden()
    # The focus was on a button that is gone.
    expect(page.locator("#files")).to_be_focused()


def test_all_that_failed_can_be_tried_again(page: Page, cloud: Cloud) -> None:
    cloud.faults.oss_deny_early = True
    open_page(page, cloud)
    choose(page, ("a.txt", "text/plain", b"a"), ("b.txt", "text/plain", b"b"), ("empty.txt", "text/plain", b""))
    expect(page.locator(".failed")).to_have_count(3)
    cloud.faults.oss_deny_early = False
    page.get_by_role("button", name="Retry failed").click()
    expect(page.locator("#summary")).to_have_text("2 of 3 files uploaded · 1 failed")
    assert sorted(stored(cloud)) == [("a.txt", b"a"), ("b.txt", b"b")]


def test_after_a_removal_the_focus_is_on_the_next_file(page: Page, cloud: Cloud) -> None:
    open_page(page, cloud)
    choose(page, *((name, "text/plain", b"x") for name in ("a.txt", "b.txt", "c.txt")))
    expect(page.locator(".done")).to_have_count(3)
    for removed, then in (("b.txt", "Remove c.txt"), ("c.txt", "Remove a.txt")):
        row(page, removed).get_by_role("button", name=f"Remove {removed}").press("Enter")
        expect(page.get_by_role("button", name=then)).to_be_focused()
    page.get_by_role("button", name="Remove a.txt").press("Enter")
    expect(page.locator("#files")).to_be_focused()


def test_how_far_it_is_stands_in_the_summary_and_in_the_tabs_title(page: Page, cloud: Cloud) -> None:
    cloud.faults.oss_bandwidth = 2_000_000
    open_page(page, cloud)
    choose(page, ("film.mp4", "video/mp4", b"x" * 20_000_000))
    expect(page.locator("#summary")).to_have_text(
        re.compile(r"^0 of 1 files · [\d.]+ MB of 20 MB · [\d.]+ [KM]B/s · \d+ (sec|min) left$"), timeout=15_000
    )
    expect(page).to_have_title(re.compile(r"^\d+ % – Upload files$"))
    cloud.faults.oss_bandwidth = 0
    told(page, "film.mp4", "20 MB · Uploaded")
    expect(page).to_have_title("Upload files")
    expect(page.locator("#told")).to_have_text("1 of 1 files uploaded")


def test_leaving_is_guarded_while_something_is_unfinished(page: Page, cloud: Cloud) -> None:
    cloud.faults.oss_stall_at = 0
    open_page(page, cloud)
    choose(page, ("cat.png", "image/png", PNG))
    expect(page.locator(".finishing")).to_have_count(1)
    page.locator("h1").click()  # browsers ask only whoever has touched the page
    with page.expect_event("dialog") as asked:
        page.close(run_before_unload=True)
    assert asked.value.type == "beforeunload"
    asked.value.dismiss()


def test_by_keyboard_alone(page: Page, cloud: Cloud) -> None:
    open_page(page, cloud)
    for focused in ("#language", "#files"):
        page.keyboard.press("Tab")
        expect(page.locator(focused)).to_be_focused()
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files({"name": "cat.png", "mimeType": "image/png", "buffer": PNG})
    told(page, "cat.png", re.compile("Uploaded"))
    assert json.dumps(stored(cloud)[0][0]) == '"cat.png"'
