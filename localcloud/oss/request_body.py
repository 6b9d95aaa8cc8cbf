"""The line on which an upload arrives, and what can go wrong with it."""

from __future__ import annotations

import errno
import random
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from werkzeug.exceptions import ClientDisconnected

from localcloud.oss.authorization import NO_RIGHT
from localcloud.oss.errors import Refused, access_denied, malformed
from localcloud.oss.post_object import MAX_OBJECT
from localcloud.stand_in import LineCut, stall

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkzeug.wrappers import Request

    from localcloud.faults import Faults
    from localcloud.oss.storage.bucket import Bucket, Incoming

MAX_REQUEST = MAX_OBJECT + 8 * 1024**2
"""Bytes of the largest body: the largest object, and what may come before it."""

DISK_IS_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})

READS_PER_SECOND = 20
"""Under a bandwidth cap: often enough for a progress bar to move."""


class Line:
    """What all uploads share: a piece begins its way when the one before has gone, of whichever upload it is."""

    def __init__(self) -> None:
        self._free_at = 0.0
        self._lock = threading.Lock()

    def arrival(self, size: int, bandwidth: float) -> float:
        """When so many bytes that set out now have arrived (time.monotonic)."""
        with self._lock:
            self._free_at = max(self._free_at, time.monotonic()) + size / bandwidth
            return self._free_at


class Uplink:
    """A request's body, slowed down, stalled or reset as the fault switches say."""

    def __init__(self, request: Request, faults: Faults, stopping: threading.Event, line: Line) -> None:
        self._request = request
        self._line = line
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
        self._slow_down(len(chunk))
        return chunk

    def _room(self) -> int:
        """Bytes that may be read at once: up to the next fault, and in small pieces under a bandwidth cap."""
        ahead = [at - self._read for at in (self._faults.oss_reset_at, self._faults.oss_stall_at) if at > self._read]
        caps = (self._faults.oss_bandwidth, self._faults.oss_line)
        ahead += [max(1, int(cap / READS_PER_SECOND)) for cap in caps if cap]
        return min(ahead, default=1 << 30)

    def _slow_down(self, size: int) -> None:
        due = 0.0
        if self._faults.oss_bandwidth:
            due = self._begin + self._read / self._faults.oss_bandwidth
        if self._faults.oss_line:
            due = max(due, self._line.arrival(size, self._faults.oss_line))
        if due:
            self._stopping.wait(max(0.0, due - time.monotonic()))


class Intake:
    """Where uploads come in, of either kind, and fail as the fault switches say."""

    def __init__(self, faults: Faults, stopping: threading.Event) -> None:
        self._faults = faults
        self._stopping = stopping
        self._line = Line()
        self.random = random.Random(0)  # noqa: S311 - decides which requests fail, nothing secret
        self._switches = threading.Lock()

    @contextmanager
    def receive(self, request: Request, bucket: Bucket) -> Iterator[tuple[Uplink, Incoming]]:
        """A body, and the place in the bucket for its bytes. Raises Refused."""
        self._fail_as_switched()
        if request.content_length is None and "chunked" not in request.headers.get("Transfer-Encoding", "").lower():
            raise Refused(411, "MissingContentLength", "You must provide the Content-Length HTTP header.")
        if (request.content_length or 0) > MAX_REQUEST:
            raise Refused(400, "InvalidArgument", "Post body size must be less than 5G.")
        try:
            with bucket.incoming() as incoming:
                yield Uplink(request, self._faults, self._stopping, self._line), incoming
        except ClientDisconnected:
            # Most often there is nobody left to read this; whoever has only closed his own side is.
            raise Refused(400, "RequestTimeout", "The body of your request did not arrive in time.") from None
        except OSError as error:
            if error.errno not in DISK_IS_FULL:
                raise
            raise Refused(500, "InternalError", "We encountered an internal error. Please try again.") from None

    def fill_the_disk_as_switched(self) -> None:
        """Raises OSError, as a disk does that is full."""
        if self._faults.oss_disk_full:
            raise OSError(errno.ENOSPC, "a fault switch says that the disk is full")

    def _fail_as_switched(self) -> None:
        if self._faults.oss_deny_early:
            raise access_denied(NO_RIGHT)
        with self._switches:
            if self._faults.oss_fail_next > 0:
                self._faults.oss_fail_next -= 1
                raise Refused(503, "ServiceUnavailable", "Please reduce your request rate.")
            if self.random.random() < self._faults.oss_error_rate:
                raise Refused(500, "InternalError", "We encountered an internal error. Please try again.")
