"""Something goes wrong in the middle of thirty uploads: each ends stored or told, nothing is stored twice or lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from playwright.sync_api import BrowserContext, FilePayload, Page, expect

from localcloud.dev.cloud import Cloud

pytestmark = pytest.mark.thorough

Mishap = Callable[[Page, Cloud], AbstractContextManager[None]]

NAMES = [f"{number}.bin" for number in range(30)]


@contextmanager
def no_network(page: Page, cloud: Cloud) -> Iterator[None]:
    page.context.set_offline(True)
    yield
    page.context.set_offline(False)


@contextmanager
def no_signer(page: Page, cloud: Cloud) -> Iterator[None]:
    page.route("**/sign", lambda route: route.abort("connectionrefused"))
    yield
    page.unroute("**/sign")


@contextmanager
def storage_unplugged(page: Page, cloud: Cloud) -> Iterator[None]:
    cloud.faults.oss_reset_at = 10_000
    yield
    cloud.faults.oss_reset_at = -1


@contextmanager
def expired_credentials(page: Page, cloud: Cloud) -> Iterator[None]:
    cloud.faults.oss_skew = 4000.0
    yield
    cloud.faults.oss_skew = 0.0


@contextmanager
def clock_behind(page: Page, cloud: Cloud) -> Iterator[None]:
    cloud.faults.oss_skew = -4000.0
    yield
    cloud.faults.oss_skew = 0.0


@contextmanager
def full_disk(page: Page, cloud: Cloud) -> Iterator[None]:
    cloud.faults.oss_disk_full = True
    yield
    cloud.faults.oss_disk_full = False


@pytest.mark.parametrize(
    "mishap", [no_network, no_signer, storage_unplugged, expired_credentials, clock_behind, full_disk]
)
def test_in_the_middle_of_thirty_uploads(page: Page, context: BrowserContext, cloud: Cloud, mishap: Mishap) -> None:
    page.add_init_script("Math.random = () => 0.1")
    page.goto(cloud.site.url)
    expect(page.locator("#rules")).not_to_be_empty()
    cloud.faults.oss_bandwidth = 400_000
    contents = {name: name.encode() * 20_000 for name in NAMES}
    page.set_input_files("#files", [FilePayload(name=name, mimeType="", buffer=contents[name]) for name in NAMES])
    expect(page.locator(".done").nth(1)).to_be_attached()
    with mishap(page, cloud):
        expect(page.locator(".retrying, .failed, #offline:not(:empty), #outage:not(:empty)").first).to_be_attached()
    cloud.faults.oss_bandwidth = 0
    # What concerned the whole page is over when somebody says so.
    again = page.get_by_role("button", name="Try again", exact=True)
    if again.is_visible():
        again.click()
    finished = page.locator("#summary", has_text="files uploaded")
    expect(finished).to_be_visible(timeout=60_000)
    done, failed = (page.locator(f"li.{state}").count() for state in ("done", "failed"))
    assert (done + failed, len(cloud.bucket.objects())) == (30, done)
    assert "" not in page.locator(".status").all_text_contents()
    if failed:
        page.get_by_role("button", name="Retry failed").click()
    expect(page.locator("#summary")).to_have_text("All 30 files uploaded")
    assert page.locator(".name").all_text_contents() == NAMES
    assert {each.meta["filename"]: each.path.read_bytes() for each in cloud.bucket.objects()} == contents
    assert len(cloud.bucket.objects()) == 30
