"""Files and folders, however they are given to the page, and which of them it does not take."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from localcloud.dev.cloud import Cloud
from support.page_steps import (
    PIXEL,
    PNG,
    MakeCloud,
    choose,
    expect_status,
    isolate,
    open_page,
    posts,
    row,
    signings,
    stored_files,
    types_stored,
)
from support.real_types import REAL, RUN_BY_BROWSERS

DROP = """async ([name, content, type]) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([content], name, { type }));
    document.querySelector("h1").dispatchEvent(new DragEvent("drop", { bubbles: true, dataTransfer: transfer }));
}"""


def drop(page: Page, *paths: Path) -> None:
    """Drops files by the browser's own drag and drop, from the disk."""
    client = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        client.send("Input.dispatchDragEvent", {"type": kind, "x": 300, "y": 300, "data": data})


def write_file(path: Path, content: str) -> Path:
    """Returns a file on the disk, of one date with all others."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    return path


def test_a_file_dropped_anywhere_on_the_page_is_stored(page: Page, cloud: Cloud) -> None:
    open_page(page, cloud)
    page.evaluate(DROP, ["note.txt", "a note", "text/plain"])
    expect_status(page, "note.txt", re.compile("Uploaded"))
    assert stored_files(cloud) == [("note.txt", b"a note")]


def test_a_chosen_folder_keeps_its_names(page: Page, cloud: Cloud, tmp_path: Path) -> None:
    folder = tmp_path / "trip ü"
    for number in range(9):
        file = folder / f"day {number % 3}" / f"{number}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"file {number}")
    open_page(page, cloud)
    page.set_input_files("#folder", folder)
    expect(page.locator("#summary")).to_have_text("All 9 files uploaded")
    names = {f"trip%20%C3%BC%2Fday%20{number % 3}%2F{number}.txt": f"file {number}".encode() for number in range(9)}
    assert dict(stored_files(cloud)) == names
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
    expect(page.locator("#summary")).to_have_text(f"All {len(HOSTILE)} files uploaded")
    assert page.locator(".name").all_inner_texts() == HOSTILE
    assert page.locator("li img").count() == 0
    assert sorted(content.decode() for _, content in stored_files(cloud)) == sorted(HOSTILE)


@pytest.mark.thorough
def test_a_name_that_reads_backwards_is_refused_in_words(page: Page, cloud: Cloud) -> None:
    name = "photo\u202egnp.exe"
    open_page(page, cloud)
    choose(page, (name, "application/octet-stream", b"MZ"))
    expect(page.locator(".status")).to_contain_text(
        "The file's name cannot be used. Rename the file and choose it again."
    )
    assert stored_files(cloud) == []


def test_what_is_not_allowed_is_told_before_anything_is_asked(page: Page, cloud_with: MakeCloud) -> None:
    cloud = cloud_with(MAX_SIZE="10", CONTENT_TYPES="image/png,text/plain")
    open_page(page, cloud)
    expect(page.locator("#rules")).to_have_text("PNG, TXT · Up to 10 bytes each")
    choose(
        page,
        ("large.png", "image/png", b"x" * 11),
        ("page.html", "text/html", b"<p>"),
    )
    expect_status(page, "large.png", "11 bytes · The file is larger than allowed (10 bytes). Choose a smaller file.")
    expect_status(page, "page.html", "3 bytes · Files of this type are not allowed. Choose another file.")
    assert (signings(cloud), posts(cloud)) == ([], [])
    # There is nothing to be tried again, and each can be taken off the list.
    expect(page.locator("li button:visible")).to_have_count(2)
    row(page, "page.html").get_by_role("button", name=f"Remove {isolate('page.html')}").click()
    expect(page.locator(".name")).to_have_text(["large.png"])
    page.get_by_role("button", name="Clear finished").click()
    expect(page.locator("li")).to_have_count(0)


def test_what_is_in_the_list_is_not_taken_twice(page: Page, cloud: Cloud, tmp_path: Path) -> None:
    file = tmp_path / "note.txt"
    file.write_text("a note")
    open_page(page, cloud)
    page.set_input_files("#files", file)
    expect_status(page, "note.txt", "6 bytes · Uploaded")
    page.set_input_files("#files", file)
    expect(page.locator("#notice")).to_have_text("Already in the list: \u2068note.txt\u2069.")
    assert (page.locator("li").count(), len(stored_files(cloud))) == (1, 1)
    row(page, "note.txt").get_by_role("button", name=f"Remove {isolate('note.txt')}").click()
    page.set_input_files("#files", file)
    expect_status(page, "note.txt", "6 bytes · Uploaded")
    expect(page.locator("#notice")).to_be_empty()


def test_more_files_than_the_page_takes_are_told(page: Page, cloud: Cloud) -> None:
    page.route(
        "**/config.json",
        lambda route: route.fulfill(body=json.dumps({"function": cloud.gateway.url, "max_files": 1})),
    )
    open_page(page, cloud)
    expect(page.locator("#rules")).to_have_text("Up to 100 MB each · at most 1 file")
    choose(page, ("a.txt", "text/plain", b"a"), ("b.txt", "text/plain", b"b"))
    expect_status(page, "a.txt", "1 byte · Uploaded")
    expect_status(page, "b.txt", "1 byte · Too many files. Choose at most 1 at a time.")


PASTE = """() => {
    const clipboardData = new DataTransfer();
    clipboardData.items.add(new File(["pixels"], "image.png", { type: "image/png" }));
    document.dispatchEvent(new ClipboardEvent("paste", { clipboardData }));
}"""


def test_a_pasted_file_is_stored(page: Page, cloud: Cloud) -> None:
    open_page(page, cloud)
    page.evaluate(PASTE)
    expect_status(page, "image.png", "6 bytes · Uploaded")
    assert stored_files(cloud) == [("image.png", b"pixels")]


def test_still_images_have_thumbnails_and_nothing_else_is_drawn(page: Page, cloud: Cloud) -> None:
    open_page(page, cloud)
    choose(page, ("dot.png", "image/png", PIXEL), ("broken.png", "image/png", PNG), ("note.txt", "text/plain", b"x"))
    expect(page.locator(".done")).to_have_count(3)
    expect(row(page, "dot.png").locator("img")).to_have_count(1)
    assert page.locator("li img").evaluate("(image) => image.naturalWidth") == 1
    expect(page.locator("li .thumb")).to_have_text(["", "png", "txt"])
    expect(page.locator("li img")).to_have_count(1)


COUNT_WATCHES = """
window.watches = [];
const { observe } = IntersectionObserver.prototype;
IntersectionObserver.prototype.observe = function (target) {
    watches.push(target);
    observe.call(this, target);
};
"""


def test_of_many_pictures_only_those_of_rows_that_come_near_are_watched(
    page: Page, context: BrowserContext, cloud_with: MakeCloud
) -> None:
    page.add_init_script(COUNT_WATCHES)
    open_page(page, cloud_with(CONTENT_TYPES="text/plain"))
    choose(page, *((f"{number}.png", "image/png", PIXEL) for number in range(90)))
    expect(row(page, "0.png").locator("img")).to_have_count(1)
    assert page.evaluate("watches.filter((target) => target.closest('li')).length") == 60
    row(page, "89.png").scroll_into_view_if_needed()
    expect(row(page, "89.png").locator("img")).to_have_count(1)


@pytest.mark.thorough
def test_a_dropped_folder_of_more_files_than_a_browser_gives_away_at_once_is_stored(
    page: Page, cloud: Cloud, tmp_path: Path
) -> None:
    """By the browser's own drag and drop, with a folder of the disk: a browser gives its entries away by the hundred."""
    folder = tmp_path / "trip"
    (folder / "day 2").mkdir(parents=True)
    for number in range(105):
        (folder / ("day 2" if number > 101 else "") / f"{number}.txt").write_text(str(number))
    open_page(page, cloud)
    drop(page, folder)
    expect(page.locator("#summary")).to_have_text("All 105 files uploaded")
    names = {f"trip/{'day 2/' if number > 101 else ''}{number}.txt" for number in range(105)}
    assert {unquote(name): content for name, content in stored_files(cloud)} == {
        name: name.rpartition("/")[2].removesuffix(".txt").encode() for name in names
    }


