"""Tests tokens with the claim `max_files`, which are good for so many files, and what tokens say to people."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine

from direct_upload import multipart_routes
from direct_upload.multipart import MultipartUpload
from oss_protocol import ticket
from support.factories import NOON
from support.function import FILE, Function, Make
from support.ids import as_id
from support.tokens import HS256, bearer, new_secret, raw_claims, raw_token, token

SECRET, CALLBACK_SECRET, PARTS_SECRET = new_secret(), new_secret(), new_secret()
FOLDER_FORM = "/get_post_signature_for_oss_upload"
FILE = {name: value for name, value in FILE.items() if name != "id"}
PROFILES = {"photos": {"callback": False, "folder_forms": True}, "films": {"requires_claim": False}}
ENVIRON = {
    "AUTH": "jwt",
    "JWT_SECRET": SECRET,
    "CALLBACK": "on",
    "CALLBACK_URL": "https://cb.example.com",
    "CALLBACK_SECRET": CALLBACK_SECRET,
    "MULTIPART_THRESHOLD": "1MB",
    "MULTIPART_SECRET": PARTS_SECRET,
}
INVALID = (401, "token_invalid")
FOR_FIVE: dict[str, Any] = {"max_files": 5, "jti": "L1"}


@pytest.fixture
def function(make: Make) -> Iterator[Function]:
    with time_machine.travel(NOON, tick=False):
        yield make(profiles=PROFILES, **ENVIRON)


def raw_bearer(**claims: Any) -> dict[str, str]:
    """Returns the header of a token that may have any claims at all. Claims that are None are left out."""
    return bearer(raw_token(HS256, raw_claims(**claims), SECRET.encode()))


def limits(function: Function, **claims: Any) -> Any:
    profile = {"profile": claims["profiles"][0]} if "profiles" in claims else {}
    response = function.request("GET", "/limits", headers=bearer(token(SECRET, **claims)), query=profile)
    assert response["statusCode"] == 200, response["body"]
    return json.loads(response["body"])


def sign(function: Function, *files: Any, profile: str | None = None, **claims: Any) -> list[Any]:
    body = json.dumps({"files": files, "profile": profile})
    response = function.request("POST", "/sign", headers=bearer(token(SECRET, **claims)), body=body)
    assert response["statusCode"] == 200, response["body"]
    uploads: list[Any] = json.loads(response["body"])["uploads"]
    return uploads


def answers_of_every_route(function: Function, headers: dict[str, str], profile: str = "default") -> set[Any]:
    query = {"profile": profile}
    return {
        function.error("POST", "/sign", headers=headers, body=json.dumps({"files": [FILE], **query})),
        function.error("POST", "/multipart", headers=headers, body=json.dumps(FILE | query)),
        function.error("GET", "/limits", headers=headers, query=query),
        function.error("GET", FOLDER_FORM, headers=headers, query=query),
    }


COUNTS: list[Any] = [0, -1, 1001, 10**30, 5.0, 1e400, True, False, "5", "", [], [5], {}]
IDS: list[Any] = ["", "x" * 256, 7, True, ["L1"], {}, "\ud800"]
UNREADABLE: list[Any] = ["", 7, True, ["a"], {}, "a\r\nb", "a\tb", "\0", "a\u202eb", "a\u2028b", "\x1b[2J", "\ud800"]
BAD_CLAIMS: list[dict[str, Any]] = [
    *({"max_files": count, "jti": "L1"} for count in COUNTS),
    {"max_files": 5},
    *({"max_files": 5, "jti": jti} for jti in IDS),
    {"max_files": 5, "jti": "L1", "profiles": []},
    {"max_files": 5, "jti": "L1", "profiles": ["default", "films"]},
    {"max_files": 5, "jti": "L1", "profiles": ["default", "default"]},
    *({"title": value} for value in ["x" * 121, "a\nb", *UNREADABLE]),
    *({"note": value} for value in ["x" * 501, "a\n\u2066b", *UNREADABLE]),
]  # fmt: skip


@pytest.mark.parametrize("claims", BAD_CLAIMS, ids=as_id)
def test_a_token_with_a_wrong_claim_is_invalid_on_every_route(function: Function, claims: dict[str, Any]) -> None:
    assert answers_of_every_route(function, raw_bearer(**claims)) == {INVALID}
    assert function.sessions == []


@pytest.mark.parametrize("name", ["max_files", "title", "note"])
def test_a_claim_that_is_null_makes_a_token_invalid(function: Function, name: str) -> None:
    payload = raw_claims(jti="L1")[:-1] + b',"%s":null}' % name.encode()
    headers = bearer(raw_token(HS256, payload, SECRET.encode()))
    assert answers_of_every_route(function, headers) == {INVALID}


@pytest.mark.parametrize(
    ("claims", "profile"),
    [(FOR_FIVE, "films"), (FOR_FIVE, "photos"), (FOR_FIVE | {"profiles": ["photos"]}, "default")],
)
def test_a_counted_link_is_for_one_profile_or_it_would_count_twice(
    function: Function, claims: dict[str, Any], profile: str
) -> None:
    assert answers_of_every_route(function, raw_bearer(**claims), profile) == {(403, "profile_not_allowed")}


@pytest.mark.parametrize("claims", [{"max_files": 1, "jti": "x"}, {"max_files": 1000, "jti": "\u00e9" * 255}])
def test_the_bounds_of_the_claims_belong_to_them(function: Function, claims: dict[str, Any]) -> None:
    [upload] = sign(function, FILE | {"slot": claims["max_files"]}, **claims)
    assert (upload["slot"], upload["key"].endswith(f"/{claims['max_files']}")) == (claims["max_files"], True)


def test_a_jti_alone_counts_nothing(function: Function) -> None:
    [upload] = sign(function, FILE | {"id": "0f8fad5b-d9cb-469f-a165-70867728950e"}, jti="L1")
    assert (upload["key"], "slot" in upload) == ("uploads/alice/0f8fad5b-d9cb-469f-a165-70867728950e.png", False)


@pytest.mark.parametrize(
    ("profiles", "key"), [(None, "uploads/alice/~_4c1/3"), (["default"], "uploads/alice/~_4c1/3"), (["photos"], "uploads/~photos/alice/~_4c1/3")]
)  # fmt: skip
def test_a_form_for_a_slot_pins_its_key_and_overwrites_nothing(
    function: Function, profiles: list[str] | None, key: str
) -> None:
    profile = profiles[0] if profiles else None
    [upload] = sign(function, FILE | {"slot": 3}, profile=profile, **FOR_FIVE, profiles=profiles)
    assert (upload["key"], upload["slot"], upload["fields"]["key"]) == (key, 3, key)
    conditions = json.loads(base64.b64decode(upload["fields"]["policy"]))["conditions"]
    assert [
        each for each in conditions if isinstance(each, list) and each[1] in ("$key", "$x-oss-forbid-overwrite")
    ] == [
        ["eq", "$key", key],
        ["eq", "$x-oss-forbid-overwrite", "true"],
    ]


def test_files_without_a_slot_get_one_each(function: Function) -> None:
    uploads = sign(function, *[FILE] * 4, FILE | {"slot": 2}, **FOR_FIVE)
    assert sorted(upload["slot"] for upload in uploads) == [1, 2, 3, 4, 5]
    assert [upload["key"] for upload in uploads] == [f"uploads/alice/~_4c1/{upload['slot']}" for upload in uploads]


def test_each_file_is_refused_by_itself(function: Function) -> None:
    files: list[dict[str, Any]] = [{"slot": 1}, {"slot": 1}, {"slot": 6}, {"id": "0f8fad5b-d9cb-469f-a165-70867728950e"}, {"slot": 2, "size": -1}, {"slot": 2}]  # fmt: skip
    uploads = sign(function, *(FILE | more for more in files), **FOR_FIVE)
    assert [upload.get("slot") or upload["error"]["code"] for upload in uploads] == [
        *(1, "invalid_slot", "invalid_slot", "invalid_id", "invalid_size", 2),
    ]


def test_a_counted_link_gets_no_folder_form(function: Function) -> None:
    headers = bearer(token(SECRET, **FOR_FIVE, profiles=["photos"]))
    refusal = function.error("GET", FOLDER_FORM, headers=headers, query={"profile": "photos"})
    assert (refusal, function.sessions) == ((403, "folder_form_not_allowed"), [])
    assert limits(function, **FOR_FIVE, profiles=["photos"])["folder_forms"] is False


def test_a_callback_ticket_names_the_slot(function: Function) -> None:
    [upload] = sign(function, FILE | {"slot": 4}, **FOR_FIVE)
    assert ticket.verify(upload["fields"]["x:ticket"], "callback", (CALLBACK_SECRET,), NOON) == {
        "key": "uploads/alice/~_4c1/4",
        "size": 7,
        "content_type": "image/png",
        "subject": "alice",
        "slot": 4,
        "end": NOON + 600 + 3600,
    }


def test_the_limits_say_how_many_files_and_what_for_and_until_when(function: Function) -> None:
    told = limits(function, **FOR_FIVE, title="Belege für März 📎", note="Bitte als PDF.\n\nDanke, Anna", sub="Bob Ü")
    expected = {
        "subject": "Bob Ü",
        "max_files": 5,
        "title": "Belege für März 📎",
        "note": "Bitte als PDF.\n\nDanke, Anna",
        "token_expires_at": "2024-11-24T13:00:00Z",
    }
    assert {name: told[name] for name in expected} == expected


def test_the_limits_of_a_plain_token_say_when_it_ends_and_no_more(function: Function) -> None:
    told = limits(function)
    assert {"max_files", "title", "note", "profile", "token_expires_at"} & told.keys() == {"token_expires_at"}


def test_without_a_token_the_limits_tell_nothing_of_one(function: Function) -> None:
    told = json.loads(function.request("GET", "/limits")["body"])
    assert {"subject", "max_files", "title", "note", "token_expires_at"} & told.keys() == set()


@pytest.mark.parametrize(
    ("exp", "instant"),
    [
        (NOON + 60, "2024-11-24T12:01:00Z"),
        (NOON + 60.9, "2024-11-24T12:01:00Z"),
        (253_402_300_799, "9999-12-31T23:59:59Z"),
        (10**30, "9999-12-31T23:59:59Z"),
    ],
)
def test_the_end_of_a_token_is_told_however_far_it_is(function: Function, exp: float, instant: str) -> None:
    response = function.request("GET", "/limits", headers=raw_bearer(exp=exp))
    assert json.loads(response["body"])["token_expires_at"] == instant


@pytest.mark.parametrize(
    ("name", "text"), [("title", "x" * 120), ("title", " "), ("note", "n" * 500), ("note", "\n"), ("note", "a\u200db\n👩‍🔧")]
)  # fmt: skip
def test_the_bounds_of_texts_belong_to_them(function: Function, name: str, text: str) -> None:
    response = function.request("GET", "/limits", headers=raw_bearer(**{name: text}))
    assert json.loads(response["body"])[name] == text


class Storage:
    """An OSS that begins uploads."""

    def __init__(self, *_: object, **__: object) -> None: ...

    def initiate(self, key: str, **_: object) -> str:
        return f"U-{key}"


def begin(function: Function, claims: dict[str, Any], **file: Any) -> Any:
    response = function.request(
        "POST", "/multipart", headers=bearer(token(SECRET, **claims)), body=json.dumps(FILE | file)
    )
    return json.loads(response["body"])


def test_an_upload_in_parts_has_a_slot_and_keeps_it_in_its_ticket(
    function: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(multipart_routes, "OssClient", Storage)
    begun = begin(function, FOR_FIVE, slot=2)
    assert (begun["key"], begun["slot"]) == ("uploads/alice/~_4c1/2", 2)
    claims = ticket.verify(begun["ticket"], "multipart", (PARTS_SECRET,), NOON)
    assert (claims["key"], claims["slot"]) == ("uploads/alice/~_4c1/2", 2)
    assert begin(function, FOR_FIVE)["slot"] in range(1, 6)


@pytest.mark.parametrize(
    ("claims", "file", "code"),
    [
        (FOR_FIVE, {"slot": 6}, "invalid_slot"),
        (FOR_FIVE, {"slot": "1"}, "invalid_slot"),
        ({}, {"slot": 1}, "invalid_slot"),
        (FOR_FIVE, {"id": "0f8fad5b-d9cb-469f-a165-70867728950e"}, "invalid_id"),
    ],
)
def test_an_upload_in_parts_without_a_fitting_slot_does_not_begin(
    function: Function, claims: dict[str, Any], file: dict[str, Any], code: str
) -> None:
    assert (begin(function, claims, **file)["error"]["code"], function.sessions) == (code, [])


@pytest.mark.parametrize("step", ["parts", "list", "complete", "abort"])
@pytest.mark.parametrize(
    "claims",
    [
        {"max_files": 5, "jti": "L2"},
        {"max_files": 5, "jti": "L1", "sub": "bob"},
        {"max_files": 1, "jti": "L1"},
        {"jti": "L1"},
        {},
    ],
)
def test_only_a_token_that_gives_out_a_slot_touches_an_upload_to_it(
    function: Function, step: str, claims: dict[str, Any]
) -> None:
    upload = MultipartUpload("uploads/alice/~_4c1/2", "U", 7, "image/png", "a.png", "alice", int(NOON), slot=2)
    text, _ = upload.ticket(PARTS_SECRET, NOON)
    body = json.dumps({"ticket": text, "parts": [1]})
    headers = bearer(token(SECRET, **claims))
    assert function.error("POST", f"/multipart/{step}", headers=headers, body=body) == (403, "ticket_invalid")


def test_two_links_with_many_requests_never_get_a_key_of_each_other(function: Function) -> None:
    keys: dict[str, set[str]] = {"L1": set(), "l1": set()}
    for number in range(60):
        jti = ("L1", "l1")[number % 2]
        uploads = sign(function, *[FILE] * (number % 3 + 1), jti=jti, max_files=3)
        keys[jti] |= {upload["key"] for upload in uploads}
    assert keys == {
        "L1": {f"uploads/alice/~_4c1/{slot}" for slot in (1, 2, 3)},
        "l1": {f"uploads/alice/~l1/{slot}" for slot in (1, 2, 3)},
    }
