"""Tests that an instance makes its application once, and prepares it for the first request."""

from __future__ import annotations

import gc
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from fc_http.event import Request
from fc_http.instance import Application, Instance
from fc_http.invocation import Invocation
from fc_http.runtime import Runtime
from support import factories
from support.factories import NOON


class Echo:
    """An application that records what happens to it."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.fault = fault
        self.preparations: list[tuple[float, bool]] = []

    def prepare(self, invocation: Invocation) -> None:
        self.preparations.append((invocation.now, gc.isenabled()))
        if self.fault:
            raise self.fault

    def handle(self, request: Request, _: Invocation) -> object:
        return {"path": request.path}


class World:
    """An instance, the applications that it made, and its log."""

    def __init__(self, application: Application | None = None) -> None:
        self.created: list[Application] = []
        self.lines: list[str] = []
        self.application = application or Echo()
        runtime = Runtime(factories.ENVIRON, lambda: NOON, lambda n: "ab" * n, self.lines.append, lambda: None)
        self.instance = Instance(self.create, runtime)

    def create(self) -> Application:
        self.created.append(self.application)
        return self.application


def test_requests_that_come_at_once_find_one_app() -> None:
    apps = []
    inside, go_on = threading.Event(), threading.Event()

    class Slow(World):
        def create(self) -> Application:
            inside.set()
            go_on.wait(60)
            return super().create()

    world = Slow()
    threads = [threading.Thread(target=lambda: apps.append(world.instance.app())) for _ in range(4)]
    threads[0].start()
    inside.wait(60)
    for thread in threads[1:]:
        thread.start()
    threads[1].join(0.2)  # time enough to go wrong in
    go_on.set()
    for thread in threads:
        thread.join(60)
    assert (len(world.created), len(apps), len(set(apps))) == (1, 4, 1)


@pytest.fixture(autouse=True)
def unfreeze() -> Iterator[None]:
    """Unfreezes what is frozen, before a test and after it."""
    gc.unfreeze()
    yield
    gc.unfreeze()


@pytest.mark.parametrize("fault", [None, ValueError("a secret")])
def test_it_prepares_once_without_garbage_collection(fault: Exception | None) -> None:
    echo = Echo(fault)
    World(echo).instance.initialize(factories.context())
    assert (echo.preparations, gc.isenabled()) == ([(NOON, False)], True)


@pytest.mark.parametrize("fault", [None, ValueError("a secret")])
def test_what_was_loaded_for_it_is_never_searched_for_garbage(fault: Exception | None) -> None:
    echo = Echo(fault)
    World(echo).instance.initialize(factories.context())
    assert not any(each is echo for each in gc.get_objects())


def test_a_collection_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        World().instance.initialize(factories.context())
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_one_line_switches_it_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fc_http.instance.FREEZE_MODULES", False)
    echo = Echo()
    World(echo).instance.initialize(factories.context())
    assert (echo.preparations, gc.get_freeze_count()) == ([(NOON, True)], 0)


def test_an_instance_that_starts_logs_its_version() -> None:
    world = World()
    world.instance.initialize(factories.context())
    [line] = world.lines
    assert json.loads(line[25:]) == {
        "request_id": "1-67431580-0123456789ab",
        "event": "instance_started",
        "version": factories.VERSION,
    }


def test_a_failed_preparation_is_logged_by_its_type() -> None:
    world = World(Echo(ValueError("a secret")))
    world.instance.initialize(factories.context())
    [_, line] = world.lines
    assert json.loads(line[25:]) == {
        "request_id": "1-67431580-0123456789ab",
        "event": "initialize_failed",
        "exception": "ValueError",
    }


def test_the_application_is_made_once() -> None:
    world = World()
    world.instance.initialize(factories.context())
    response: Any = world.instance.app().handle(factories.event("GET", "/a"), factories.context(), now=NOON)
    assert (json.loads(response["body"]), len(world.created)) == ({"path": "/a"}, 1)