def test_a_name_is_kept_in_nfc_as_long_as_a_disk_holds(page: Page, cloud: Cloud) -> None:
    names = {
        "A\u030angstro\u0308m.txt": "\u00c5ngstr\u00f6m.txt",
        "\u00e9" * 125 + ".txt": "\u00e9" * 125 + ".txt",  # 254 bytes in UTF-8
        "n" * 251 + ".txt": "n" * 251 + ".txt",  # 255 bytes
    }
    open_page(page, cloud)
    choose(page, *((name, "text/plain", name.encode()) for name in names))
    for kept in names.values():
        expect_status(page, kept, re.compile("Uploaded"))
    stored = {unquote(name): content for name, content in stored_files(cloud)}
    assert stored == {kept: name.encode() for name, kept in names.items()}


@pytest.mark.thorough
def test_real_files_have_the_same_types_in_every_browser(page: Page, cloud: Cloud, tmp_path: Path) -> None:
    for name in (*REAL, *RUN_BY_BROWSERS):
        (tmp_path / name).write_text(name)
    open_page(page, cloud)
    page.set_input_files("#files", [tmp_path / name for name in (*REAL, *RUN_BY_BROWSERS)])
    every = len(REAL) + len(RUN_BY_BROWSERS)
    expect(page.locator("#summary")).to_contain_text(f"{len(REAL)} of {every} files uploaded", timeout=120_000)
    assert types_stored(cloud) == REAL
    told_once = f"{len(RUN_BY_BROWSERS)} files: Files of this type are not allowed. Choose another file."
    expect(page.locator("#causes .notice > p")).to_have_text(told_once)
    for name in RUN_BY_BROWSERS:
        expect_status(page, name, re.compile("Not uploaded$"))


