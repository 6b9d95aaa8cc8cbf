"""Tests the way from event to response: routes, origins, errors, the log. A function stands in for STS."""

from __future__ import annotations

import base64
import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from direct_upload.credential_cache import AssumeRoleFailed
from fc_http.app import App
from fc_http.errors import InvalidSettings
from fc_http.runtime import Runtime
from oss_protocol.credentials import Credentials
from support import factories
from support.factories import NOON, ORIGIN
from support.function import FILE, Function, Make
from support.tokens import new_secret, token


def test_limits_say_what_may_be_uploaded_without_asking_sts(make: Make) -> None:
    function = make(CONTENT_TYPES="image/png,text/plain", MAX_SIZE="20MB", EXPIRES_IN="300")
    response = function.request("GET", "/limits")
    assert (response["statusCode"], json.loads(response["body"])) == (
        200,
        {
            "max_size": 20_000_000,
            "content_types": ["image/png", "text/plain"],
            "accept": [
                *("image/png", "image/x-png", ".png", "text/plain", "text/x-log"),
                *(".txt", ".text", ".log", ".conf", ".ini", ".cfg", ".asc", ".prj", ".cpg", ".qpj"),
            ],
            "max_files_per_request": 20,
            "expires_in": 300,
            "auth": "none",
            "folder_forms": True,
            "version": factories.VERSION,
        },
    )
    assert function.sessions == []


def test_the_folder_form_has_the_tutorials_eight_members_and_three_more(make: Make) -> None:
    function = make(CONTENT_TYPES="image/png")
    response = json.loads(function.request("GET", "/get_post_signature_for_oss_upload")["body"])
    assert len(response.pop("policy")) > 100
    assert len(response.pop("signature")) == 64
    assert response == {
        "dir": f"uploads/anonymous/{'ab' * 16}/",
        "host": "https://team-uploads.oss-cn-hangzhou.aliyuncs.com",
        "security_token": function.credentials.security_token,
        "x_oss_credential": f"{function.credentials.access_key_id}/20241124/cn-hangzhou/oss/aliyun_v4_request",
        "x_oss_date": "20241124T120000Z",
        "x_oss_signature_version": "OSS4-HMAC-SHA256",
        "expires_at": "2024-11-24T12:33:20Z",
        "max_size": 100_000_000,
        "content_types": ["image/png"],
    }


def test_a_folder_form_lives_as_long_as_its_largest_file_may_need(make: Make) -> None:
    responses = [
        json.loads(make(MAX_SIZE=size).request("GET", "/get_post_signature_for_oss_upload")["body"])
        for size in ("1MB", "5GB")
    ]
    assert [response["expires_at"] for response in responses] == ["2024-11-24T12:10:00Z", "2024-11-24T12:50:00Z"]


def types_of_a_folder_form(function: Function, token_bytes: int) -> tuple[list[str], list[str]]:
    """Returns the types in the response, and those that the policy allows."""
    function.credentials = factories.credentials(token_bytes=token_bytes)
    response = json.loads(function.request("GET", "/get_post_signature_for_oss_upload")["body"])
    [types] = [each[2] for each in json.loads(base64.b64decode(response["policy"]))["conditions"] if "in" in each]
    return response["content_types"], types


def test_a_folder_form_names_the_usual_types_and_their_other_names(make: Make) -> None:
    types, named = types_of_a_folder_form(make(), 600)
    usual = ["application/octet-stream", "application/pdf", "image/jpeg", "image/png", "application/zip", "text/plain"]
    assert types[:6] == usual
    assert len(types) > 40
    assert {*types, "image/jpg", "application/x-zip-compressed", "audio/x-m4a"} <= set(named)


def test_the_longer_the_security_token_the_fewer_types_a_folder_form_names(make: Make) -> None:
    many, fewer, few = (types_of_a_folder_form(make(), token_bytes)[0] for token_bytes in (600, 1200, 1550))
    assert len(many) > len(fewer) > len(few) > 5
    assert (fewer, few) == (many[: len(fewer)], many[: len(few)])


def test_a_security_token_that_leaves_no_room_for_a_type_is_refused(make: Make) -> None:
    function = make(CONTENT_TYPES="image/png,image/jpeg")
    function.credentials = factories.credentials(token_bytes=3000)
    assert function.error("GET", "/get_post_signature_for_oss_upload") == (500, "form_too_large")


