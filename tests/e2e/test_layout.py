"""Where things are on the page: what there is room for, what stays in view, what is seen without being read."""

from __future__ import annotations

import re

from playwright.sync_api import BrowserContext, Page, expect

from localcloud.dev.cloud import Cloud
from support.page_steps import PIXEL, MakeCloud, choose, expect_status, isolate, open_page


def test_the_drop_zone_is_small_while_there_is_a_list(page: Page, context: BrowserContext, cloud: Cloud) -> None:
    open_page(page, cloud)
    page.set_viewport_size({"width": 360, "height": 640})
    drop = page.locator("#drop")
    height = drop.evaluate("(drop) => drop.offsetHeight")
    choose(page, ("a.txt", "text/plain", b"a"))
    expect(page.locator("#total")).to_be_visible()  # painted together
    assert drop.evaluate("(drop) => drop.offsetHeight") < height / 1.5
    page.get_by_role("button", name="Clear finished").click()
    expect(page.locator("li")).to_have_count(0)
    expect(drop).to_have_css("height", f"{height}px")


COVERED = """(total) => {
    const { activeElement } = total.getRootNode();
    return activeElement.getBoundingClientRect().top < total.getBoundingClientRect().bottom;
}"""


def test_the_summary_stays_in_view_and_never_covers_the_focus(
    page: Page, context: BrowserContext, cloud: Cloud
) -> None:
    open_page(page, cloud)
    page.set_viewport_size({"width": 360, "height": 640})
    choose(page, *((f"{number}.txt", "text/plain", b"x") for number in range(12)))
    expect(page.locator(".done")).to_have_count(12)
    total = page.locator("#total")
    page.get_by_role("button", name=f"Remove {isolate('11.txt')}").focus()
    assert page.evaluate("scrollY") > 300
    assert total.evaluate("(total) => total.getBoundingClientRect().top") == 0
    covered = []
    # Backwards, from the last row's last button to the first row's first.
    for _ in range(2 * 12 - 1):
        page.keyboard.press("Shift+Tab")
        covered.append(total.evaluate(COVERED))
    expect(page.get_by_role("button", name=f"Copy where {isolate('0.txt')} is stored")).to_be_focused()
    assert covered == [False] * 23


GLYPHS = """(rows) => [...rows.querySelectorAll("li")].map((row) => [
    row.className, getComputedStyle(row.querySelector(".square"), "::after").content,
])"""

TINTS = """(rows) => [...rows.querySelectorAll("li")].map((row) => getComputedStyle(row).backgroundColor)"""

HEIGHTS = """(rows) => [...rows.querySelectorAll("li:not(.failed)")].map((row) => row.offsetHeight)"""


def test_what_has_become_of_a_file_is_seen_by_its_shape_and_its_rows_tint(page: Page, cloud: Cloud) -> None:
    open_page(page, cloud)
    choose(page, ("a.txt", "text/plain", b"a"))
    expect(page.locator(".done")).to_have_count(1)
    cloud.faults.oss_stall_at = 0
    choose(page, ("b.html", "text/html", b"b"), ("c.txt", "text/plain", b"c"), ("README", "text/plain", b"d"))
    expect(page.locator(".finishing")).to_have_count(2)
    page.get_by_role("button", name=f"Cancel {isolate('README')}").click()
    expect(page.locator(".cancelled")).to_have_count(1)
    shapes = [["done", '"✓"'], ["failed", '"✕"'], ["finishing", '"○"'], ["cancelled", '"–"']]
    assert page.locator("#rows").evaluate(GLYPHS) == shapes
    expect(page.locator(".square:not([aria-hidden=true])")).to_have_count(0)
    assert len(set(page.locator("#rows").evaluate(TINTS))) == 4
    # No row moves when progress is shown.
    assert len(set(page.locator("#rows").evaluate(HEIGHTS))) == 1


SHEETS = """(all) => all.map((one) => getComputedStyle(one, "::before").content)"""


HUES = """(all) => all.map((one) => one.style.getPropertyValue("--hue"))"""


def test_a_file_is_known_by_its_extension_and_its_colour_or_by_a_sheet_of_paper(page: Page, cloud: Cloud) -> None:
    open_page(page, cloud)
    choose(page, ("a.PDF", "application/pdf", b"a"), ("a.xyz", "text/plain", b"b"), ("README", "text/plain", b"c"))
    expect(page.locator(".done")).to_have_count(3)
    assert page.locator(".thumb").evaluate_all(SHEETS) == ["none", "none", '""']
    assert page.locator(".thumb").evaluate_all(HUES) == ["25", "", ""]