@pytest.mark.thorough
def test_files_of_an_extension_alone_can_be_chosen_and_stored(
    page: Page, cloud_with: MakeCloud, tmp_path: Path
) -> None:
    cloud = cloud_with(CONTENT_TYPES="model/stl=stl")
    (tmp_path / "CUBE.STL").write_text("solid")
    open_page(page, cloud)
    page.set_input_files("#files", tmp_path / "CUBE.STL")
    expect_status(page, "CUBE.STL", "5 bytes · Uploaded")
    assert types_stored(cloud) == {"CUBE.STL": ("model/stl", "stl")}


def test_a_phone_offers_its_own_picker_and_its_camera(page: Page, cloud_with: MakeCloud) -> None:
    """An input for many files of these types, without `capture`: a phone then lets people choose between the two."""
    open_page(page, cloud_with(CONTENT_TYPES="image/jpeg,image/png"))
    names = ("type", "multiple", "accept", "capture")
    found = page.locator("#files").evaluate(f"(input) => {list(names)}.map((name) => input.getAttribute(name))")
    accept = "image/jpeg,image/jpg,image/pjpeg,.jpg,.jpeg,.jpe,.jfif,.pjpeg,.pjp,image/png,image/x-png,.png"
    assert found == ["file", "", accept, None]


@pytest.mark.parametrize("way", ["chosen", pytest.param("dropped", marks=pytest.mark.thorough)])
def test_two_files_of_one_name_size_and_date_are_both_stored(
    page: Page, cloud: Cloud, tmp_path: Path, way: str
) -> None:
    paths = [write_file(tmp_path / folder / "note.txt", f"of folder {folder}") for folder in ("a", "b")]
    open_page(page, cloud)
    for path in paths:
        drop(page, path) if way == "dropped" else page.set_input_files("#files", path)
    expect(page.locator("#summary")).to_have_text("All 2 files uploaded")
    assert sorted(stored_files(cloud)) == [("note.txt", b"of folder a"), ("note.txt", b"of folder b")]
    expect(page.locator("#notice")).to_be_empty()


def test_a_copy_in_another_place_is_in_the_list_already(page: Page, cloud: Cloud, tmp_path: Path) -> None:
    open_page(page, cloud)
    for folder in ("a", "b"):
        page.set_input_files("#files", write_file(tmp_path / folder / "note.txt", "a note"))
    expect(page.locator("#notice")).to_have_text("Already in the list: \u2068note.txt\u2069.")
    expect_status(page, "note.txt", "6 bytes · Uploaded")
    assert stored_files(cloud) == [("note.txt", b"a note")]


@pytest.mark.thorough
def test_an_empty_file_is_stored(page: Page, cloud: Cloud) -> None:
    open_page(page, cloud)
    choose(page, ("empty.txt", "text/plain", b""))
    expect_status(page, "empty.txt", "0 bytes · Uploaded")
    expect(page.locator("#summary")).to_have_text("1 file uploaded")
    assert stored_files(cloud) == [("empty.txt", b"")]


