"""`make replay`: the events that the webhook missed are sent from the log, once, under the same ID."""

from __future__ import annotations

import base64
import io
import json
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import standardwebhooks
import time_machine
from pytest_httpserver import HTTPServer

from deploy import replay
from support import sentinels
from support.callback_world import EVENT, CallbackWorld
from support.chat_robots import Robot
from support.factories import NOON

STAMP = "2024-11-24T12:00:00.000Z "


def line(webhook_id: str, *, told: bool | None, **changed: Any) -> str:
    """Returns a line of the callback function's log."""
    told_on = {} if told is None else {"webhook_delivered": told}
    return STAMP + json.dumps({"event": "stored", "request_id": "1-a", "id": webhook_id, **EVENT, **told_on, **changed})


@pytest.fixture
def environ(httpserver: HTTPServer) -> dict[str, str]:
    httpserver.expect_request("/hook", "POST").respond_with_data("")
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    sentinels.keep_secret(key)
    return {"LOCAL": "on", "WEBHOOK_URL": httpserver.url_for("/hook"), "WEBHOOK_SECRET": f"whsec_{key}"}


def webhook_ids(httpserver: HTTPServer) -> list[str]:
    return [request.headers["webhook-id"] for request, _ in httpserver.log]


def run(environ: dict[str, str], folder: Path, *lines: str, options: tuple[str, ...] = ()) -> int:
    (folder / "log").write_text("\n".join(lines), encoding="utf-8")
    return replay.main([str(folder / "log"), *options], environ, NOON)


def test_what_was_not_told_is_told(environ: dict[str, str], httpserver: HTTPServer, tmp_path: Path) -> None:
    assert run(environ, tmp_path, line("msg_a", told=False, webhook_error="status 500")) == 0
    [(request, _)] = httpserver.log
    with time_machine.travel(NOON, tick=False):
        verified = standardwebhooks.Webhook(environ["WEBHOOK_SECRET"]).verify(request.get_data(), dict(request.headers))
    assert (verified["data"], request.headers["webhook-id"]) == (EVENT, "msg_a")


def test_what_was_deleted_is_told_as_deleted(environ: dict[str, str], httpserver: HTTPServer, tmp_path: Path) -> None:
    found = {"detected_type": "application/x-dosexec", "type_matches": False, "deleted": True}
    run(environ, tmp_path, line("msg_a", told=False, event="deleted", **found))
    [(request, _)] = httpserver.log
    event = json.loads(request.get_data())
    assert (event["type"], event["data"]) == ("upload.deleted", EVENT | found)


def test_profile_and_slot_are_told_where_the_log_has_them(
    environ: dict[str, str], httpserver: HTTPServer, tmp_path: Path
) -> None:
    run(environ, tmp_path, line("msg_a", told=False, profile="photos", slot=2))
    [(request, _)] = httpserver.log
    assert json.loads(request.get_data())["data"] == EVENT | {"profile": "photos", "slot": 2}


def test_a_chat_robot_is_sent_20_messages_a_minute(httpserver: HTTPServer, tmp_path: Path) -> None:
    robot = Robot(httpserver, "dingtalk")
    (tmp_path / "log").write_text("\n".join(line(f"msg_{n}", told=False) for n in range(3)), encoding="utf-8")
    waits: list[float] = []
    arguments = [str(tmp_path / "log")]
    assert replay.main(arguments, {"LOCAL": "on", **robot.settings}, NOON, waits.append) == 0
    assert replay.main([*arguments, "--dry-run"], {"LOCAL": "on", **robot.settings}, NOON, waits.append) == 0
    assert (len(robot.shown), waits) == (3, [3, 3])


@pytest.mark.parametrize(
    "lines",
    [
        [line("msg_a", told=True)],
        [line("msg_a", told=None)],
        [line("msg_a", told=False), line("msg_a", told=True)],
        [line("msg_a", told=True), line("msg_a", told=False)],
        [STAMP + '{"event":"callback_repeated","id":"msg_a","webhook_delivered":false}'],
        [STAMP + '{"event":"request","id":"msg_a","webhook_delivered":false}'],
        [STAMP + '{"event":"stored","id":"msg_a","webhook_delivered":false}'],
        ["FC Initialize Start RequestId: 1-a", "", "{", STAMP + '{"event"'],
    ],
    ids=["told", "no webhook", "told later", "told before", "a replay", "a request", "half a fact", "other lines"],
)
def test_nothing_else_is_told(
    environ: dict[str, str], httpserver: HTTPServer, tmp_path: Path, lines: list[str]
) -> None:
    assert run(environ, tmp_path, *lines) == 0
    assert webhook_ids(httpserver) == []


def test_each_fact_is_told_once_and_in_order(environ: dict[str, str], httpserver: HTTPServer, tmp_path: Path) -> None:
    lines = [line(webhook_id, told=False) for webhook_id in ("msg_b", "msg_a", "msg_b")]
    assert run(environ, tmp_path, *lines) == 0
    assert webhook_ids(httpserver) == ["msg_b", "msg_a"]


WRAPPED: dict[str, Callable[[str], str]] = {
    "as it is": lambda text: text,
    "s logs": lambda text: f"2024-11-24 12:00:00 [INFO] 1-a {text}",
    "a string": json.dumps,
    "an export in JSON": lambda text: json.dumps({"message": text, "requestId": "1-a"}),
    "an export in JSON as it is in UTF-8": lambda text: json.dumps({"message": text}, ensure_ascii=False),
    "an export in JSON over lines": lambda text: json.dumps([{"requestId": "1-a", "message": text}], indent=2),
    "all in one line": lambda text: json.dumps([{"message": "another"}, {"message": text + "\n"}]),
    "an export of an export": lambda text: json.dumps({"content": json.dumps({"message": text})}),
}