BUTTONS_ON_IT = """(picture) => {
    const { right, bottom } = picture.getBoundingClientRect();
    const boxes = [...picture.closest("li").querySelectorAll("button")].map((each) => each.getBoundingClientRect());
    return boxes.map((box) => box.right < right + 1 && box.bottom < bottom);
}"""


def test_pictures_are_large_on_request_and_stay_so(page: Page, cloud: Cloud) -> None:
    open_page(page, cloud)
    picture, rows = ("a.png", "image/png", PIXEL), page.locator("#rows")
    choose(page, ("b.txt", "text/plain", b"b"), ("c.txt", "text/plain", b"c"))
    expect(page.locator(".done")).to_have_count(2)
    switch = page.get_by_role("button", name="Large pictures")
    expect(switch).to_have_count(0)
    choose(page, picture)
    expect(switch).to_have_attribute("aria-pressed", "false")
    side = page.locator("li img").bounding_box()["width"]  # type: ignore[index]
    switch.click()
    assert page.locator("li img").bounding_box()["width"] > 3 * side  # type: ignore[index]
    # The buttons take no room of their own.
    assert page.locator(".thumb", has=page.locator("img")).evaluate(BUTTONS_ON_IT) == [True, True]
    page.reload()
    choose(page, ("b.txt", "text/plain", b"b"), picture)
    expect(switch).to_have_attribute("aria-pressed", "true")
    expect(rows).to_have_class("large")
    page.get_by_role("button", name=f"Remove {isolate('a.png')}").click()
    # Without pictures there is nothing to be large, and no way back.
    expect(switch).to_be_hidden()
    expect(rows).not_to_have_class("large")


def test_the_bar_shows_how_many_failed(page: Page, cloud: Cloud) -> None:
    open_page(page, cloud)
    choose(page, *((name, "text/html", b"x") for name in ("a.html", "b.html")))
    choose(page, *((name, "text/plain", b"x") for name in ("a.txt", "b.txt", "c.txt")))
    expect(page.locator("#summary")).to_have_text("3 of 5 files uploaded · 2 failed")
    widths = page.locator(".track").evaluate(
        "(track) => [...track.children].map((part) => Math.round(100 * part.offsetWidth / track.offsetWidth))"
    )
    assert widths == [60, 40]


TOPS = "(buttons) => buttons.map((button) => button.getBoundingClientRect().top)"


def test_on_a_phone_the_buttons_take_one_line_in_each_language(
    page: Page, context: BrowserContext, cloud: Cloud
) -> None:
    page.set_viewport_size({"width": 360, "height": 640})
    open_page(page, cloud)
    choose(page, ("a.txt", "text/plain", b"a"))
    expect(page.locator(".done")).to_have_count(1)
    cloud.faults.oss_deny_early = True
    choose(page, ("b.txt", "text/plain", b"b"))
    expect(page.locator(".failed")).to_have_count(1)
    languages = page.locator("#language option").evaluate_all("(options) => options.map(({ value }) => value)")
    lines = []
    for language in languages:
        page.locator("#language").select_option(language)
        expect(page.locator("#uploader")).to_have_attribute("lang", language)
        buttons = page.locator("#total .choices button:visible")
        expect(buttons).to_have_count(3)
        lines.append((len(set(buttons.evaluate_all(TOPS))), page.evaluate("document.documentElement.scrollWidth")))
    assert lines == [(1, 360)] * 8


NAMES = [
    "a.txt",
    "two  spaces at its end .txt",
    "A report of everything that happened, revised " * 4 + "v12.txt",
    "二〇二六年第三季度报告" * 8 + "终稿.txt",
    "تقرير" * 30 + ".txt",
    "<b>no extension</b>" * 8,
    "MMMMMMMM" * 8 + "MMMM.WMV",
]

IN_VIEW = """(names) => names.map((name) => {
    const line = name.getBoundingClientRect();
    const end = document.createRange();
    end.selectNodeContents(name.lastChild);
    const { left, right, height } = end.getBoundingClientRect();
    return [left >= line.left && right <= line.right + 0.5 && height > 0, line.height < 30];
})"""


