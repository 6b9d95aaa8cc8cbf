"""One HTTP request: no second try, no redirect, the whole response or none, limited in bytes and in seconds.

The signing function loads it for multipart uploads and for an identity provider's keys only. Of all modules, only this
one, `sts` and `sdk_session` open sockets.
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

USER_AGENT = "oss-direct-upload"
"""What requests to servers of others say of their sender."""

_LATE = "no response in time"

_TOO_LONG = "the response is too long"

_MAX_LINE_BYTES = 256 * 1024
"""Of a response's headers together, and of the lines between its chunks."""

# The holder of a form can add user metadata to it: some thousand headers, all together 8 KB. http.client takes a
# response with more than 100 headers for none, so that nobody would look at the object.
http.client._MAXHEADERS = 10_000  # type: ignore[attr-defined]


class RequestFailed(Exception):
    """There was no response in time, or it is not usable. The text says which, and quotes nothing of the request."""


@dataclass(frozen=True)
class Response:
    """A whole response."""

    status: int
    headers: Mapping[str, str]
    """Names are in lower case."""
    body: bytes


def request(
    method: str,
    url: str,
    *,
    timeout_seconds: float,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    max_bytes: int | None = 64 * 1024,
) -> Response:
    """Sends one request, and returns the response, even if it is a redirect.

    The response's body has at most `max_bytes`; if that is None, the body is not read. Raises RequestFailed after
    `timeout_seconds` at the latest, whatever hangs: the name's look-up, the handshake, or a peer that sends a byte now
    and then. A socket's time-outs limit none of these, so the request runs in a thread that is then left behind. The
    thread ends when its connection is shut down, by its own time-outs, or with the instance.
    """
    outcome: list[Response | RequestFailed] = []
    connection = _Connection()

    def run() -> None:
        outcome.append(_send(method, url, timeout_seconds, dict(headers or {}), body, max_bytes, connection))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(timeout_seconds)
    if not outcome:
        connection.shut_down()
        raise RequestFailed(_LATE)
    [response] = outcome
    if isinstance(response, RequestFailed):
        raise response
    return response


def _send(  # noqa: PLR0917 - the parts of a request
    method: str,
    url: str,
    timeout_seconds: float,
    headers: dict[str, str],
    body: bytes | None,
    max_bytes: int | None,
    connection: _Connection,
) -> Response | RequestFailed:
    def create_response(sock: socket.socket, **options: Any) -> _StrictResponse:
        connection.use(sock)
        return _StrictResponse(sock, **options)

    try:
        parts = urlsplit(url)
        connect = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        with closing(connect(parts.netloc, timeout=timeout_seconds)) as client:
            client.response_class = create_response  # type: ignore[assignment]
            client.request(method, parts.path + (f"?{parts.query}" if parts.query else ""), body, headers)
            with client.getresponse() as response:
                content = b"" if max_bytes is None else _read_body(response, max_bytes)
                names = {name.lower(): value for name, value in response.getheaders()}
                return Response(response.status, names, content)
    except RequestFailed as error:
        return error
    except TimeoutError:
        return RequestFailed(_LATE)  # the socket's time-out may be the first to end
    except Exception as error:  # noqa: BLE001 - a thread would print it, with its text
        # Only the type: the text of some exceptions holds the address.
        return RequestFailed(type(error).__name__)


class _Connection:
    """Lets another thread shut down the connection of a request, before the connection is in use or after."""

    def __init__(self) -> None:
        self._sock: socket.socket | None = None
        self._is_over = False

    def use(self, sock: socket.socket) -> None:
        """Sets the socket, once the request is on its way."""
        self._sock = sock
        if self._is_over:
            self.shut_down()

    def shut_down(self) -> None:
        """Ends the connection, so that the thread that reads from it goes on."""
        self._is_over = True
        if self._sock is not None:
            with suppress(OSError):
                # TLS's own method would change what the other thread reads from.
                socket.socket.shutdown(self._sock, socket.SHUT_RDWR)


class _StrictResponse(http.client.HTTPResponse):
    """Raises IncompleteRead if the connection ends within a line, or before a line that must follow.

    http.client takes that for the end of the headers, and takes what is left of a chunk's size, such as the 0 of
    `0400`, for the size of the last chunk.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fp = _WholeLines(self.fp.detach())


class _WholeLines(io.BufferedReader):
    _left = _MAX_LINE_BYTES

    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(size)
        self._left -= len(line)
        if self._left < 0:
            raise RequestFailed(_TOO_LONG)
        if not line.endswith(b"\n"):
            raise http.client.IncompleteRead(b"")
        return line


def _read_body(response: http.client.HTTPResponse, max_bytes: int) -> bytes:
    """Reads a body whose end is known. If it ends early, http.client raises IncompleteRead."""
    if response.chunked:
        content = response.read(max_bytes + 1)
        if len(content) > max_bytes:
            raise RequestFailed(_TOO_LONG)
        return content
    if response.getheader("Transfer-Encoding") is not None:
        raise RequestFailed("the response has an unexpected transfer encoding")  # its length is not that of the body
    length = response.getheader("Content-Length", "0")
    if response.length is None or not (length.isascii() and length.isdigit()):
        raise RequestFailed("the response has no length")  # what is read until the end might be half of it
    if response.length > max_bytes:
        raise RequestFailed(_TOO_LONG)
    return response.read()
