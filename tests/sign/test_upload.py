"""Tests upload requests: what is accepted, what is refused, and under which key it would be stored."""

from __future__ import annotations

import re
import unicodedata
from typing import Any
from urllib.parse import quote, unquote

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from direct_upload.authorize import Grant
from direct_upload.errors import InvalidFilename, InvalidId, InvalidSize, TooLarge, TooManyFiles, TypeNotAllowed
from direct_upload.object_keys import ObjectKeys
from direct_upload.upload import Upload, check_upload, encode_filename, parse_files
from fc_http.errors import ApiError, BadRequest
from support import factories
from support.ids import as_id

ID = "0f8fad5b-d9cb-469f-a165-70867728950e"
GRANT = Grant(
    subject="anonymous",
    key_prefix="uploads/anonymous/",
    max_size=1000,
    content_types={"image/png": "png", "application/octet-stream": "bin"},
    profile=factories.PROFILE,
)
ENTRY = {"filename": "a.png", "size": 7, "content_type": "image/png", "id": ID}


def check(entry: Any) -> Upload:
    return check_upload(entry, GRANT, ObjectKeys(GRANT, [entry], lambda n: "ab" * n))


def test_a_sound_entry_becomes_an_upload() -> None:
    assert check(ENTRY) == Upload(key=f"uploads/anonymous/{ID}.png", filename="a.png", size=7, content_type="image/png")


def test_without_an_id_the_server_makes_one() -> None:
    assert check({"filename": "a", "size": 1}).key == "uploads/anonymous/abababab-abab-4bab-abab-abababababab.bin"


@pytest.mark.parametrize(
    ("changes", "attribute", "expected"),
    [
        ({"content_type": ""}, "content_type", "image/png"),
        ({"content_type": None}, "content_type", "image/png"),
        ({"content_type": "image/png; charset=utf-8"}, "content_type", "image/png"),
        ({"content_type": "", "filename": "a.unheard-of"}, "content_type", "application/octet-stream"),
        ({"content_type": "image/x-png", "filename": "a"}, "key", f"uploads/anonymous/{ID}.png"),
        ({"content_type": " Image/PNG "}, "content_type", "image/png"),
        ({"size": 0}, "size", 0),
        ({"size": 1}, "size", 1),
        ({"size": 1000}, "size", 1000),
        ({"id": ID.upper()}, "key", f"uploads/anonymous/{ID}.png"),
        ({"filename": "fotos/2024/ü (1).png"}, "filename", "fotos/2024/ü (1).png"),
        ({"filename": "u\u0308.png"}, "filename", "ü.png"),
        ({"filename": "合同 (终稿).png"}, "filename", "合同 (终稿).png"),
        ({"filename": "..a..b.."}, "filename", "..a..b.."),
        ({"filename": "${filename}"}, "filename", "${filename}"),
        ({"filename": "x" * 4096}, "filename", "x" * 4096),
        (
            {"role_arn": "acs:ram::1:role/admin", "key": "index.html", "policy": "e30="},
            "key",
            f"uploads/anonymous/{ID}.png",
        ),
    ],
)
def test_what_is_taken_and_how(changes: dict[str, Any], attribute: str, expected: object) -> None:
    assert getattr(check(ENTRY | changes), attribute) == expected


