"""The line on which an upload arrives, and what can go wrong with it."""

from __future__ import annotations

import os
import select
import socket
import struct
import time
from typing import TYPE_CHECKING

from localcloud.oss_errors import malformed
from localcloud.server import ConnectionDropped

if TYPE_CHECKING:
    import threading

    from werkzeug.wrappers import Request

    from localcloud.faults import Faults

READS_PER_SECOND = 20
"""Under a bandwidth cap: often enough for a progress bar to move."""

GONE = select.POLLERR | select.POLLHUP | getattr(select, "POLLRDHUP", 0)
"""What the kernel says of a connection whose other end has left; POLLRDHUP is Linux's alone."""


class LineCut(ConnectionDropped, ConnectionError):  # noqa: N818 - an event of the network
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


class Uplink:
    """A request's body, slowed down, stalled or reset as the fault switches say."""

    def __init__(self, request: Request, faults: Faults, stopping: threading.Event) -> None:
        self._request = request
        self._faults = faults
        self._stopping = stopping
        self._read = 0
        self._begin = time.monotonic()

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end. Raises ConnectionDropped, Refused and ClientDisconnected."""
        if self._read == self._faults.oss_reset_at:
            raise LineCut(self._request)
        if self._read == self._faults.oss_stall_at:
            self._stall()
        try:
            chunk = self._request.stream.read(min(size, self._room()))
        except OSError:
            raise malformed() from None  # a body in chunks that are none
        self._read += len(chunk)
        self._slow_down()
        return chunk

    def _room(self) -> int:
        """Bytes that may be read at once: up to the next fault, and in small pieces under a bandwidth cap."""
        ahead = [at - self._read for at in (self._faults.oss_reset_at, self._faults.oss_stall_at) if at > self._read]
        if self._faults.oss_bandwidth:
            ahead.append(max(1, int(self._faults.oss_bandwidth / READS_PER_SECOND)))
        return min(ahead, default=1 << 30)

    def _slow_down(self) -> None:
        if self._faults.oss_bandwidth:
            due = self._begin + self._read / self._faults.oss_bandwidth
            self._stopping.wait(max(0.0, due - time.monotonic()))

    def _stall(self) -> None:
        poll = select.poll()
        poll.register(self._request.environ["werkzeug.socket"], GONE)
        while not self._stopping.wait(0.05) and not poll.poll(0):
            pass
        raise LineCut(self._request)
