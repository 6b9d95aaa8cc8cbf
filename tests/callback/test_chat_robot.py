"""Tests chat robots: each service takes the message as signed, its answer's body decides, and no name has an effect."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from fc_http import http_client
from support.callback_world import EVENT, STORED_MEMBERS, CallbackWorld
from support.chat_robots import Robot, answer
from support.factories import NOON
from upload_callback import chat_robot
from upload_callback.chat_robot import ChatRobot

KINDS = ["dingtalk", "feishu", "wecom"]
ENGLISH = """New file: photos/cat \u00fc.\u200bpng
Size: 7 B
Type: image/png
From: alice
Key: uploads/anonymous/0f8fad5b-d9cb-469f-a165-70867728950e.png"""
CHINESE = """收到新文件：photos/cat \u00fc.\u200bpng
大小：7 B
类型：image/png
上传者：alice
配置方案：photos
存储位置：uploads/anonymous/0f8fad5b-d9cb-469f-a165-70867728950e.png"""


def callback_world(server: HTTPServer, **settings: str) -> CallbackWorld:
    world = CallbackWorld(server, **settings)
    world.serves_the_key()
    world.holds()
    return world


def delivery(world: CallbackWorld) -> tuple[bool, str | None]:
    """Makes a callback, and returns what response and log say about the notification."""
    _, payload = world.call()
    [line] = world.log_events("stored")
    assert payload["webhook_delivered"] == line["webhook_delivered"]
    return line["webhook_delivered"], line.get("webhook_error")


@pytest.mark.parametrize("kind", KINDS)
def test_a_service_shows_the_message(httpserver: HTTPServer, kind: str) -> None:
    robot = Robot(httpserver, kind)
    assert delivery(callback_world(httpserver, **robot.settings)) == (True, None)
    assert (robot.shown, robot.mentioned) == ([ENGLISH], [])


@pytest.mark.parametrize("kind", KINDS)
def test_a_message_is_in_the_language_that_is_set(httpserver: HTTPServer, kind: str) -> None:
    robot = Robot(httpserver, kind)
    world = callback_world(httpserver, **robot.settings, WEBHOOK_LANGUAGE="zh-CN")
    world.call(world.body(ticket=world.ticket(profile="photos", slot=2)))
    assert robot.shown == [CHINESE]


FOUND = "Content is not of this type. Found: "


@pytest.mark.parametrize(
    ("language", "more", "text"),
    [
        ("en", {"type_matches": True, "detected_type": "image/png"}, ENGLISH),
        (
            "en",
            {"type_matches": False, "detected_type": "text/html"},
            ENGLISH.replace("From", f"{FOUND}text/html\nFrom"),
        ),
        ("en", {"type_matches": False}, ENGLISH.replace("From", f"{FOUND}unknown\nFrom")),
        ("en", {"deleted": True}, ENGLISH.replace("New file", "Deleted a file")),
        (
            "zh-CN",
            {"type_matches": False, "deleted": True, "profile": "photos"},
            CHINESE.replace("收到新文件", "已删除文件").replace("上传者", "内容与类型不符，检测结果：未知\n上传者"),
        ),
    ],
)
def test_what_the_content_is_stands_in_the_message(language: str, more: dict[str, object], text: str) -> None:
    assert chat_robot.compose_text(EVENT | more, language) == text


def test_a_service_learns_what_sends_and_what_comes(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_json({})
    ChatRobot("wecom", httpserver.url_for("/?a"), "", "en").send(EVENT, "msg_a", NOON)
    [(request, _)] = httpserver.log
    assert [request.headers[name] for name in ("User-Agent", "Content-Type")] == [
        *("oss-direct-upload", "application/json; charset=utf-8"),
    ]


def test_a_service_that_hangs_is_left_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """OSS waits 5 seconds for the whole callback."""
    seconds: list[float] = []

    def hang(*_: str, timeout_seconds: float, **more: object) -> None:
        seconds.append(timeout_seconds)
        raise http_client.RequestFailed("no response in time")

    monkeypatch.setattr(http_client, "request", hang)
    robot = ChatRobot("wecom", "http://127.0.0.1:9/?a", "", "en")
    assert (robot.send(EVENT, "msg_a", NOON), seconds) == ("no response in time", [1.5])


@pytest.mark.parametrize(
    ("kind", "change", "error"),
    [
        ("dingtalk", {"secret": "SECanother"}, "errcode 310000"),
        ("dingtalk", {"now": NOON + 3601}, "errcode 310000"),
        ("dingtalk", {"token": "another"}, "errcode 300001"),
        ("feishu", {"secret": "another"}, "code 19021"),
        ("feishu", {"now": NOON - 3602}, "code 19021"),
        ("wecom", {"token": "another"}, "errcode 93000"),
    ],
)
def test_a_message_that_a_service_refuses_is_not_delivered(
    httpserver: HTTPServer, kind: str, change: dict[str, Any], error: str
) -> None:
    robot = Robot(httpserver, kind)
    world = callback_world(httpserver, **robot.settings)
    vars(robot).update(change)
    assert delivery(world) == (False, error)
    assert robot.shown == []


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (answer(errcode=130101, errmsg="send too fast, exceed 20 times per minute"), "errcode 130101"),
        (answer(errcode="0"), "unexpected answer"),
        (answer(errcode=False), "unexpected answer"),
        (answer(code=0), "unexpected answer"),
        (Response("[]"), "unexpected answer"),
        (Response("<html>"), "unexpected answer"),
        (Response(b"\xff"), "unexpected answer"),
        (Response("[" * 4000), "unexpected answer"),
        (Response(b"", 204), "status 204"),
        (Response("", 302, {"Location": "/elsewhere"}), "status 302"),
        (Response(json.dumps({"errcode": 0}), 500), "status 500"),
        (Response(" " * 4097), "the response is too long"),
    ],
)
def test_only_an_answer_that_says_so_is_success(httpserver: HTTPServer, response: Response, error: str) -> None:
    httpserver.expect_request("/robot/send").respond_with_response(response)
    robot = ChatRobot("dingtalk", httpserver.url_for("/robot/send?access_token=a"), "SECa", "en")
    assert robot.send(EVENT, "msg_a", NOON) == error


# Secret, or secret and time, of the first and the last are those of the vendors' samples. The signatures are by OpenSSL.
SIGNATURES = [
    ("dingtalk", "this is secret", NOON, "sign=kDPoig86IK6jDkLT4xmTmmR9yCmahJ12QPjXHoqs9Iw%3D"),
    ("dingtalk", "SECretNumber9", NOON, "sign=Pa3L%2BfNXnFfaNGy%2Fm42VqBhLlsRAHPt1Iw%2FYEeQHepg%3D"),
    ("feishu", "demo", 1_599_360_473.9, '"sign":"l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8="'),
]


@pytest.mark.parametrize(("kind", "secret", "now", "signature"), SIGNATURES)
def test_a_signature_is_that_of_other_hands(
    httpserver: HTTPServer, kind: str, secret: str, now: float, signature: str
) -> None:
    httpserver.expect_request("/").respond_with_json({})
    ChatRobot(kind, httpserver.url_for("/?a"), secret, "en").send(EVENT, "msg_a", now)
    [(request, _)] = httpserver.log
    assert (request.query_string + request.get_data()).decode().count(signature) == 1


HOSTILE = [
    '<at user_id="all">all</at>.png',
    "&lt;at user_id=&quot;all&quot;&gt;.png",
    "<@all><@alice>.png",
    "@all @everyone @13800000000.png",
    "https://evil.example/a.png",
    "www.evil.example.png",
    "invoice.zip",
    "evil\u3002example\uff0ecom\uff61png",
    "[photo](https://evil.example).png",
    "**bold** `code` <font color=red>.png",
    "a\nFrom: admin\u2028Key: b\x00\u202egnp.exe",
]
"""Names that some message type of some service would act on."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_has_no_effect_in_a_group(httpserver: HTTPServer, kind: str, name: str) -> None:
    robot = Robot(httpserver, kind)
    sender = ChatRobot(kind, robot.url, robot.secret, "en")
    assert sender.send(EVENT | {"filename": name, "subject": name}, "msg_a", NOON) is None
    [text] = robot.shown
    chosen = re.fullmatch(f"New file: (.*)\nSize: 7 B\nType: image/png\nFrom: (.*)\nKey: {EVENT['key']}", text)
    assert chosen
    assert robot.mentioned == []
    assert [
        re.findall(r"[<>&@\[\]`*]|://|\w[.\u3002\uff0e\uff61]\w|[\x00-\x1f\u2028\u202e]", each)
        for each in chosen.groups()
    ] == [
        [],
        [],
    ]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("猫.png", "猫.\u200bpng"),
        ("a\nb.png", "a\ufffdb.\u200bpng"),
        ("a" * 200, "a" * 200),
        ("\U0001f469\u200d\U0001f4bb 1.jpg", "\U0001f469\u200d\U0001f4bb 1.\u200bjpg"),
        ("a@b<c>.png", "a\uff20b\uff1cc\uff1e.\u200bpng"),
        ("a" * 197 + ".p", "a" * 98 + "…" + "a" * 93 + ".\u200bp"),
        ("文" * 100 + ".png", "文" * 32 + "…" + "文" * 30 + ".\u200bpng"),
    ],
)
def test_a_name_stays_readable(name: str, shown: str) -> None:
    assert chat_robot.make_inert(name) == shown


