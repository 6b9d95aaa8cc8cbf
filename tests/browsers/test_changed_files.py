"""A file that changes on the disk after it was chosen: nothing of two states is "Uploaded", and nothing waits for ever."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from localcloud.dev.cloud import Cloud
from support import webdriver
from support.page_steps import MakeCloud
from support.tokens import new_secret
from support.webdriver import Page

BROWSERS = ["Chromium", "Firefox", "WebKitGTK"]
MIB = 1024**2
LONG_AGO = 1_700_000_000
CHANGED = "The file has changed since you chose it, or can no longer be read. Choose it again."
STATUS = "return shadow.querySelector('li .status')?.textContent ?? ''"

SIZES = {"copied": 20_000, "form": 9 * MIB, "parts": 20 * MIB}
"""By how a file is sent: what is small is copied into memory, what is large is sent from the disk, or in parts."""

IN_PARTS = {"MULTIPART_THRESHOLD": "10MB", "MAX_SIZE": "100MB"}


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def shrink(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 3)


def replace(path: Path) -> None:
    """Writes other bytes, as many as before, into the same file."""
    with path.open("r+b") as file:
        file.write(b"B" * path.stat().st_size)


def delete(path: Path) -> None:
    path.unlink()


@pytest.fixture(scope="module", params=BROWSERS)
def engine(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if why := webdriver.missing(name):
        pytest.skip(f"{why}. The page was not tested in it.")
    return name


@pytest.fixture(scope="module")
def page(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with webdriver.browser(engine, tmp_path_factory.mktemp("browser")) as page:
        yield page


@pytest.fixture
def cloud(cloud_with: MakeCloud) -> Cloud:
    return cloud_with(MULTIPART_SECRET=new_secret(), **IN_PARTS)


@pytest.fixture(params=SIZES)
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return make_file(tmp_path, SIZES[request.param])


def make_file(folder: Path, size: int) -> Path:
    path = folder / "film.mp4"
    path.write_bytes(b"A" * size)
    os.utime(path, (LONG_AGO, LONG_AGO))
    return path


def visit(page: Page, cloud: Cloud) -> None:
    page.open(cloud.site.url)
    page.wait_for("return Boolean(shadow?.querySelector('#rules').textContent)", True)


def set_online(page: Page, *, is_online: bool) -> None:
    value = json.dumps(is_online)
    page.run(f"Object.defineProperty(navigator, 'onLine', {{ value: {value}, configurable: true }})")
    page.run(f"dispatchEvent(new Event('{'online' if is_online else 'offline'}'))")


def says(page: Page, words: str) -> None:
    """Waits until the only file's line ends so."""
    page.wait_for(f"return (() => {{ {STATUS} }})().endsWith({json.dumps(words)}) || (() => {{ {STATUS} }})()", True)


def has_sent(page: Page, share: float) -> None:
    page.wait_for(f"return shadow.querySelector('li progress')?.value > {share}", True)


def stored_files(cloud: Cloud) -> list[bytes]:
    return [each.path.read_bytes() for each in cloud.bucket.objects()]


def nothing_is_left(page: Page, cloud: Cloud) -> None:
    """Waits until there is neither a file nor a part of one, once the page has abandoned them."""
    end = time.monotonic() + webdriver.PATIENCE
    while cloud.bucket.multipart_uploads.ids() and time.monotonic() < end:
        page.run("return new Promise((resolve) => setTimeout(() => resolve(null), 20))")
    assert (stored_files(cloud), cloud.bucket.multipart_uploads.ids()) == ([], [])


@pytest.mark.parametrize("change", [grow, shrink, delete, replace])
def test_changed_while_it_waits(
    page: Page, engine: str, cloud: Cloud, file: Path, change: Callable[[Path], None]
) -> None:
    visit(page, cloud)
    set_online(page, is_online=False)
    page.choose("#files", file)
    says(page, "Waiting")
    change(file)
    set_online(page, is_online=True)
    if (engine, change) == ("Firefox", replace):
        # It tells nothing of the date. What is stored is the file as it is now, all of it.
        says(page, "Uploaded")
        assert stored_files(cloud) == [file.read_bytes()]
    else:
        says(page, CHANGED)
        nothing_is_left(page, cloud)


@pytest.mark.parametrize("change", [grow, shrink, delete, replace])
@pytest.mark.parametrize("how", ["form", "parts"])
def test_changed_while_it_is_sent(
    page: Page, cloud: Cloud, tmp_path: Path, how: str, change: Callable[[Path], None]
) -> None:
    file = make_file(tmp_path, SIZES[how])
    cloud.faults.oss_bandwidth = SIZES[how] / 8
    visit(page, cloud)
    page.choose("#files", file)
    has_sent(page, 0.2)
    change(file)
    cloud.faults.oss_bandwidth = 0
    says(page, CHANGED)
    if how == "parts":
        nothing_is_left(page, cloud)


@pytest.mark.parametrize("change", [grow, shrink, delete, replace])
def test_what_was_copied_arrives_as_it_was(
    page: Page, cloud: Cloud, tmp_path: Path, change: Callable[[Path], None]
) -> None:
    file = make_file(tmp_path, 4 * MIB)
    content = file.read_bytes()
    cloud.faults.oss_bandwidth = MIB
    visit(page, cloud)
    page.choose("#files", file)
    has_sent(page, 0.1)
    change(file)
    cloud.faults.oss_bandwidth = 0
    says(page, "Uploaded")
    assert stored_files(cloud) == [content]


def test_changed_while_it_was_paused(page: Page, cloud: Cloud, tmp_path: Path) -> None:
    file = make_file(tmp_path, SIZES["parts"])
    cloud.faults.oss_bandwidth = 2 * MIB
    visit(page, cloud)
    page.choose("#files", file)
    has_sent(page, 0.2)
    page.run("shadow.querySelector('.pause').click()")
    page.wait_for(f"return (() => {{ {STATUS} }})().startsWith('Paused')", True)
    replace(file)
    cloud.faults.oss_bandwidth = 0
    page.run("shadow.querySelector('.pause').click()")
    says(page, CHANGED)
    nothing_is_left(page, cloud)


def test_changed_before_it_is_tried_again(page: Page, cloud: Cloud, tmp_path: Path) -> None:
    file = make_file(tmp_path, SIZES["form"])
    cloud.faults.oss_reset_at = 5 * MIB
    visit(page, cloud)
    page.choose("#files", file)
    page.wait_for(f"return (() => {{ {STATUS} }})().includes('Trying again')", True)
    replace(file)
    cloud.faults.oss_reset_at = -1
    says(page, CHANGED)
    assert stored_files(cloud) == []


def test_changed_between_two_visits_it_begins_anew(page: Page, cloud: Cloud, tmp_path: Path) -> None:
    file = make_file(tmp_path, SIZES["parts"])
    cloud.faults.oss_bandwidth = 2 * MIB
    visit(page, cloud)
    page.choose("#files", file)
    has_sent(page, 0.5)
    visit(page, cloud)
    page.wait_for(f"return (() => {{ {STATUS} }})().includes('Interrupted')", True)
    replace(file)
    cloud.faults.oss_bandwidth = 0
    page.choose("#files", file)
    page.wait_for("return shadow.querySelector('li.done .status')?.textContent ?? ''", "21 MB · Uploaded")
    assert stored_files(cloud) == [file.read_bytes()]
