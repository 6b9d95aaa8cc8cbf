"""The page as it is published to a bucket, in a real browser: through a bound domain it works, through OSS's it is saved."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, FilePayload, Page, expect

from deploy.site import publish
from localcloud.dev.cloud import ROOT, Cloud, CloudOptions
from localcloud.oss.storage.bucket import Bucket, Website
from localcloud.ram.identities import Identity
from support import sentinels
from support.oss_world import ACCOUNT, new_identity

DOMAIN = "www.localhost"
BUCKET = "local-site"


@dataclass(frozen=True)
class PublishedSite:
    """The page, published, and the cloud around it."""

    cloud: Cloud
    bound: str
    """Its address at the domain bound to the bucket, without a slash."""
    default: str
    """Its address at the domain that every bucket has, likewise."""


def publish_page(cloud: Cloud, deployer: Identity, upload: str) -> None:
    asked = {
        "folder": str(ROOT / "web"),
        "bucket": BUCKET,
        "region": cloud.region,
        "endpoint": cloud.oss.url,
        "function": cloud.gateway.url,
        "upload": upload,
        "domain": f"{DOMAIN}:{cloud.oss.port}",
        "title": "Files for the workshop",
    }
    environ = {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": deployer.access_key_id,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": deployer.access_key_secret,
    }
    assert publish.main(["deploy", json.dumps(asked)], environ) == 0


@pytest.fixture
def published_site(tmp_path: Path) -> Iterator[PublishedSite]:
    site = Bucket(BUCKET, ACCOUNT, tmp_path / "site", acl="public-read", public_access_blocked=False, website=Website())
    settings = {"OSS_STS_ROLE_ARN": f"acs:ram::{ACCOUNT}:role/oss-direct-upload"}
    with Cloud(tmp_path / "files", CloudOptions(settings=settings, sites={DOMAIN: site})) as cloud:
        on = [f"acs:oss:*:*:{BUCKET}", f"acs:oss:*:*:{BUCKET}/*"]
        may: dict[str, Any] = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "oss:*", "Resource": on}]}
        deployer = new_identity(may, sts=False)
        sentinels.keep_secret(deployer.access_key_secret)
        cloud.identities.add(deployer)
        publish_page(cloud, deployer, cloud.oss.url)
        port = cloud.oss.port
        yield PublishedSite(cloud, f"http://{DOMAIN}:{port}", f"http://{BUCKET}.localhost:{port}")
    cloud.check()


def choose(page: Page) -> None:
    page.set_input_files("#files", [FilePayload(name="notes.txt", mimeType="text/plain", buffer=b"all that was said")])


def test_through_the_bound_domain_a_file_is_uploaded_through_the_function(
    page: Page, published_site: PublishedSite
) -> None:
    page.goto(published_site.bound)
    expect(page.locator("#title")).to_have_text("Files for the workshop")
    choose(page)
    expect(page.locator("li .status")).to_have_text(re.compile("Uploaded"))
    assert [each.path.read_bytes() for each in published_site.cloud.bucket.objects()] == [b"all that was said"]


@pytest.mark.parametrize("path", ["/", "/index.html"])
def test_through_the_default_domain_the_page_is_saved(
    context: BrowserContext, published_site: PublishedSite, path: str
) -> None:
    page = context.new_page()
    with page.expect_download() as begun, pytest.raises(Exception, match="Download is starting"):
        page.goto(published_site.default + path)
    assert "<title>Upload files</title>" in begun.value.path().read_text(encoding="utf-8")


def test_what_is_not_there_is_told_in_words(page: Page, published_site: PublishedSite) -> None:
    answer = page.goto(f"{published_site.bound}/folder/none")
    assert answer
    assert answer.status == 404
    expect(page.locator("h1")).to_have_text("There is no such page.")
    page.locator("a", has_text="Upload files").click()
    expect(page.locator("#title")).to_have_text("Files for the workshop")


def test_where_oss_closes_its_own_address_the_page_says_what_to_do(page: Page, published_site: PublishedSite) -> None:
    published_site.cloud.faults.oss_public_endpoint_forbidden = True
    page.goto(published_site.bound)
    choose(page)
    expect(page.locator("li .status")).to_have_text(re.compile(r"Ask the site's owner to set UPLOAD_DOMAIN\.$"))
    expect(page.locator("li details p").first).to_contain_text("PublicEndpointForbidden")
