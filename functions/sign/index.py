"""The door: what Function Compute calls. It alone reads the clock, the environment and the system's randomness.

(PyJWT reads the clock itself when it judges the times in a token.)
"""

from __future__ import annotations

import os
import secrets
import time
from typing import TYPE_CHECKING, Any

from direct_upload.routes import Routes
from direct_upload.settings import Settings
from fc_http import log
from fc_http.instance import Door, write

if TYPE_CHECKING:
    from fc_http.event import Reply


def initialize(context: Any) -> None:
    """Function Compute's initializer: runs once in an instance, before its first request, and assumes the role.

    So it is the page's GET /limits that waits for it, while people still choose their files.
    """
    _door.initialize(context)


def handler(event: bytes, context: Any) -> Reply:
    """Answer one HTTP event (Function Compute's HTTP trigger, event version v1)."""
    return _door.open().answer(event, context, now=time.time())


def _rooms() -> Routes:
    settings = Settings.from_environ(os.environ)
    now = time.time()
    if settings.callback:
        write(log.line(now, event="folder_forms_off", reason="CALLBACK is on: a folder form could skip it"))
    return Routes(settings, environ=os.environ, random_hex=secrets.token_hex, started=now)


_door = Door(_rooms, environ=os.environ, clock=time.time, end_instance=lambda: os._exit(1))
