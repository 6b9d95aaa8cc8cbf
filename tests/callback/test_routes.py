"""Tests that only callbacks are accepted that OSS signed, for a form of this service, about an object that is there."""

from __future__ import annotations

import json
import socket
import threading
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from pytest_httpserver import HTTPServer

from support import factories
from support.callback_world import (
    ETAG,
    EVENT,
    KEY,
    KEY_PATH,
    OBJECT,
    STORED_MEMBERS,
    CallbackWorld,
    base64_of,
    public_pem,
    rsa_key,
)
from support.factories import NOON
from support.ids import as_id
from support.tickets import sign_ticket
from support.tokens import new_secret


@pytest.fixture
def world(httpserver: HTTPServer) -> CallbackWorld:
    world = CallbackWorld(httpserver)
    world.serves_the_key()
    world.holds()
    return world


def test_a_sound_callback_is_answered_with_what_is_stored(world: CallbackWorld) -> None:
    assert world.call() == (200, {"stored": STORED_MEMBERS, "request_id": "1-67431580-0123456789ab"})


def test_the_verified_fact_goes_to_the_log(world: CallbackWorld) -> None:
    world.call()
    [line] = world.log_events("stored")
    assert line.pop("id").startswith("msg_")
    assert line == {"event": "stored", "request_id": "1-67431580-0123456789ab", **EVENT}


LABELS: list[dict[str, Any]] = [{"profile": "photos"}, {"slot": 1000}, {"profile": "f" * 32, "slot": 1}]


@pytest.mark.parametrize("labels", LABELS)
def test_profile_and_slot_of_the_ticket_are_answered_and_logged(world: CallbackWorld, labels: dict[str, Any]) -> None:
    status, payload = world.call(world.body(ticket=world.ticket(**labels)))
    [line] = world.log_events("stored")
    assert (status, payload["stored"]) == (200, STORED_MEMBERS | labels)
    assert {name: line[name] for name in (*EVENT, *labels)} == EVENT | labels


NO_PROFILES: list[Any] = [None, "", "Photos", "~photos", "a/b", "a\n", "f" * 33, 7, True, [], {}]
NO_SLOTS: list[Any] = [None, 0, -1, 1.0, True, "1", [], {}]


@pytest.mark.parametrize(
    "labels", [*({"profile": each} for each in NO_PROFILES), *({"slot": each} for each in NO_SLOTS)], ids=as_id
)
def test_a_ticket_with_another_kind_of_profile_or_slot_is_refused(world: CallbackWorld, labels: dict[str, Any]) -> None:
    assert world.error(world.body(ticket=world.ticket(**labels))) == FOREIGN
    assert (world.request_lines(), world.log_events("stored")) == ([], [])


def test_the_key_is_fetched_once_and_the_object_asked_for_each_time(world: CallbackWorld) -> None:
    world.call()
    world.call()
    assert world.request_lines() == [f"GET {KEY_PATH}", f"HEAD /{KEY}", f"HEAD /{KEY}"]


def test_the_head_is_signed_for_the_object_with_the_functions_own_credentials(world: CallbackWorld) -> None:
    world.call()
    query = world.server.log[1][0].args
    assert query["x-oss-credential"] == "STS.own/20241124/cn-hangzhou/oss/aliyun_v4_request"
    assert (query["x-oss-security-token"], query["x-oss-expires"]) == ("own-token", "60")


FORGED = (403, "not_from_oss")
FOREIGN = (403, "unknown_upload")
UNAVAILABLE = (503, "storage_unavailable")


