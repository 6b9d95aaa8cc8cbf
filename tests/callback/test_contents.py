"""Tests what the callback function does about a file that is not of its type, and about one that it cannot read."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug.wrappers import Response

from fc_http import http_client
from support.callback_world import ETAG, EVENT, KEY, KEY_PATH, STORED_MEMBERS, CallbackWorld
from support.factories import NOON
from upload_callback import callback_signature, stored_object, webhook

EXE = b"MZ" + b"\0" * 5000
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
ID = "1-67431580-0123456789ab"
FOUND = {"detected_type": "application/x-dosexec", "type_matches": False}
SIZE = {"size": len(EXE)}

MakeWorld = Callable[..., CallbackWorld]


@pytest.fixture
def make(httpserver: HTTPServer) -> MakeWorld:
    def make(check: str, **more: str) -> CallbackWorld:
        world = CallbackWorld(httpserver, CONTENT_CHECK=check, **more)
        world.serves_the_key()
        return world

    return make


def with_webhook(world: CallbackWorld) -> CallbackWorld:
    world.environ |= {"WEBHOOK_URL": f"{world.url}/hook", "WEBHOOK_SECRET": world.webhook_secret}
    world.function = world.instance()
    world.server.expect_request("/hook", "POST").respond_with_data("")
    return world


def events(world: CallbackWorld) -> list[Any]:
    return [json.loads(request.get_data()) for request, _ in world.server.log if request.path == "/hook"]


def test_a_program_sent_as_a_picture_is_named_everywhere(make: MakeWorld) -> None:
    world = with_webhook(make("report"))
    status, payload = world.call(world.holds_bytes(EXE))
    [line] = world.log_events("stored")
    [event] = events(world)
    stored = STORED_MEMBERS | SIZE | FOUND
    assert (status, payload) == (200, {"stored": stored, "request_id": ID, "webhook_delivered": True})
    assert (event["type"], event["data"]) == ("upload.stored", EVENT | SIZE | FOUND)
    assert {name: line[name] for name in (*EVENT, *FOUND)} == EVENT | SIZE | FOUND
    assert not [asked for asked in world.request_lines() if asked.startswith("DELETE")]


def test_with_delete_it_is_gone_and_nobody_takes_it_for_stored(make: MakeWorld) -> None:
    world = with_webhook(make("delete"))
    status, payload = world.call(world.holds_bytes(EXE))
    [line] = world.log_events("deleted")
    [event] = events(world)
    gone = FOUND | {"deleted": True}
    message = "The file is not of the type that it has, and was deleted."
    assert (status, payload) == (
        200,
        {
            "error": {"code": "type_mismatch", "message": message, "request_id": ID},
            "deleted": STORED_MEMBERS | SIZE | gone,
            "webhook_delivered": True,
        },
    )
    assert (event["type"], event["data"]) == ("upload.deleted", EVENT | SIZE | gone)
    assert {name: line[name] for name in (*EVENT, *gone)} == EVENT | SIZE | gone
    assert world.log_events("stored") == []
    assert world.request_lines() == [f"GET {KEY_PATH}", f"HEAD /{KEY}", f"GET /{KEY}", f"DELETE /{KEY}", "POST /hook"]


@pytest.mark.parametrize(
    ("content", "found"),
    [(PNG, {"detected_type": "image/png", "type_matches": True}), (PNG + b"\0" * 9000, {"detected_type": "image/png", "type_matches": True}), (b"", {})],
    ids=["short", "long", "empty"],
)  # fmt: skip
def test_what_matches_stays(make: MakeWorld, content: bytes, found: dict[str, object]) -> None:
    world = make("delete")
    assert world.call(world.holds_bytes(content))[1]["stored"] == STORED_MEMBERS | {"size": len(content)} | found


def test_text_is_not_proven(make: MakeWorld) -> None:
    world = make("delete")
    _, payload = world.call(world.holds_bytes(b"a,b\n1,2\n", content_type="text/csv"))
    assert payload["stored"] == STORED_MEMBERS | {"size": 8, "content_type": "text/csv"}


def test_four_kilobytes_are_read_of_the_object_that_was_looked_up(make: MakeWorld) -> None:
    world = make("report")
    world.call(world.holds_bytes(EXE))
    [(request, response)] = [each for each in world.server.log if (each[0].method, each[0].path) == ("GET", f"/{KEY}")]
    assert (request.headers["Range"], request.headers["If-Match"]) == ("bytes=0-4095", f'"{ETAG}"')
    assert len(response.get_data()) == 4096
    assert request.args["x-oss-credential"] == "STS.own/20241124/cn-hangzhou/oss/aliyun_v4_request"


@pytest.mark.parametrize("status", [404, 412])
def test_an_object_that_was_replaced_or_deleted_meanwhile_is_not_judged(make: MakeWorld, status: int) -> None:
    world = make("delete")
    world.server.expect_oneshot_request(f"/{KEY}", "GET").respond_with_data("", status)
    assert world.error(world.holds_bytes(EXE)) == (403, "not_stored")
    assert world.log_events("stored") + world.log_events("deleted") == []


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (Response("", 403), "status 403"),
        (Response("", 503), "status 503"),
        (Response("", 302, {"Location": "https://evil.example/"}), "status 302"),
        (Response(b"MZ", 206), "status 206"),
        (Response(b"\0" * 70_000, 200), "the response is too long"),
    ],
    ids=["403", "503", "redirect", "cut", "whole"],
)
def test_what_cannot_be_read_stays_and_the_log_says_why(make: MakeWorld, response: Response, reason: str) -> None:
    world = make("delete")
    world.server.expect_oneshot_request(f"/{KEY}", "GET").respond_with_response(response)
    assert world.call(world.holds_bytes(EXE))[1]["stored"] == STORED_MEMBERS | SIZE
    assert world.log_events("content_check_failed") == [
        {"event": "content_check_failed", "request_id": ID, "key": KEY, "reason": reason}
    ]


@pytest.mark.parametrize("status", [200, 403, 503])
def test_what_cannot_be_deleted_is_told_as_stored(make: MakeWorld, status: int) -> None:
    world = make("delete")
    assert world.call(world.holds_bytes(EXE, deletes=status))[1]["stored"] == STORED_MEMBERS | SIZE | FOUND
    assert world.log_events("content_check_failed") == [
        {"event": "content_check_failed", "request_id": ID, "key": KEY, "reason": f"status {status}", **FOUND}
    ]


def test_each_copy_in_one_place_is_deleted(make: MakeWorld) -> None:
    """A slot is free again, and the same file there has the same key and ETag."""
    world = make("delete")
    body = world.holds_bytes(EXE)
    assert [world.call(body)[1]["error"]["code"] for _ in range(2)] == ["type_mismatch"] * 2
    assert [asked for asked in world.request_lines() if asked.startswith("DELETE")] == [f"DELETE /{KEY}"] * 2


def test_a_file_that_was_deleted_is_another_event_than_one_that_is_stored(make: MakeWorld) -> None:
    """The same bytes in the same slot, first as a picture, then as what they are."""
    ids = [webhook.event_id("b", KEY, ETAG, deleted=deleted) for deleted in (False, True)]
    world = make("delete")
    world.call(world.holds_bytes(EXE))
    [line] = world.log_events("deleted")
    assert line["id"] == webhook.event_id("team-uploads", KEY, ETAG, deleted=True)
    assert len({*ids}) == 2


@pytest.mark.parametrize("check", ["off", "report", "delete"])
def test_oss_has_its_answer_within_five_seconds_whatever_hangs(
    make: MakeWorld, monkeypatch: pytest.MonkeyPatch, check: str
) -> None:
    """Each request takes all the time that it may, and a moment less where it must succeed for the next to be sent."""
    world = with_webhook(make(check))
    body = world.holds_bytes(EXE)
    real, seconds = http_client.request, [0.0]

    def slow(method: str, url: str, *, timeout_seconds: float, **more: Any) -> Any:
        seconds[0] += timeout_seconds * (0.9 if method == "HEAD" else 1)
        return real(method, url, timeout_seconds=60, **more)

    monkeypatch.setattr("fc_http.http_client.request", slow)
    world.clock = lambda: NOON + seconds[0]
    world.function = world.instance()
    assert world.call(body)[0] == 200
    most = callback_signature.KEY_TIMEOUT_SECONDS + stored_object.READ_TIMEOUT_SECONDS + webhook.TIMEOUT_SECONDS
    assert seconds[0] <= most + (stored_object.DELETE_TIMEOUT_SECONDS if check == "delete" else 0) <= 4.5


def test_with_no_time_left_nothing_more_is_read(make: MakeWorld) -> None:
    world = make("report")
    body = world.holds_bytes(EXE)
    times = iter([NOON, NOON, NOON, NOON + 1.5])
    world.clock = lambda: next(times)
    world.function = world.instance()
    assert world.call(body)[1]["stored"] == STORED_MEMBERS | SIZE
    assert [line["reason"] for line in world.log_events("content_check_failed")] == ["no time left"]
    assert f"GET /{KEY}" not in world.request_lines()


def test_switched_off_nothing_is_read_and_no_library_loaded(make: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("upload_callback.routes.load_comparison", lambda: pytest.fail("it was loaded"))
    world = make("off")
    assert world.call(world.holds_bytes(EXE))[1]["stored"] == STORED_MEMBERS | SIZE
    assert world.request_lines() == [f"GET {KEY_PATH}", f"HEAD /{KEY}"]
