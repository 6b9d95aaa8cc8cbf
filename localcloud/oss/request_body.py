"""The bodies of uploads: how they are received and written, and how they fail under the fault switches."""

from __future__ import annotations

import base64
import errno
import random
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from werkzeug.exceptions import ClientDisconnected

from localcloud.oss.errors import (
    NO_RIGHT,
    OssError,
    access_denied,
    internal_error,
    invalid_digest,
    malformed_form,
    missing_content_length,
)
from localcloud.stand_in import CHUNK, ConnectionReset, stall

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Protocol

    from werkzeug.wrappers import Request

    from localcloud.fault_switches import Faults
    from localcloud.oss.storage.bucket import Bucket
    from localcloud.oss.storage.incoming import Incoming

    class Body(Protocol):
        """The body of a request, read piece by piece."""

        def read(self, size: int, /) -> bytes:
            """Returns at most so many bytes, and none at the end."""


MAX_OBJECT_SIZE = 5 * 1024**3
"""Bytes of the largest object that one request can upload."""

MAX_BODY_SIZE = MAX_OBJECT_SIZE + 8 * 1024**2
"""Bytes of the largest body: the largest object, and the fields that may come before it."""

DISK_FULL_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT})

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
            raise ConnectionReset(self._request)
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


class UploadReceiver:
    """Receives uploads, whether they come as forms, objects or parts, and fails them as the fault switches say."""

    def __init__(self, faults: Faults, stopping: threading.Event) -> None:
        self._faults = faults
        self._stopping = stopping
        self._shared_bandwidth = SharedBandwidth()
        self.random = random.Random(0)  # noqa: S311 - decides which requests fail, nothing secret
        self._lock = threading.Lock()

    @contextmanager
    def receive(self, request: Request, bucket: Bucket) -> Iterator[tuple[FaultyBody, Incoming]]:
        """Yields the body, and the place in the bucket for its bytes. Raises OssError."""
        self._fail_if_switched()
        if request.content_length is None and "chunked" not in request.headers.get("Transfer-Encoding", "").lower():
            raise missing_content_length()
        if (request.content_length or 0) > MAX_BODY_SIZE:
            raise OssError(400, "InvalidArgument", "Post body size must be less than 5G.")
        try:
            with bucket.incoming() as incoming:
                yield FaultyBody(request, self._faults, self._stopping, self._shared_bandwidth), incoming
        except ClientDisconnected:
            # Most clients that disconnect read no response; one that has only closed its sending side does.
            raise OssError(400, "RequestTimeout", "The body of your request did not arrive in time.") from None
        except OSError as error:
            if error.errno not in DISK_FULL_ERRORS:
                raise
            raise internal_error() from None

    def fail_if_disk_is_full(self) -> None:
        """Raises the OSError of a full disk, if a fault switch says so."""
        if self._faults.oss_disk_full:
            raise OSError(errno.ENOSPC, "a fault switch says that the disk is full")

    def _fail_if_switched(self) -> None:
        if self._faults.oss_deny_early:
            raise access_denied(NO_RIGHT)
        with self._lock:
            if self._faults.oss_fail_next > 0:
                self._faults.oss_fail_next -= 1
                raise OssError(503, "ServiceUnavailable", "Please reduce your request rate.")
            if self.random.random() < self._faults.oss_error_rate:
                raise internal_error()


def write_body(body: Body, incoming: Incoming, content_md5: str | None) -> None:
    """Writes a body that is nothing but an object's bytes. Raises OssError, and OSError of the disk."""
    while chunk := body.read(CHUNK):
        if incoming.size + len(chunk) > MAX_OBJECT_SIZE:
            raise OssError(400, "InvalidArgument", "The object you want to upload is larger than 5 GB.")
        incoming.write(memoryview(chunk))
    if content_md5 is not None and content_md5 != base64.b64encode(incoming.md5.digest()).decode():
        raise invalid_digest()
