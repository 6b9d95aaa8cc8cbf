"""The door: it opens once, and prepares for the first request."""

from __future__ import annotations

import gc
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from fc_http.event import Request
from fc_http.instance import Door
from fc_http.invocation import Call
from support import factories
from support.factories import NOON


class Rooms:
    """Note what they are asked to do."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.fault = fault
        self.prepared: list[tuple[float, bool]] = []

    def prepare(self, call: Call) -> None:
        self.prepared.append((call.now, gc.isenabled()))
        if self.fault:
            raise self.fault

    def respond(self, request: Request, _: Call) -> object:
        return {"path": request.path}


def door(rooms: Rooms, made: list[Rooms] | None = None) -> Door:
    def make() -> Rooms:
        (made if made is not None else []).append(rooms)
        return rooms

    return Door(make, environ=factories.ENVIRON, clock=lambda: NOON, end_instance=lambda: None)


def test_requests_that_come_at_once_find_one_app() -> None:
    made, apps = [], []
    inside, go_on = threading.Event(), threading.Event()

    def make() -> Rooms:
        made.append(Rooms())
        inside.set()
        go_on.wait(10)
        return made[-1]

    one = Door(make, environ=factories.ENVIRON, clock=lambda: NOON, end_instance=lambda: None)
    threads = [threading.Thread(target=lambda: apps.append(one.open())) for _ in range(4)]
    threads[0].start()
    inside.wait(10)
    for thread in threads[1:]:
        thread.start()
    threads[1].join(0.2)  # time enough to go wrong in
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert (len(made), len(apps), len(set(apps))) == (1, 4, 1)


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    """Nothing is frozen when a test begins, and nothing when it has ended."""
    gc.unfreeze()
    yield
    gc.unfreeze()


@pytest.mark.parametrize("fault", [None, ValueError("a secret")])
def test_it_prepares_once_without_looking_for_rubbish(fault: Exception | None) -> None:
    rooms = Rooms(fault)
    door(rooms).initialize(factories.context())
    assert (rooms.prepared, gc.isenabled()) == ([(NOON, False)], True)


@pytest.mark.parametrize("fault", [None, ValueError("a secret")])
def test_what_was_loaded_for_it_is_not_searched_for_rubbish_later(fault: Exception | None) -> None:
    rooms = Rooms(fault)
    door(rooms).initialize(factories.context())
    assert not any(each is rooms for each in gc.get_objects())


def test_a_collection_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        door(Rooms()).initialize(factories.context())
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_one_line_switches_it_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fc_http.instance.NO_COLLECTION", False)
    rooms = Rooms()
    door(rooms).initialize(factories.context())
    assert (rooms.prepared, gc.get_freeze_count()) == ([(NOON, True)], 0)


def test_what_could_not_be_prepared_is_logged_by_its_kind(capsys: pytest.CaptureFixture[str]) -> None:
    door(Rooms(ValueError("a secret"))).initialize(factories.context())
    [line] = capsys.readouterr().out.splitlines()
    assert json.loads(line[25:]) == {
        "request_id": "1-67431580-0123456789ab",
        "event": "initialize_failed",
        "exception": "ValueError",
    }


def test_the_rooms_are_made_once() -> None:
    made: list[Rooms] = []
    opened = door(Rooms(), made)
    opened.initialize(factories.context())
    reply: Any = opened.open().answer(factories.event("GET", "/a"), factories.context(), now=NOON)
    assert (json.loads(reply["body"]), len(made)) == ({"path": "/a"}, 1)