@pytest.mark.parametrize(
    ("entry", "refusal"),
    [
        (None, BadRequest),
        ([], BadRequest),
        ("a.png", BadRequest),
        ({}, InvalidSize),
        (ENTRY | {"content_type": 7}, BadRequest),
        (ENTRY | {"content_type": "text/html"}, TypeNotAllowed),
        (ENTRY | {"content_type": "image/png\r\nx-evil: 1"}, TypeNotAllowed),
        (ENTRY | {"content_type": "image/p\u0131g"}, TypeNotAllowed),
        (ENTRY | {"content_type": "", "filename": "a.html"}, TypeNotAllowed),
        (ENTRY | {"size": -0.0}, InvalidSize),
        (ENTRY | {"size": False}, InvalidSize),
        (ENTRY | {"size": -1}, InvalidSize),
        (ENTRY | {"size": 7.0}, InvalidSize),
        (ENTRY | {"size": "7"}, InvalidSize),
        (ENTRY | {"size": True}, InvalidSize),
        (ENTRY | {"size": None}, InvalidSize),
        (ENTRY | {"size": 1e400}, InvalidSize),
        (ENTRY | {"size": 1001}, TooLarge),
        (ENTRY | {"size": 10**4000}, TooLarge),
        (ENTRY | {"filename": None}, InvalidFilename),
        (ENTRY | {"filename": 7}, InvalidFilename),
        (ENTRY | {"filename": ""}, InvalidFilename),
        (ENTRY | {"filename": "x" * 4097}, InvalidFilename),
        (ENTRY | {"filename": "a\x00.png"}, InvalidFilename),
        (ENTRY | {"filename": "a\r\nb.png"}, InvalidFilename),
        (ENTRY | {"filename": "a\x7f.png"}, InvalidFilename),
        (ENTRY | {"filename": "a\x85.png"}, InvalidFilename),
        (ENTRY | {"filename": "a\ud800.png"}, InvalidFilename),
        (ENTRY | {"filename": "a\u202egnp.exe"}, InvalidFilename),
        (ENTRY | {"filename": "/etc/passwd"}, InvalidFilename),
        (ENTRY | {"filename": "../a.png"}, InvalidFilename),
        (ENTRY | {"filename": "a/../../b.png"}, InvalidFilename),
        (ENTRY | {"filename": "..\\a.png"}, InvalidFilename),
        (ENTRY | {"filename": "."}, InvalidFilename),
        (ENTRY | {"filename": "a//b.png"}, InvalidFilename),
        (ENTRY | {"filename": "a/"}, InvalidFilename),
        (ENTRY | {"id": ""}, InvalidId),
        (ENTRY | {"id": 7}, InvalidId),
        (ENTRY | {"id": ID[:-1]}, InvalidId),
        (ENTRY | {"id": f"{ID}0"}, InvalidId),
        (ENTRY | {"id": f"{ID}\n"}, InvalidId),
        (ENTRY | {"id": f"../{ID[3:]}"}, InvalidId),
    ],
    ids=as_id,
)
def test_what_is_refused(entry: Any, refusal: type[ApiError]) -> None:
    with pytest.raises(refusal) as caught:
        check(entry)
    assert type(caught.value) is refusal


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (None, "Each file must be a JSON object."),
        (ENTRY | {"content_type": 7}, "content_type must be a string."),
        (ENTRY | {"content_type": "image/p\u0131g"}, "content_type must be a content type."),
        (ENTRY | {"content_type": "text/html"}, "Files of this type may not be uploaded here."),
        (ENTRY | {"size": -1}, "size must be the file's size in bytes, a whole number from 0."),
        (ENTRY | {"size": 1001}, "The file is larger than 1000 bytes."),
        (
            ENTRY | {"filename": "a\n"},
            "filename must be 1 to 4,096 characters, without control characters, line breaks, and marks that change "
            "the direction of the text.",
        ),
        (ENTRY | {"filename": "../a"}, "filename must be a relative path without empty parts, `.` or `..`."),
    ],
    ids=as_id,
)
def test_a_refusal_says_what_to_send(entry: Any, message: str) -> None:
    with pytest.raises(ApiError) as refused:
        check(entry)
    assert refused.value.message == message


@pytest.mark.parametrize("body", [None, [], "files", {}, {"files": None}, {"files": {"0": {}}}, {"files": "ab"}])
def test_a_body_without_a_list_of_files_is_a_bad_request(body: Any) -> None:
    with pytest.raises(BadRequest) as refused:
        parse_files(body)
    assert refused.value.message == 'The body must be a JSON object such as {"files":[{"filename":"a.png","size":1}]}.'


