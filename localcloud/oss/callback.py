"""Upload callbacks as OSS makes them: the signed request to the receiver, and what the client gets of the response.

Follows OSS's "Callback", "HTTP status code 203" and the pages of the error codes 0007-*. Only the given receivers are
called: everything else on this machine is as private to this stand-in as it is to OSS.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import socket
import threading
import time
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from email.utils import formatdate
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote_to_bytes, urlsplit

from werkzeug.wrappers import Response

from localcloud.oss.callback_config import JSON, CallbackConfig
from localcloud.oss.callback_key import HAS_CRYPTOGRAPHY
from localcloud.oss.errors import OssError, not_implemented
from localcloud.oss.responses import upload_headers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from localcloud.fault_switches import Faults
    from localcloud.oss.callback_key import KeyServer
    from localcloud.oss.storage.bucket import Bucket, StoredObject
    from localcloud.ram.identities import Identity

MAX_RESPONSE_SIZE = 3 * 1024 * 1024
"""Bytes of a receiver's response, which needs a Content-Length (an older page says 1 MB)."""

FAKE_RESPONSES = {"html": (200, b"<!doctype html><title>Sign in</title>"), "fail": (500, b"")}
"""The status and body that take the place of the receiver's response, by fault switch."""


class Callbacks:
    """Calls receivers, with requests signed by the key server's key."""

    def __init__(
        self,
        clock: Callable[[], float],
        faults: Faults,
        key_server: KeyServer,
        *,
        timeout: float = 5.0,
    ) -> None:
        """`timeout` is how many seconds a receiver has in all."""
        self._clock = clock
        self._faults = faults
        self._key_server = key_server
        self.timeout = timeout
        self.receivers: set[str] = set()
        """`host:port` of all that may be called."""
        self.while_signer_waits: Callable[[Identity], AbstractContextManager[None]] = lambda _: nullcontext()
        """Entered while a receiver is called on behalf of this identity, which waits for the response."""

    def parse(self, text: str) -> CallbackConfig:
        """Reads the callback that an upload asks for. Raises OssError."""
        if not HAS_CRYPTOGRAPHY:
            raise not_implemented("callbacks without the package cryptography: pip install 'oss-localcloud[callback]'")
        return CallbackConfig.parse(text, self.receivers)

    def call(
        self,
        config: CallbackConfig,
        stored: StoredObject,
        bucket: Bucket,
        variables: Mapping[str, str],
        *,
        operation: str,
        request_id: str,
    ) -> Response:
        """Returns the receiver's response, which goes to the client. Raises OssError: 203, and the object stays.

        `variables` are the custom ones, with their `x:`; `operation` is the one that has stored the object.
        """
        system = _system_variables(stored, bucket) | {"reqId": request_id, "operation": operation}
        body = config.render_body(system | dict(variables))
        failure = _cannot_connect()
        for url in config.urls:
            try:
                response = _client_response(self._request(url, config, body, bucket, request_id))
            except OssError as error:  # noqa: PERF203 - there are five at most
                failure = error
            except TimeoutError:
                failure = _callback_failed("Cost too long time.")
            except (OSError, http.client.HTTPException):
                failure = _cannot_connect()
            else:
                response.headers.update(upload_headers(stored))
                return response
        raise failure

    def _request(
        self, url: str, config: CallbackConfig, body: bytes, bucket: Bucket, request_id: str
    ) -> _ReceiverResponse:
        """Raises OSError and HTTPException without a response, TimeoutError without one in time."""
        parts = urlsplit(url)
        mode, latency = self._faults.callback_mode, self._faults.callback_latency
        # Nothing leaves this machine, and receivers on it have no certificate.
        if mode == "down" or parts.scheme != "http" or parts.netloc not in self.receivers:
            raise ConnectionRefusedError
        deadline = time.monotonic() + self.timeout
        if latency:
            self._key_server.stopping.wait(min(latency, self.timeout))
        if latency >= self.timeout:
            raise TimeoutError
        if mode:
            status, content = FAKE_RESPONSES[mode]
            return _ReceiverResponse(status, None, content)
        own = self._headers(parts, config, body, bucket, request_id)
        # Whether additional headers may replace OSS's own is not documented. That they may not is our choice.
        reserved = {"transfer-encoding", *map(str.lower, own)}
        additional = {name: value for name, value in config.headers.items() if name.lower() not in reserved}
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return _post(parts.netloc, target, body, own | additional, deadline)

    def _headers(
        self, url: SplitResult, config: CallbackConfig, body: bytes, bucket: Bucket, request_id: str
    ) -> dict[str, str]:
        return {
            "Host": config.host or url.netloc,
            "Authorization": self._signature(url.path or "/", url.query, body),
            "Content-Length": str(len(body)),
            "Content-MD5": base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode(),
            "Content-Type": config.body_type,
            "Date": formatdate(self._clock(), usegmt=True),
            "User-Agent": "aliyun-oss-callback",
            "x-oss-bucket": bucket.name,
            "x-oss-pub-key-url": base64.b64encode(self._key_server.key_url.encode()).decode(),
            "x-oss-request-id": request_id,
            "x-oss-requester": bucket.account_id,
            "x-oss-signature-version": "1.0",
            "x-oss-tag": "CALLBACK",
        }

    def _signature(self, path: str, query: str, body: bytes) -> str:
        text = unquote_to_bytes(path) + (f"?{query}".encode() if query else b"") + b"\n" + body
        return base64.b64encode(self._key_server.sign(text)).decode()


