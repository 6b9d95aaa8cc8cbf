"""Real files are never accused, programs are; what nobody can tell is left open."""

from __future__ import annotations

import base64
import gzip
import io
import json
import random
import zipfile
import zlib
from importlib.metadata import distributions
from pathlib import Path
from typing import NamedTuple

import pytest

from direct_upload import content_types
from direct_upload.known_types import TYPES
from upload_callback.content_check import ALWAYS, TEXTS, USUALLY, Contents, compare

VECTORS = Path(__file__).parents[2] / "vectors" / "contents.json"
BYTES = "application/octet-stream"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


class RealFile(NamedTuple):
    """The beginning of a file that a tool made or a package ships."""

    name: str
    type: str
    head: bytes


REAL = [
    RealFile(each["name"], each["type"], zlib.decompress(base64.b64decode(each["head"])))
    for each in json.loads(VECTORS.read_text(encoding="utf-8"))["files"]
]


def zip_of(*names: str) -> bytes:
    """Returns the beginning of an archive with these entries, in this order; those that end in a slash are folders."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, b"")
    return file.getvalue()[:4096]


EXE = b"MZ" + b"\0" * 58 + (128).to_bytes(4, "little") + b"\x0e\x1f\xba\x0e" * 16 + b"PE\0\0" + b"d\x86" + b"\0" * 200
PROGRAMS = {
    "exe": (EXE, "application/vnd.microsoft.portable-executable"),
    "exe without a NUL in its header": (
        b"MZ" + b"A" * 58 + (0x01010104).to_bytes(4, "little"),
        "application/x-dosexec",
    ),
    "exe of DOS": (b"MZ" + b"\0" * 100, "application/x-dosexec"),
    "elf": (b"\x7fELF\x02\x01\x01" + b"\0" * 60, "application/x-executable"),
    "mach-o": (b"\xcf\xfa\xed\xfe\x07\0\0\x01" + b"\0" * 60, "application/x-mach-binary"),
    "mach-o of two kinds": (b"\xca\xfe\xba\xbe\0\0\0\x02" + b"\0" * 60, "application/x-mach-binary"),
    "class": (b"\xca\xfe\xba\xbe\0\0\0\x41" + b"\0" * 60, "application/java-vm"),
    "script": (b"#!/bin/sh\nrm -rf ~\n", "text/x-script"),
    "script for env": (b"\xef\xbb\xbf#! /usr/bin/env python3\n", "text/x-script"),
    "php": (b"<?php system($_GET[0]);", "text/x-script"),
    "jar": (zip_of("META-INF/", "META-INF/MANIFEST.MF", "Main.class"), "application/java-archive"),
    "apk": (
        zip_of("META-INF/com/android/build/gradle/app-metadata.properties", "classes.dex"),
        "application/java-archive",
    ),
    "flash": (b"CWS\x0a\xee\x1c\x02\0x\xda", "application/x-shockwave-flash"),
    "extension": (b"Cr24\3\0\0\0\x45\x02\0\0", "application/x-google-chrome-extension"),
    "shortcut": (b"L\0\0\0\x01\x14\x02\0" + b"\0" * 60, "application/x-ms-shortcut"),
}
PAGE = b"\n <!-- a --><!DOCTYPE html><script>alert(1)</script>"


def test_no_real_file_is_accused() -> None:
    print(f"{len(REAL)} real files of {len({each.type for each in REAL})} types")  # noqa: T201 - shown by pytest -s
    assert len(REAL) >= 200
    assert [each.name for each in REAL if compare(each.type, each.head).type_matches is False] == []


@pytest.mark.parametrize("name", sorted(ALWAYS.keys() & {each.type for each in REAL}))
def test_a_real_file_with_a_signature_is_confirmed(name: str) -> None:
    assert [each.name for each in REAL if each.type == name and compare(name, each.head).type_matches is not True] == []


@pytest.mark.parametrize("name", ["image/png", "image/jpeg", "application/pdf", "application/zip", "image/heic", DOCX])
def test_a_real_file_of_another_family_is_accused(name: str) -> None:
    family = ALWAYS[name]
    others = [each for each in REAL if each.type in ALWAYS and not family & ALWAYS[each.type]]
    assert len(others) > 50
    assert [each.name for each in others if compare(name, each.head).type_matches is not False] == []


def test_no_file_that_an_installed_package_ships_is_accused() -> None:
    files = {Path(str(file.locate())) for each in distributions() for file in each.files or () if file.suffix}
    typed = {file: content_types.find_type("", file.name, content_types.DEFAULT) or BYTES for file in files}
    judged = {file: name for file, name in typed.items() if name != BYTES and file.is_file()}
    print(f"{len(judged)} files of installed packages, of {len({*judged.values()})} types")  # noqa: T201 - shown by pytest -s
    accused = [file for file, name in judged.items() if compare(name, _read_head(file)).type_matches is False]
    assert accused == []


def _read_head(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(4096)


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize(
    "name", ["image/png", "text/plain", "text/csv", "application/json", "model/stl", "video/mp4", "chemical/x-mine"]
)
def test_a_program_is_named_under_every_type(program: str, name: str) -> None:
    head, detected = PROGRAMS[program]
    assert compare(name, head) == Contents(detected, type_matches=False)


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_type_that_claims_nothing_is_not_wrong(program: str) -> None:
    head, detected = PROGRAMS[program]
    assert compare(BYTES, head) == Contents(detected, type_matches=None)


# The type, the first bytes, what they are, whether that matches.
CASES: list[tuple[str, str, bytes, str | None, bool | None]] = [
    ("nothing", "image/png", b"", None, None),
    ("one byte", "image/png", b"\x89", None, False),
    ("noise", "image/png", b"\x01\x02\x03\x04" * 9, None, False),
    ("a page as a picture", "image/png", PAGE, "text/html", False),
    ("a page as a table", "application/vnd.ms-excel", PAGE, "text/html", False),
    ("a page as data", "application/json", PAGE, "text/html", False),
    ("a page's source", "text/plain", PAGE, "text/html", None),
    ("a drawing as text", "text/csv", b"<?xml version='1.0'?>\n<svg onload=alert(1)>", "text/html", False),
    ("letters MZ", "text/csv", b"MZ,Intensity\n1,2\n", None, None),
    ("letters FWS", "text/plain", b"FWS counts birds in May.\n", None, None),
    ("letters CWS and a line", "text/csv", b"CWS,kg\n\t1\n", None, None),
    ("letters Cr24", "text/csv", b"Cr24,Fe56\n1,2\n", None, None),
    ("a program of a type for it", "application/wasm", b"\0asm\1\0\0\0", "application/wasm", True),
    ("a package of a type for it", "application/x-deb", b"!<arch>\ndebian-binary   1", "application/x-deb", True),
    ("letters BM", "text/plain", b"BM is a company", None, None),
    ("letters %PDF- in a text", "text/plain", b"A file begins with %PDF-1.7.", None, None),
    ("a PDF as text", "text/plain", b"%PDF-1.7\n1 0 obj\n", "application/pdf", False),
    ("UTF-16", "text/plain", "\ufeffMZ 中文".encode("utf-16-le"), None, None),
    ("UTF-16 without a mark", "text/csv", "MZ,a".encode("utf-16-le"), None, None),
    ("an archive as a table", "text/csv", b"PK\x03\x04\x14\0\0\0" + b"\0" * 60, "application/zip", False),
    ("text", "text/csv", b"a,b\n1,2\n", None, None),
    ("a PDF after junk", "application/pdf", b"\r\nX: y\r\n%PDF-1.4\n", "application/pdf", True),
    ("a program with a PDF in it", "application/pdf", EXE[:60] + EXE[60:] + b"%PDF-1.4", "application/vnd.microsoft.portable-executable", False),
    ("a PDF with an archive behind it", "application/pdf", b"%PDF-1.4\nPK\x03\x04", "application/pdf", True),
    ("a picture with a program behind it", "image/gif", b"GIF89a\x01\0\x01\0\0\0\0;" + EXE, "image/gif", True),
    ("a document with a password", DOCX, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "application/x-ole-storage", True),
    ("Java as a document", DOCX, b"PK\x03\x04" + b"\0" * 26 + b"META-INF/MANIFEST.MF", "application/java-archive", False),
    ("Java as a document, its manifest later", DOCX, zip_of("META-INF/", "META-INF/MANIFEST.MF"), "application/java-archive", False),
    ("a book whose entries are in disorder", "application/epub+zip", zip_of("META-INF/", "META-INF/container.xml"), "application/zip", True),
    ("Java as an archive", "application/zip", b"PK\x03\x04" + b"\0" * 26 + b"META-INF/MANIFEST.MF", "application/java-archive", True),
    ("a picture as a film", "video/mp4", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "image/heic", False),
    ("a film as a picture", "image/heic", b"\0\0\0\x18ftypisom\0\0\0\0isommp42", "video/mp4", False),
    ("a picture of Apple's", "image/heic", b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "image/heic", True),
    ("a picture whose kind is not its last brand", "image/heic", b"\0\0\0\x1cftypmif1\0\0\0\0heicmif1msf1", "image/heic", True),
    ("a kind in the midst of two brands", "image/heif", b"\0\0\0\x1cftypmif1\0\0\0\0mif1xheicyyy", "image/heif", True),
    ("a kind beyond the box", "image/heif", b"\0\0\0\x14ftypmif1\0\0\0\0mif1heic", "image/heif", True),
    ("a film older than brands", "video/quicktime", b"\0\0\0\x08wide\0\0\1\0mdat", "video/quicktime", True),
    ("a compressed recording", "audio/aiff", b"FORM\0\0\1\0AIFCFVER", "audio/aiff", True),
    ("a recording with its bytes in the other order", "audio/wav", b"RIFX\0\0\0\x24WAVEfmt ", "audio/wav", True),
    ("other chunks in that order", "image/png", b"RIFX\0\0\0\x24AVI LIST", None, False),
    ("another kind of chunks", "image/png", b"FORM\0\0\1\0ILBMBMHD", None, False),
    ("a film whose brands go on beyond the head", "video/mp4", b"\0\0\xff\xffftypXAVC\0\0\0\0", "video/mp4", True),
    ("a film without a known beginning", "video/mp4", b"\0\0\0\x10uuid" + b"\0" * 30, None, None),
    ("a tagged recording", "audio/wav", b"ID3\x04" + b"\0" * 60, None, None),
    ("a recording as a picture", "image/webp", b"RIFF\x24\0\0\0WAVEfmt ", "audio/wav", False),
    ("a picture as a recording", "audio/wav", b"RIFF\x24\0\0\0WEBPVP8 ", "image/webp", False),
    ("client-side encryption", "image/png", bytes(range(7, 250)), None, False),
    ("a type of the owner's own", "chemical/x-mine", b"\x89PNG\r\n\x1a\n", "image/png", None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "head", "detected", "matches"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_the_verdict(name: str, head: bytes, detected: str | None, matches: bool | None) -> None:
    assert compare(name, head) == Contents(detected, matches)


@pytest.mark.parametrize(
    ("name", "head", "detected", "matches"),
    [
        ("text/plain", zlib.compress(EXE), None, False),
        ("text/plain", b"a,b\n", None, False),
        ("application/pdf", b"%PDF-1.4\n", "application/pdf", False),
        ("model/stl", gzip.compress(EXE), "application/gzip", False),
        ("image/png", b"", None, None),
        (BYTES, gzip.compress(EXE), "application/gzip", None),
    ],
)
def test_what_browsers_unpack_shows_no_type(
    name: str, head: bytes, detected: str | None, *, matches: bool | None
) -> None:
    assert compare(name, head, is_encoded=True) == Contents(detected, matches)


def test_only_what_is_known_is_told() -> None:
    cases = [Contents(None, None), Contents("text/html", None), Contents(None, type_matches=False)]
    assert [each.to_json() for each in cases] == [{}, {"detected_type": "text/html"}, {"type_matches": False}]


def test_every_type_of_the_check_may_be_uploaded() -> None:
    assert {*ALWAYS, *USUALLY, *TEXTS} - {*TYPES} == set()


HOSTILE = [
    b"Q*M\x18\0\0\0\0" * 512,  # skippable frames of Zstandard, one in the other
    b"<!---->" * 585,
    b"<!--" * 1024,
    b"<?xml " * 600,
    b" " * 4096,
    b"\0\0\x10\0ftypmif1" + b"mif1" * 1020,
    b"\x89PNG\r\n\x1a\n" + b"\0\0\0\0tEXt" * 500,
    b"PK\x03\x04[Content_Types].xml" * 150,
    b"\xff" * 4096,
]


NOISE = [random.Random(seed).randbytes(4096) for seed in range(20)]  # noqa: S311 - the same bytes on every run


@pytest.mark.parametrize("head", [*HOSTILE, *NOISE])
def test_no_bytes_stop_the_check(head: bytes) -> None:
    assert isinstance(compare("image/png", head), Contents)
