"""The HTTP server under every stand-in: pytest-httpserver, and what a stand-in for a cloud needs in addition."""

from __future__ import annotations

import io
import logging
import os
import re
import select
import socket
import struct
import threading
from contextlib import suppress
from email.utils import formatdate
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pytest_httpserver import HTTPServer
from werkzeug.exceptions import ClientDisconnected
from werkzeug.serving import DechunkedInput, WSGIRequestHandler
from werkzeug.wrappers import Request, Response

from localcloud.explain.explain import explain
from localcloud.explain.rulebook import find_rules
from localcloud.record import Record, Records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from localcloud.explain.rulebook import ErrorResponse

CHUNK = 256 * 1024
"""Bytes that are read from a body at a time: memory use does not depend on the size of the object."""

DRAIN_LIMIT = 6 * 1024**3
"""Bytes of a body that are discarded at most, so that a client that is still sending sees the response. Over 5 GB."""

DISCONNECTED = select.POLLERR | select.POLLHUP | getattr(select, "POLLRDHUP", 0)
"""What the kernel reports for a connection whose other end is closed; only Linux has POLLRDHUP."""

LOOPBACK = "127.0.0.1"

LOCAL_HOSTS = re.compile(r"127\.0\.0\.1|localhost|[a-z0-9.-]+\.localhost")
"""The hosts that a request may name, besides those that were allowed by name. A page of another host whose name
resolves to this machine (DNS rebinding) could otherwise read what only this machine's own pages may read."""

AMBIGUOUS_LENGTH = "The request says in two ways how long its body is. Send Content-Length or Transfer-Encoding.\n"

BROKEN_CHUNKS = "The request's body is sent in chunks that cannot be read.\n"

FOREIGN_HOST = "This host name does not belong to the local cloud. Use 127.0.0.1 or localhost.\n"

logging.getLogger("werkzeug").setLevel(logging.ERROR)


class ConnectionReset(ConnectionError):
    """The connection is to be reset. As a ConnectionError it makes the HTTP server send nothing more."""


class BrokenChunksError(OSError):
    """The body of a request is sent in chunks that cannot be read."""


class ChunkedBody(io.RawIOBase):
    """A body that is sent in chunks. It ends where one cannot be read: to read on would be to wait for the client."""

    def __init__(self, chunks: DechunkedInput) -> None:
        self._chunks = chunks
        self._is_broken = False

    def readable(self) -> bool:
        """Returns True."""
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        """Reads bytes into the buffer, and returns how many, 0 at the end. Raises BrokenChunksError once."""
        if self._is_broken:
            return 0
        try:
            return self._chunks.readinto(buffer)
        except OSError as error:
            if error.errno is not None:
                raise  # of the connection
            self._is_broken = True
            raise BrokenChunksError from None


class PlainHandler(WSGIRequestHandler):
    """Werkzeug's handler, without its own headers Server and Date: the response has its own.

    It passes on the path as it was sent (the standard library makes `/a` of `//a`), and whether the body's length is
    given in two ways: servers differ in which length they believe, and one that believes the shorter would read the
    rest of the body as another request.
    """

    def make_environ(self) -> dict[str, Any]:
        """Returns the WSGI environment of the request."""
        lengths = self.headers.get_all("Content-Length") or []
        ambiguous = len(lengths) > 1 or bool(lengths and "Transfer-Encoding" in self.headers)
        environ = super().make_environ()
        if isinstance(environ["wsgi.input"], DechunkedInput):
            environ["wsgi.input"] = ChunkedBody(environ["wsgi.input"])
        return environ | {
            "REQUEST_URI": self.requestline.split()[1],
            "localcloud.ambiguous_length": ambiguous,
        }

    def run_wsgi(self) -> None:
        """Answers a request. One whose target is not a valid URL would otherwise end in a traceback, unanswered."""
        try:
            urlsplit(self.path)
        except ValueError:
            self.send_error(400, "Bad request target")
        else:
            super().run_wsgi()

    def send_response(self, code: int, message: str | None = None) -> None:
        """Sends the status line, and no headers of its own."""
        self.send_response_only(code, message)


