"""The HTTP server under every stand-in: pytest-httpserver, changed where a stand-in for a cloud needs it changed."""

from __future__ import annotations

import logging
import os
import re
import select
import socket
import struct
import threading
from collections import deque
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import TYPE_CHECKING

from pytest_httpserver import HTTPServer
from werkzeug.exceptions import ClientDisconnected
from werkzeug.serving import WSGIRequestHandler
from werkzeug.wrappers import Request, Response

from localcloud.explain import explain

if TYPE_CHECKING:
    from collections.abc import Callable

CHUNK = 256 * 1024
"""Bytes read from a body at a time: memory stays flat however large the object is."""

DRAIN_LIMIT = 6 * 1024**3
"""Bytes read and thrown away, at most, so that a client that is still sending sees the answer (a little over 5 GB)."""

GONE = select.POLLERR | select.POLLHUP | getattr(select, "POLLRDHUP", 0)
"""What the kernel says of a connection whose other end has left; POLLRDHUP is Linux's alone."""

OUR_HOSTS = re.compile(r"(127\.0\.0\.1|localhost|[a-z0-9.-]+\.localhost)(:[0-9]+)?", re.IGNORECASE)
"""What a request to this machine may call it. A page of any other name that has been pointed here (DNS rebinding) could
read what only this machine's own pages may."""

logging.getLogger("werkzeug").setLevel(logging.ERROR)


class LineCut(ConnectionError):
    """The connection has been reset (RST, not FIN); being a ConnectionError, it makes the HTTP server fall silent.

    The server's reader and writer would keep a socket open that is merely closed. So its descriptor is given to
    another one, whose far end is shut: the kernel drops the connection at once, and what the server says next is lost.
    """

    def __init__(self, request: Request) -> None:
        super().__init__()
        connection: socket.socket = request.environ["werkzeug.socket"]
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        near, far = socket.socketpair()
        with near, far:
            os.dup2(near.fileno(), connection.fileno())


@dataclass(frozen=True)
class Record:
    """What is kept of one request: small, and never a body."""

    service: str
    method: str
    path: str
    status: int
    """0 where the line was cut."""
    origin: str | None
    note: dict[str, object] = field(default_factory=dict)
    """What the stand-in has to say about it, such as the operation, the key or the code of a refusal."""
    explanation: str = ""
    """Of a refusal the rule it is about, and what to change; of an accepted form what it leaves open."""


class PlainHandler(WSGIRequestHandler):
    """Werkzeug's handler, without the Server and Date that it would send beside those of the answer."""

    def send_response(self, code: int, message: str | None = None) -> None:
        """Send the status line alone."""
        self.send_response_only(code, message)


class StandIn(HTTPServer):
    """One stand-in on one loopback port. A subclass answers every request in `handle`.

    Unlike its base it does not read bodies before `handle` runs and keeps none, serves requests in parallel, stops
    without delay and only when its last request has ended, and takes the `Date` of its answers from the given clock.
    """

    service = "stand-in"

    judges_hosts = False
    """Whether the service itself refuses hosts that are not its own."""

    def __init__(self, clock: Callable[[], float], *, port: int = 0) -> None:
        super().__init__(host="127.0.0.1", port=port, threaded=True)
        self.clock = clock
        self.records: deque[Record] = deque(maxlen=20_000)
        self.on_record: Callable[[Record], None] | None = None
        self._running = 0
        self._idle = threading.Condition()
        self.stopping = threading.Event()
        """Set when the server is to stop; whoever waits, waits on this."""
        self.expect_request(re.compile("")).respond_with_handler(self.handle)

    @property
    def url(self) -> str:
        """`http://127.0.0.1:<port>`, without a slash at its end."""
        return f"http://{self.host}:{self.port}"

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        raise NotImplementedError

    def note(self, request: Request, **note: object) -> None:
        """Add to what the record of this request will say."""
        request.environ.setdefault("localcloud.note", {}).update(note)

    def refused(self, request: Request, error: explain.Error, policy: str = "", size: int | None = None) -> None:
        """Explain a refusal in the request's record, with the form's post policy and the file's bytes where known.

        One that the rulebook does not know `check` will complain of.
        """
        found = explain.find(error)
        if len(found) != 1:
            self.add_assertion(
                f"{len(found)} rules for {error.status} {error.code} {error.ec}: see localcloud/explain/rules.json"
            )
        self.explain(request, explain.explain(error, {"policy": policy}, size, here=True) if found else "")

    def explain(self, request: Request, text: str) -> None:
        """Say in the request's record what is to be learned from it."""
        request.environ["localcloud.explanation"] = text

    def application(self, request: Request) -> Response:
        """Answer, then read what is left of the body: a client still sending would never see the answer otherwise."""
        with self._idle:
            self._running += 1
        try:
            is_ours = self.judges_hosts or OUR_HOSTS.fullmatch(request.headers.get("Host", ""))
            response = self.dispatch(request) if is_ours else Response("There is no such host here.\n", 403)
            drain(request)
            response.headers["Date"] = formatdate(self.clock(), usegmt=True)
            self._record(request, response.status_code)
        except LineCut:
            self._record(request, 0)
            raise
        else:
            return response
        finally:
            with self._idle:
                self._running -= 1
                self._idle.notify_all()

    def dispatch(self, request: Request) -> Response:
        """Find the handler; a client that went away is no error of the stand-in."""
        try:
            return super().dispatch(request)
        finally:
            self.handler_errors = [e for e in self.handler_errors if not isinstance(e, (ClientDisconnected, LineCut))]

    def _record(self, request: Request, status: int) -> None:
        note = request.environ.get("localcloud.note", {})
        origin, explanation = request.headers.get("Origin"), request.environ.get("localcloud.explanation", "")
        record = Record(self.service, request.method, request.path, status, origin, note, explanation)
        self.records.append(record)
        if self.on_record:
            self.on_record(record)

    def thread_target(self) -> None:
        """Serve; look for the wish to stop often, so that stopping takes no half second."""
        assert self.server is not None  # noqa: S101 - for the type checker: the base starts this thread with a server
        self.server.RequestHandlerClass = PlainHandler
        self.server.serve_forever(poll_interval=0.01)

    def stop(self) -> None:
        """Stop, and wait for the requests still being answered."""
        self.stopping.set()
        super().stop()
        with self._idle:
            self._idle.wait_for(lambda: self._running == 0, timeout=10)


def drain(request: Request) -> None:
    """Read the rest of the body and throw it away."""
    left = DRAIN_LIMIT
    try:
        while left > 0 and (chunk := request.stream.read(CHUNK)):
            left -= len(chunk)
    except (ClientDisconnected, OSError, ValueError):
        return


def stall(request: Request, stopping: threading.Event) -> LineCut:
    """Say nothing until the client has gone or the cloud stops. Raise what this returns."""
    poll = select.poll()
    poll.register(request.environ["werkzeug.socket"], GONE)
    while not stopping.wait(0.05) and not poll.poll(0):
        pass
    return LineCut(request)