def test_folder_forms_can_be_switched_off(make: Make) -> None:
    function = make(FOLDER_FORMS="off")
    assert function.error("GET", "/get_post_signature_for_oss_upload") == (404, "not_found")
    assert json.loads(function.request("GET", "/limits")["body"])["folder_forms"] is False


def test_an_exact_form_is_ready_to_post(function: Function) -> None:
    status, response = function.sign(FILE)
    [upload] = response["uploads"]
    fields = upload.pop("fields")
    key = f"uploads/anonymous/{FILE['id']}.png"
    assert (status, upload, fields["key"]) == (
        200,
        {
            "method": "POST",
            "url": "https://team-uploads.oss-cn-hangzhou.aliyuncs.com",
            "key": key,
            "expires_at": "2024-11-24T12:10:00Z",
        },
        key,
    )


def test_each_file_is_answered_in_the_order_asked_sound_or_not(function: Function) -> None:
    other = FILE | {"id": "11111111-2222-4333-8444-555555555555", "size": 90_000_000}
    status, response = function.sign(FILE, FILE | {"size": -1}, other, FILE)
    assert status == 200
    assert [upload.get("expires_at") or upload["error"] for upload in response["uploads"]] == [
        "2024-11-24T12:10:00Z",
        {"code": "invalid_size", "message": "size must be the file's size in bytes, a whole number from 0."},
        "2024-11-24T12:30:00Z",
        {"code": "invalid_id", "message": "Another file of this request has the same id."},
    ]


def test_files_that_are_all_refused_cost_no_sts_call(function: Function) -> None:
    status, response = function.sign(FILE | {"content_type": "text/html"}, FILE | {"filename": ""})
    assert (status, [upload["error"]["code"] for upload in response["uploads"]]) == (
        200,
        ["type_not_allowed", "invalid_filename"],
    )
    assert function.sessions == []


@pytest.mark.parametrize(
    ("method", "path", "more", "refusal"),
    [
        ("GET", "/", {}, (404, "not_found")),
        ("GET", "/limits/", {}, (404, "not_found")),
        ("GET", "//limits", {}, (404, "not_found")),
        ("GET", "/%6cimits", {}, (404, "not_found")),
        ("GET", "/sign", {}, (405, "method_not_allowed")),
        ("HEAD", "/limits", {}, (405, "method_not_allowed")),
        ("POST", "/get_post_signature_for_oss_upload", {}, (405, "method_not_allowed")),
        ("POST", "/sign", {}, (400, "bad_request")),
        ("POST", "/sign", {"body": "{"}, (400, "bad_request")),
        ("POST", "/sign", {"body": '{"files":{}}'}, (400, "bad_request")),
        ("POST", "/sign", {"body": '{"files":[]}'}, (400, "too_many_files")),
        ("POST", "/sign", {"body": json.dumps({"files": [FILE] * 21})}, (400, "too_many_files")),
        ("POST", "/sign", {"body": " " * 65_537}, (413, "body_too_large")),
        ("POST", "/sign", {"origin": "https://evil.example"}, (403, "origin_not_allowed")),
        ("GET", "/limits", {"origin": "https://evil.example"}, (403, "origin_not_allowed")),
        ("OPTIONS", "/sign", {"origin": "https://evil.example"}, (403, "origin_not_allowed")),
    ],
)
def test_what_is_refused_and_that_sts_is_not_asked(
    function: Function, method: str, path: str, more: Any, refusal: tuple[int, str]
) -> None:
    assert function.error(method, path, **more) == refusal
    assert function.sessions == []


HTTP_API = (Path(__file__).parents[2] / "docs" / "reference" / "http-api.md").read_text(encoding="utf-8")
ALLOWED = {
    path: f"{method}, OPTIONS" for method, path in re.findall(r"^\| `([A-Z]+) (/[^`]+)` \|", HTTP_API, re.MULTILINE)
}


