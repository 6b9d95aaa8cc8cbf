"""Files and folders, however they are given to the page, and which of them it does not take."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from playwright.sync_api import Page, expect

from e2e.steps import PIXEL, PNG, MakeCloud, choose, open_page, posts, row, signings, stored, told
from localcloud.cloud import Cloud

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


def test_what_is_in_the_list_is_not_taken_twice(page: Page, cloud: Cloud, tmp_path: Path) -> None:
    file = tmp_path / "note.txt"
    file.write_text("a note")
    open_page(page, cloud)
    page.set_input_files("#files", file)
    told(page, "note.txt", "6 B · Uploaded")
    page.set_input_files("#files", file)
    expect(page.locator("#news")).to_have_text("Already in the list: note.txt")
    assert (page.locator("li").count(), len(stored(cloud))) == (1, 1)
    row(page, "note.txt").get_by_role("button", name="Remove note.txt").click()
    page.set_input_files("#files", file)
    told(page, "note.txt", "6 B · Uploaded")
    expect(page.locator("#news")).to_be_empty()


def test_more_files_than_the_page_takes_are_told(page: Page, cloud: Cloud) -> None:
    page.route(
        "**/config.json",
        lambda route: route.fulfill(body=json.dumps({"function": cloud.gateway.url, "max_files": 1})),
    )
    open_page(page, cloud)
    expect(page.locator("#rules")).to_have_text("Up to 100 MB each · at most 1 files")
    choose(page, ("a.txt", "text/plain", b"a"), ("b.txt", "text/plain", b"b"))
    told(page, "a.txt", "1 B · Uploaded")
    told(page, "b.txt", "1 B · Too many files: at most 1 at a time.")


PASTE = """() => {
    const clipboardData = new DataTransfer();
    clipboardData.items.add(new File(["pixels"], "image.png", { type: "image/png" }));
    document.dispatchEvent(new ClipboardEvent("paste", { clipboardData }));
}"""


def test_a_pasted_file_is_stored(page: Page, cloud: Cloud) -> None:
    open_page(page, cloud)
    page.evaluate(PASTE)
    told(page, "image.png", "6 B · Uploaded")
    assert stored(cloud) == [("image.png", b"pixels")]


def test_still_images_have_thumbnails_and_nothing_else_is_drawn(page: Page, cloud: Cloud) -> None:
    open_page(page, cloud)
    choose(page, ("dot.png", "image/png", PIXEL), ("broken.png", "image/png", PNG), ("note.txt", "text/plain", b"x"))
    expect(page.locator(".done")).to_have_count(3)
    expect(row(page, "dot.png").locator("img")).to_have_count(1)
    assert page.evaluate("document.querySelector('li img').naturalWidth") == 1
    expect(page.locator("li .thumb")).to_have_text(["", "png", "txt"])
    expect(page.locator("li img")).to_have_count(1)


def test_a_dropped_folder_of_250_files_is_stored_with_its_names(page: Page, cloud: Cloud, tmp_path: Path) -> None:
    """By the browser's own drag and drop, with a folder of the disk: a browser gives its entries away by the hundred."""
    folder = tmp_path / "trip"
    (folder / "day 2").mkdir(parents=True)
    for number in range(250):
        (folder / ("day 2" if number % 2 else "") / f"{number}.txt").write_text(str(number))
    open_page(page, cloud)
    client = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(folder)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        client.send("Input.dispatchDragEvent", {"type": kind, "x": 300, "y": 300, "data": data})
    expect(page.locator("#summary")).to_have_text("250 of 250 files uploaded", timeout=60_000)
    names = {f"trip/{'day 2/' if number % 2 else ''}{number}.txt" for number in range(250)}
    assert {unquote(name): content for name, content in stored(cloud)} == {
        name: name.rpartition("/")[2].removesuffix(".txt").encode() for name in names
    }


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("A\u030angstro\u0308m.txt", "\u00c5ngstr\u00f6m.txt"),
        ("\u00e9" * 125 + ".txt", "\u00e9" * 125 + ".txt"),
        ("n" * 251 + ".txt", "n" * 251 + ".txt"),
    ],
    ids=["NFD", "254 bytes in UTF-8", "255 bytes"],
)
def test_a_name_is_kept_in_nfc_as_long_as_a_disk_holds(page: Page, cloud: Cloud, name: str, kept: str) -> None:
    open_page(page, cloud)
    choose(page, (name, "text/plain", b"a note"))
    told(page, kept, re.compile("Uploaded"))
    assert [(unquote(stored_name), content) for stored_name, content in stored(cloud)] == [(kept, b"a note")]


def test_a_phone_offers_its_own_picker_and_its_camera(page: Page, cloud_with: MakeCloud) -> None:
    """An input for many files of these types, without `capture`: a phone then lets people choose between the two."""
    open_page(page, cloud_with(CONTENT_TYPES="image/jpeg,image/png"))
    names = ("type", "multiple", "accept", "capture")
    found = page.locator("#files").evaluate(f"(input) => {list(names)}.map((name) => input.getAttribute(name))")
    assert found == ["file", "", "image/jpeg,image/png", None]
