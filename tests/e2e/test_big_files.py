"""Big files go in parts: paused, failing or interrupted, they go on where they were."""

from __future__ import annotations

import filecmp
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from localcloud.dev.cloud import Cloud
from support.page_steps import PNG, WITHOUT_PAUSES, MakeCloud, choose, expect_status, isolate, open_page, row
from support.tokens import new_secret, token

MIB = 1024**2
PART = 8 * MIB
LANES = 3

MakeFile = Callable[[int], Path]


@pytest.fixture
def film(tmp_path: Path) -> MakeFile:
    """Makes a file of so many bytes, no part of it like another."""

    def make(size: int) -> Path:
        path = tmp_path / "film.mp4"
        noise = os.urandom(MIB)
        with path.open("wb") as file:
            for at in range(0, size, MIB):
                file.write((at.to_bytes(8, "big") + noise)[: min(MIB, size - at)])
        return path

    return make


@pytest.fixture
def cloud(cloud_with: MakeCloud) -> Cloud:
    """Returns one in which every file of a megabyte or more goes in parts."""
    return cloud_with(MULTIPART_THRESHOLD="1MB", MAX_SIZE="1GB", MULTIPART_SECRET=new_secret())


def parts(cloud: Cloud) -> list[Any]:
    return [record for record in cloud.oss.records if record.method == "PUT"]


def forms(cloud: Cloud) -> list[Any]:
    return [record for record in cloud.oss.records if record.method == "POST" and record.path == "/"]


def count_requests(cloud: Cloud, step: str) -> int:
    """Returns how often the function was asked for it."""
    return len([record for record in cloud.gateway.records if (record.method, record.path) == ("POST", step)])


def count_unfinished_uploads(cloud: Cloud, page: Page) -> tuple[int, int]:
    """Uploads that were begun and are not ended: in the bucket, and in the browser's memory."""
    remembered: int = page.evaluate(
        "Object.keys(localStorage).filter((name) => name.startsWith('previous-upload')).length"
    )
    return len(cloud.bucket.multipart_uploads.ids()), remembered


def wait_until(page: Page, percent: int) -> None:
    expect(page).to_have_title(re.compile(rf"^[{percent // 10}-9]\d% "))


def send_first_part(page: Page, film: Path) -> Route:
    """Chooses a file of two parts, and returns the route on which the second one waits once the first has arrived.

    However slowly the storage took it, browser and system would hold most of it ready, and call it sent.
    """
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(re.compile("[?&]partNumber=2&"), hold)
    with page.expect_response(re.compile("[?&]partNumber=1&")), page.expect_request(re.compile("[?&]partNumber=2&")):
        page.set_input_files("#files", film)
    expect(page).to_have_title(re.compile("^88% "))
    [route] = held
    return route


def expect_film_stored(page: Page, size: str) -> None:
    expect(row(page, "film.mp4").locator(".status")).to_have_text(f"{size} · Uploaded")


def assert_stored(cloud: Cloud, film: Path) -> None:
    [stored] = cloud.bucket.objects()
    assert (stored.meta["filename"], stored.content_type) == ("film.mp4", "video/mp4")
    assert filecmp.cmp(stored.path, film, shallow=False)


def test_three_parts_at_a_time_arrive_as_one_file(
    page: Page, context: BrowserContext, cloud: Cloud, film: MakeFile
) -> None:
    path = film(3 * PART + 1)
    open_page(page, cloud)
    page.set_input_files("#files", path)
    expect_film_stored(page, "25.2 MB")
    assert_stored(cloud, path)
    assert [len(parts(cloud)), len(forms(cloud))] == [4, 0]
    assert row(page, "film.mp4").locator(".stored").text_content() == cloud.bucket.objects()[0].key
    expect(row(page, "film.mp4").locator(".answer")).to_have_text("Received by the site")
    assert count_unfinished_uploads(cloud, page) == (0, 0)


def test_what_is_small_is_posted_and_nothing_for_parts_is_loaded(
    page: Page, context: BrowserContext, cloud: Cloud
) -> None:
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url))
    open_page(page, cloud)
    choose(page, ("cat.png", "image/png", PNG))
    expect_status(page, "cat.png", "10.2 kB · Uploaded")
    assert [url for url in loaded if re.search("multipart|resume", url)] == []


