"""Upload links: whose token the page takes, and what it says of one that is not good."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timezone

import pytest
from playwright.sync_api import Page, expect

import deploy.link
from e2e.steps import PNG, MakeCloud, choose, stored, told
from given_tokens import new_secret, token
from localcloud.cloud import Cloud

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


def test_without_a_link_the_page_says_what_is_needed(page: Page, cloud_with: MakeCloud) -> None:
    page.goto(cloud_with(AUTH="jwt", JWT_SECRET=SECRET).site.url)
    expect(page.locator("#trouble")).to_have_text(
        "You need an upload link to upload here. Ask the site's owner for one."
    )
    expect(page.locator("#drop")).to_be_hidden()
