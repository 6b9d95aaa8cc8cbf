"""The page shows what a callback answers, and that a site was not notified."""

from __future__ import annotations

import base64
import re
import secrets
import socket

import pytest
from playwright.sync_api import Page, expect

from localcloud.dev.cloud import Cloud
from support.page_steps import PNG, MakeCloud, choose, expect_status, open_page, row, stored_files


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
    expect_status(
        page, "cat.png", "10.2 kB · The file is stored, but the site was not notified. Contact the site's owner."
    )
    details = row(page, "cat.png").locator("details p")
    expect(details.nth(0)).to_contain_text("CallbackFailed")
    expect(details.nth(2)).to_contain_text("5C3D")
    expect(page.locator("#summary")).to_have_text("1 file uploaded")


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
    expect_status(page, "cat.png", "10.2 kB · Uploaded")
    expect(row(page, "cat.png").locator(".answer")).to_have_text("Received by the site")


def test_a_stored_file_is_saved_under_its_name_by_its_link(page: Page, cloud_with: MakeCloud) -> None:
    open_page(page, cloud_with(CALLBACK="on", DOWNLOAD_URL_EXPIRES_IN="3600"))
    choose(page, ("Füße.png", "image/png", PNG))
    with page.expect_download() as saved:
        row(page, "Füße.png").get_by_role("link", name="Füße.png").click()
    assert (saved.value.suggested_filename, saved.value.path().read_bytes()) == ("Füße.png", PNG)
    assert page.locator("oss-upload").evaluate("({ uploads }) => uploads[0].download.url") == saved.value.url


@pytest.mark.parametrize(
    "mode", ["down", *(pytest.param(mode, marks=pytest.mark.thorough) for mode in ("html", "fail", "slow"))]
)
def test_a_callback_that_fails_is_told_and_the_file_is_kept(page: Page, cloud_with: MakeCloud, mode: str) -> None:
    cloud = cloud_with(CALLBACK="on")
    if mode == "slow":
        cloud.faults.callback_latency = 6
        cloud.oss.callbacks.timeout = 0.2
    else:
        cloud.faults.callback_mode = mode
    open_page(page, cloud)
    choose(page, ("cat.png", "image/png", PNG))
    text = r"10\.2\skB · The file is stored, but the site was not notified\. Contact the site's owner\."
    expect_status(page, "cat.png", re.compile(text))
    assert stored_files(cloud) == [("cat.png", PNG)]


def test_a_site_whose_webhook_is_down_was_not_told_and_the_page_says_so(page: Page, cloud_with: MakeCloud) -> None:
    secret = f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/"
        cloud = cloud_with(CALLBACK="on", WEBHOOK_URL=url, WEBHOOK_SECRET=secret)
        open_page(page, cloud)
        choose(page, ("cat.png", "image/png", PNG))
        expect_status(
            page, "cat.png", "10.2 kB · The file is stored, but the site was not notified. Contact the site's owner."
        )
    expect(row(page, "cat.png").locator(".answer")).to_have_text("Received by the site")