@pytest.mark.thorough
def test_300_mib_interrupted_at_30_and_at_70_percent_go_on_where_they_were(
    context: BrowserContext, page: Page, cloud: Cloud, film: MakeFile
) -> None:
    path = film(300 * MIB)
    cloud.faults.oss_bandwidth = 15 * MIB
    for percent in (30, 70):
        killed = context.new_page()
        open_page(killed, cloud)
        if percent > 30:
            expect_status(
                killed,
                "film.mp4",
                re.compile(r"^[\d.]+\sMB of 315\sMB · Interrupted. Choose the file again to continue.$"),
            )
        killed.set_input_files("#files", path)
        wait_until(killed, percent)
        killed.close()
    cloud.faults.oss_bandwidth = 0
    open_page(page, cloud)
    expect_status(
        page, "film.mp4", re.compile(r"^[\d.]+\sMB of 315\sMB · Interrupted. Choose the file again to continue.$")
    )
    page.set_input_files("#files", path)
    expect_film_stored(page, "315 MB")
    assert_stored(cloud, path)
    assert (count_requests(cloud, "/multipart"), count_unfinished_uploads(cloud, page)) == (1, (0, 0))
    # A break costs the parts that were on their way, and no more.
    assert len([part for part in parts(cloud) if part.status == 200]) <= 38 + 2 * LANES


@pytest.mark.thorough
def test_a_fifth_of_all_parts_fail_and_are_sent_again_alone(
    context: BrowserContext, page: Page, cloud: Cloud, film: MakeFile
) -> None:
    path = film(300 * MIB)
    page.add_init_script(WITHOUT_PAUSES)
    open_page(page, cloud)
    cloud.faults.oss_error_rate = 0.2  # by a seed: the same ones in each run
    page.set_input_files("#files", path)
    expect_film_stored(page, "315 MB")
    assert_stored(cloud, path)
    tries = len(parts(cloud))
    # One that fails twice while nothing else gets through is left to the queue, which asks what is there.
    assert (
        38 < tries <= 38 * 1.3,
        count_requests(cloud, "/multipart"),
        count_requests(cloud, "/multipart/list") <= 3,
    ) == (True, 1, True)


def test_paused_it_rests_and_resumed_it_goes_on(
    page: Page, context: BrowserContext, cloud: Cloud, film: MakeFile
) -> None:
    path = film(PART + MIB)
    open_page(page, cloud)
    send_first_part(page, path)
    line = row(page, "film.mp4")
    line.get_by_role("button", name=f"Pause {isolate('film.mp4')}").click()
    expect_status(page, "film.mp4", "Paused · 8.4 MB of 9.4 MB")
    assert count_unfinished_uploads(cloud, page) == (1, 1)
    page.unroute_all()
    line.get_by_role("button", name=f"Resume {isolate('film.mp4')}").click()
    expect_film_stored(page, "9.4 MB")
    assert_stored(cloud, path)
    arrivals = [part.note["part"] for part in parts(cloud)]
    assert (count_requests(cloud, "/multipart"), arrivals) == (1, ["1", "2"])


def test_cancelled_nothing_is_left_of_it(page: Page, context: BrowserContext, cloud: Cloud, film: MakeFile) -> None:
    open_page(page, cloud)
    send_first_part(page, film(PART + MIB))
    with page.expect_response("**/multipart/abort"):
        row(page, "film.mp4").get_by_role("button", name=f"Cancel {isolate('film.mp4')}").click()
    expect_status(page, "film.mp4", "9.4 MB · Cancelled")
    assert (count_unfinished_uploads(cloud, page), cloud.bucket.objects()) == ((0, 0), [])


def test_what_was_interrupted_can_be_given_up(
    page: Page, context: BrowserContext, cloud: Cloud, film: MakeFile
) -> None:
    killed = context.new_page()
    open_page(killed, cloud)
    send_first_part(killed, film(PART + MIB))
    killed.close()
    open_page(page, cloud)
    with page.expect_response("**/multipart/abort"):
        row(page, "film.mp4").get_by_role(
            "button", name=f"Discard {isolate('film.mp4')}. The part already sent is deleted."
        ).click()
    expect(page.locator("li")).to_have_count(0)
    assert count_unfinished_uploads(cloud, page) == (0, 0)


