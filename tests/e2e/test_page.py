"""The page in a real browser: files arrive as they are, or the reason why not is told in words."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect

import deploy.link
from given_tokens import new_secret, token
from localcloud.cloud import Cloud

MakeCloud = Callable[..., Cloud]

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40


@pytest.fixture
def cloud_with(tmp_path: Path) -> Iterator[MakeCloud]:
    """Makes a cloud with other settings than the usual ones."""
    clouds: list[Cloud] = []

    def make(**settings: str) -> Cloud:
        cloud = Cloud(tmp_path / "files", settings=settings)
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


def test_without_a_link_the_page_says_what_is_needed(page: Page, cloud_with: MakeCloud) -> None:
    page.goto(cloud_with(AUTH="jwt", JWT_SECRET=SECRET).site.url)
    expect(page.locator("#trouble")).to_have_text(
        "You need an upload link to upload here. Ask the site's owner for one."
    )
    expect(page.locator("#drop")).to_be_hidden()


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
    page.keyboard.press("Tab")  # the language
    page.keyboard.press("Tab")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files({"name": "cat.png", "mimeType": "image/png", "buffer": PNG})
    told(page, "cat.png", re.compile("Uploaded"))
    assert json.dumps(stored(cloud)[0][0]) == '"cat.png"'