@pytest.mark.parametrize(("path", "allowed"), ALLOWED.items())
def test_another_method_is_refused_with_those_that_are_taken(make: Make, path: str, allowed: str) -> None:
    function = make(MULTIPART_THRESHOLD="1MB", MULTIPART_SECRET=new_secret())
    methods = {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "TRACE", "get"} - set(allowed.split(", "))
    responses = [function.request(method, path) for method in methods]
    assert {(response["statusCode"], response["headers"].get("Allow")) for response in responses} == {(405, allowed)}


def test_no_other_refusal_says_what_is_taken(function: Function) -> None:
    assert "Allow" not in function.request("GET", "/nothing")["headers"]


def test_a_preflight_is_answered_whatever_the_address_takes(function: Function) -> None:
    responses = [function.request("OPTIONS", path) for path in ("/sign", "/limits")]
    assert [(each["statusCode"], each["headers"]["Access-Control-Allow-Methods"]) for each in responses] == [
        (204, "GET, POST, OPTIONS")
    ] * 2


def test_a_cold_instance_answers_all_who_come_at_once(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """It happens with an instanceConcurrency above 1, which Function Compute has for other runtimes only."""
    at_once = 8
    everybody, assume_role = threading.Barrier(at_once), Function.assume_role

    def assume_slowly(*given_to_it: Any) -> Credentials:
        threading.Event().wait(0.2)  # time enough for the others to go wrong in
        return assume_role(*given_to_it)

    monkeypatch.setattr(Function, "assume_role", assume_slowly)
    function = make()

    def sign(_: int) -> Any:
        everybody.wait(60)
        return function.sign(FILE)[0]

    with ThreadPoolExecutor(at_once) as pool:
        assert list(pool.map(sign, range(at_once))) == [200] * at_once
    assert len(function.sessions) == 1


def test_an_event_that_is_none_is_answered_all_the_same(function: Function) -> None:
    response = function.app.handle(b"\x00", factories.context(), now=NOON)
    assert (response["statusCode"], json.loads(response["body"])) == (
        400,
        {
            "error": {
                "code": "bad_request",
                "message": "The body is not JSON.",
                "request_id": "1-67431580-0123456789ab",
            }
        },
    )


def test_a_preflight_is_answered_from_the_list_without_asking_sts(function: Function) -> None:
    response = function.request("OPTIONS", "/sign", origin="https://www.example.com:8443")
    assert (response["statusCode"], response["body"]) == (204, "")
    assert response["headers"]["Access-Control-Allow-Origin"] == "https://www.example.com:8443"
    assert function.sessions == []


@pytest.mark.parametrize(
    ("origin", "named"),
    [
        (ORIGIN, ORIGIN),
        ("https://www.example.com:8443", "https://www.example.com:8443"),
        (None, ORIGIN),
        ("null", ORIGIN),
        ("https://app.example.com.evil.example", ORIGIN),
        ("https://evil-app.example.com", ORIGIN),
        ("http://app.example.com", ORIGIN),
        ("https://app.example.com/", ORIGIN),
        ("https://APP.example.com", ORIGIN),
        ("https://www.example.com", ORIGIN),
        (f"{ORIGIN}, https://evil.example", ORIGIN),
    ],
)
@pytest.mark.parametrize("path", ["/limits", "/nowhere"])
def test_every_reply_names_a_configured_origin(function: Function, origin: str | None, named: str, path: str) -> None:
    response = function.request("GET", path, origin=origin)
    assert response["headers"]["Access-Control-Allow-Origin"] == named
    assert (response["statusCode"] == 403) == (origin not in (None, named))
    assert response["headers"]["Cache-Control"] == "no-store"
    assert response["headers"]["Vary"] == "Origin"


def test_without_an_origin_the_caller_is_served(function: Function) -> None:
    assert function.request("GET", "/limits", origin=None)["statusCode"] == 200


def test_failing_sts_is_told_with_the_time_to_wait(function: Function) -> None:
    function.fault = AssumeRoleFailed("Throttling.User")
    status, response = function.sign(FILE)
    assert (status, response) == (
        503,
        {
            "error": {
                "code": "credentials_unavailable",
                "message": "The upload service cannot get its credentials at the moment.",
                "retry_after": 30,
                "request_id": "1-67431580-0123456789ab",
            }
        },
    )


def test_a_stale_instance_says_so_and_ends(function: Function) -> None:
    function.fault = AssumeRoleFailed("InvalidSecurityToken.Expired", own_refused=True)
    assert function.sign(FILE)[0] == 500
    assert function.ended == 1
    assert [json.loads(line[25:])["event"] for line in function.lines] == [
        "assume_role_failed",
        "instance_ended",
        "request",
    ]


def test_an_unexpected_fault_is_a_bare_500_and_its_place_is_logged_but_not_its_text(function: Function) -> None:
    function.fault = ZeroDivisionError("the-text")
    status, response = function.sign(FILE)
    assert (status, response["error"]["code"], response["error"]["message"]) == (
        500,
        "internal",
        "An error occurred in the upload service. It was logged.",
    )
    fault = json.loads(function.lines[0][25:])
    assert (fault["event"], fault["exception"]) == ("unhandled_exception", "ZeroDivisionError")
    assert fault["traceback"][-1].endswith(" assume_role")
    assert "the-text" not in "".join(function.lines)


@pytest.mark.parametrize("name", ["Host", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "X-Real-Ip"])
def test_a_forged_host_changes_nothing(function: Function, name: str) -> None:
    body = json.dumps({"files": [FILE]})
    responses = [function.request("POST", "/sign", body=body, headers=more) for more in ({}, {name: "evil.example"})]
    assert responses[0] == responses[1]


def test_a_request_is_one_line_of_log(function: Function) -> None:
    function.sign(FILE, FILE | {"size": -1})
    assumed, request = function.lines
    assert assumed == (
        '2024-11-24T12:00:00.000Z {"request_id":"1-67431580-0123456789ab","event":"assumed_role","expires_at":1732453200}'
    )
    assert request == (
        '2024-11-24T12:00:00.000Z {"request_id":"1-67431580-0123456789ab","event":"request","status":200,'
        '"method":"POST","path":"/sign","subject":"anonymous","files":2,"bytes":7,"refused":["invalid_size"]}'
    )


def test_a_refusal_is_logged_with_its_code(function: Function) -> None:
    function.request("GET", "/no/such/page/")
    [line] = function.lines
    assert json.loads(line[25:]) == {
        "request_id": "1-67431580-0123456789ab",
        "event": "request",
        "status": 404,
        "method": "GET",
        "path": "/no/such/page/",
        "code": "not_found",
    }


@pytest.mark.parametrize("part", ["/sign/{}", "/{}", "/limits;token={}", "/a/{}/b"])
def test_a_token_sent_in_the_wrong_place_is_not_logged(function: Function, part: str) -> None:
    astray = token(new_secret())
    function.request("GET", part.format(astray))
    function.request(astray, "/limits")
    assert [piece for piece in astray.split(".") if piece in "".join(function.lines)] == []
    assert '"path":"[other]"' in function.lines[0]


@pytest.mark.parametrize(
    ("name", "session"),
    [
        ("oss-direct-upload-sign", "oss-direct-upload-sign"),
        ("a/b c$ü", "a-b-c--"),
        ("x" * 40, "x" * 32),
        ("x", "x-"),
        ("", "sign"),
    ],
)
def test_the_session_is_named_after_the_function(function: Function, name: str, session: str) -> None:
    context = factories.context()
    context.function.name = name
    function.app.handle(factories.event("GET", "/get_post_signature_for_oss_upload"), context, now=NOON)
    assert function.sessions == [session]


def refuse(*_: object) -> None:
    raise InvalidSettings


def test_with_faulty_settings_every_request_is_told_so() -> None:
    runtime = Runtime({}, lambda: NOON, lambda n: "ab" * n, lambda line: None, lambda: None)
    app = App(refuse, runtime, allowed_origins=())
    assert app.handle(factories.event("OPTIONS", "/sign"), None, now=NOON)["statusCode"] == 204
    for method, path in (("GET", "/limits"), ("POST", "/sign"), ("GET", "/nowhere")):
        response = app.handle(factories.event(method, path), None, now=NOON)
        assert (response["statusCode"], json.loads(response["body"])) == (
            500,
            {
                "error": {
                    "code": "misconfigured",
                    "message": "The upload service is misconfigured. Its log names every fault.",
                }
            },
        )
        assert response["headers"]["Access-Control-Allow-Origin"] == "https://origin.invalid"