@pytest.mark.thorough
def test_what_was_interrupted_is_told_in_the_language_that_is_chosen(
    page: Page, context: BrowserContext, cloud: Cloud, film: MakeFile
) -> None:
    cloud.faults.oss_bandwidth = MIB
    killed = context.new_page()
    open_page(killed, cloud)
    killed.set_input_files("#files", film(4 * PART))
    wait_until(killed, 30)
    killed.close()
    open_page(page, cloud)
    expect_status(page, "film.mp4", re.compile("Interrupted. Choose the file again to continue.$"))
    page.locator("#language").select_option("zh-CN")
    expect_status(page, "film.mp4", re.compile("上传已中断，重新选择该文件即可继续。$"))
    expect(row(page, "film.mp4").get_by_role("button", name=f"放弃 {isolate('film.mp4')}")).to_be_visible()


def test_another_tab_does_not_take_it_for_interrupted(
    page: Page, context: BrowserContext, cloud: Cloud, film: MakeFile
) -> None:
    open_page(page, cloud)
    second_part = send_first_part(page, film(PART + MIB))
    other = context.new_page()
    with other.expect_response("**/later-*.js"):
        open_page(other, cloud)
    choose(other, ("cat.png", "image/png", PNG))  # taken once it is known what was interrupted
    expect_status(other, "cat.png", "10.2 kB · Uploaded")
    expect(other.locator("li")).to_have_count(1)
    second_part.continue_()
    expect_film_stored(page, "9.4 MB")


@pytest.mark.thorough
def test_another_file_of_that_name_is_one_of_its_own(
    page: Page, context: BrowserContext, cloud: Cloud, film: MakeFile
) -> None:
    path = film(4 * PART)
    cloud.faults.oss_bandwidth = MIB
    killed = context.new_page()
    open_page(killed, cloud)
    killed.set_input_files("#files", path)
    wait_until(killed, 30)
    killed.close()
    cloud.faults.oss_bandwidth = 0
    os.utime(path, (1, 1))
    open_page(page, cloud)
    page.set_input_files("#files", path)
    expect(page.locator("li.done .status")).to_have_text("33.6 MB · Uploaded")
    assert_stored(cloud, path)
    assert count_requests(cloud, "/multipart") == 2


def test_in_a_browser_that_keeps_nothing_it_arrives_all_the_same(
    page: Page, context: BrowserContext, cloud: Cloud, film: MakeFile
) -> None:
    path = film(2 * MIB)
    page.add_init_script("Object.defineProperty(window, 'localStorage', { get() { throw new Error('kept off'); } })")
    open_page(page, cloud)
    page.set_input_files("#files", path)
    expect_film_stored(page, "2.1 MB")
    assert_stored(cloud, path)


@pytest.mark.thorough
def test_to_another_person_nothing_is_told_of_it_and_nothing_of_it_is_touched(
    page: Page, context: BrowserContext, cloud_with: MakeCloud, film: MakeFile
) -> None:
    secret = new_secret()
    hour_hence = int(time.time()) + 3600
    settings = {"MULTIPART_THRESHOLD": "1MB", "MULTIPART_SECRET": new_secret(), "AUTH": "jwt", "JWT_SECRET": secret}
    cloud = cloud_with(**settings)
    cloud.faults.oss_bandwidth = MIB
    killed = context.new_page()
    killed.goto(f"{cloud.site.url}/#token={token(secret, exp=hour_hence)}")
    expect(killed.locator("#rules")).not_to_be_empty()
    path = film(4 * PART)
    killed.set_input_files("#files", path)
    wait_until(killed, 30)
    killed.close()
    page.goto(f"{cloud.site.url}/#token={token(secret, sub='bob', exp=hour_hence)}")
    choose(page, ("cat.png", "image/png", PNG))  # taken once it is known what was interrupted
    expect_status(page, "cat.png", "10.2 kB · Uploaded")
    expect(page.locator("li")).to_have_count(1)
    assert (count_requests(cloud, "/multipart/list"), count_unfinished_uploads(cloud, page)) == (0, (1, 1))
    cloud.faults.oss_bandwidth = 0
    page.goto("about:blank")
    page.goto(f"{cloud.site.url}/#token={token(secret, exp=hour_hence)}")
    page.get_by_role("button", name="Switch to").click()
    expect_status(page, "film.mp4", re.compile("Interrupted. Choose the file again to continue.$"))
    page.set_input_files("#files", path)
    expect_film_stored(page, "33.6 MB")
    assert (count_requests(cloud, "/multipart"), count_unfinished_uploads(cloud, page)) == (1, (0, 0))