def test_an_empty_folder_is_told(page: Page, cloud: Cloud, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    open_page(page, cloud)
    drop(page, tmp_path / "nothing")
    expect(page.locator("#notice")).to_have_text("The folder \u2068nothing\u2069 contains no files.")
    write_file(tmp_path / "some" / "note.txt", "a note")
    for name in ("a", "b"):
        (tmp_path / "some" / name).mkdir()
    drop(page, tmp_path / "some")
    expect(page.locator("#notice")).to_have_text("2 folders contain no files, such as \u2068some/a\u2069.")
    expect_status(page, "some/note.txt", "6 bytes · Uploaded")


def test_an_empty_folder_that_is_chosen_is_told(page: Page, cloud: Cloud, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    open_page(page, cloud)
    page.set_input_files("#folder", tmp_path / "nothing")
    expect(page.locator("#notice")).to_have_text("This folder contains no files.")


@pytest.mark.parametrize("way", ["chosen", pytest.param("dropped", marks=pytest.mark.thorough)])
def test_what_systems_keep_for_themselves_is_left_out_and_told(
    page: Page, cloud: Cloud, tmp_path: Path, way: str
) -> None:
    for name in ("note.txt", ".DS_Store", "Thumbs.db", "day 1/._note.txt", "day 1/desktop.ini"):
        write_file(tmp_path / "trip" / name, "x")
    open_page(page, cloud)
    drop(page, tmp_path / "trip") if way == "dropped" else page.set_input_files("#folder", tmp_path / "trip")
    expect(page.locator("#notice")).to_have_text("Skipped 4 system files, such as \u2068trip/.DS_Store\u2069.")
    expect_status(page, "trip/note.txt", "1 byte · Uploaded")
    assert [unquote(name) for name, _ in stored_files(cloud)] == ["trip/note.txt"]


@pytest.mark.thorough
def test_such_a_file_chosen_alone_is_stored(page: Page, cloud: Cloud, tmp_path: Path) -> None:
    open_page(page, cloud)
    page.set_input_files("#files", write_file(tmp_path / "desktop.ini", "[.ShellClassInfo]"))
    expect_status(page, "desktop.ini", "17 bytes · Uploaded")


@pytest.mark.thorough
def test_a_chosen_folder_is_sorted_as_people_sort_names(page: Page, cloud: Cloud, tmp_path: Path) -> None:
    ordered = ["trip/1.txt", "trip/2.txt", "trip/10.txt", "trip/a/1.txt", "trip/B.txt"]
    for name in reversed(ordered):
        write_file(tmp_path / name, name)
    open_page(page, cloud)
    page.set_input_files("#folder", tmp_path / "trip")
    expect(page.locator(".name")).to_have_text(ordered)


def test_cancelled_files_chosen_again_are_sent(page: Page, cloud: Cloud, tmp_path: Path) -> None:
    paths = [write_file(tmp_path / f"{number}.txt", f"file {number}") for number in range(3)]
    cloud.faults.oss_stall_at = 0
    open_page(page, cloud)
    page.set_input_files("#files", paths)
    expect(page.locator(".finishing")).to_have_count(3)
    page.get_by_role("button", name="Cancel all").click()
    expect(page.locator(".cancelled")).to_have_count(3)
    cloud.faults.oss_stall_at = -1
    page.set_input_files("#files", paths[1:])
    expect(page.locator("#summary")).to_have_text("2 of 3 files uploaded · 1 cancelled")
    expect(page.locator("#bar")).to_have_js_property("value", 2 / 3)
    expect(page.locator(".name")).to_have_text(["0.txt", "1.txt", "2.txt"])
    expect(page.locator("#notice")).to_be_empty()
    page.get_by_role("button", name="Retry cancelled").click()
    expect(page.locator("#summary")).to_have_text("All 3 files uploaded")
    assert sorted(stored_files(cloud)) == [(f"{number}.txt", f"file {number}".encode()) for number in range(3)]


def test_a_file_that_failed_is_tried_again_when_it_is_chosen_again(page: Page, cloud: Cloud, tmp_path: Path) -> None:
    path = write_file(tmp_path / "note.txt", "a note")
    cloud.faults.oss_deny_early = True
    open_page(page, cloud)
    page.set_input_files("#files", path)
    expect(page.locator(".failed")).to_have_count(1)
    cloud.faults.oss_deny_early = False
    page.set_input_files("#files", path)
    expect_status(page, "note.txt", "6 bytes · Uploaded")
    expect(page.locator("li")).to_have_count(1)


@pytest.mark.thorough
def test_a_file_that_changed_is_tried_again_when_it_is_chosen_again(page: Page, cloud: Cloud, tmp_path: Path) -> None:
    path = write_file(tmp_path / "note.txt", "as it was")
    open_page(page, cloud)
    page.context.set_offline(True)
    page.set_input_files("#files", path)
    expect_status(page, "note.txt", "9 bytes · Waiting")
    path.write_text("as it is now")
    page.context.set_offline(False)
    expect_status(page, "note.txt", re.compile("Choose it again.$"))
    page.set_input_files("#files", path)
    expect_status(page, "note.txt", "12 bytes · Uploaded")
    assert (page.locator("li").count(), stored_files(cloud)) == (1, [("note.txt", b"as it is now")])
