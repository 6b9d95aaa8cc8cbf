"""From event to reply: routes, origins, refusals, the log. STS is played by a function; the real chain is in test_chain."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
import time_machine

import given
from direct_upload import sts
from direct_upload.app import App
from direct_upload.credentials import AssumeRoleFailed, Credentials, OwnCredentials
from direct_upload.errors import Misconfigured
from direct_upload.routes import Routes
from direct_upload.settings import Settings
from given import NOON, ORIGIN
from given_tokens import bearer, new_secret, token

OWN = {
    "ALIBABA_CLOUD_ACCESS_KEY_ID": "STS.own",
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "own-secret",
    "ALIBABA_CLOUD_SECURITY_TOKEN": "own-token",
}
FILE = {"filename": "a.png", "size": 7, "content_type": "image/png", "id": "0f8fad5b-d9cb-469f-a165-70867728950e"}


class Function:
    """The function, with an STS that answers what a test wants."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **more: str) -> None:
        self.credentials = given.credentials()
        self.fault: Exception | None = None
        self.sessions: list[str] = []
        self.lines: list[str] = []
        self.ended = 0
        monkeypatch.setattr(sts, "role_assumer", lambda settings: self.assume_role)
        settings = Settings.from_environ(given.ENVIRON | more)
        routes = Routes(settings, environ=OWN, random_hex=lambda n: "ab" * n)
        self.app = App(
            routes.respond,
            allowed_origins=settings.allowed_origins,
            write=self.lines.append,
            end_instance=self.end_instance,
        )

    def assume_role(self, own: OwnCredentials, session: str) -> Credentials:
        self.sessions.append(session)
        if self.fault:
            raise self.fault
        return self.credentials

    def end_instance(self) -> None:
        self.ended += 1

    def answer(self, method: str, path: str, **more: Any) -> Any:
        return self.app.answer(given.event(method, path, **more), given.context(), now=NOON)

    def sign(self, *files: Any) -> Any:
        answer = self.answer("POST", "/sign", body=json.dumps({"files": files}))
        return answer["statusCode"], json.loads(answer["body"])

    def refusal(self, *args: Any, **more: Any) -> tuple[int, str]:
        answer = self.answer(*args, **more)
        return answer["statusCode"], json.loads(answer["body"])["error"]["code"]


Make = Callable[..., Function]


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Make:
    return lambda **more: Function(monkeypatch, **more)


@pytest.fixture
def function(make: Make) -> Function:
    return make()


def test_limits_say_what_may_be_uploaded_without_asking_sts(make: Make) -> None:
    function = make(CONTENT_TYPES="image/png,text/plain", MAX_SIZE="20MB", EXPIRES_IN="300")
    answer = function.answer("GET", "/limits")
    assert (answer["statusCode"], json.loads(answer["body"])) == (
        200,
        {
            "max_size": 20_000_000,
            "content_types": ["image/png", "text/plain"],
            "max_files_per_request": 20,
            "expires_in": 300,
            "auth": "none",
            "folder_forms": True,
        },
    )
    assert function.sessions == []


