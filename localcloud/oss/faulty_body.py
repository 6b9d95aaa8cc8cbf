"""The body of an upload under the fault switches: how it is slowed down, stalled or reset."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from localcloud.oss.errors import malformed_form
from localcloud.stand_in import ConnectionReset, stall

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from localcloud.fault_switches import Faults

READS_PER_SECOND = 20
"""Under a bandwidth limit: often enough for a progress bar to move."""


class SharedBandwidth:
    """The bandwidth that all uploads share: a piece sets out when the one before has arrived, whichever upload's."""

    def __init__(self) -> None:
        self._free_at = 0.0
        self._lock = threading.Lock()

    def reserve(self, size: int, bandwidth: float) -> float:
        """Returns when so many bytes that set out now will have arrived (time.monotonic)."""
        with self._lock:
            self._free_at = max(self._free_at, time.monotonic()) + size / bandwidth
            return self._free_at


class FaultyBody:
    """The body of a request, slowed down, stalled or reset as the fault switches say."""

    def __init__(
        self, request: Request, faults: Faults, stopping: threading.Event, shared_bandwidth: SharedBandwidth
    ) -> None:
        self._request = request
        self._shared_bandwidth = shared_bandwidth
        self._faults = faults
        self._stopping = stopping
        self._bytes_read = 0
        self._begin = time.monotonic()

    def read(self, size: int, /) -> bytes:
        """Returns at most `size` bytes, none at the end. Raises ConnectionReset, OssError and ClientDisconnected."""
        if self._bytes_read == self._faults.oss_reset_at:
            raise ConnectionReset
        if self._bytes_read == self._faults.oss_stall_at:
            raise stall(self._request, self._stopping)
        try:
            chunk = self._request.stream.read(min(size, self._read_limit()))
        except OSError:
            raise malformed_form() from None  # the body is sent in chunks that cannot be read
        self._bytes_read += len(chunk)
        self._slow_down(len(chunk))
        return chunk

    def _read_limit(self) -> int:
        """Returns how many bytes may be read at once: up to the next fault, and few under a bandwidth limit."""
        positions = (self._faults.oss_reset_at, self._faults.oss_stall_at)
        limits = [position - self._bytes_read for position in positions if position > self._bytes_read]
        bandwidths = (self._faults.oss_bandwidth, self._faults.oss_shared_bandwidth)
        limits += [max(1, int(bandwidth / READS_PER_SECOND)) for bandwidth in bandwidths if bandwidth]
        return min(limits, default=1 << 30)

    def _slow_down(self, size: int) -> None:
        due = 0.0
        if self._faults.oss_bandwidth:
            due = self._begin + self._bytes_read / self._faults.oss_bandwidth
        if self._faults.oss_shared_bandwidth:
            due = max(due, self._shared_bandwidth.reserve(size, self._faults.oss_shared_bandwidth))
        if due:
            self._stopping.wait(max(0.0, due - time.monotonic()))
