"""Upload links: whose token the page takes, and what it says of one that is not good."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Dialog, Page, expect

from deploy.link import command
from localcloud.dev.cloud import Cloud
from support.page_steps import PNG, MakeCloud, choose, expect_status, stored_files
from support.tokens import new_secret, token

SECRET = new_secret()


def link_of(who: str, hours: int = 1) -> str:
    """Returns a token that is good so long."""
    return token(SECRET, sub=who, exp=int(time.time()) + hours * 3600)


def click_a_link(page: Page, of: str) -> None:
    """Opens a link to this page in this tab: nothing is loaded."""
    page.evaluate("(fragment) => { location.hash = fragment; }", f"token={of}")


def uploading_as(page: Page, who: str) -> None:
    expect(page.locator("#who")).to_have_text(f"Uploading as \u2068{who}\u2069")


def prefixes(cloud: Cloud) -> list[str]:
    return sorted(each.key.rpartition("/")[0] for each in cloud.bucket.objects())


def open_link(page: Page, cloud: Cloud, of: str) -> None:
    page.goto(f"{cloud.site.url}/#token={of}")


@pytest.fixture
def link(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Callable[..., str]:
    """Provides `make link`, which prints a link: its token. There is no profiles.json beside it."""

    def make(*arguments: str) -> str:
        arguments = ("--who", "alice", "--page", "http://127.0.0.1:1/", *arguments)
        now = datetime.now(timezone.utc)
        assert command.main(list(arguments), {"JWT_SECRET": SECRET}, now, root=tmp_path) == 0
        return capsys.readouterr().out.strip().partition("#token=")[2]

    return make


def test_a_page_opened_from_an_upload_link_uploads(page: Page, cloud_with: MakeCloud, link: Callable[..., str]) -> None:
    cloud = cloud_with(AUTH="jwt", JWT_SECRET=SECRET)
    open_link(page, cloud, link("--until", "1d", "--max-size", "20KB"))
    expect(page.locator("#rules")).to_have_text("Up to 20 kB each")
    assert page.url == cloud.site.url + "/"
    choose(page, ("cat.png", "image/png", PNG))
    expect_status(page, "cat.png", "10.2 kB · Uploaded")
    page.reload()
    choose(page, ("dog.png", "image/png", PNG))
    expect_status(page, "dog.png", "10.2 kB · Uploaded")
    assert {each.key.rpartition("/")[0] for each in cloud.bucket.objects()} == {"uploads/alice"}
    assert [hashlib.md5(content, usedforsecurity=False).hexdigest() for _, content in stored_files(cloud)] == [
        hashlib.md5(PNG, usedforsecurity=False).hexdigest()
    ] * 2


def test_a_link_with_two_slashes_is_taken_out_of_the_address_bar(page: Page, cloud_with: MakeCloud) -> None:
    """Many servers take `//` for `/`."""
    cloud = cloud_with(AUTH="jwt", JWT_SECRET=SECRET)
    page.route(
        f"{cloud.site.url}//**",
        lambda route: route.continue_(url=cloud.site.url + urlsplit(route.request.url).path[1:]),
    )
    page.goto(f"{cloud.site.url}//#token={link_of('alice')}")
    uploading_as(page, "alice")
    assert page.url == cloud.site.url + "//"


def test_what_an_app_takes_for_a_part_of_the_link_is_none(page: Page, cloud_with: MakeCloud) -> None:
    open_link(page, cloud_with(AUTH="jwt", JWT_SECRET=SECRET), link_of("alice") + "\u3002")
    uploading_as(page, "alice")


@pytest.mark.thorough
def test_a_larger_file_than_the_link_allows_is_refused_in_words(
    page: Page, cloud_with: MakeCloud, link: Callable[..., str]
) -> None:
    cloud = cloud_with(AUTH="jwt", JWT_SECRET=SECRET)
    open_link(page, cloud, link("--until", "1d", "--max-size", "1KB"))
    expect(page.locator("#rules")).to_have_text("Up to 1 kB each")
    choose(page, ("cat.png", "image/png", PNG))
    expect_status(page, "cat.png", "10.2 kB · The file is larger than allowed (1 kB). Choose a smaller file.")


@pytest.mark.thorough
def test_a_link_with_a_changed_byte_is_refused_in_words(
    page: Page, cloud_with: MakeCloud, link: Callable[..., str]
) -> None:
    sound = link("--until", "1d")
    middle = len(sound) // 2
    changed = sound[:middle] + ("A" if sound[middle] != "A" else "B") + sound[middle + 1 :]
    open_link(page, cloud_with(AUTH="jwt", JWT_SECRET=SECRET), changed)
    expect(page.locator("#trouble")).to_contain_text(
        "Your upload link is not valid. Open the complete link again, or ask the site's owner for a new one."
    )


@pytest.mark.thorough
def test_a_link_after_its_date_is_refused_in_words(page: Page, cloud_with: MakeCloud, link: Callable[..., str]) -> None:
    open_link(page, cloud_with(AUTH="jwt", JWT_SECRET=SECRET), token(SECRET, exp=1_732_449_600))
    expect(page.locator("#trouble")).to_contain_text(
        "Your upload link has expired. Ask the site's owner for a new one."
    )


def test_another_link_opened_in_the_same_tab_counts(
    page: Page, cloud_with: MakeCloud, link: Callable[..., str]
) -> None:
    cloud = cloud_with(AUTH="jwt", JWT_SECRET=SECRET)
    open_link(page, cloud, token(SECRET, exp=1_732_449_600))
    expect(page.locator("#trouble")).to_contain_text("expired")
    open_link(page, cloud, link("--until", "1d"))
    expect(page.locator("#rules")).not_to_be_empty()
    expect(page).to_have_url(cloud.site.url + "/")
    choose(page, ("cat.png", "image/png", PNG))
    expect(page.locator("li.done")).to_have_count(1)


def test_a_browser_that_keeps_nothing_uploads_all_the_same(
    page: Page, context: BrowserContext, cloud_with: MakeCloud, link: Callable[..., str]
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


def test_without_a_link_the_page_says_what_is_needed(page: Page, cloud_with: MakeCloud) -> None:
    page.goto(cloud_with(AUTH="jwt", JWT_SECRET=SECRET).site.url)
    expect(page.locator("#trouble")).to_have_text(
        "You need an upload link to upload here. Ask the site's owner for one."
    )
    expect(page.locator("#drop")).to_be_hidden()


def test_the_page_says_as_whom_it_uploads(page: Page, cloud_with: MakeCloud) -> None:
    open_link(page, cloud_with(AUTH="jwt", JWT_SECRET=SECRET), link_of("<b>Álice</b>\u202e"))
    uploading_as(page, "<b>Álice</b>\ufffd")
    page.locator("#language").select_option("zh-CN")
    expect(page.locator("#who")).to_have_text("当前以 \u2068<b>Álice</b>\ufffd\u2069 的身份上传")


def test_without_identities_nobody_is_named(page: Page, cloud: Cloud) -> None:
    page.goto(cloud.site.url)
    expect(page.locator("#rules")).not_to_be_empty()
    expect(page.locator("#who")).to_be_hidden()


@pytest.mark.parametrize("way", [pytest.param("clicked in the page", marks=pytest.mark.thorough), "opened in its tab"])
def test_another_persons_link_is_asked_about_before_it_replaces_the_one_in_use(
    page: Page, cloud_with: MakeCloud, way: str
) -> None:
    cloud = cloud_with(AUTH="jwt", JWT_SECRET=SECRET)
    open_link(page, cloud, link_of("alice"))
    uploading_as(page, "alice")
    if way == "opened in its tab":
        page.goto("about:blank")
        open_link(page, cloud, link_of("bob"))
    else:
        click_a_link(page, link_of("bob"))
    dialog = page.get_by_role("dialog", name="This link uploads as \u2068bob\u2069")
    expect(dialog.locator("p")).to_have_text("You are uploading as \u2068alice\u2069.")
    expect(page).to_have_url(cloud.site.url + "/")
    stay = dialog.get_by_role("button", name="Continue as \u2068alice\u2069")
    expect(stay).to_be_focused()
    stay.click()
    expect(dialog).to_be_hidden()
    choose(page, ("cat.png", "image/png", PNG))
    expect_status(page, "cat.png", "10.2 kB · Uploaded")
    page.reload()
    uploading_as(page, "alice")
    assert prefixes(cloud) == ["uploads/alice"]


def test_switched_to_it_the_page_uploads_as_the_other(page: Page, cloud_with: MakeCloud) -> None:
    cloud = cloud_with(AUTH="jwt", JWT_SECRET=SECRET)
    open_link(page, cloud, link_of("alice"))
    uploading_as(page, "alice")
    click_a_link(page, link_of("bob"))
    page.get_by_role("button", name="Switch to \u2068bob\u2069").click()
    uploading_as(page, "bob")
    choose(page, ("cat.png", "image/png", PNG))
    expect_status(page, "cat.png", "10.2 kB · Uploaded")
    assert prefixes(cloud) == ["uploads/bob"]


def test_of_many_links_opened_at_once_only_the_last_is_asked_about(page: Page, cloud_with: MakeCloud) -> None:
    cloud = cloud_with(AUTH="jwt", JWT_SECRET=SECRET)
    open_link(page, cloud, link_of("alice"))
    uploading_as(page, "alice")
    page.evaluate(
        "(links) => links.forEach((link) => { location.hash = `token=${link}`; dispatchEvent(new Event('hashchange')); })",
        [link_of(who) for who in ("bob", "carol", "dave")],
    )
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("h2")).to_have_text("This link uploads as \u2068dave\u2069")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    choose(page, ("cat.png", "image/png", PNG))
    expect_status(page, "cat.png", "10.2 kB · Uploaded")
    expect(dialog).to_have_count(0)


def test_by_keyboard_the_escape_key_stays(page: Page, cloud_with: MakeCloud) -> None:
    cloud = cloud_with(AUTH="jwt", JWT_SECRET=SECRET)
    open_link(page, cloud, link_of("alice"))
    uploading_as(page, "alice")
    for keys, who in ((["Escape"], "alice"), (["Enter"], "alice"), (["Tab", "Enter"], "bob")):
        click_a_link(page, link_of("bob"))
        expect(page.locator("dialog button").first).to_be_focused()
        for key in keys:
            page.keyboard.press(key)
        expect(page.locator("dialog")).to_have_count(0)
        uploading_as(page, who)


def test_while_files_are_on_their_way_it_says_what_a_switch_stops(
    page: Page, context: BrowserContext, cloud_with: MakeCloud
) -> None:
    cloud = cloud_with(AUTH="jwt", JWT_SECRET=SECRET)
    cloud.faults.oss_stall_at = 0
    open_link(page, cloud, link_of("alice"))
    uploading_as(page, "alice")
    choose(page, ("cat.png", "image/png", PNG))
    expect(page.locator(".finishing")).to_have_count(1)
    page.locator("h1").click()  # browsers guard only a page that was touched
    guarded: list[str] = []

    def stay(dialog: Dialog) -> None:
        guarded.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    click_a_link(page, link_of("bob"))
    expect(page.locator("dialog p")).to_have_text(
        "You are uploading as \u2068alice\u2069. If you switch, unfinished uploads stop."
    )
    # The token is out of the address bar, whatever is answered.
    expect(page).to_have_url(cloud.site.url + "/")
    page.get_by_role("button", name="Switch to \u2068bob\u2069").click()
    uploading_as(page, "bob")
    assert guarded == []


def test_a_new_link_of_the_same_person_is_taken_and_what_waits_goes_on(page: Page, cloud_with: MakeCloud) -> None:
    cloud = cloud_with(AUTH="jwt", JWT_SECRET=SECRET)
    open_link(page, cloud, link_of("alice"))
    uploading_as(page, "alice")
    # The link ends while the page is open: the function's answer to it, before there is another.
    ended = {"error": {"code": "token_expired", "message": "The token has ended."}}
    page.route("**/sign", lambda route: route.fulfill(status=401, json=ended), times=1)
    choose(page, ("cat.png", "image/png", PNG))
    expect(page.locator("#outage")).to_have_text(
        "Your upload link has expired. Ask the site's owner for a new one. "
        "Your files stay in the list. Open the new link in this tab to continue."
    )
    expect_status(page, "cat.png", "10.2 kB · Waiting")
    click_a_link(page, link_of("alice", hours=24))
    expect_status(page, "cat.png", "10.2 kB · Uploaded")
    expect(page.locator("dialog")).to_have_count(0)
    assert prefixes(cloud) == ["uploads/alice"]


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (token(new_secret(), sub="mallory", exp=4_000_000_000), "Your upload link is not valid."),
        pytest.param(
            token(SECRET, sub="mallory", exp=1_732_449_600),
            "Your upload link has expired.",
            marks=pytest.mark.thorough,
        ),
    ],
    ids=["forged", "ended"],
)
def test_a_link_that_is_not_good_replaces_nothing(page: Page, cloud_with: MakeCloud, made: str, reason: str) -> None:
    cloud = cloud_with(AUTH="jwt", JWT_SECRET=SECRET)
    open_link(page, cloud, link_of("alice"))
    uploading_as(page, "alice")
    click_a_link(page, made)
    expect(page.locator("#link-notice")).to_contain_text(f"The link you opened was not used. {reason}")
    page.reload()
    uploading_as(page, "alice")


@pytest.mark.thorough
def test_a_link_that_has_ended_is_replaced_without_a_question(page: Page, cloud_with: MakeCloud) -> None:
    cloud = cloud_with(AUTH="jwt", JWT_SECRET=SECRET)
    open_link(page, cloud, token(SECRET, exp=1_732_449_600))
    expect(page.locator("#trouble")).to_contain_text("expired")
    page.goto("about:blank")
    open_link(page, cloud, link_of("bob"))
    uploading_as(page, "bob")
    expect(page.locator("#trouble")).to_be_hidden()


def test_another_tab_has_a_link_of_its_own(page: Page, context: BrowserContext, cloud_with: MakeCloud) -> None:
    cloud = cloud_with(AUTH="jwt", JWT_SECRET=SECRET)
    open_link(page, cloud, link_of("alice"))
    uploading_as(page, "alice")
    other = context.new_page()
    open_link(other, cloud, link_of("bob"))
    uploading_as(other, "bob")
    page.reload()
    uploading_as(page, "alice")


def test_files_chosen_under_a_link_that_has_ended_do_not_go_under_another_persons(
    page: Page, cloud_with: MakeCloud
) -> None:
    """The page was opened while the function did not answer, so that it did not know whose link it has."""
    cloud = cloud_with(AUTH="jwt", JWT_SECRET=SECRET)
    page.route("**/limits", lambda route: route.abort(), times=1)
    open_link(page, cloud, token(SECRET, sub="alice", exp=1_732_449_600))
    expect(page.locator("#trouble")).to_contain_text("did not answer")
    choose(page, ("cat.png", "image/png", PNG))
    expect(page.locator("#trouble")).to_contain_text("expired")
    expect(page.locator("#rows li")).to_have_count(1)
    click_a_link(page, link_of("bob"))
    dialog = page.get_by_role("dialog", name="This link uploads as \u2068bob\u2069")
    expect(dialog.or_(page.locator("li.done"))).to_be_visible()
    assert prefixes(cloud) == []
    dialog.get_by_role("button", name="Switch to").click()
    uploading_as(page, "bob")
    expect(page.locator("#rows li")).to_have_count(0)


def test_where_nothing_is_kept_a_switch_does_not_lose_the_link(
    page: Page, context: BrowserContext, cloud_with: MakeCloud
) -> None:
    page.add_init_script(
        """Object.defineProperty(window, "sessionStorage", { get() { throw new DOMException("no", "SecurityError"); } });"""
    )
    cloud = cloud_with(AUTH="jwt", JWT_SECRET=SECRET)
    open_link(page, cloud, link_of("alice"))
    uploading_as(page, "alice")
    click_a_link(page, link_of("bob"))
    page.get_by_role("button", name="Switch to").click()
    uploading_as(page, "bob")
    expect(page).to_have_url(cloud.site.url + "/")


def test_a_record_that_cannot_be_read_hides_no_other(page: Page, cloud_with: MakeCloud) -> None:
    cloud = cloud_with(AUTH="jwt", JWT_SECRET=SECRET, MULTIPART_THRESHOLD="1MB", MULTIPART_SECRET=new_secret())
    open_link(page, cloud, link_of("alice"))
    uploading_as(page, "alice")
    record = {"id": "b", "ticket": "t", "key": "k", "part_size": 10, "parts": 1, "name": "film.mp4", "size": 5}
    page.evaluate(
        """async ([broken, whole]) => {
            const address = new URL((await (await fetch("config.json")).json()).function).href.replace(/\\/$/, "");
            for (const [number, text] of broken.entries()) {
                localStorage.setItem(`previous-upload ${address} alice a${number}`, text);
            }
            localStorage.setItem(`previous-upload ${address} alice b`, whole);
        }""",
        [["null", "{", "{}"], json.dumps(record)],
    )
    page.reload()
    expect_status(page, "film.mp4", "Interrupted. Choose the file again to continue.")
