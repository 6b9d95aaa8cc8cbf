"""The page in Firefox and in WebKitGTK: the main path, and each way in which it can fail, told in the same words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from localcloud.dev.cloud import Cloud
from support import webdriver
from support.page_steps import MakeCloud, types_stored
from support.real_types import REAL, RUN_BY_BROWSERS
from support.tokens import new_secret, token
from support.webdriver import Page

CONTENT = bytes(range(256)) * 40
NAME = "合同 <b> 终稿 v2.png"
STORED = "10.2 kB · Uploaded"

WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => window.violations.push(event.violatedDirective));
"""
STATUS = "return [...shadow.querySelectorAll('li .status')].map((status) => status.textContent)"


@pytest.fixture(scope="module", params=["Firefox", "WebKitGTK"])
def page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """Yields a running browser; each test opens a page of its own origin in it."""
    if why := webdriver.missing(request.param):
        pytest.skip(f"{why}. The page was not tested in it.")
    with webdriver.browser(request.param, tmp_path_factory.mktemp("browser")) as page:
        yield page


@pytest.fixture
def cloud(cloud_with: MakeCloud) -> Cloud:
    return cloud_with()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / NAME
    path.write_bytes(CONTENT)
    return path


def visit(page: Page, cloud: Cloud) -> None:
    page.open(cloud.site.url)
    page.run(WATCH)
    page.wait_for("return Boolean(shadow?.querySelector('#rules').textContent)", True)


def counts(cloud: Cloud) -> tuple[int, int]:
    """Returns how many signings there were, and how many posts."""
    signed = [record for record in cloud.gateway.records if (record.method, record.path) == ("POST", "/sign")]
    return len(signed), len(posts(cloud))


def posts(cloud: Cloud) -> list[Any]:
    return [record for record in cloud.oss.records if record.method == "POST"]


def stored_files(cloud: Cloud) -> list[bytes]:
    return [each.path.read_bytes() for each in cloud.bucket.objects()]


def says(page: Page, words: str) -> None:
    """Tells whether some file's line has these words in it."""
    page.wait_for(f"{STATUS}.some((text) => text.includes({json.dumps(words)}))", True)


def test_a_chosen_file_is_stored_byte_for_byte(page: Page, cloud: Cloud, file: Path) -> None:
    visit(page, cloud)
    page.choose("#files", file)
    page.wait_for(STATUS, [STORED])
    [object_] = cloud.bucket.objects()
    assert (object_.path.read_bytes(), object_.content_type, counts(cloud)) == (CONTENT, "image/png", (1, 1))
    assert page.run("return shadow.querySelector('.stored').textContent") == object_.key
    assert page.run("return shadow.querySelector('.name').textContent") == NAME
    assert page.run("return window.violations") == []


def test_the_fields_come_in_their_order_and_before_the_file(page: Page, cloud: Cloud, file: Path) -> None:
    visit(page, cloud)
    page.choose("#files", file)
    page.wait_for(STATUS, [STORED])
    # OSS reads nothing that comes after the file: the fields that it has read were before it.
    assert [record.note["fields"] for record in posts(cloud)] == [
        [
            *("key", "x-oss-forbid-overwrite", "x-oss-content-type", "x-oss-meta-filename", "content-disposition"),
            *("success_action_status", "x-oss-signature-version", "x-oss-credential", "x-oss-date"),
            *("x-oss-security-token", "policy", "x-oss-signature"),
        ]
    ]


def test_an_empty_file_is_stored(page: Page, cloud: Cloud, tmp_path: Path) -> None:
    file = tmp_path / "empty.txt"
    file.touch()
    visit(page, cloud)
    page.choose("#files", file)
    page.wait_for(STATUS, ["0 bytes · Uploaded"])
    assert [object_.path.read_bytes() for object_ in cloud.bucket.objects()] == [b""]


def test_what_is_not_allowed_is_told_before_anything_is_asked(
    page: Page, cloud_with: MakeCloud, tmp_path: Path
) -> None:
    cloud = cloud_with(MAX_SIZE="9B", CONTENT_TYPES="text/plain")
    files = {"large.txt": b"ten bytes!", "page.html": b"<p>"}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    visit(page, cloud)
    for name in files:
        page.choose("#files", tmp_path / name)
    page.wait_for(
        STATUS,
        [
            "10 bytes · The file is larger than allowed (9 bytes). Choose a smaller file.",
            "3 bytes · Files of this type are not allowed. Choose another file.",
        ],
    )
    assert counts(cloud) == (0, 0)


