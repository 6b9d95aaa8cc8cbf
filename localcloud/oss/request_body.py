"""The bodies of uploads: how they are received and written, and which of them fail as the fault switches say."""

from __future__ import annotations

import base64
import errno
import random
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from werkzeug.exceptions import ClientDisconnected

from localcloud.oss.errors import (
    NO_RIGHT,
    OssError,
    access_denied,
    internal_error,
    invalid_digest,
    missing_content_length,
)
from localcloud.oss.faulty_body import FaultyBody, SharedBandwidth
from localcloud.stand_in import CHUNK

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from typing import Protocol

    from werkzeug.wrappers import Request

    from localcloud.fault_switches import Faults
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


class UploadReceiver:
    """Receives uploads, whether they come as forms, objects or parts, and fails them as the fault switches say."""

    def __init__(self, faults: Faults, stopping: threading.Event) -> None:
        self._faults = faults
        self._stopping = stopping
        self._shared_bandwidth = SharedBandwidth()
        self.random = random.Random(0)  # noqa: S311 - decides which requests fail, nothing secret
        self._lock = threading.Lock()

    @contextmanager
    def receive(
        self, request: Request, place: AbstractContextManager[Incoming]
    ) -> Iterator[tuple[FaultyBody, Incoming]]:
        """Yields the body, and the place for its bytes. Raises OssError."""
        self._fail_if_switched()
        if request.content_length is None and "chunked" not in request.headers.get("Transfer-Encoding", "").lower():
            raise missing_content_length()
        if (request.content_length or 0) > MAX_BODY_SIZE:
            raise OssError(400, "InvalidArgument", "Post body size must be less than 5G.")
        try:
            with place as incoming:
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