def test_one_to_twenty_files_may_be_asked_for() -> None:
    assert parse_files({"files": [1] * 20}) == [1] * 20
    for number in (0, 21):
        with pytest.raises(TooManyFiles) as refused:
            parse_files({"files": [1] * number})
        assert refused.value.message == "Ask for 1 to 20 files at a time."


@for_all(st.text(min_size=1, max_size=300), st.sampled_from(["image/png", "", None]), st.none() | st.uuids().map(str))
def test_whatever_the_name_the_key_is_below_the_callers_prefix(name: str, content_type: Any, upload_id: Any) -> None:
    try:
        asked = check({"filename": name, "size": 1, "content_type": content_type, "id": upload_id})
    except (InvalidFilename, TypeNotAllowed):
        return
    assert re.fullmatch(r"uploads/anonymous/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.(png|bin)", asked.key)


@pytest.mark.parametrize(
    ("name", "limit", "expected"),
    [
        ("a b.png", 100, "a%20b.png"),
        ("合.png", 13, "%E5%90%88.png"),
        ("AZaz09-._~", 10, "AZaz09-._~"),
        ("!'()*;\"%$/", 100, "%21%27%28%29%2A%3B%22%25%24%2F"),
        ("fotos/2024/a.png", 22, "fotos%2F2024%2Fa.png"),
        ("fotos/2024/a.png", 15, "2024%2Fa.png"),
        ("fotos/2024/a.png", 5, "a.png"),
        ("abcdef.png", 9, "abcde.png"),
        ("abcdef.png", 5, "a.png"),
        ("abcdef.png", 4, "abcd"),
        ("合合.png", 12, ".png"),
        ("合合.png", 13, "%E5%90%88.png"),
        (".profile", 4, ".pro"),
        ("abc", 2, "ab"),
        ("a." + "x" * 33, 10, "a.xxxxxxxx"),
        ("ab." + "x" * 32, 34, "a." + "x" * 32),
        ("ab/cd.txt", 11, "ab%2Fcd.txt"),
        ("ab/cd.txt", 10, "cd.txt"),
        ("ab/cd.txt", 6, "cd.txt"),
        ("a/b/c.txt", 13, "a%2Fb%2Fc.txt"),
        ("a/b/c.txt", 12, "b%2Fc.txt"),
        ("a/b/c.txt", 9, "b%2Fc.txt"),
        ("a/b/c.txt", 8, "c.txt"),
        ("a/b/longname.txt", 5, "l.txt"),
        ("archive.tar.gz", 10, "archive.gz"),
        (".hidden-name", 5, ".hidd"),
        ("n." + "e" * 33, 33, "n." + "e" * 31),
        ("name." + "e" * 33, 36, "name." + "e" * 31),
    ],
)
def test_a_name_is_percent_encoded_and_a_long_one_shortened_keeping_its_extension(
    name: str, limit: int, expected: str
) -> None:
    assert encode_filename(name, limit) == expected


@pytest.mark.parametrize("name", ["a/" * 2047 + "a", "\u1d15e/" * 1300 + "a"])
def test_a_name_of_many_folders_is_encoded_once_and_shortened(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    quoted: list[str] = []

    def count(text: str, safe: str) -> str:
        quoted.append(text)
        return quote(text, safe=safe)

    monkeypatch.setattr("direct_upload.upload.quote", count)
    assert len(encode_filename(name, 64)) <= 64
    assert quoted == [name]


@for_all(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200), st.integers(1, 300))
def test_a_shortened_name_fits_and_is_never_cut_within_a_character(name: str, limit: int) -> None:
    encoded = encode_filename(name, limit)
    assert len(encoded) <= limit
    assert set(unquote(encoded, errors="strict")) <= set(name)


@for_all(st.text(min_size=1))
def test_a_name_that_fits_comes_back_whole_in_nfc(name: str) -> None:
    try:
        asked = check(ENTRY | {"filename": name})
    except InvalidFilename:
        return
    assert unquote(encode_filename(asked.filename, 100_000)) == unicodedata.normalize("NFC", name)
