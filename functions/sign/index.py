"""The entry point of the signing function. Only this file reads clock, environment, files and the system's randomness.

(PyJWT reads the clock itself when it checks the times in a token.)
"""

from __future__ import annotations

import os
import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from direct_upload import profiles
from direct_upload.routes import Routes
from direct_upload.settings import Settings
from fc_http import log_line
from fc_http.instance import Instance
from fc_http.runtime import Runtime, write_line

if TYPE_CHECKING:
    from fc_http.event import Response


def initialize(context: Any) -> None:
    """Assumes the role: Function Compute's initializer, which runs once in an instance, before its first request.

    So the page's GET /limits waits for STS, while people still choose their files.
    """
    _instance.initialize(context)


def handler(event: bytes, context: Any) -> Response:
    """Answers one HTTP event (Function Compute's HTTP trigger, event version v1)."""
    return _instance.app().handle(event, context, now=time.time())


def _create_application() -> Routes:
    settings = Settings.from_environ(_runtime.environ, _read_profiles())
    if settings.callback:
        reason = "CALLBACK is on: a folder form could skip it"
        write_line(log_line.format_line(_runtime.clock(), event="folder_forms_off", reason=reason))
    return Routes(settings, _runtime)


def _read_profiles() -> bytes | None:
    """Returns the content of profiles.json: `make build` packs it beside this file, `make dev` names the checkout's."""
    file = Path(_runtime.environ.get("PROFILES_FILE") or Path(__file__).with_name(profiles.FILE))
    try:
        return file.read_bytes()
    except FileNotFoundError:
        if file.is_symlink():
            raise
        return None


_runtime = Runtime(os.environ, time.time, secrets.token_hex, write_line, lambda: os._exit(1))
_instance = Instance(_create_application, _runtime)