@pytest.mark.parametrize(
    "key_url",
    [
        "http://gosspublic.alicdn.com/callback_pub_key_v1.pem",
        "https://gosspublic.alicdn.com.evil.example/callback_pub_key_v1.pem",
        "https://evil.example/gosspublic.alicdn.com/key.pem",
        "https://gosspublic.alicdn.com@evil.example/key.pem",
        "https://user@gosspublic.alicdn.com/key.pem",
        "https://gosspublic.alicdn.com:8443/key.pem",
        "https://gosspublic.alicdn.com/../key.pem",
        "https://gosspublic.alicdn.com//evil.example/key.pem",
        "https://gosspublic.alicdn.com/key.pem?a=b",
        "https://gosspublic.alicdn.com/key.pem#.pem",
        "https://gosspublic.alicdn.com\\@evil.example/key.pem",
        "https://GOSSPUBLIC.alicdn.com/key.pem",
        "https://gosspublic.alicdn.com",
        "file:///etc/passwd",
        "file://gosspublic.alicdn.com/key.pem",
        "//gosspublic.alicdn.com/key.pem",
        "",
    ],
)
def test_a_key_from_anywhere_else_is_refused_and_never_fetched(
    httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch, key_url: str
) -> None:
    # With the default origin, as in the cloud. The function must not even try to send a request.
    world = CallbackWorld(httpserver, CALLBACK_KEY_ORIGIN="")
    monkeypatch.setattr("fc_http.http_client.request", lambda *_, **__: pytest.fail("it went outside"))
    assert world.error(key_url=key_url or " ") == FORGED