def test_a_long_name_takes_one_line_and_keeps_its_extension(page: Page, context: BrowserContext, cloud: Cloud) -> None:
    open_page(page, cloud)
    page.set_viewport_size({"width": 360, "height": 640})
    choose(page, *((name, "text/plain", name.encode()) for name in NAMES))
    expect(page.locator(".name span")).to_have_count(len(NAMES))
    names = page.locator("bdi.name")
    assert names.evaluate_all(IN_VIEW) == [[True, True]] * len(NAMES)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    # All of it is there to be read, and to be copied without a line break.
    whole = names.evaluate_all("(names) => names.map((name) => [name.innerText, name.title])")
    assert whole == [[name, name] for name in NAMES]


CHUNKS = """(rows) => [...rows.children].map((chunk) => [
    chunk.childElementCount, chunk.style.getPropertyValue("--rows"), getComputedStyle(chunk).contentVisibility,
])"""


def test_rows_are_in_chunks_that_browsers_can_skip(page: Page, cloud_with: MakeCloud) -> None:
    """What a hundred and thirty files show, which all are refused, is in three; removed rows leave none empty."""
    open_page(page, cloud_with(CONTENT_TYPES="image/png"))
    choose(page, *((f"{number}.html", "text/html", b"x") for number in range(130)))
    expect(page.locator("li.failed")).to_have_count(130)
    expect(page.locator("#alert-announcer")).to_have_text(
        "130 files: Files of this type are not allowed. Choose another file."
    )
    chunks = page.locator("#rows").evaluate(CHUNKS)
    assert chunks == [[60, "60", "visible"], [60, "60", "auto"], [10, "10", "auto"]]
    expect(page.locator("#causes p").first).to_have_text(
        "130 files: Files of this type are not allowed. Choose another file."
    )
    page.get_by_role("button", name="Clear finished").click()
    expect(page.locator("#total")).to_be_hidden()
    assert page.locator("#rows").evaluate(CHUNKS) == []


def test_many_files_can_be_filtered(page: Page, cloud: Cloud) -> None:
    open_page(page, cloud)
    choose(page, *((f"{number}.txt", "text/plain", b"x") for number in range(10)))
    expect(page.locator(".done")).to_have_count(10)
    expect(page.locator("#filter")).to_have_count(0)
    choose(page, *((f"{number}.html", "text/html", b"x") for number in range(2)))
    chosen = page.locator("#filter [aria-pressed=true]")
    expect(chosen).to_have_text("All 12")
    expect(page.locator("#filter button:visible")).to_have_text(["All 12", "Failed 2", "Uploaded 10"])
    page.get_by_role("button", name="Failed 2").click()
    expect(chosen).to_have_text("Failed 2")
    expect(page.locator("li:visible .name")).to_have_text(["0.html", "1.html"])
    page.get_by_role("button", name=f"Remove {isolate('0.html')}").click()
    # What has the focus stays.
    expect(page.get_by_role("button", name=f"Remove {isolate('1.html')}")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("li:visible")).to_have_count(10)


def test_all_can_be_paused(page: Page, cloud: Cloud) -> None:
    cloud.faults.oss_stall_at = 0
    open_page(page, cloud)
    choose(page, *((f"{number}.txt", "text/plain", b"x") for number in range(6)))
    expect(page.locator(".finishing")).to_have_count(4)
    page.get_by_role("button", name="Pause all").click()
    expect(page.locator("#summary")).to_have_text(re.compile("^Paused · 0 of 6 files"))
    page.get_by_role("button", name=f"Cancel {isolate('0.txt')}").click()
    expect(page.locator(".cancelled")).to_have_count(1)
    expect(page.locator(".waiting")).to_have_count(2)
    page.get_by_role("button", name="Resume all").click()
    expect(page.locator(".finishing")).to_have_count(4)
    expect(page.locator(".waiting")).to_have_count(1)


def test_cancelling_many_files_is_asked_about(page: Page, cloud: Cloud) -> None:
    cloud.faults.oss_stall_at = 0
    open_page(page, cloud)
    choose(page, *((f"{number}.txt", "text/plain", b"x") for number in range(21)))
    expect(page.locator(".finishing")).to_have_count(4)
    cancel = page.locator("#cancel")
    cancel.click()
    expect(page.get_by_role("dialog", name="Cancel 21 uploads?")).to_be_visible()
    expect(page.get_by_role("button", name="Keep uploading")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.locator(".cancelled")).to_have_count(0)
    cancel.click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel all").click()
    expect(page.locator(".cancelled")).to_have_count(21)


