"""Requests to the outside: one try, no redirect, the whole answer or none, a limit in bytes and one in seconds.

With `sts` and `sdk_session` the only room with a socket. The signing function loads it for multipart uploads alone.
"""

from __future__ import annotations

import http.client
import io
import socket
import threading
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


class Unreachable(Exception):  # noqa: N818 - a state of the network
    """There was no answer in time, or none that fits; the text says which, and nothing of the request."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


def ask(
    method: str,
    url: str,
    *,
    seconds: float,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    limit: int | None = 64 * 1024,
) -> Answer:
    """The answer to one request, a redirect being an answer as any other: all of its body, which has at most `limit`
    bytes. Without a limit nobody wants the body: none is read.

    Raises Unreachable after `seconds` at the latest, whatever hangs: the look-up of the name, the handshake, or a peer
    that sends a byte now and then. Time-outs of a socket bound none of these, so the request runs in a thread that is
    left behind; it ends when its connection is shut, by its own time-outs, or with the instance.
    """
    outcome: list[Answer | Unreachable] = []
    line = _Line()

    def run() -> None:
        outcome.append(_asked(method, url, seconds, dict(headers or {}), body, limit, line))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if not outcome:
        line.shut()
        raise Unreachable("no answer in time")
    [answer] = outcome
    if isinstance(answer, Unreachable):
        raise answer
    return answer


def _asked(  # noqa: PLR0917 - what a request is made of
    method: str,
    url: str,
    seconds: float,
    headers: dict[str, str],
    body: bytes | None,
    limit: int | None,
    line: _Line,
) -> Answer | Unreachable:
    def respond(sock: socket.socket, *args: Any, **more: Any) -> _Response:
        line.use(sock)
        return _Response(sock, *args, **more)

    try:
        parts = urlsplit(url)
        connect = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        with closing(connect(parts.netloc, timeout=seconds)) as connection:
            connection.response_class = respond  # type: ignore[assignment]
            connection.request(method, parts.path + (f"?{parts.query}" if parts.query else ""), body, headers)
            with connection.getresponse() as response:
                content = b"" if limit is None else _whole(response, limit)
                return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, content)
    except Unreachable as fault:
        return fault
    except Exception as fault:  # noqa: BLE001 - out of a thread it would be printed, with its text
        # By its kind alone: the text of some holds the address.
        return Unreachable(type(fault).__name__)


class _Line:
    """What a request is answered on, for another thread to shut: before it is in use or after."""

    def __init__(self) -> None:
        self._sock: socket.socket | None = None
        self._over = False

    def use(self, sock: socket.socket) -> None:
        """`sock` it is, once the request is sent."""
        self._sock = sock
        if self._over:
            self.shut()

    def shut(self) -> None:
        """Nothing more comes."""
        self._over = True
        if self._sock is not None:
            with suppress(OSError):
                # TLS's own would change what the other thread reads from.
                socket.socket.shutdown(self._sock, socket.SHUT_RDWR)


class _Response(http.client.HTTPResponse):
    """Raises IncompleteRead where the connection ends within a line, or before one that must follow. http.client takes
    that for the end of the headers, and what is left of a chunk's size, such as the 0 of `0400`, for the last one's."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fp = _WholeLines(self.fp.detach())


class _WholeLines(io.BufferedReader):
    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(size)
        if not line.endswith(b"\n"):
            raise http.client.IncompleteRead(b"")
        return line


def _whole(response: http.client.HTTPResponse, limit: int) -> bytes:
    """The body of an answer that tells its end; http.client raises IncompleteRead where it breaks off before that."""
    if response.chunked:
        content = response.read(limit + 1)
        if len(content) > limit:
            raise Unreachable("the answer is too long")
        return content
    if response.getheader("Transfer-Encoding") is not None:
        raise Unreachable("the answer is in a form that was not asked for")  # its length is not that of the body
    length = response.getheader("Content-Length", "0")
    if response.length is None or not (length.isascii() and length.isdigit()):
        raise Unreachable("the answer has no length")  # and what was read until the end might be half of it
    if response.length > limit:
        raise Unreachable("the answer is too long")
    return response.read()
