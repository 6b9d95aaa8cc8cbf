"""The line on which an upload arrives, and what can go wrong with it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from localcloud.oss_errors import malformed
from localcloud.server import LineCut, stall

if TYPE_CHECKING:
    import threading

    from werkzeug.wrappers import Request

    from localcloud.faults import Faults

READS_PER_SECOND = 20
"""Under a bandwidth cap: often enough for a progress bar to move."""


class Uplink:
    """A request's body, slowed down, stalled or reset as the fault switches say."""

    def __init__(self, request: Request, faults: Faults, stopping: threading.Event) -> None:
        self._request = request
        self._faults = faults
        self._stopping = stopping
        self._read = 0
        self._begin = time.monotonic()

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end. Raises LineCut, Refused and ClientDisconnected."""
        if self._read == self._faults.oss_reset_at:
            raise LineCut(self._request)
        if self._read == self._faults.oss_stall_at:
            raise stall(self._request, self._stopping)
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