def test_the_folder_form_has_the_tutorials_eight_members_and_three_more(make: Make) -> None:
    function = make(CONTENT_TYPES="image/png")
    answer = json.loads(function.answer("GET", "/get_post_signature_for_oss_upload")["body"])
    assert len(answer.pop("policy")) > 100
    assert len(answer.pop("signature")) == 64
    assert answer == {
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
    answers = [
        json.loads(make(MAX_SIZE=size).answer("GET", "/get_post_signature_for_oss_upload")["body"])
        for size in ("1MB", "5GB")
    ]
    assert [answer["expires_at"] for answer in answers] == ["2024-11-24T12:10:00Z", "2024-11-24T12:50:00Z"]


def test_folder_forms_can_be_switched_off(make: Make) -> None:
    function = make(FOLDER_FORMS="off")
    assert function.refusal("GET", "/get_post_signature_for_oss_upload") == (404, "not_found")
    assert json.loads(function.answer("GET", "/limits")["body"])["folder_forms"] is False


def test_an_exact_form_is_ready_to_post(function: Function) -> None:
    status, answer = function.sign(FILE)
    [upload] = answer["uploads"]
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
    status, answer = function.sign(FILE, FILE | {"size": 0}, other, FILE)
    assert status == 200
    assert [upload.get("expires_at") or upload["error"] for upload in answer["uploads"]] == [
        "2024-11-24T12:10:00Z",
        {"code": "invalid_size", "message": "size must be the file's size in bytes, a whole number from 1."},
        "2024-11-24T12:30:00Z",
        {"code": "invalid_id", "message": "Another file of this request has the same id."},
    ]


def test_files_that_are_all_refused_cost_no_sts_call(function: Function) -> None:
    status, answer = function.sign(FILE | {"content_type": "text/html"}, FILE | {"filename": ""})
    assert (status, [upload["error"]["code"] for upload in answer["uploads"]]) == (
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
    assert function.refusal(method, path, **more) == refusal
    assert function.sessions == []


def test_an_event_that_is_none_is_answered_all_the_same(function: Function) -> None:
    answer = function.app.answer(b"\x00", given.context(), now=NOON)
    assert (answer["statusCode"], json.loads(answer["body"])) == (
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
    answer = function.answer("OPTIONS", "/sign", origin="https://www.example.com:8443")
    assert (answer["statusCode"], answer["body"]) == (204, "")
    assert answer["headers"]["Access-Control-Allow-Origin"] == "https://www.example.com:8443"
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
    answer = function.answer("GET", path, origin=origin)
    assert answer["headers"]["Access-Control-Allow-Origin"] == named
    assert answer["headers"]["Cache-Control"] == "no-store"
    assert answer["headers"]["Vary"] == "Origin"


def test_without_an_origin_the_caller_is_served(function: Function) -> None:
    assert function.answer("GET", "/limits", origin=None)["statusCode"] == 200


def test_failing_sts_is_told_with_the_time_to_wait(function: Function) -> None:
    function.fault = AssumeRoleFailed("Throttling.User")
    status, answer = function.sign(FILE)
    assert (status, answer) == (
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
    status, answer = function.sign(FILE)
    assert (status, answer["error"]["code"], answer["error"]["message"]) == (
        500,
        "internal",
        "Something went wrong here. It was logged.",
    )
    fault = json.loads(function.lines[0][25:])
    assert (fault["event"], fault["kind"]) == ("fault", "ZeroDivisionError")
    assert fault["at"][-1].endswith(" assume_role")
    assert "the-text" not in "".join(function.lines)


def test_a_request_is_one_line_of_log(function: Function) -> None:
    function.sign(FILE, FILE | {"size": 0})
    assumed, request = function.lines
    assert assumed == (
        '2024-11-24T12:00:00.000Z {"request_id":"1-67431580-0123456789ab","event":"assumed_role","expires_at":1732453200}'
    )
    assert request == (
        '2024-11-24T12:00:00.000Z {"request_id":"1-67431580-0123456789ab","event":"request","status":200,'
        '"method":"POST","path":"/sign","subject":"anonymous","files":2,"bytes":7,"refused":["invalid_size"]}'
    )


def test_a_refusal_is_logged_with_its_code(function: Function) -> None:
    function.answer("GET", "/no/such/page" + "/x" * 250 + "\n")
    [line] = function.lines
    assert json.loads(line[25:]) == {
        "request_id": "1-67431580-0123456789ab",
        "event": "request",
        "status": 404,
        "method": "GET",
        "path": ("/no/such/page" + "/x" * 250)[:128],
        "code": "not_found",
    }


@pytest.mark.parametrize("part", ["/sign/{}", "/{}", "/limits;token={}", "/a/{}/b"])
def test_a_token_sent_in_the_wrong_place_is_not_logged(function: Function, part: str) -> None:
    astray = token(new_secret())
    function.answer("GET", part.format(astray))
    function.answer(astray, "/limits")
    assert [piece for piece in astray.split(".") if piece in "".join(function.lines)] == []
    assert "[hidden]" in function.lines[0]


def test_no_secret_is_in_the_log(function: Function) -> None:
    answer = function.sign(FILE)[1]["uploads"][0]["fields"]
    logged = "".join(function.lines)
    kept = function.credentials
    secrets = [
        *(kept.access_key_secret, kept.security_token, "own-secret", "own-token"),
        *(answer["policy"], answer["x-oss-signature"]),
    ]
    assert [secret for secret in secrets if secret in logged] == []


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
    context = given.context()
    context.function.name = name
    function.app.answer(given.event("GET", "/get_post_signature_for_oss_upload"), context, now=NOON)
    assert function.sessions == [session]


SECRET = new_secret()


@pytest.fixture
def guarded(make: Make) -> Iterator[Function]:
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
    guarded: Function, method: str, path: str, headers: dict[str, str], code: str
) -> None:
    answer = guarded.answer(method, path, headers=headers, body=json.dumps({"files": [FILE]}))
    told = json.loads(answer["body"])["error"]
    assert (answer["statusCode"], told["code"], answer["headers"]["WWW-Authenticate"]) == (401, code, "Bearer")
    assert guarded.sessions == []


def test_limits_and_preflights_need_no_token(guarded: Function) -> None:
    assert guarded.answer("OPTIONS", "/sign")["statusCode"] == 204
    limits = json.loads(guarded.answer("GET", "/limits")["body"])
    assert (limits["auth"], limits["max_size"]) == ("jwt", 1_000_000)


def test_limits_told_to_a_token_are_its_own(guarded: Function) -> None:
    headers = bearer(token(SECRET, max_size=10, content_types=["image/png"]))
    limits = json.loads(guarded.answer("GET", "/limits", headers=headers)["body"])
    assert (limits["max_size"], limits["content_types"]) == (10, ["image/png"])


@pytest.mark.parametrize(("given_token", "code"), [("x", "token_invalid"), (token(SECRET, exp=1), "token_expired")])
def test_limits_tell_a_bad_token_that_it_is_bad(guarded: Function, given_token: str, code: str) -> None:
    assert guarded.refusal("GET", "/limits", headers=bearer(given_token)) == (401, code)


def test_a_narrowed_token_gets_narrow_forms(guarded: Function) -> None:
    headers = bearer(token(SECRET, max_size=FILE["size"], content_types=["image/png"]))
    files = [FILE, FILE | {"size": 8, "id": None}, FILE | {"content_type": "text/plain", "id": None}]
    answer = guarded.answer("POST", "/sign", headers=headers, body=json.dumps({"files": files}))
    codes = [upload.get("error", {}).get("code") for upload in json.loads(answer["body"])["uploads"]]
    assert codes == [None, "too_large", "type_not_allowed"]
    form = json.loads(guarded.answer("GET", "/get_post_signature_for_oss_upload", headers=headers)["body"])
    conditions = json.loads(base64.b64decode(form["policy"]))["conditions"]
    assert ["content-length-range", 1, FILE["size"]] in conditions
    assert ["in", "$content-type", ["image/png"]] in conditions


def test_a_token_for_no_type_at_all_gets_no_folder_form(guarded: Function) -> None:
    headers = bearer(token(SECRET, content_types=["text/html"]))
    assert guarded.refusal("GET", "/get_post_signature_for_oss_upload", headers=headers) == (415, "type_not_allowed")
    assert guarded.sessions == []


def test_two_users_two_hundred_requests_and_nothing_crosses(guarded: Function) -> None:
    limits = {"alice": 100, "Bob/../alice": 200}
    prefixes = {"alice": "uploads/alice/", "Bob/../alice": "uploads/_42ob_2f_2e_2e_2falice/"}
    for number in range(200):
        who = list(limits)[number % 2]
        headers = bearer(token(SECRET, sub=who, max_size=limits[who]))
        files = [
            FILE | {"size": size} | {"id": str(UUID(int=number * 2 + size))} for size in (limits[who], limits[who] + 1)
        ]
        answer = guarded.answer("POST", "/sign", headers=headers, body=json.dumps({"files": files}))
        taken, refused = json.loads(answer["body"])["uploads"]
        policy = base64.b64decode(taken["fields"]["policy"]).decode()
        assert taken["key"].startswith(prefixes[who])
        assert ["eq", "$key", taken["key"]] in json.loads(policy)["conditions"]
        assert refused["error"]["code"] == "too_large"
        folder = json.loads(guarded.answer("GET", "/get_post_signature_for_oss_upload", headers=headers)["body"])
        assert (folder["dir"].startswith(prefixes[who]), folder["max_size"]) == (True, limits[who])
    assert len(guarded.sessions) == 1


def test_no_token_is_in_the_log_or_in_an_answer(guarded: Function) -> None:
    good, ended = token(SECRET), token(SECRET, exp=1)
    answers = [
        guarded.answer("POST", "/sign", headers=bearer(sent), body=json.dumps({"files": [FILE]}))
        for sent in (good, ended, "x.y.z")
    ]
    said = "".join(guarded.lines) + json.dumps(answers)
    assert [piece for sent in (good, ended) for piece in sent.split(".")[1:] if piece in said] == []
    assert SECRET not in said


def refuse(*_: object) -> None:
    raise Misconfigured


def test_with_faulty_settings_every_request_is_told_so() -> None:
    app = App(refuse, allowed_origins=(), write=lambda line: None, end_instance=lambda: None)
    for method, path in (("GET", "/limits"), ("OPTIONS", "/sign"), ("GET", "/nowhere")):
        answer = app.answer(given.event(method, path), None, now=NOON)
        assert (answer["statusCode"], json.loads(answer["body"])) == (
            500,
            {
                "error": {
                    "code": "misconfigured",
                    "message": "The upload service is set up wrongly. Its log names every fault.",
                }
            },
        )
        assert answer["headers"]["Access-Control-Allow-Origin"] == "https://origin.invalid"
