"""The door: what Function Compute calls when OSS calls back. It alone reads the clock and the environment."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from fc_http.instance import Door
from upload_callback.routes import Arrivals
from upload_callback.settings import Settings

if TYPE_CHECKING:
    from fc_http.event import Reply


def initialize(context: Any) -> None:
    """Function Compute's initializer: runs once in an instance, before its first request."""
    _door.initialize(context)


def handler(event: bytes, context: Any) -> Reply:
    """Answer one HTTP event (Function Compute's HTTP trigger, event version v1)."""
    return _door.open().answer(event, context, now=time.time())


def _rooms() -> Arrivals:
    return Arrivals(Settings.from_environ(os.environ), environ=os.environ)


_door = Door(_rooms, environ=os.environ, clock=time.time, end_instance=lambda: os._exit(1))
