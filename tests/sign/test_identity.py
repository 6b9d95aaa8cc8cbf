"""Tests the way from a token to a form: without a token nothing is signed, and with one only its holder's keys."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from uuid import UUID

import pytest
import time_machine

from support.factories import NOON
from support.function import FILE, Function, Make
from support.tokens import bearer, new_secret, token

SECRET = new_secret()


@pytest.fixture
def token_function(make: Make) -> Iterator[Function]:
    with time_machine.travel(NOON, tick=False):
        yield make(AUTH="jwt", JWT_SECRET=SECRET, MAX_SIZE="1MB")


NEEDS_A_TOKEN = [("POST", "/sign"), ("GET", "/get_post_signature_for_oss_upload")]


@pytest.mark.parametrize(("method", "path"), NEEDS_A_TOKEN)
@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "token_missing"),
        ({"Cookie": "token=x"}, "token_missing"),
        ({"X-User-Id": "admin"}, "token_missing"),
        ({"Authorization": "Basic YTpi"}, "token_invalid"),
        (bearer("x"), "token_invalid"),
        (bearer(token(new_secret())), "token_invalid"),
        (bearer(token(SECRET, exp=1)), "token_expired"),
    ],
)
def test_without_a_good_token_nothing_is_signed_and_sts_is_not_asked(
    token_function: Function, method: str, path: str, headers: dict[str, str], code: str
) -> None:
    response = token_function.request(method, path, headers=headers, body=json.dumps({"files": [FILE]}))
    told = json.loads(response["body"])["error"]
    assert (response["statusCode"], told["code"], response["headers"]["WWW-Authenticate"]) == (401, code, "Bearer")
    assert token_function.sessions == []


def test_limits_and_preflights_need_no_token(token_function: Function) -> None:
    assert token_function.request("OPTIONS", "/sign")["statusCode"] == 204
    limits = json.loads(token_function.request("GET", "/limits")["body"])
    assert (limits["auth"], limits["max_size"]) == ("jwt", 1_000_000)


def test_limits_told_to_a_token_are_its_own(token_function: Function) -> None:
    headers = bearer(token(SECRET, max_size=10, content_types=["image/png"]))
    limits = json.loads(token_function.request("GET", "/limits", headers=headers)["body"])
    assert (limits["max_size"], limits["content_types"]) == (10, ["image/png"])


def test_limits_name_the_subject_of_a_token_as_it_spells_it(token_function: Function) -> None:
    headers = bearer(token(SECRET, sub="Bob Ü/.."))
    assert json.loads(token_function.request("GET", "/limits", headers=headers)["body"])["subject"] == "Bob Ü/.."


def test_limits_name_no_subject_to_who_sends_no_token(token_function: Function) -> None:
    assert "subject" not in json.loads(token_function.request("GET", "/limits")["body"])


@pytest.mark.parametrize(("given_token", "code"), [("x", "token_invalid"), (token(SECRET, exp=1), "token_expired")])
def test_limits_tell_a_bad_token_that_it_is_bad(token_function: Function, given_token: str, code: str) -> None:
    assert token_function.error("GET", "/limits", headers=bearer(given_token)) == (401, code)


def test_a_narrowed_token_gets_narrow_forms(token_function: Function) -> None:
    headers = bearer(token(SECRET, max_size=FILE["size"], content_types=["image/png"]))
    files = [FILE, FILE | {"size": 8, "id": None}, FILE | {"content_type": "text/plain", "id": None}]
    response = token_function.request("POST", "/sign", headers=headers, body=json.dumps({"files": files}))
    codes = [upload.get("error", {}).get("code") for upload in json.loads(response["body"])["uploads"]]
    assert codes == [None, "too_large", "type_not_allowed"]
    form = json.loads(token_function.request("GET", "/get_post_signature_for_oss_upload", headers=headers)["body"])
    conditions = json.loads(base64.b64decode(form["policy"]))["conditions"]
    assert ["content-length-range", 0, FILE["size"]] in conditions
    assert ["in", "$content-type", ["image/png", "image/x-png"]] in conditions


def test_a_token_for_no_type_at_all_gets_no_folder_form(token_function: Function) -> None:
    headers = bearer(token(SECRET, content_types=["text/html"]))
    assert token_function.error("GET", "/get_post_signature_for_oss_upload", headers=headers) == (
        415,
        "type_not_allowed",
    )
    assert token_function.sessions == []


@pytest.mark.any_python
def test_two_users_two_hundred_requests_and_nothing_crosses(token_function: Function) -> None:
    limits = {"alice": 100, "Bob/../alice": 200}
    prefixes = {"alice": "uploads/alice/", "Bob/../alice": "uploads/_42ob_2f_2e_2e_2falice/"}
    for number in range(200):
        who = list(limits)[number % 2]
        headers = bearer(token(SECRET, sub=who, max_size=limits[who]))
        files = [
            FILE | {"size": size} | {"id": str(UUID(int=number * 2 + size))} for size in (limits[who], limits[who] + 1)
        ]
        response = token_function.request("POST", "/sign", headers=headers, body=json.dumps({"files": files}))
        taken, refused = json.loads(response["body"])["uploads"]
        policy = base64.b64decode(taken["fields"]["policy"]).decode()
        assert taken["key"].startswith(prefixes[who])
        assert ["eq", "$key", taken["key"]] in json.loads(policy)["conditions"]
        assert refused["error"]["code"] == "too_large"
        folder = json.loads(
            token_function.request("GET", "/get_post_signature_for_oss_upload", headers=headers)["body"]
        )
        assert (folder["dir"].startswith(prefixes[who]), folder["max_size"]) == (True, limits[who])
    assert len(token_function.sessions) == 1
