"""The door: what Function Compute calls. It alone reads the clock, the environment and the system's randomness.

(PyJWT reads the clock itself when it judges the times in a token.)
"""

from __future__ import annotations

import os
import secrets
import sys
import time
from typing import TYPE_CHECKING, Any, NoReturn

from direct_upload import log
from direct_upload.app import App
from direct_upload.errors import Misconfigured
from direct_upload.routes import Routes
from direct_upload.settings import Settings, listed_origins

if TYPE_CHECKING:
    from direct_upload.app import Respond
    from direct_upload.event import Reply

_app: App | None = None


def initialize(context: Any) -> None:  # noqa: ARG001 - Function Compute passes it
    """Function Compute's initializer: runs once in an instance, before its first request.

    On a laptop it raises Misconfigured, which names every fault. In Function Compute that would be a bare 502 on every
    call: there the faults are logged, and each request is answered with 500 `misconfigured`.
    """
    _open()


def handler(event: bytes, context: Any) -> Reply:
    """Answer one HTTP event (Function Compute's HTTP trigger, event version v1)."""
    return _open().answer(event, context, now=time.time())


def _open() -> App:
    global _app  # noqa: PLW0603 - an instance of the function has one app
    if _app is None:
        respond = _routes()
        _app = App(respond, allowed_origins=listed_origins(os.environ), write=_write, end_instance=lambda: os._exit(1))
    return _app


def _routes() -> Respond:
    try:
        settings = Settings.from_environ(os.environ)
    except Misconfigured as fault:
        if "FC_FUNCTION_NAME" not in os.environ:
            raise
        _write(log.line(time.time(), event="misconfigured", faults=fault.faults))
        return _refuse_everything
    return Routes(settings, environ=os.environ, random_hex=secrets.token_hex, started=time.time()).respond


def _refuse_everything(*_: object) -> NoReturn:
    raise Misconfigured


def _write(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
