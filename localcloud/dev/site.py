"""Serves the page on this machine: its files as they are, with its configuration filled in."""

from __future__ import annotations

import json
import mimetypes
from typing import TYPE_CHECKING

from werkzeug.security import safe_join
from werkzeug.wrappers import Response

from localcloud.stand_in import StandIn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from werkzeug.wrappers import Request

INDEX = "index.html"

PLACEHOLDER = "https://function.invalid https://upload.invalid"
"""The placeholder in the page's Content-Security-Policy for the addresses that it may send requests to."""

LOOK = ("title", "logo", "accent", "footer", "profile")
"""The owner's settings of the page, its look and its profile; each is a member of the page's configuration."""

TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
}


class Site(StandIn):
    """Serves the page at an address of its own."""

    service = "site"

    def __init__(
        self,
        clock: Callable[[], float],
        folder: Path,
        addresses: Callable[[], tuple[str, str]],
        *,
        port: int = 0,
        look: Mapping[str, str] | None = None,
    ) -> None:
        """`addresses` returns the function's URL and the one that files are posted to, once they are known.

        `look` is the rest of the page's configuration: see `read_look`.
        """
        super().__init__(clock, port=port)
        self._folder = folder
        self._addresses = addresses
        self._look = dict(look or {})

    def handle(self, request: Request) -> Response:
        """Returns a file. It is read for each request, so that an edit shows on reload."""
        name = request.path.removeprefix("/") or INDEX
        function, upload = self._addresses()
        if name == "config.json":
            return self._response(
                request, json.dumps({"function": function, **self._look}).encode(), "application/json"
            )
        path = safe_join(str(self._folder), name)
        try:
            content = (self._folder / path).read_bytes() if path and not name.endswith("/") else None
        except (OSError, ValueError):  # a ValueError is a NUL in the name
            content = None
        if content is None:
            return Response("This page does not exist.\n", 404, content_type="text/plain")
        if name == INDEX:
            content = content.replace(PLACEHOLDER.encode(), f"{function} {upload}".encode())
        return self._response(request, content, _content_type(name))

    def _response(self, request: Request, content: bytes, content_type: str) -> Response:
        if request.method not in ("GET", "HEAD"):
            return Response(status=405, headers={"Allow": "GET, HEAD"})
        return Response(content, content_type=content_type, headers={"Cache-Control": "no-cache"})


def read_look(environ: Mapping[str, str]) -> dict[str, str]:
    """Reads PAGE_TITLE, PAGE_LOGO and the like into members of the page's configuration."""
    return {name: environ[f"PAGE_{name.upper()}"] for name in LOOK if environ.get(f"PAGE_{name.upper()}")}


def _content_type(name: str) -> str:
    suffix = f".{name.rpartition('.')[2]}"
    return TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
