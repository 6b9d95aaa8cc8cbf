"""Tests content types: the type of a file, the words that allow types, and that no allowed type runs."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from direct_upload import content_types
from direct_upload.content_types import accept_list, find_type, folder_form_types, narrow, parse, part_types
from direct_upload.known_types import ACTIVE_EXTENSIONS, BYTES, TYPES

ALL = content_types.DEFAULT


@pytest.mark.parametrize(
    ("declared", "filename", "expected"),
    [
        # As it is declared.
        ("image/png", "a.png", "image/png"),
        ("image/png", "CUBE.STL", "image/png"),
        ("application/pdf", "contract", "application/pdf"),
        (" Text/Plain;charset=UTF-8", "a", "text/plain"),
        ("video/webm;codecs=vp9,opus", "recording", "video/webm"),
        ("audio/webm;codecs=opus", "voice.webm", "audio/webm"),
        # By another name of the type.
        ("image/jpg", "a", "image/jpeg"),
        ("audio/x-wav", "a", "audio/wav"),
        ("audio/vnd.wave", "a", "audio/wav"),
        ("video/matroska", "a", "video/x-matroska"),
        ("audio/x-m4a", "a", "audio/mp4"),
        ("application/x-zip-compressed", "a", "application/zip"),
        ("application/x-rar-compressed", "a", "application/vnd.rar"),
        ("text/x-log", "a", "text/plain"),
        # A name of several types, and the extension between them.
        ("application/vnd.ms-excel", "a.csv", "text/csv"),
        ("application/vnd.ms-excel", "a.xls", "application/vnd.ms-excel"),
        ("application/vnd.ms-excel", "a", "application/vnd.ms-excel"),
        ("video/ogg", "a.ogg", "audio/ogg"),
        ("application/ogg", "a.ogg", "audio/ogg"),
        ("video/ogg", "a.ogv", "video/ogg"),
        ("video/mp4", "a.m4a", "audio/mp4"),
        ("video/mpeg", "a.mpg", "video/mpeg"),
        # By the extension.
        ("", "CUBE.STL", "model/stl"),
        ("application/octet-stream", "CUBE.STL", "model/stl"),
        ("application/x-nobody-knows-it", "CUBE.STL", "model/stl"),
        ("image/*", "a.jpg", "image/jpeg"),
        ("jpg", "a.jpg", "image/jpeg"),
        ("", "backup.tar.gz", "application/gzip"),
        ("", "drawings/a.b/plan.dwg", "image/vnd.dwg"),
        ("", "drawings\\plan.dwg", "image/vnd.dwg"),
        # Bytes.
        ("", "a", BYTES),
        ("", "a.nobody-knows-it", BYTES),
        ("", "png", BYTES),
        ("", "x.png/a", BYTES),
        ("", "x.png\\a", BYTES),
        ("", "a.png.", BYTES),
        ("application/x-msdownload", "setup.exe", BYTES),
        ("", "setup.exe", BYTES),
        ("application/xml", "invoice.xml", BYTES),
        ("", "invoice.xml", BYTES),
        ("application/postscript", "a.eps", BYTES),
        ("application/postscript", "a.ai", "application/illustrator"),
        ("text/x-python", "a.py", BYTES),
        ("", "a.py", BYTES),
        # What every browser runs.
        ("text/html", "a.html", None),
        ("text/html", "a.png", None),
        ("TEXT/HTML; charset=utf-8", "a", None),
        ("", "a.HTML", None),
        ("application/octet-stream", "a.html", None),
        ("application/x-nobody-knows-it", "a.svg", None),
        ("image/svg+xml", "a.svg", None),
        ("text/javascript", "a.js", None),
        ("application/x-javascript", "a.js", None),
        ("application/xhtml+xml", "a.xhtml", None),
    ],
)
def test_the_type_of_a_file_where_every_known_type_is_allowed(
    declared: str, filename: str, expected: str | None
) -> None:
    assert find_type(declared, filename, ALL) == expected


@pytest.mark.parametrize(
    ("words", "declared", "filename", "expected"),
    [
        ("model/stl=stl", "", "CUBE.STL", "model/stl"),
        ("model/stl=stl", "application/vnd.ms-pki.stl", "CUBE.STL", "model/stl"),
        ("model/stl", "application/pdf", "CUBE.STL", None),
        ("image/png", "", "a.png", "image/png"),
        ("image/png", "", "a.jpg", None),
        ("image/png", "image/jpeg", "a.png", None),
        ("image/png", "text/html", "a.png", None),
        ("image/png", "image/x-whatever", "a.png", "image/png"),
        ("image/png", "image/x-whatever", "a", None),
        ("image/png", "", "a", None),
        ("image/png", "image/png", "a.html", "image/png"),
        ("text/csv", "application/vnd.ms-excel", "a.csv", "text/csv"),
        ("text/csv", "application/vnd.ms-excel", "a.xls", None),
        ("text/csv", "application/vnd.ms-excel", "a", None),
        ("audio/mpeg", "video/mpeg", "film.mpg", None),
        (f"image/png,{BYTES}", "application/pdf", "a.pdf", BYTES),
        (f"image/png,{BYTES}", "", "a.pdf", BYTES),
        (f"image/png,{BYTES}", "text/html", "a.png", None),
        # What a deployment adds itself.
        ("chemical/x-mine=bin", "chemical/x-mine", "a.mine", "chemical/x-mine"),
        ("chemical/x-mine=bin", "", "a.mine", None),
        ("image/png=apng", "", "a.apng", "image/png"),
        ("image/png=apng", "image/apng", "a.apng", "image/png"),
        ("image/png=apng", "image/png", "a.png", "image/png"),
    ],
)
def test_the_type_of_a_file_where_some_are_allowed(
    words: str, declared: str, filename: str, expected: str | None
) -> None:
    assert find_type(declared, filename, parse(words)) == expected


@pytest.mark.any_python
@for_all(
    st.sampled_from(["", "text/html", "image/svg+xml", "image/png", "image/jpg", "x/y", BYTES]) | st.text(),
    st.text() | st.sampled_from(["a.html", "a.png", "a.svg", "a.exe"]),
    st.sets(st.sampled_from(list(ALL))),
)
def test_whatever_is_declared_the_type_is_an_allowed_one_or_none(declared: str, filename: str, names: set[str]) -> None:
    allowed = {name: ALL[name] for name in names}
    assert find_type(declared, filename, allowed) in {*allowed, None}


@pytest.mark.parametrize("extension", sorted({each for extensions, _ in TYPES.values() for each in extensions.split()}))
def test_whichever_of_its_names_a_browser_has_a_file_is_of_the_same_type(extension: str) -> None:
    [known] = [name for name, (extensions, _) in TYPES.items() if extension in extensions.split()]
    names = [known, *TYPES[known][1].split(), "", BYTES, "application/x-nobody-knows-it"]
    assert {find_type(name, f"a.{extension}", ALL) for name in names} == {known}
    assert {find_type(name, f"a.{extension}", {known: ALL[known]}) for name in names} == {known}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("image/png, image/JPEG", {"image/png": "png", "image/jpeg": "jpg"}),
        ("model/stl", {"model/stl": "stl"}),
        ("model/stl=stl,", {"model/stl": "stl"}),
        ("image/jpg, image/jpeg", {"image/jpeg": "jpg"}),
        ("image/jpg=jpeg", {"image/jpeg": "jpeg"}),
        ("audio/x-m4a", {"audio/mp4": "m4a"}),
        ("application/vnd.ms-excel", {"application/vnd.ms-excel": "xls"}),
        (".STL, .jpeg", {"model/stl": "stl", "image/jpeg": "jpg"}),
        ("application/x-mine=bin", {"application/x-mine": "bin"}),
        ("font/*", {f"font/{each}": each for each in ("ttf", "otf", "woff", "woff2")} | {"font/collection": "ttc"}),
        (
            "font/otf=ttf, font/*",
            {
                "font/ttf": "ttf",
                "font/otf": "ttf",
                "font/collection": "ttc",
                "font/woff": "woff",
                "font/woff2": "woff2",
            },
        ),
    ],
)
def test_types_are_allowed_by_their_names_by_groups_and_by_extensions(text: str, expected: dict[str, str]) -> None:
    assert parse(text) == expected


def test_no_group_lets_everything_in() -> None:
    assert BYTES not in parse("application/*")
    assert "image/svg+xml" not in parse("image/*")


RUNS = (
    *(
        "exe",
        "com",
        "bat",
        "cmd",
        "scr",
        "pif",
        "cpl",
        "msi",
        "msp",
        "msix",
        "appx",
        "appinstaller",
        "application",
        "gadget",
    ),
    *(
        "ps1",
        "psm1",
        "psd1",
        "vbs",
        "vbe",
        "js",
        "jse",
        "mjs",
        "ws",
        "wsf",
        "wsc",
        "wsh",
        "hta",
        "sct",
        "inf",
        "reg",
        "msc",
    ),
    *("lnk", "url", "scf", "desktop", "webloc", "library-ms", "search-ms", "settingcontent-ms", "diagcab", "theme"),
    *(
        "sh",
        "bash",
        "zsh",
        "csh",
        "fish",
        "py",
        "pyw",
        "pyc",
        "rb",
        "pl",
        "php",
        "phtml",
        "jsp",
        "jspx",
        "asp",
        "aspx",
        "cgi",
    ),
    *(
        "jar",
        "jnlp",
        "class",
        "war",
        "apk",
        "ipa",
        "deb",
        "rpm",
        "run",
        "appimage",
        "app",
        "pkg",
        "dmg",
        "iso",
        "img",
        "vhd",
    ),
    *("vhdx", "command", "tool", "workflow", "action", "terminal", "scpt", "applescript", "mobileconfig", "crx", "xpi"),
    *(
        "docm",
        "dotm",
        "xlsm",
        "xltm",
        "xlsb",
        "xlam",
        "xll",
        "pptm",
        "potm",
        "ppam",
        "ppsm",
        "sldm",
        "iqy",
        "slk",
        "one",
    ),
    *("accdb", "mdb", "ade", "adp", "pub", "chm", "hlp", "swf", "html", "htm", "xhtml", "mht", "mhtml", "svg", "svgz"),
    *(
        "xml",
        "xsl",
        "xslt",
        "rdf",
        "xul",
        "htc",
        "ps",
        "eps",
        "cer",
        "crt",
        "pfx",
        "p12",
        "dll",
        "sys",
        "ocx",
        "so",
        "dylib",
    ),
    *(
        "pkl",
        "rds",
        "rdata",
        "pt",
        "eml",
        "rdp",
        "ica",
        "vcxproj",
        "csproj",
        "sln",
        "mof",
        "osd",
        "tmp",
        "xyzzy",
        "a/b",
        "",
    ),
)


@pytest.mark.parametrize("extension", RUNS)
def test_no_type_gets_an_extension_that_is_not_known_to_be_harmless(extension: str) -> None:
    with pytest.raises(ValueError, match=r"^'text/plain=.*' (would store files under|needs) an extension"):
        parse(f"text/plain={extension}")
    with pytest.raises(ValueError, match=r"^'\..*'"):
        parse(f".{extension}")


def test_no_known_type_runs_in_a_browser() -> None:
    assert [name for name in TYPES if not content_types.is_inert(name) or name.endswith(("+xml", "/xml"))] == []


def test_the_known_types_do_not_contradict_each_other() -> None:
    extensions = [each for known, _ in TYPES.values() for each in known.split()]
    assert len(extensions) == len(set(extensions))
    assert not ACTIVE_EXTENSIONS.intersection(extensions)
    names = [*TYPES, *(each for _, others in TYPES.values() for each in others.split())]
    assert [name for name in names if not re.fullmatch(r"[a-z]+/[a-z0-9.+_-]+", name)] == []


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (["image/jpg"], ["image/jpeg"]),
        (["IMAGE/*"], ["image/jpeg", "image/png"]),
        ([".stl", ".PNG"], ["image/png", "model/stl"]),
        (["application/*"], ["application/x-mine"]),
        (["application/x-mine=bin"], ["application/x-mine"]),
        (["image/png=exe"], ["image/png"]),
        ([BYTES], [BYTES]),
        (["image/gif", "text/html", "*/*", "*", ".html", ".bin", ".", "", "/*", "=", "png"], []),
    ],
)
def test_a_claim_narrows_in_the_same_words_and_never_widens(claim: list[str], expected: list[str]) -> None:
    allowed = parse(f"image/jpeg,image/png,model/stl,application/x-mine=bin,{BYTES}")
    assert list(narrow(allowed, claim)) == expected


@for_all(st.lists(st.text() | st.sampled_from([*ALL, "image/*", "application/*", ".png", ".html", "image/jpg"])))
def test_whatever_a_claim_says_nothing_is_added(claim: list[str]) -> None:
    allowed = {name: ALL[name] for name in ("image/png", "model/stl", BYTES)}
    assert narrow(allowed, claim).items() <= allowed.items()


@for_all(
    st.text() | st.lists(st.sampled_from(["image/png", "image/*", ".stl", "x/y=bin", "x/y", "=", " "])).map(",".join)
)
def test_whatever_is_set_is_a_set_of_harmless_types_or_a_fault(text: str) -> None:
    try:
        types = parse(text)
    except ValueError:
        return
    assert types
    assert all(content_types.is_inert(name) for name in types)
    assert set(types.values()) <= {each for extensions, _ in TYPES.values() for each in extensions.split()}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("image/png", ["image/png", "image/x-png", ".png"]),
        ("model/3mf=3mf,application/x-mine=bin", None),
        ("text/csv", ["text/csv", "application/csv", "text/x-csv", "text/comma-separated-values", ".csv"]),
        (f"image/png,{BYTES}", []),
    ],
)
def test_what_an_input_offers(words: str, expected: Any) -> None:
    if expected is None:
        expected = [
            *("model/3mf", "application/vnd.ms-3mfdocument", "application/vnd.ms-package.3dmanufacturing-3dmodel+xml"),
            *(".3mf", "application/x-mine", ".bin"),
        ]
    assert accept_list(parse(words)) == expected


def test_a_folder_form_names_the_most_usual_types_as_far_as_there_is_room() -> None:
    allowed = ("image/png", "model/3mf", "text/csv", "image/gif")
    png, model = ["image/png", "image/x-png"], ["model/3mf", "application/vnd.ms-3mfdocument"]
    csv = ["text/csv", "application/csv", "text/x-csv", "text/comma-separated-values"]
    assert folder_form_types(allowed, 1000) == (list(allowed), [*png, *model, *csv, "image/gif"])
    assert folder_form_types(allowed, 120) == (["image/png", "model/3mf"], [*png, *model])
    assert folder_form_types(allowed, 1) == (["image/png"], png)


def test_a_folder_form_takes_nothing_active_and_no_type_beside_the_allowed() -> None:
    for name in ALL:
        _, names = folder_form_types((name,), 10**6)
        assert names[0] == name
        assert [each for each in names[1:] if each in ALL or not content_types.is_inert(each)] == []


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("image/jpeg", ("image/jpeg", "image/jpg", "image/pjpeg", "application/octet-stream")),
        ("image/gif", ("image/gif", "application/octet-stream")),
        ("application/octet-stream", ("application/octet-stream",)),
        ("chemical/x-mine", ("chemical/x-mine", "application/octet-stream")),
        ("model/3mf", ("model/3mf", "application/vnd.ms-3mfdocument", "application/octet-stream")),
    ],
)
def test_under_which_types_a_file_may_be_posted(content_type: str, expected: tuple[str, ...]) -> None:
    assert part_types(content_type) == expected


def test_a_file_is_posted_under_no_active_type() -> None:
    assert [
        each for name in ALL for each in part_types(name) if each != name and not content_types.is_inert(each)
    ] == []