@dataclass(frozen=True)
class _ReceiverResponse:
    """The response of a receiver, or the one that a fault switch puts in its place."""

    status: int
    content_type: str | None
    content: bytes | None
    """None where its length is unknown or too large: then nothing was read."""


def _post(netloc: str, target: str, body: bytes, headers: Mapping[str, str], deadline: float) -> _ReceiverResponse:
    """Sends one request, without following redirects; `deadline`, by the monotonic clock, is for the whole response.

    A socket's own time-out begins again with each byte, so a timer ends the connection.
    """
    is_late = threading.Event()

    def shut_down(connected: socket.socket) -> None:
        is_late.set()
        with suppress(OSError):
            connected.shutdown(socket.SHUT_RDWR)

    connection = http.client.HTTPConnection(netloc, timeout=max(0.001, deadline - time.monotonic()))
    connection.connect()
    timer = threading.Timer(deadline - time.monotonic(), shut_down, [connection.sock])
    timer.start()
    try:
        connection.request("POST", target, body, headers)
        response = connection.getresponse()
        is_short = response.length is not None and response.length <= MAX_RESPONSE_SIZE
        content = response.read() if is_short else None
    except (OSError, http.client.HTTPException):
        if is_late.is_set():
            raise TimeoutError from None
        raise
    finally:
        timer.cancel()
        connection.close()
    if is_late.is_set():
        raise TimeoutError
    return _ReceiverResponse(response.status, response.getheader("Content-Type"), content)


def _client_response(received: _ReceiverResponse) -> Response:
    """Returns what goes to the client. Raises OssError."""
    if received.status != 200:
        raise _callback_failed(f"Error status : {received.status}.", "0007-00000203")
    if received.content is None:
        raise _callback_failed("Error Status : 400.User server return too long content-length value.")
    if (received.content_type or "").partition(";")[0].strip() != "application/xml":
        try:
            json.loads(received.content)
        except (ValueError, RecursionError):
            raise _callback_failed("Response body is not valid json format.") from None
    return Response(received.content, 200, content_type=received.content_type or JSON)


def _system_variables(stored: StoredObject, bucket: Bucket) -> dict[str, str | int]:
    """Returns the system variables about the object; the stand-in knows nothing about images."""
    return {
        "bucket": bucket.name,
        "object": stored.key,
        "etag": stored.etag,
        "size": stored.size,
        "mimeType": stored.content_type,
        "crc64": stored.crc64,
        "contentMd5": stored.content_md5 or "",
        "clientIp": "127.0.0.1",
    }


def _cannot_connect() -> OssError:
    return _callback_failed("Error status : -1. OSS can not connect to your callbackUrl, please check it.")


def _callback_failed(message: str, ec: str | None = None) -> OssError:
    return OssError(203, "CallbackFailed", message, ec)
