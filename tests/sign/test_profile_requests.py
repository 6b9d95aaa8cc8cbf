"""Tests requests for profiles: each gets its own rules and keys, and tokens decide who may use which."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import time_machine

from direct_upload import multipart_routes
from direct_upload.multipart import MultipartUpload
from oss_protocol import ticket
from support.factories import NOON, VERSION
from support.function import FILE, Function, Make
from support.tokens import HS256, bearer, new_secret, raw_claims, raw_token, token

SECRET, CALLBACK_SECRET, PARTS_SECRET = new_secret(), new_secret(), new_secret()
ID = FILE["id"]
FOLDER_FORM = "/get_post_signature_for_oss_upload"

PROFILES = {
    "photos": {
        "content_types": "image/png",
        "max_size": "10MB",
        "expires_in": 300,
        "callback": False,
        "folder_forms": True,
        "requires_claim": False,
    },
    "films": {"content_types": "video/mp4", "max_size": "1GB", "expires_in": 900, "multipart": False},
}
ENVIRON = {
    "AUTH": "jwt",
    "JWT_SECRET": SECRET,
    "MAX_SIZE": "1KB",
    "CONTENT_TYPES": "image/png,text/plain",
    "CALLBACK": "on",
    "CALLBACK_URL": "https://cb.example.com",
    "CALLBACK_SECRET": CALLBACK_SECRET,
    "MULTIPART_THRESHOLD": "100MB",
    "MULTIPART_SECRET": PARTS_SECRET,
}


@pytest.fixture
def function(make: Make) -> Iterator[Function]:
    with time_machine.travel(NOON, tick=False):
        yield make(profiles=PROFILES, **ENVIRON)


def ask(function: Function, method: str, path: str, headers: dict[str, str] | None = None, **more: Any) -> Any:
    """Returns the payload of a response, which is a success."""
    headers = bearer(token(SECRET)) if headers is None else headers
    response = function.request(method, path, headers=headers, **more)
    assert response["statusCode"] == 200, response["body"]
    return json.loads(response["body"])


def sign(function: Function, profile: str | None, headers: dict[str, str] | None = None, **file: Any) -> Any:
    """Returns the answer about one file."""
    body = {"files": [FILE | file]} | ({} if profile is None else {"profile": profile})
    [upload] = ask(function, "POST", "/sign", headers, body=json.dumps(body))["uploads"]
    return upload


def conditions(policy: str) -> list[Any]:
    return list(json.loads(base64.b64decode(policy))["conditions"])


def callback_claims(upload: Any) -> dict[str, Any] | None:
    fields = upload["fields"]
    return ticket.verify(fields["x:ticket"], "callback", (CALLBACK_SECRET,), NOON) if "x:ticket" in fields else None


def test_a_profile_has_its_own_limits(function: Function) -> None:
    assert ask(function, "GET", "/limits", query={"profile": "photos"}) == {
        "max_size": 10_000_000,
        "content_types": ["image/png"],
        "accept": ["image/png", "image/x-png", ".png"],
        "max_files_per_request": 20,
        "expires_in": 300,
        "auth": "jwt",
        "folder_forms": True,
        "profile": "photos",
        "subject": "alice",
        "multipart_threshold": 100_000_000,
        "version": VERSION,
        "token_expires_at": "2024-11-24T13:00:00Z",
    }


def test_the_limits_of_a_profile_without_parts_name_no_threshold(function: Function) -> None:
    limits = ask(function, "GET", "/limits", {}, query={"profile": "films"})
    assert (limits["profile"], "multipart_threshold" in limits, limits["max_size"]) == ("films", False, 10**9)


def test_default_may_be_asked_for_by_its_name(function: Function) -> None:
    assert ask(function, "GET", "/limits", query={"profile": "default"}) == {
        **ask(function, "GET", "/limits"),
        "profile": "default",
    }


@pytest.mark.parametrize(
    ("profile", "key", "expires_at"),
    [
        (None, f"uploads/alice/{ID}.png", "2024-11-24T12:10:00Z"),
        ("default", f"uploads/alice/{ID}.png", "2024-11-24T12:10:00Z"),
        ("photos", f"uploads/~photos/alice/{ID}.png", "2024-11-24T12:05:00Z"),
    ],
)
def test_a_form_is_by_the_rules_and_below_the_place_of_its_profile(
    function: Function, profile: str | None, key: str, expires_at: str
) -> None:
    upload = sign(function, profile)
    assert (upload["key"], upload["expires_at"]) == (key, expires_at)
    assert ["eq", "$key", key] in conditions(upload["fields"]["policy"])


def test_a_profile_refuses_what_the_settings_allow_and_the_other_way_round(function: Function) -> None:
    texts = [sign(function, profile, content_type="text/plain") for profile in (None, "photos")]
    large = [sign(function, profile, size=1001) for profile in (None, "photos")]
    assert [upload.get("error", {}).get("code") for upload in texts + large] == [
        *(None, "type_not_allowed"),
        *("too_large", None),
    ]


def test_claims_narrow_a_profile(function: Function) -> None:
    headers = bearer(token(SECRET, max_size=7))
    assert [sign(function, "photos", headers, size=size).get("error", {}).get("code") for size in (7, 8)] == [
        None,
        "too_large",
    ]


def test_a_callback_ticket_names_the_profile(function: Function) -> None:
    upload = sign(function, "films", bearer(token(SECRET, profiles=["films"])), content_type="video/mp4")
    assert callback_claims(upload) == {
        "key": f"uploads/~films/alice/{ID}.mp4",
        "size": 7,
        "content_type": "video/mp4",
        "subject": "alice",
        "profile": "films",
        "end": NOON + 900 + 3600,
    }


def test_the_settings_own_rules_are_not_named_in_a_ticket(function: Function) -> None:
    assert "profile" not in (callback_claims(sign(function, "default")) or {"profile": "no ticket"})


def test_a_profile_without_callbacks_makes_oss_call_nobody(function: Function) -> None:
    assert callback_claims(sign(function, "photos")) is None


def test_a_folder_form_is_by_the_rules_and_below_the_place_of_its_profile(function: Function) -> None:
    form = ask(function, "GET", FOLDER_FORM, query={"profile": "photos"})
    directory = f"uploads/~photos/alice/{'ab' * 16}/"
    assert (form["dir"], form["max_size"], form["expires_at"]) == (directory, 10_000_000, "2024-11-24T12:05:00Z")
    assert [
        each
        for each in conditions(form["policy"])
        if isinstance(each, list) and each[1] in (0, "$key", "$content-type")
    ] == [
        ["content-length-range", 0, 10_000_000],
        ["starts-with", "$key", directory],
        ["in", "$content-type", ["image/png", "image/x-png"]],
    ]


@pytest.mark.parametrize("profile", [None, "default", "films"])
def test_where_a_profile_has_no_folder_forms_there_are_none(function: Function, profile: str | None) -> None:
    headers, query = bearer(token(SECRET, profiles=["films", "default"])), {"profile": profile} if profile else {}
    assert function.error("GET", FOLDER_FORM, headers=headers, query=query) == (404, "not_found")


def test_where_a_profile_has_no_parts_no_upload_begins_in_parts(function: Function) -> None:
    headers = bearer(token(SECRET, profiles=["films"]))
    body = json.dumps(FILE | {"profile": "films", "content_type": "video/mp4"})
    assert function.error("POST", "/multipart", headers=headers, body=body) == (404, "not_found")


UNKNOWN, NOT_ALLOWED, INVALID = (400, "unknown_profile"), (403, "profile_not_allowed"), (401, "token_invalid")


def requests_for(profile: Any) -> list[tuple[str, str, dict[str, Any]]]:
    query = [("GET", path, {"query": {"profile": profile}}) for path in ("/limits", FOLDER_FORM)]
    bodies = (("/sign", {"files": [FILE]}), ("/multipart", FILE))
    posts = [("POST", path, {"body": json.dumps({**body, "profile": profile})}) for path, body in bodies]
    return posts + (query if isinstance(profile, str) else [])


@pytest.mark.parametrize(
    "profile",
    ["", "Photos", "photos ", "~photos", "photos,photos", "../photos", "x" * 5000, 7, True, [], ["photos"], {}],
)
def test_an_unknown_profile_is_refused_on_every_route_before_sts_is_asked(function: Function, profile: Any) -> None:
    headers = bearer(token(SECRET))
    assert {function.error(method, path, headers=headers, **more) for method, path, more in requests_for(profile)} == {
        UNKNOWN
    }
    assert function.sessions == []


@pytest.mark.parametrize(
    ("claim", "profile", "refusal"),
    [
        (None, "films", NOT_ALLOWED),
        ([], "films", NOT_ALLOWED),
        ([], "photos", NOT_ALLOWED),
        ([], "default", NOT_ALLOWED),
        ([], None, NOT_ALLOWED),
        (["films"], "photos", NOT_ALLOWED),
        (["films"], "default", NOT_ALLOWED),
        (["films"], None, NOT_ALLOWED),
        (["photos", "default"], "films", NOT_ALLOWED),
        (["Films", "*", "film", "films "], "films", NOT_ALLOWED),
        ("films", "films", INVALID),
        ({"films": True}, "films", INVALID),
        (True, "films", INVALID),
        (["films", 7], "films", INVALID),
        (["films", None], "films", INVALID),
        ([["films"]], "films", INVALID),
    ],
)
def test_a_token_that_does_not_allow_a_profile_gets_nothing_of_it(
    function: Function, claim: Any, profile: str | None, refusal: tuple[int, str]
) -> None:
    headers = bearer(raw_token(HS256, raw_claims(profiles=claim), SECRET.encode()))
    body = json.dumps({"files": [FILE], "profile": profile})
    query = {"profile": profile} if profile else {}
    assert [
        function.error("POST", "/sign", headers=headers, body=body),
        function.error("POST", "/multipart", headers=headers, body=json.dumps(FILE | {"profile": profile})),
        function.error("GET", "/limits", headers=headers, query=query),
        function.error("GET", FOLDER_FORM, headers=headers, query=query),
    ] == [refusal] * 4
    assert function.sessions == []


def test_a_claim_that_is_null_allows_nothing(function: Function) -> None:
    headers = bearer(raw_token(HS256, raw_claims()[:-1] + b',"profiles":null}', SECRET.encode()))
    assert function.error("GET", "/limits", headers=headers) == INVALID


@pytest.mark.parametrize(
    ("claim", "profile"),
    [
        (None, None),
        (None, "default"),
        (None, "photos"),
        (["films"], "films"),
        (["photos", "removed-since"], "photos"),
        (["default"], None),
        (["default", "films"], "films"),
    ],
)
def test_a_token_that_allows_a_profile_is_served(function: Function, claim: Any, profile: str | None) -> None:
    headers = bearer(token(SECRET, profiles=claim))
    query = {"profile": profile} if profile else {}
    assert ask(function, "GET", "/limits", headers, query=query).get("profile") == profile


def test_without_a_token_the_limits_of_a_closed_profile_are_told_and_nothing_is_signed(function: Function) -> None:
    assert ask(function, "GET", "/limits", {}, query={"profile": "films"})["max_size"] == 10**9
    body = json.dumps({"files": [FILE], "profile": "films"})
    assert function.error("POST", "/sign", body=body) == (401, "token_missing")


@pytest.mark.parametrize(("profile", "member"), [("photos", {"profile": "photos"}), ("default", {}), (None, {})])
def test_the_log_names_the_profile(function: Function, profile: str | None, member: dict[str, str]) -> None:
    sign(function, profile)
    line = json.loads(function.lines[-1][25:])
    assert {name: line[name] for name in ("subject", "profile") if name in line} == {"subject": "alice", **member}


def test_with_auth_none_every_profile_is_open(make: Make) -> None:
    function = make(profiles={"photos": {"requires_claim": False}})
    body = json.dumps({"profile": "photos", "files": [FILE]})
    [upload] = json.loads(function.request("POST", "/sign", body=body)["body"])["uploads"]
    assert upload["key"] == f"uploads/~photos/anonymous/{ID}.png"


class Storage:
    """An OSS that begins uploads."""

    def __init__(self, *_: object, **__: object) -> None: ...

    def initiate(self, key: str, **_: object) -> str:
        return f"U-{key}"


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multipart_routes, "OssClient", Storage)


@pytest.mark.usefixtures("storage")
def test_an_upload_in_parts_keeps_its_profile_in_its_ticket(function: Function) -> None:
    begun = ask(function, "POST", "/multipart", body=json.dumps(FILE | {"profile": "photos"}))
    claims = ticket.verify(begun["ticket"], "multipart", (PARTS_SECRET,), NOON)
    assert (claims["key"], claims["profile"]) == (f"uploads/~photos/alice/{ID}.png", "photos")
    parts = ask(function, "POST", "/multipart/parts", body=json.dumps({"ticket": begun["ticket"], "parts": [1]}))
    assert parts["expires_at"] == "2024-11-24T12:05:00Z"


@pytest.mark.usefixtures("storage")
def test_a_ticket_of_the_settings_own_rules_names_no_profile(function: Function) -> None:
    begun = ask(function, "POST", "/multipart", body=json.dumps(FILE))
    assert "profile" not in ticket.verify(begun["ticket"], "multipart", (PARTS_SECRET,), NOON)


STEPS = ["parts", "list", "complete", "abort"]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(
    ("changed", "claims", "refusal"),
    [
        ({}, {"profiles": ["default"]}, NOT_ALLOWED),
        ({"profile": "films"}, {}, NOT_ALLOWED),
        ({"profile": "removed-since"}, {}, UNKNOWN),
        ({"profile": None}, {"profiles": ["photos"]}, NOT_ALLOWED),
        ({"profile": "films"}, {"profiles": ["films"]}, (403, "ticket_invalid")),
        ({"key": "uploads/~films/alice/1.png"}, {}, (403, "ticket_invalid")),
        ({"key": "uploads/alice/1.png"}, {}, (403, "ticket_invalid")),
        ({"key": "uploads/~photos/bob/1.png"}, {}, (403, "ticket_invalid")),
    ],
)
def test_a_ticket_is_good_only_for_a_token_of_its_profile_and_place(
    function: Function, step: str, changed: dict[str, Any], claims: dict[str, Any], refusal: tuple[int, str]
) -> None:
    sound = {"key": "uploads/~photos/alice/1.png", "upload_id": "U", "size": 7, "content_type": "image/png"}
    sound |= {"filename": "a.png", "subject": "alice", "begin": int(NOON), "profile": "photos"}
    text, _ = MultipartUpload(**{**sound, **changed}).ticket(PARTS_SECRET, NOON)
    headers, body = bearer(token(SECRET, **claims)), json.dumps({"ticket": text, "parts": [1]})
    assert function.error("POST", f"/multipart/{step}", headers=headers, body=body) == refusal


@pytest.mark.any_python
@pytest.mark.usefixtures("storage")
def test_two_profiles_interleaved_a_hundred_times_never_mix_a_rule_a_key_or_a_callback(function: Function) -> None:
    headers = bearer(token(SECRET, profiles=["photos", "films"]))
    for number in range(100):
        upload_id = str(UUID(int=number))
        in_films = number % 2 == 1
        profile, extension, content_type = ("films", "mp4", "video/mp4") if in_films else ("photos", "png", "image/png")
        names = ["video/x-m4v", "application/mp4", "video/mp4v-es"] if in_films else ["image/x-png"]
        file = {"filename": "a", "size": number + 1, "content_type": content_type, "id": upload_id}
        foreign = file | {"content_type": "image/png" if in_films else "video/mp4"}
        body = json.dumps({"profile": profile, "files": [file, foreign]})
        answer, refused = ask(function, "POST", "/sign", headers, body=body)["uploads"]
        key = f"uploads/~{profile}/alice/{upload_id}.{extension}"
        assert conditions(answer["fields"]["policy"])[1:4] == [
            ["content-length-range", number + 1, number + 1],
            ["in", "$content-type", [content_type, *names, "application/octet-stream"]],
            ["eq", "$key", key],
        ]
        assert (answer["key"], refused["error"]["code"]) == (key, "type_not_allowed")
        assert answer["expires_at"] == ("2024-11-24T12:15:00Z" if in_films else "2024-11-24T12:05:00Z")
        claims = callback_claims(answer)
        assert (claims and (claims["key"], claims["profile"])) == ((key, "films") if in_films else None)
        assert json.loads(function.lines[-1][25:])["profile"] == profile
    assert len(function.sessions) == 1