NAMES = [
    "Köln ü.png",
    'say "x".png',
    "a\\b\\n.png",
    "\u2028\x85\U0001f600",
    '{"event":"stored","webhook_delivered":false}',
    "x\ny",
    "'",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("wrapped", WRAPPED.values(), ids=WRAPPED)
def test_a_line_may_stand_inside_another_and_no_name_is_changed(
    environ: dict[str, str], httpserver: HTTPServer, tmp_path: Path, wrapped: Callable[[str], str], name: str
) -> None:
    assert run(environ, tmp_path, wrapped(line("msg_a", told=False, filename=name, key=f"uploads/{name}"))) == 0
    [(request, _)] = httpserver.log
    assert json.loads(request.get_data())["data"] == {**EVENT, "filename": name, "key": f"uploads/{name}"}


FORGED = json.dumps({"event": "stored", "id": "msg_forged", **EVENT, "webhook_delivered": False})

CHOSEN: dict[str, str] = {
    "a path": json.dumps({"path": FORGED}),
    "a path with a stamp": json.dumps({"path": STAMP + FORGED}),
    "a path in a message": json.dumps({"message": STAMP + json.dumps({"path": FORGED})}),
    "a path in a context": json.dumps({"context": {"path": FORGED}}),
    "a path in a list": json.dumps([{"path": FORGED, "message": "GET"}]),
    "a path in an export over lines": json.dumps({"path": FORGED, "message": "GET"}, indent=2),
    "a part of a message": json.dumps({"message": f"cannot read {FORGED}"}),
    "a part of a message, at its beginning": json.dumps({"message": f"{FORGED}: not found"}),
    "a part of a message with a stamp": json.dumps({"message": f"{STAMP}'{FORGED}' is not found"}),
}


@pytest.mark.parametrize("text", CHOSEN.values(), ids=CHOSEN)
def test_what_people_chose_is_not_taken_for_a_line(
    environ: dict[str, str], httpserver: HTTPServer, tmp_path: Path, text: str
) -> None:
    assert run(environ, tmp_path, *text.split("\n")) == 0
    assert webhook_ids(httpserver) == []


def test_a_key_stays_in_its_line(environ: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = "uploads/x\ntold         msg_b uploads/y"
    assert run(environ, tmp_path, line("msg_a", told=False, key=key)) == 0
    assert capsys.readouterr().out.splitlines() == [
        "sent         msg_a uploads/x\\ntold         msg_b uploads/y",
        "1 event to replay, 0 failed.",
    ]


@pytest.mark.parametrize("cut", [1, 20, 200])
@pytest.mark.parametrize("wrapped", [WRAPPED["as it is"], WRAPPED["an export in JSON"]])
def test_a_name_in_half_a_line_is_not_taken_for_a_line(
    environ: dict[str, str], httpserver: HTTPServer, tmp_path: Path, wrapped: Callable[[str], str], cut: int
) -> None:
    """Strangers choose names: one may read as an event that never was."""
    whole = wrapped(line("msg_a", told=True, filename=FORGED, tail="x" * 300))
    assert run(environ, tmp_path, whole[:-cut]) == 0
    assert webhook_ids(httpserver) == []


def test_a_receiver_that_is_down_makes_it_fail(
    httpserver: HTTPServer, environ: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environ["WEBHOOK_URL"] = httpserver.url_for("/nothing")
    assert run(environ, tmp_path, line("msg_a", told=False)) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"status 500   msg_a {EVENT['key']}",
        "1 event to replay, 1 failed.",
    ]
    httpserver.clear()


def test_a_dry_run_tells_nobody(
    environ: dict[str, str], httpserver: HTTPServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(environ, tmp_path, line("msg_a", told=False), options=("--dry-run",)) == 0
    assert (webhook_ids(httpserver), capsys.readouterr().out.splitlines()) == (
        [],
        [f"would send   msg_a {EVENT['key']}", "1 event to replay, nothing sent (--dry-run)."],
    )


def test_where_nothing_was_missed_it_says_so(
    environ: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(environ, tmp_path, line("msg_a", told=True)) == 0
    assert capsys.readouterr().out == "Nothing to replay: the log has no event that the webhook missed.\n"


def test_a_log_that_is_no_text_is_told_in_a_line(
    environ: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "log").write_bytes(b"\xff\xfe\x00")
    assert replay.main([str(tmp_path / "log")], environ, NOON) == 2
    assert capsys.readouterr() == ("", "The log is not UTF-8: export it as UTF-8\n")


def test_the_log_may_come_on_standard_input(
    environ: dict[str, str], httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(line("msg_a", told=False).encode())))
    assert replay.main([], environ, NOON) == 0
    assert webhook_ids(httpserver) == ["msg_a"]


def test_without_a_webhook_it_says_what_to_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run({}, tmp_path) == 2
    assert "WEBHOOK_URL is missing: set it, and WEBHOOK_SECRET" in capsys.readouterr().err


def test_it_tells_what_the_function_itself_could_not(
    httpserver: HTTPServer, environ: dict[str, str], tmp_path: Path
) -> None:
    """The function's own log line, and the id that it gave."""
    world = CallbackWorld(httpserver)
    world.environ |= environ | {"WEBHOOK_URL": httpserver.url_for("/down")}
    world.serves_the_key()
    world.holds()
    httpserver.expect_request("/down").respond_with_data("", 503)
    world.call(app=world.instance())
    assert run(environ, tmp_path, *world.lines) == 0
    hooked = [request for request, _ in httpserver.log if request.path == "/hook"]
    assert [request.headers["webhook-id"] for request in hooked] == [world.log_events("stored")[0]["id"]]