def test_real_files_have_the_same_types_in_every_browser(page: Page, cloud: Cloud, tmp_path: Path) -> None:
    names = (*REAL, *RUN_BY_BROWSERS)
    for name in names:
        (tmp_path / name).write_text(name)
    visit(page, cloud)
    page.choose("#files", *(tmp_path / name for name in names))
    ended = f"{len(REAL)} of {len(names)} files uploaded · {len(RUN_BY_BROWSERS)} failed"
    page.wait_for("return shadow.querySelector('#summary').textContent", ended)
    assert types_stored(cloud) == REAL


def test_files_of_an_extension_alone_can_be_chosen_and_stored(
    page: Page, cloud_with: MakeCloud, tmp_path: Path
) -> None:
    cloud = cloud_with(CONTENT_TYPES="model/stl=stl")
    (tmp_path / "CUBE.STL").write_text("solid")
    visit(page, cloud)
    page.choose("#files", tmp_path / "CUBE.STL")
    says(page, "Uploaded")
    assert types_stored(cloud) == {"CUBE.STL": ("model/stl", "stl")}


def test_a_refusal_of_the_storage_is_told_with_its_code(page: Page, cloud: Cloud, file: Path) -> None:
    cloud.faults.oss_deny_early = True
    visit(page, cloud)
    page.choose("#files", file)
    says(page, "The storage refused this upload. Contact the site's owner.")
    assert (counts(cloud), stored_files(cloud)) == ((1, 1), [])


def test_a_busy_storage_is_asked_again_with_a_new_form_and_the_same_key(page: Page, cloud: Cloud, file: Path) -> None:
    cloud.faults.oss_fail_next = 1
    visit(page, cloud)
    page.choose("#files", file)
    page.wait_for(STATUS, [STORED])
    assert (counts(cloud), stored_files(cloud)) == ((2, 2), [CONTENT])


def test_a_line_that_is_cut_is_told_and_tried_again(page: Page, cloud: Cloud, file: Path) -> None:
    cloud.faults.oss_reset_at = 5_000
    visit(page, cloud)
    page.choose("#files", file)
    says(page, "The connection was lost, or the storage refused this page.")
    cloud.faults.oss_reset_at = -1
    page.wait_for(STATUS, [STORED])
    assert stored_files(cloud) == [CONTENT]


def test_a_storage_that_does_not_know_the_page_is_told(page: Page, cloud: Cloud, file: Path) -> None:
    cloud.bucket.cors_rules.clear()
    visit(page, cloud)
    page.choose("#files", file)
    says(page, "The connection was lost, or the storage refused this page. Trying again in ")


def test_a_function_that_is_gone_is_told(page: Page, cloud: Cloud, file: Path) -> None:
    visit(page, cloud)
    cloud.gateway.stop()
    page.choose("#files", file)
    says(page, "The upload service did not answer. Trying again in ")
    assert stored_files(cloud) == []


@pytest.mark.parametrize("mode", ["throttle", "fail"])
def test_a_function_without_credentials_says_when_it_will_be_asked_again(
    page: Page, cloud: Cloud, file: Path, mode: str
) -> None:
    visit(page, cloud)
    cloud.faults.sts_mode = mode
    cloud.gateway.end_instance()
    page.choose("#files", file)
    says(page, "The upload service is not ready.")
    assert counts(cloud)[1] == 0


def test_what_the_callback_function_found_is_shown(page: Page, cloud_with: MakeCloud, file: Path) -> None:
    cloud = cloud_with(CALLBACK="on")
    visit(page, cloud)
    page.choose("#files", file)
    page.wait_for(STATUS, [STORED])
    answer = page.run("return shadow.querySelector('.answer').textContent")
    assert answer == "Received by the site"


def test_what_is_stored_and_was_not_reported_says_so(page: Page, cloud_with: MakeCloud, file: Path) -> None:
    cloud = cloud_with(CALLBACK="on")
    cloud.faults.callback_mode = "down"
    visit(page, cloud)
    page.choose("#files", file)
    says(page, "The file is stored, but the site was not notified. Contact the site's owner.")
    assert stored_files(cloud) == [CONTENT]


def test_a_link_that_has_ended_says_so(page: Page, cloud_with: MakeCloud) -> None:
    secret = new_secret()
    cloud = cloud_with(AUTH="jwt", JWT_SECRET=secret)
    page.open(f"{cloud.site.url}/#token={token(secret, exp=1_700_000_000)}")
    page.wait_for(
        "return shadow?.querySelector('#trouble').textContent.split(' (')[0]",
        "Your upload link has expired. Ask the site's owner for a new one.",
    )
    assert page.run("return [shadow.querySelector('#drop').hidden, location.hash]") == [True, ""]