def test_a_question_is_written_in_the_direction_of_its_language(page: Page, cloud: Cloud) -> None:
    cloud.faults.oss_stall_at = 0
    open_page(page, cloud)
    page.locator("#language").select_option("ar")
    choose(page, *((f"{number}.txt", "text/plain", b"x") for number in range(21)))
    expect(page.locator(".finishing")).to_have_count(4)
    # As on a page of another language.
    page.evaluate("document.documentElement.dir = 'ltr'")
    page.locator("#cancel").click()
    expect(page.locator("dialog h2")).to_have_text("إلغاء 21 عملية رفع؟")
    expect(page.locator("dialog")).to_have_css("direction", "rtl")


def test_each_button_says_what_it_does(page: Page, cloud: Cloud) -> None:
    open_page(page, cloud)
    choose(page, ("a.txt", "text/plain", b"a"), ("b.html", "text/html", b"b"))
    expect(page.locator(".done")).to_have_count(1)
    cloud.faults.oss_stall_at = 0
    choose(page, ("c.txt", "text/plain", b"c"))
    expect(page.locator(".finishing")).to_have_count(1)
    buttons = page.locator("li button")
    stored, failed, waiting = [isolate(name) for name in ("a.txt", "b.html", "c.txt")]
    labels = [f"Copy where {stored} is stored", f"Remove {stored} from the list. The file stays stored."]
    labels += [f"Remove {failed} from the list", f"Cancel {waiting}"]
    assert buttons.evaluate_all("(buttons) => buttons.map(({ title }) => title)") == labels
    for button, label in zip(buttons.all(), labels, strict=True):
        expect(button).to_have_accessible_name(label)


def test_a_refused_name_shows_the_characters_that_nobody_sees(page: Page, cloud: Cloud) -> None:
    open_page(page, cloud)
    choose(page, ("gnp\u202eexe.png", "image/png", b"x"))
    expect_status(page, "gnpU+202Eexe.png", re.compile("name cannot be used"))
    expect(page.locator("mark")).to_have_text(["U+202E"])


LINE_BREAKS = """async (place, language) => {
    const text = (await (await fetch(`${language}.json`)).json()).slow_line;
    place.textContent = text;
    const topOf = (at) => {
        const range = document.createRange();
        range.setStart(place.firstChild, at);
        range.setEnd(place.firstChild, at + 1);
        return range.getBoundingClientRect().top;
    };
    const breaks = [];
    for (let width = 100; width < 300; width += 10) {
        place.style.width = `${width}px`;
        for (let at = 1; at < text.length; at++) {
            topOf(at) > topOf(at - 1) && breaks.push(text.slice(at - 1, at + 1));
        }
    }
    return breaks;
}"""


def test_no_line_ends_within_a_korean_word_or_begins_with_a_small_kana(page: Page, cloud: Cloud) -> None:
    open_page(page, cloud)
    breaks = {}
    for language in ("ko", "ja"):
        page.locator("#language").select_option(language)
        expect(page.locator("#uploader")).to_have_attribute("lang", language)
        breaks[language] = page.locator("#rules").evaluate(LINE_BREAKS, language)
    assert {pair[0] for pair in breaks["ko"]} == {" "}
    assert {pair[1] for pair in breaks["ja"]} & set("ァィッャュョー") == set()
    assert breaks["ja"] != []


def test_printed_it_is_a_receipt(page: Page, context: BrowserContext, cloud: Cloud) -> None:
    open_page(page, cloud)
    choose(page, ("a.png", "image/png", PIXEL), ("b.html", "text/html", b"b"))
    expect(page.locator("#summary")).to_have_text("1 of 2 files uploaded · 1 failed")
    expect(page.get_by_role("button", name="Large pictures")).to_be_visible()
    key = page.locator(".stored")
    expect(key).to_be_hidden()
    page.emulate_media(media="print")
    expect(key).to_have_text(cloud.bucket.objects()[0].key)
    expect(key).to_be_visible()
    expect(page.locator(".status").last).to_be_visible()
    shown = page.locator("button:visible, input:visible, select:visible, summary:visible, progress:visible")
    expect(shown).to_have_count(0)
