"""What both functions' doors have in common: one app for an instance, made when it is first needed."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn, Protocol

from fc_http import log
from fc_http.app import App, Respond
from fc_http.environment import listed_origins
from fc_http.errors import Misconfigured
from fc_http.event import Request
from fc_http.invocation import Call

NO_COLLECTION = True
"""Whether what an instance loads while it is prepared is never searched for garbage, neither then nor later: it is
hundreds of modules, none of them to be thrown away. Looking through them costs a tenth of the start, and as much again
in the first request after it."""


class Rooms(Protocol):
    """What is behind a door."""

    def prepare(self, call: Call) -> None:
        """Do what the first request would have to wait for. Raises whatever keeps it from being done."""

    def respond(self, request: Request, call: Call) -> object:
        """The payload of the answer. Raises Refused."""


class Door:
    """Opens once, and stays open as long as the instance lives."""

    def __init__(
        self,
        rooms: Callable[[], Rooms],
        *,
        environ: Mapping[str, str],
        clock: Callable[[], float],
        end_instance: Callable[[], object],
    ) -> None:
        """`rooms` makes what answers requests, and raises Misconfigured; `clock` gives seconds since the epoch;
        `end_instance` ends the process, so that Function Compute makes a new one."""
        self._make = rooms
        self._environ = environ
        self._clock = clock
        self._end_instance = end_instance
        self._rooms: Rooms | None = None
        self._app: App | None = None
        self._opening = threading.Lock()

    def initialize(self, context: Any) -> None:
        """Open, and prepare for the first request, which makes up for it if that fails. Raises Misconfigured."""
        self.open()
        call = Call(self._clock(), context, write)
        try:
            with _no_collection():
                self._prepare(call)
        except Exception as fault:  # noqa: BLE001 - an initializer that raises is a bare 502 on every call
            call.report(event="initialize_failed", exception=type(fault).__name__)

    def _prepare(self, call: Call) -> None:
        if self._rooms:
            self._rooms.prepare(call)

    def open(self) -> App:
        """The app of this instance.

        On a laptop it raises Misconfigured, which names every fault. In Function Compute that would be a bare 502 on
        every call: there the faults are logged, and each request is answered with 500 `misconfigured`.
        """
        with self._opening:
            if self._app is None:
                origins = listed_origins(self._environ)
                self._rooms = self._made()
                respond: Respond = _refuse_everything
                if self._rooms:
                    respond = self._rooms.respond
                self._app = App(respond, allowed_origins=origins, write=write, end_instance=self._end_instance)
            return self._app

    def _made(self) -> Rooms | None:
        try:
            return self._make()
        except Misconfigured as fault:
            if "FC_FUNCTION_NAME" not in self._environ:
                raise
            write(log.line(self._clock(), event="misconfigured", faults=fault.faults))
            return None


@contextmanager
def _no_collection() -> Iterator[None]:
    was_enabled = gc.isenabled()
    if NO_COLLECTION:
        gc.disable()
    try:
        yield
    finally:
        if NO_COLLECTION:
            gc.freeze()
        if was_enabled:
            gc.enable()


def write(line: str) -> None:
    """Write a line to the log: Function Compute takes what the function prints."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _refuse_everything(*_: object) -> NoReturn:
    raise Misconfigured
