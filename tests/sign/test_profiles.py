"""Tests profiles.json: what is read, what is refused, and that one start names every fault of file and settings."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from direct_upload import content_types, profiles
from direct_upload.profiles import Profile, parse
from direct_upload.settings import Settings
from fc_http.errors import InvalidSettings
from support import factories
from support.ids import as_id
from support.json_schema import is_valid
from support.tokens import new_secret

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "profiles.schema.json").read_text(encoding="utf-8"))

REFERENCE = (ROOT / "docs" / "reference" / "profiles.md").read_text(encoding="utf-8")

TOKENS = {"AUTH": "jwt", "JWT_SECRET": new_secret()}
PARTS = {"MULTIPART_THRESHOLD": "1MB", "MULTIPART_SECRET": new_secret()}
CALLBACK = {"CALLBACK": "on", "CALLBACK_URL": "https://cb.example.com", "CALLBACK_SECRET": new_secret()}

RULES = "content_types, max_size, expires_in, folder_forms, callback, multipart, requires_claim, keep_days"


def read(content: object, **environ: str) -> Settings:
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Settings.from_environ(factories.ENVIRON | TOKENS | environ, text)


def faults(content: object, **environ: str) -> tuple[str, ...]:
    with pytest.raises(InvalidSettings) as caught:
        read(content, **environ)
    return caught.value.faults


def test_every_member_is_read() -> None:
    photos = {
        "content_types": "image/png, .stl",
        "max_size": "10MB",
        "expires_in": 300,
        "folder_forms": False,
        "callback": True,
        "multipart": True,
        "requires_claim": False,
        "keep_days": 30,
    }
    settings = read({"$schema": "./profiles.schema.json", "photos": photos}, **PARTS, **CALLBACK)
    assert settings.profiles["photos"] == Profile(
        name="photos",
        max_size=10_000_000,
        content_types={"image/png": "png", "model/stl": "stl"},
        expires_in=300,
        folder_forms=False,
        callback=True,
        multipart=True,
        requires_claim=False,
        keep_days=30,
    )


def test_a_member_that_is_left_out_is_as_in_the_settings_and_a_token_must_name_the_profile() -> None:
    settings = read({"a": {}}, **PARTS, MAX_SIZE="5MB", CONTENT_TYPES="image/png", EXPIRES_IN="90", FOLDER_FORMS="off")
    expected = Profile("a", 5_000_000, {"image/png": "png"}, 90, False, False, True, True, None)
    assert settings.profiles["a"] == expected


@pytest.mark.parametrize("content", [None, b"{}", b'{"$schema":"x"}', b"\xef\xbb\xbf{}"])
def test_without_profiles_there_are_the_settings_own_rules(content: bytes | None) -> None:
    assert Settings.from_environ(factories.ENVIRON, content).profiles == {
        "default": Profile("default", 100_000_000, content_types.DEFAULT, 600, True, False, False, False, None)
    }


def test_a_profile_may_be_wider_than_the_settings() -> None:
    settings = read(
        {"a": {"max_size": "4GB", "content_types": ".mp4", "expires_in": 3000}}, MAX_SIZE="1KB", CONTENT_TYPES=".txt"
    )
    assert (settings.profiles["a"].max_size, settings.profiles["a"].content_types) == (4 * 10**9, {"video/mp4": "mp4"})
    assert settings.max_form_lifetime == 3000


@pytest.mark.parametrize(
    ("member", "written", "read_as"),
    [
        *(("expires_in", life, life) for life in (60, 3000)),
        *(("keep_days", days, days) for days in (1, 3650)),
        ("max_size", "5GB", 5 * 10**9),
    ],
)
def test_the_bounds_of_a_member_belong_to_it(member: str, written: object, read_as: int) -> None:
    assert getattr(read({"a": {member: written}}).profiles["a"], member) == read_as


def test_with_callbacks_a_profile_without_them_may_have_folder_forms() -> None:
    settings = read({"a": {"callback": False, "folder_forms": True}}, **CALLBACK)
    assert (settings.profiles["a"].folder_forms, settings.default.folder_forms) == (True, False)


def a(**members: Any) -> dict[str, Any]:
    return {"a": members}


EXPRESSIBLE: list[tuple[Any, str]] = [
    ([], 'profiles.json must be an object such as {"photos": {"max_size": "10MB"}}'),
    (None, 'profiles.json must be an object such as {"photos": {"max_size": "10MB"}}'),
    ({"$schema": 7}, "$schema in profiles.json must be a text, not 7"),
    *(
        ({name: {}}, f"{name!r} in profiles.json is not a profile's name: use 1 to 32 of a-z, 0-9 and -, a letter first")
        for name in ("", "Photos", "1a", "-a", "a/b", "../a", "ü", "a.b", "a\n")
    ),
    ({"a_b": {}}, "a_b in profiles.json is not a profile's name: use 1 to 32 of a-z, 0-9 and -, a letter first"),
    ({"a" * 33: {}}, f"{'a' * 33} in profiles.json is not a profile's name: use 1 to 32 of a-z, 0-9 and -, a letter first"),
    ({"default": {}}, "default in profiles.json is the name of the settings' own rules: choose another one"),
    ({"a": None}, "a in profiles.json must be an object, not null"),
    ({"a": []}, "a in profiles.json must be an object, not a list"),
    ({"a": "10MB"}, 'a in profiles.json must be an object, not "10MB"'),
    (a(colour="red"), f"a.colour in profiles.json is not known: a profile has {RULES}"),
    (a(Max_Size="1MB"), f"a.'Max_Size' in profiles.json is not known: a profile has {RULES}"),
    (a(content_types=["image/png"]), 'a.content_types in profiles.json must be a text such as "image/*,.pdf", not a list'),
    (a(content_types=""), "a.content_types in profiles.json names no type"),
    (a(content_types=" , "), "a.content_types in profiles.json names no type"),
    (a(max_size=10), 'a.max_size in profiles.json must be a text such as "10MB", not 10'),
    *(
        (a(max_size=size), f"a.max_size in profiles.json must be a whole number of bytes, or of KB, MB, GB or TB, such as 100MB, not {size!r}")
        for size in ("", "0", "1.5MB", "10MB\n", " 10MB", "10mb")
    ),
    *(
        (a(expires_in=life), f"a.expires_in in profiles.json must be 60 to 3000 seconds, not {json.dumps(life)}")
        for life in (59, 3001, True, "300", 300.5, None, -1)
    ),
    *(
        (a(**{name: value}), f"a.{name} in profiles.json must be true or false, not {shown}")
        for name in ("folder_forms", "callback", "multipart", "requires_claim")
        for value, shown in (("on", '"on"'), (1, "1"), (None, "null"), ({}, "an object"))
    ),
    *(
        (a(keep_days=days), f"a.keep_days in profiles.json must be 1 to 3650 days, not {json.dumps(days)}")
        for days in (0, 3651, False, "30", 1.5)
    ),
]  # fmt: skip
"""Faults that JSON Schema can express, and their texts."""

INEXPRESSIBLE: list[tuple[Any, str]] = [
    (b"", "profiles.json is not JSON: Expecting value, in line 1"),
    (b'{"a":\n{},}', "profiles.json is not JSON: "),
    (b'{"a\t":{}}', "profiles.json is not JSON: Invalid control character, in line 1"),
    (b'{\n"a', "profiles.json is not JSON: Unterminated string, in line 2"),
    (b"\xff{}", "profiles.json is not JSON in UTF-8"),
    (b"[" * 100_000, "profiles.json is not JSON in UTF-8"),
    (b'{"a":{"expires_in":' + b"9" * 5000 + b"}}", "profiles.json is not JSON in UTF-8"),
    (b'{"a":{"expires_in":NaN}}', "a.expires_in in profiles.json must be 60 to 3000 seconds, not NaN"),
    (b'{"a":{"expires_in":300.0}}', "a.expires_in in profiles.json must be 60 to 3000 seconds, not 300.0"),
    (b'{"a":{},"a":{}}', "a is in profiles.json twice: remove one, or rename it"),
    (b'{"$schema":"a","$schema":"b"}', "$schema is in profiles.json twice: remove one, or rename it"),
    (b'{"a":{"max_size":"1MB","max_size":"2MB"}}', "a.max_size is in profiles.json twice: remove one"),
    (a(max_size="1000000000001"), "a.max_size in profiles.json must be at most 1TB, not 1000000000001"),
    (a(content_types="images"), "a.content_types in profiles.json 'images' is not a content type"),
    (a(content_types="text/html=html"), "a.content_types in profiles.json text/html can run scripts in the browser that opens the file"),
    (a(content_types=".svg"), "a.content_types in profiles.json '.svg' would store files under an extension that is not known to be harmless (known_types.py): allow application/octet-stream, or give the type the extension bin"),
]  # fmt: skip
"""Faults of the file that a JSON Schema cannot express."""


@pytest.mark.parametrize(("content", "fault"), [*EXPRESSIBLE, *INEXPRESSIBLE], ids=as_id)
def test_a_fault_is_named_with_its_place_and_its_cure(content: Any, fault: str) -> None:
    [found] = faults(content)
    assert found == fault or (fault.endswith(": ") and found.startswith(fault))


@pytest.mark.parametrize("content", [content for content, _ in EXPRESSIBLE], ids=as_id)
def test_the_schema_finds_what_the_function_finds(content: Any) -> None:
    assert not is_valid(content, SCHEMA)


names = st.sampled_from(["$schema", "default", "photos", "a", "a" * 32, "a" * 33, "Photos", "a-1", "1a", "a_b", ""])
values: st.SearchStrategy[Any] = st.sampled_from(
    [
        None,
        True,
        False,
        0,
        1,
        30,
        59,
        60,
        3000,
        3001,
        3650,
        3651,
        60.5,
        "",
        "10MB",
        "1 KB",
        "0",
        "image/*",
        ".pdf,",
        [],
        {},
    ]
)
members = st.sampled_from([*profiles._PARSERS, "colour"])


@for_all(st.dictionaries(names, st.dictionaries(members, values, max_size=3) | values, max_size=3))
def test_whatever_the_file_the_function_refuses_what_the_schema_refuses(content: dict[str, Any]) -> None:
    if not is_valid(content, SCHEMA):
        assert profiles.parse(json.dumps(content).encode()).faults


@for_all(st.dictionaries(names, st.dictionaries(members, values, max_size=3) | values, max_size=3))
def test_whatever_the_file_the_schema_refuses_what_the_function_refuses_except_types(content: dict[str, Any]) -> None:
    found = [fault for fault in profiles.parse(json.dumps(content).encode()).faults if "content type" not in fault]
    assert is_valid(content, SCHEMA) == (found == [])


def test_schema_and_reference_name_the_members_that_the_function_reads() -> None:
    [table] = re.findall(r"<!-- profiles: .*? -->\n(.*?)<!-- /profiles -->", REFERENCE, re.DOTALL)
    documented = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    assert [list(SCHEMA["definitions"]["profile"]["properties"]), documented] == [[*profiles._PARSERS]] * 2


def test_the_example_in_the_reference_is_sound() -> None:
    [example] = re.findall(r"```json\n(.*?)```", REFERENCE, re.DOTALL)
    assert is_valid(json.loads(example), SCHEMA)
    assert profiles.parse(example.encode()).faults == ()


def test_the_example_fits_function_and_schema() -> None:
    example = (ROOT / "profiles.example.json").read_bytes()
    assert is_valid(json.loads(example), SCHEMA)
    assert list(read(example).profiles) == ["default", "photos", "contracts"]


@pytest.mark.parametrize(
    ("members", "environ", "fault"),
    [
        ({"callback": True}, {}, "a.callback in profiles.json cannot be true while CALLBACK is off: set one of them right"),
        (
            {"folder_forms": True},
            CALLBACK,
            "a.folder_forms in profiles.json cannot be true while callback is, since a page could leave the callback out: set one of them to false",
        ),
        ({"multipart": True}, {}, "a.multipart in profiles.json cannot be true without MULTIPART_THRESHOLD: set it, or multipart to false"),
        (
            {"max_size": "6GB"},
            {},
            "a.max_size in profiles.json must be at most 5GB, which is what OSS takes in one post: lower it, or set multipart to true",
        ),
        (
            {"multipart": False},
            PARTS | {"MAX_SIZE": "1TB"},
            "a.max_size in profiles.json must be at most 5GB, which is what OSS takes in one post: lower it, or set multipart to true",
        ),
        *(
            (members, {"AUTH": "none"}, "a.requires_claim in profiles.json cannot be true with AUTH=none, since nobody has a token: set it to false, or set AUTH=jwt")
            for members in ({}, {"requires_claim": True})
        ),
    ],
)  # fmt: skip
def test_what_contradicts_the_settings_is_a_fault(members: Any, environ: dict[str, str], fault: str) -> None:
    assert faults({"a": members}, **environ) == (fault,)


def test_all_faults_of_file_and_settings_are_named_at_once() -> None:
    content = {"Photos": {}, "a": {"max_size": "big", "colour": "red", "callback": True}, "b": {"multipart": True}}
    found = faults(content, MAX_SIZE="big", EXPIRES_IN="soon")
    assert [fault.split(" ")[0] for fault in found] == [
        *("MAX_SIZE", "EXPIRES_IN", "'Photos'", "a.max_size", "a.colour", "a.callback", "b.multipart"),
    ]


def test_no_fault_repeats_much_of_the_file() -> None:
    long = "k" * 9000
    content = {long: long, "a": {long: [["z"] * 9000], "keep_days": long, "max_size": long, "content_types": long}}
    content["b"] = {"content_types": f"image/png={long}", "max_size": "9" * 9000}
    assert max(map(len, faults(content))) < 350


def test_a_file_of_very_many_profiles_is_read_in_time() -> None:
    content = b"{%s}" % b",".join(b'"p%d":{}' % number for number in range(20_000))
    begin = time.process_time()
    assert len(parse(content).profiles) == 20_000
    assert time.process_time() - begin < 5
