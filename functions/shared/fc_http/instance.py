"""An instance of a function: it makes its application once, misconfigured or not, and keeps it."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn, Protocol

from fc_http import log_line
from fc_http.app import App, Handler
from fc_http.environment import listed_origins
from fc_http.errors import InvalidSettings
from fc_http.event import Request
from fc_http.invocation import Invocation
from fc_http.runtime import Runtime
from fc_http.version import VERSION

FREEZE_MODULES = True
"""Whether garbage collection skips what an instance loads while it initializes, then and later: hundreds of modules
that stay. To search them takes a tenth of the start, and as much again in the first request."""


class Application(Protocol):
    """What an instance serves."""

    def prepare(self, invocation: Invocation) -> None:
        """Does what the first request would otherwise wait for. May raise anything."""

    def handle(self, request: Request, invocation: Invocation) -> object:
        """Returns the payload of the response, or raises ApiError."""


class Instance:
    """Makes its application when it is first needed, and keeps it for the life of the process."""

    def __init__(self, create_application: Callable[[], Application], runtime: Runtime) -> None:
        """`create_application` raises InvalidSettings if there is a fault in the settings."""
        self._create_application = create_application
        self._runtime = runtime
        self._application: Application | None = None
        self._app: App | None = None
        self._lock = threading.Lock()

    def initialize(self, context: Any) -> None:
        """Makes the application and prepares it. If that fails, the first request tries again.

        Raises InvalidSettings, see `app`.
        """
        self.app()
        current = Invocation(self._runtime.clock(), context, self._runtime.write)
        current.log_event(event="instance_started", version=VERSION)
        try:
            with _modules_frozen():
                if self._application:
                    self._application.prepare(current)
        except Exception as error:  # noqa: BLE001 - if an initializer raises, every request gets a bare 502
            current.log_event(event="initialize_failed", exception=type(error).__name__)

    def app(self) -> App:
        """Returns the app of this instance.

        Raises InvalidSettings on a laptop. On Function Compute that would be a bare 502 for every request, so there
        the faults are logged and every response is 500 `misconfigured`.
        """
        with self._lock:
            if self._app is None:
                self._application = self._try_create_application()
                handler: Handler = _raise_invalid_settings
                if self._application:
                    handler = self._application.handle
                self._app = App(handler, self._runtime, allowed_origins=listed_origins(self._runtime.environ))
            return self._app

    def _try_create_application(self) -> Application | None:
        try:
            return self._create_application()
        except InvalidSettings as error:
            if "FC_FUNCTION_NAME" not in self._runtime.environ:
                raise
            line = log_line.format_line(self._runtime.clock(), event="misconfigured", faults=error.faults)
            self._runtime.write(line)
            return None


@contextmanager
def _modules_frozen() -> Iterator[None]:
    was_enabled = gc.isenabled()
    if FREEZE_MODULES:
        gc.disable()
    try:
        yield
    finally:
        if FREEZE_MODULES:
            gc.freeze()
        if was_enabled:
            gc.enable()


def _raise_invalid_settings(*_: object) -> NoReturn:
    raise InvalidSettings