class StandIn(HTTPServer):
    """One stand-in on one port, of the loopback interface unless `host` says otherwise. A subclass answers in `handle`.

    Unlike its base class, it reads no body before `handle` runs, remembers no body, serves requests in parallel, stops
    as soon as its last request has ended, and takes the `Date` of its responses from the given clock.
    """

    service = "stand-in"

    checks_hosts = False
    """Whether the service itself checks the host; otherwise only hosts of this machine are accepted."""

    checks_lengths = False
    """Whether the service itself refuses a body whose length is given in two ways."""

    def __init__(
        self, clock: Callable[[], float], *, port: int = 0, host: str = LOOPBACK, allowed_hosts: Iterable[str] = ()
    ) -> None:
        """`host` is where to listen; `allowed_hosts` are host names that requests may use besides this machine's."""
        super().__init__(host=host, port=port, threaded=True)
        self.clock = clock
        self.allowed_hosts = frozenset(name.lower() for name in allowed_hosts)
        self.records = Records(maxlen=20_000)
        self.on_record: Callable[[Record], None] | None = None
        self._running = 0
        self._idle = threading.Condition()
        self.stopping = threading.Event()
        """Set when the server is to stop; every wait in a stand-in ends with it."""
        self.expect_request(re.compile("")).respond_with_handler(self.handle)

    @property
    def url(self) -> str:
        """Returns `http://127.0.0.1:<port>`, without a slash at its end; also where it listens at every address."""
        return f"http://{LOOPBACK if self.host == '0.0.0.0' else self.host}:{self.port}"  # noqa: S104 - a comparison

    def handle(self, request: Request) -> Response:
        """Answers one request."""
        raise NotImplementedError

    def explain_error(self, request: Request, error: ErrorResponse, policy: str = "", size: int | None = None) -> None:
        """Explains an error in the request's record, with the form's post policy and the file's size where known.

        `check` raises for an error that the rulebook does not know, or knows twice.
        """
        rules = find_rules(error)
        if len(rules) != 1:
            self.add_assertion(
                f"{len(rules)} rules for {error.status} {error.code} {error.ec}: see localcloud/explain/rules.json"
            )
        if rules:
            request.environ["localcloud.rule"] = rules[0].name
            add_explanation(request, explain(error, {"policy": policy}, size, here=True))

    def application(self, request: Request) -> Response:
        """Answers, then reads the rest of the body: otherwise a client that is still sending would miss the answer."""
        with self._idle:
            self._running += 1
        try:
            response = self._refuse(request) or self._answer(request)
            drain(request)
            response.headers["Date"] = formatdate(self.clock(), usegmt=True)
            self._record(request, response.status_code)
        except ConnectionReset:
            # In this order: who sees the reset finds the record.
            self._record(request, 0)
            reset_connection(request)
            raise
        else:
            return response
        finally:
            with self._idle:
                self._running -= 1
                self._idle.notify_all()

    def is_local(self, host: str) -> bool:
        """Returns whether a Host header names this machine, or a host that was allowed by name."""
        name = re.sub(r":[0-9]+\Z", "", host.lower())
        return name in self.allowed_hosts or LOCAL_HOSTS.fullmatch(name) is not None

    def _refuse(self, request: Request) -> Response | None:
        """Refuses a request to another host, or one that can be read as two, unless the service checks that itself."""
        if has_ambiguous_length(request) and not self.checks_lengths:
            return Response(AMBIGUOUS_LENGTH, 400)
        is_local = self.checks_hosts or self.is_local(request.headers.get("Host", ""))
        return None if is_local else Response(FOREIGN_HOST, 403)

    def _answer(self, request: Request) -> Response:
        try:
            return self.dispatch(request)
        except BrokenChunksError:
            return Response(BROKEN_CHUNKS, 400)

    def dispatch(self, request: Request) -> Response:
        """Finds the handler; a client that disconnected, or sends no body, is not an error of the stand-in."""
        try:
            return super().dispatch(request)
        finally:
            own = (ClientDisconnected, ConnectionReset, BrokenChunksError)
            self.handler_errors = [e for e in self.handler_errors if not isinstance(e, own)]

    def _record(self, request: Request, status: int) -> None:
        note = request.environ.get("localcloud.note", {})
        origin, explanation = request.headers.get("Origin"), request.environ.get("localcloud.explanation", "")
        rule = request.environ.get("localcloud.rule")
        record = Record(self.service, request.method, request.path, status, origin, note, explanation, rule)
        self.records.append(record)
        if self.on_record:
            self.on_record(record)

    def reset(self) -> None:
        """Waits for the requests that are being answered, then forgets all requests, and what `check` would raise."""
        self._wait_until_idle(timeout=1)
        self.clear_assertions()
        self.clear_handler_errors()
        self.records.clear()

    def start(self) -> None:
        """Starts, also once it has been stopped."""
        self.stopping.clear()
        super().start()

    def thread_target(self) -> None:
        """Serves. It does not check whether to stop, which takes time where nothing happens: `stop` wakes it."""
        assert self.server is not None  # noqa: S101 - for the type checker: the base starts this thread with a server
        self.server.RequestHandlerClass = PlainHandler
        while not self.stopping.is_set():
            self.server.handle_request()
        self.server.server_close()

    def stop(self) -> None:
        """Stops, and waits for the requests that are still being answered."""
        assert self.server_thread is not None  # noqa: S101 - for the type checker: it runs
        self.stopping.set()
        # It may have seen so itself, after a request that came just now: then it refuses this connection, or resets it.
        with suppress(ConnectionRefusedError, ConnectionResetError):
            socket.create_connection((self.host, self.port)).close()
        self.server_thread.join()
        self.server = self.server_thread = None
        self._wait_until_idle(timeout=10)

    def _wait_until_idle(self, timeout: float) -> None:
        with self._idle:
            self._idle.wait_for(lambda: self._running == 0, timeout)


