"""A page like the tutorial's works against the function, changed in nothing but the address it fetches."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page

from localcloud.dev.cloud import Cloud, CloudOptions
from localcloud.dev.site import Site
from localcloud.oss.cors import CorsRule

pytestmark = pytest.mark.thorough

PAGE = (Path(__file__).parent / "tutorial.html").read_text(encoding="utf-8")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Yields a site of the tutorial's page alone."""
    folder = tmp_path / "site"
    folder.mkdir()
    with Site(time.time, folder, lambda: ("", "")) as site:
        yield site


def test_the_tutorials_page_uploads(page: Page, context: BrowserContext, site: Site, tmp_path: Path) -> None:
    with Cloud(tmp_path / "files", CloudOptions(settings={"ALLOWED_ORIGINS": site.url})) as cloud:
        cloud.bucket.cors_rules.append(CorsRule((site.url,), ("POST",)))
        html = PAGE.replace("ADDRESS", cloud.gateway.url)
        (tmp_path / "site" / "tutorial.html").write_text(html, encoding="utf-8")
        page.goto(site.url + "/tutorial.html")
        page.set_input_files("#file", {"name": "my cat.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n"})
        page.once("dialog", lambda alert: alert.accept())
        with (
            page.expect_response("**/get_post_signature_for_oss_upload") as signed,
            page.expect_event("dialog") as alerted,
        ):
            page.get_by_role("button", name="Upload").click()
        [stored] = cloud.bucket.objects()
        assert (stored.key, stored.path.read_bytes()) == (signed.value.json()["dir"] + "my cat.png", b"\x89PNG\r\n")
        assert alerted.value.message == "Uploaded"
    cloud.check()
