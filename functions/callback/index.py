"""The entry point of the callback function. Only this file reads the clock and the environment."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from fc_http.instance import Instance
from fc_http.runtime import Runtime, write_line
from upload_callback.routes import CallbackRoutes
from upload_callback.settings import Settings

if TYPE_CHECKING:
    from fc_http.event import Response


def initialize(context: Any) -> None:
    """Prepares the instance: Function Compute's initializer, which runs once, before the first request."""
    _instance.initialize(context)


def handler(event: bytes, context: Any) -> Response:
    """Answers one HTTP event (Function Compute's HTTP trigger, event version v1)."""
    return _instance.app().handle(event, context, now=time.time())


def _create_application() -> CallbackRoutes:
    return CallbackRoutes(Settings.from_environ(_runtime.environ), _runtime)


_runtime = Runtime(os.environ, time.time, lambda n: os.urandom(n).hex(), write_line, lambda: os._exit(1))
_instance = Instance(_create_application, _runtime)
