"""What both functions' doors have in common: one app for an instance, made when it is first needed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import NoReturn

from direct_upload import log
from direct_upload.app import App, Respond
from direct_upload.errors import Misconfigured
from direct_upload.settings import listed_origins


class Door:
    """Opens once, and stays open as long as the instance lives."""

    def __init__(
        self,
        rooms: Callable[[], Respond],
        *,
        environ: Mapping[str, str],
        clock: Callable[[], float],
        end_instance: Callable[[], object],
    ) -> None:
        """`rooms` makes what answers requests, and raises Misconfigured; `clock` gives seconds since the epoch;
        `end_instance` ends the process, so that Function Compute makes a new one."""
        self._rooms = rooms
        self._environ = environ
        self._clock = clock
        self._end_instance = end_instance
        self._app: App | None = None

    def open(self) -> App:
        """The app of this instance.

        On a laptop it raises Misconfigured, which names every fault. In Function Compute that would be a bare 502 on
        every call: there the faults are logged, and each request is answered with 500 `misconfigured`.
        """
        if self._app is None:
            origins = listed_origins(self._environ)
            respond = self._respond()
            self._app = App(respond, allowed_origins=origins, write=write, end_instance=self._end_instance)
        return self._app

    def _respond(self) -> Respond:
        try:
            return self._rooms()
        except Misconfigured as fault:
            if "FC_FUNCTION_NAME" not in self._environ:
                raise
            write(log.line(self._clock(), event="misconfigured", faults=fault.faults))
            return _refuse_everything


def write(line: str) -> None:
    """Write a line to the log: Function Compute takes what the function prints."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _refuse_everything(*_: object) -> NoReturn:
    raise Misconfigured