def test_in_the_cloud_the_key_comes_from_oss_alone(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    world = CallbackWorld(httpserver, CALLBACK_KEY_ORIGIN="")
    asked: list[str] = []

    def ask(method: str, url: str, **_: Any) -> Any:
        asked.append(f"{method} {url}")
        raise AssertionError

    monkeypatch.setattr("fc_http.http_client.request", ask)
    world.call(key_url="https://gosspublic.alicdn.com/callback_pub_key_v1.pem")
    assert asked == ["GET https://gosspublic.alicdn.com/callback_pub_key_v1.pem"]


@pytest.mark.parametrize("header", ["x-oss-pub-key-url", "Authorization"])
@pytest.mark.parametrize("value", ["", "%%%", "\u00e9", base64_of(b"\xff\xfe")])
def test_a_callback_whose_headers_are_none_of_oss_is_refused(world: CallbackWorld, header: str, value: str) -> None:
    assert world.error(headers={header: value}) == FORGED


@pytest.mark.parametrize(
    ("status", "error"), [(302, FORGED), (404, FORGED), (499, FORGED), (500, UNAVAILABLE), (503, UNAVAILABLE)]
)
def test_a_key_that_is_elsewhere_is_refused_and_one_that_cannot_be_read_now_may_be_later(
    httpserver: HTTPServer, status: int, error: tuple[int, str]
) -> None:
    world = CallbackWorld(httpserver)
    httpserver.expect_request(KEY_PATH).respond_with_data(status=status, headers={"Location": world.url + "/other.pem"})
    assert world.error() == error
    assert world.request_lines() == [f"GET {KEY_PATH}"]


@pytest.mark.parametrize("pem", [b"", b"no key", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
def test_a_key_that_is_none_signs_nothing(httpserver: HTTPServer, pem: bytes) -> None:
    world = CallbackWorld(httpserver)
    httpserver.expect_request(KEY_PATH).respond_with_data(pem)
    assert world.error() == FORGED


def test_a_key_of_more_than_4_kb_is_not_read(httpserver: HTTPServer) -> None:
    world = CallbackWorld(httpserver)
    httpserver.expect_request(KEY_PATH).respond_with_data(b"x" * 4097)
    assert world.error() == UNAVAILABLE


PEM = public_pem(rsa_key())
ANOTHER_PEM = public_pem(generate_private_key(65537, 1024))  # noqa: S505 - OSS's own has 512 bits


@pytest.mark.parametrize("bad", [b"", PEM[:-40], b"no key", ANOTHER_PEM], ids=["none", "cut", "no key", "another"])
def test_a_bad_key_costs_one_callback_and_is_not_kept(httpserver: HTTPServer, bad: bytes) -> None:
    world = CallbackWorld(httpserver)
    httpserver.expect_oneshot_request(KEY_PATH).respond_with_data(bad)
    world.serves_the_key()
    world.holds()
    assert [world.call()[0] for _ in range(3)] == [403, 200, 200]
    assert world.request_lines().count(f"GET {KEY_PATH}") == 2


def test_several_keys_are_kept_side_by_side(world: CallbackWorld) -> None:
    second = "/callback_pub_key_v2.pem"
    world.server.expect_request(second).respond_with_data(PEM)
    key_urls = [world.url + KEY_PATH, world.url + second] * 2
    assert [world.call(key_url=key_url)[0] for key_url in key_urls] == [200] * 4
    assert [asked for asked in world.request_lines() if asked.startswith("GET")] == [f"GET {KEY_PATH}", f"GET {second}"]


def test_a_key_that_verifies_nothing_is_not_kept(world: CallbackWorld) -> None:
    world.server.expect_request("/other.pem").respond_with_data(ANOTHER_PEM)
    key_urls = [world.url + path for path in (KEY_PATH, "/other.pem", "/other.pem", KEY_PATH)]
    assert [world.call(key_url=key_url)[0] for key_url in key_urls] == [200, 403, 403, 200]
    assert [asked for asked in world.request_lines() if asked.startswith("GET")] == [
        *(f"GET {path}" for path in (KEY_PATH, "/other.pem", "/other.pem"))
    ]


def test_a_key_that_was_replaced_is_asked_for_anew(world: CallbackWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    assert world.call()[0] == 200
    replacement = generate_private_key(65537, 1024)  # noqa: S505 - OSS's own has 512 bits
    monkeypatch.setattr("support.callback_world.rsa_key", lambda: replacement)
    world.server.clear()
    world.serves_the_key()
    world.holds()
    assert world.call()[0] == 200


def test_an_altered_body_is_refused(world: CallbackWorld) -> None:
    body = world.body()
    assert world.error(body.replace('"size": 7', '"size": 8'), signed=f"/stored\n{body}".encode()) == FORGED


def test_a_callback_signed_for_another_path_is_refused(world: CallbackWorld) -> None:
    assert world.error(signed=f"/other\n{world.body()}".encode()) == FORGED


def test_an_added_query_is_refused(world: CallbackWorld) -> None:
    assert world.error(query={"a": "b"}) == FORGED
    assert world.request_lines() == []


@pytest.mark.parametrize("path", ["/", "/stored/", "/sign", "/%73tored"])
def test_there_is_nothing_at_another_address(world: CallbackWorld, path: str) -> None:
    assert world.error(path=path) == (404, "not_found")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD"])
def test_another_method_is_refused_with_those_that_are_taken(world: CallbackWorld, method: str) -> None:
    response = world.function.handle(factories.event(method, "/stored", origin=None), factories.context(), now=NOON)
    assert (response["statusCode"], response["headers"]["Allow"]) == (405, "POST, OPTIONS")


def alter(ticket: str) -> str:
    return ("B" if ticket[0] != "B" else "A") + ticket[1:]


@pytest.mark.parametrize(
    "changed",
    [
        lambda world: {"bucket": "another-bucket"},
        lambda world: {"bucket": None},
        lambda world: {"object": KEY.replace("anonymous", "another")},
        lambda world: {"ticket": None},
        lambda world: {"ticket": ""},
        lambda world: {"ticket": 1},
        lambda world: {"ticket": alter(world.ticket())},
        lambda world: {"ticket": sign_ticket({"key": KEY, "end": NOON + 60}, secret=new_secret())},
        lambda world: {"ticket": world.ticket(end=int(NOON))},
        lambda world: {"ticket": world.ticket(key="elsewhere/1.png"), "object": "elsewhere/1.png"},
    ],
    ids=[
        *("foreign bucket", "no bucket", "another object", "no ticket", "empty ticket", "number", "altered"),
        *("foreign ticket", "ended", "outside the prefix"),
    ],
)
def test_what_oss_signed_for_anything_else_is_refused_before_anything_is_fetched(
    world: CallbackWorld, changed: Any
) -> None:
    assert world.error(world.body(**changed(world))) == FOREIGN
    assert (world.request_lines(), world.log_events("stored")) == ([], [])


@pytest.mark.parametrize("body", ["", "[]", "null", '{"bucket":"team-uploads"}', "not JSON", '{"a":NaN}'])
def test_a_body_that_tells_nothing_is_refused(world: CallbackWorld, body: str) -> None:
    assert world.call(body)[0] in (400, 403)
    assert (world.request_lines(), world.log_events("stored")) == ([], [])


@pytest.mark.parametrize(
    "changed",
    [{"Content-Length": "8"}, {"Content-Type": "text/html"}, {"ETag": '"0"'}, {"ETag": ""}],
    ids=["size", "type", "etag", "no etag"],
)
def test_a_bucket_that_holds_something_else_is_believed_before_the_callback(
    httpserver: HTTPServer, changed: dict[str, str]
) -> None:
    world = CallbackWorld(httpserver)
    world.serves_the_key()
    world.holds(OBJECT | changed)
    assert world.error() == (403, "not_stored")
    assert world.log_events("stored") == []


@pytest.mark.parametrize(
    "changed", [{"size": 8}, {"size": "7"}, {"mimeType": "text/html"}, {"etag": "0"}, {"etag": None}]
)
def test_a_callback_that_tells_something_else_is_refused(world: CallbackWorld, changed: dict[str, Any]) -> None:
    assert world.error(world.body(**changed)) == (403, "not_stored")


def test_an_object_that_is_not_there_is_refused(httpserver: HTTPServer) -> None:
    world = CallbackWorld(httpserver)
    world.serves_the_key()
    world.holds(status=404)
    assert world.error() == (403, "not_stored")


@pytest.mark.parametrize("status", [403, 500, 503])
def test_a_bucket_that_does_not_answer_is_no_proof(httpserver: HTTPServer, status: int) -> None:
    world = CallbackWorld(httpserver)
    world.serves_the_key()
    world.holds(status=status)
    assert world.error() == UNAVAILABLE


@pytest.mark.parametrize("length", ["", "Content-Length: x\r\n", "Content-Length: " + "9" * 5000 + "\r\n"])
def test_a_bucket_that_does_not_say_how_long_an_object_is_is_no_proof(world: CallbackWorld, length: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        world.environ["OSS_ENDPOINT"] = f"http://127.0.0.1:{listener.getsockname()[1]}"

        def response() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n{length}\r\n".encode())

        thread = threading.Thread(target=response)
        thread.start()
        assert world.error(app=world.instance()) == UNAVAILABLE
        thread.join(60)


def test_a_function_without_a_role_says_so_in_its_log(world: CallbackWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("upload_callback.routes.own_credentials", lambda *_: None)
    assert world.error() == UNAVAILABLE
    assert [line["reason"] for line in world.log_events("no_credentials")] == [
        "the function has none of an execution role"
    ]


def test_a_replay_changes_nothing(world: CallbackWorld) -> None:
    body = world.body()
    first, again = world.call(body), world.call(body)
    assert first == again == (200, {"stored": STORED_MEMBERS, "request_id": "1-67431580-0123456789ab"})
    assert [len(world.log_events(event)) for event in ("stored", "callback_repeated")] == [1, 1]


def test_a_replay_after_the_tickets_end_is_refused(world: CallbackWorld) -> None:
    body = world.body()
    world.call(body)
    assert world.error(body, now=NOON + 60) == FOREIGN


def test_the_etag_may_come_in_quotation_marks(world: CallbackWorld) -> None:
    assert world.call(world.body(etag=f'"{ETAG}"'))[0] == 200


def test_no_line_of_the_log_holds_the_ticket(world: CallbackWorld) -> None:
    body = world.body()
    world.call(body)
    ticket = json.loads(body)["ticket"]
    assert world.lines
    assert [line for line in world.lines if ticket in line] == []