def has_ambiguous_length(request: Request) -> bool:
    """Returns whether the request says in two ways how long its body is."""
    return bool(request.environ["localcloud.ambiguous_length"])


def note(request: Request, **members: object) -> None:
    """Adds members to the note in the record of this request."""
    request.environ.setdefault("localcloud.note", {}).update(members)


def add_explanation(request: Request, text: str) -> None:
    """Puts an explanation into the record of this request."""
    request.environ["localcloud.explanation"] = text


def drain(request: Request) -> None:
    """Reads the rest of the body and discards it."""
    left = DRAIN_LIMIT
    try:
        while left > 0 and (chunk := request.stream.read(CHUNK)):
            left -= len(chunk)
    except (ClientDisconnected, OSError, ValueError):
        return


def reset_connection(request: Request) -> None:
    """Resets the connection of a request (RST, not FIN).

    Closing the socket is not enough: the server's reader and writer keep it open. So its descriptor is made to stand
    for another socket, whose far end is closed: the kernel drops the connection at once, and what the server sends next
    is lost.
    """
    connection: socket.socket = request.environ["werkzeug.socket"]
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    near, far = socket.socketpair()
    with near, far:
        os.dup2(near.fileno(), connection.fileno())


def stall(request: Request, stopping: threading.Event) -> ConnectionReset:
    """Sends nothing until the client disconnects or the cloud stops. The caller raises what this returns."""
    poll = select.poll()
    poll.register(request.environ["werkzeug.socket"], DISCONNECTED)
    while not stopping.wait(0.05) and not poll.poll(0):
        pass
    return ConnectionReset()