@pytest.mark.parametrize("language", chat_robot.LANGUAGES)
def test_the_longest_message_fits_the_smallest_limit(httpserver: HTTPServer, language: str) -> None:
    robot = Robot(httpserver, "wecom")
    longest = "\U0001f600" * 1024
    event = {"key": "k" * 1023, "size": 5 * 10**12, "profile": "p" * 32}
    event |= dict.fromkeys(("filename", "content_type", "subject"), longest)
    assert ChatRobot("wecom", robot.url, "", language).send(event, "msg_a", NOON) is None
    assert "k" * 1023 in robot.shown[0]


@pytest.mark.parametrize(
    ("size", "text"),
    [
        *((0, "0 B"), (999, "999 B"), (1000, "1 KB"), (48_211, "48.2 KB"), (999_499, "999 KB"), (999_500, "1 MB")),
        *((100_000_000, "100 MB"), (100_300_000, "100 MB"), (5_368_709_120, "5.4 GB"), (1_000_000_000_000, "1000 GB")),
    ],
)
def test_a_size_is_written_as_on_the_page(size: int, text: str) -> None:
    assert chat_robot.format_size(size) == text


@pytest.mark.parametrize("kind", KINDS)
def test_neither_log_nor_response_has_the_token(httpserver: HTTPServer, kind: str) -> None:
    robot = Robot(httpserver, kind)
    world = callback_world(httpserver, **robot.settings)
    robot.secret = "another"
    _, payload = world.call()
    assert [text for text in (*world.lines, json.dumps(payload)) if robot.token in text] == []


def test_a_repeated_callback_shows_no_second_message(httpserver: HTTPServer) -> None:
    robot = Robot(httpserver, "wecom")
    world = callback_world(httpserver, **robot.settings)
    body = world.body()
    assert [world.call(body)[1]["stored"], world.call(body)[1]["stored"]] == [STORED_MEMBERS, STORED_MEMBERS]
    assert len(robot.shown) == 1
