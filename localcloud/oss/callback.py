"""Upload callbacks, as OSS makes them: what a form may ask for, what is sent, and what comes of it.

Follows OSS's "Callback", "HTTP status code 203" and the pages of the error codes 0007-*. Called are only the receivers
that are given: everything else on this machine is as private to this stand-in as it is to OSS.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import http.client
import ipaddress
import json
import re
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from email.utils import formatdate
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote_to_bytes, urlsplit

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import MD5
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from werkzeug.wrappers import Response

from localcloud.oss.errors import Refused, invalid_argument
from localcloud.stand_in import StandIn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from werkzeug.wrappers import Request

    from localcloud.faults import Faults
    from localcloud.oss.storage.bucket import Bucket, StoredObject

MAX_PARAMETER = 5 * 1024
"""Bytes of the base64 text."""

MAX_URLS = 5

MAX_ANSWER = 3 * 1024 * 1024
"""Bytes of what a receiver may answer (an older page says 1 MB), with a Content-Length."""

FORM, JSON = "application/x-www-form-urlencoded", "application/json"

KEY_PATH = "/callback_pub_key_v1.pem"

INSTEAD = {"html": (200, b"<!doctype html><title>Sign in</title>"), "fail": (500, b"")}
"""What answers in the receiver's place, by fault switch."""

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")
_HOST_HEADER = re.compile(rf"{_HOST.pattern}(:[0-9]{{1,5}})?")
_PRINTABLE = re.compile(r"[!-~]*")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[ -~]*")


class KeyServer(StandIn):
    """Where the public key lies, with which receivers verify that OSS has called them."""

    service = "key"

    def __init__(self, clock: Callable[[], float], *, port: int = 0) -> None:
        super().__init__(clock, port=port)
        self._key: RSAPrivateKey | None = None
        self._making = threading.Lock()

    @property
    def key(self) -> RSAPrivateKey:
        """Made once, when it is first needed. OSS's has 512 bits, which nothing makes any more."""
        with self._making:
            if self._key is None:
                self._key = generate_private_key(65537, 1024)  # noqa: S505
            return self._key

    @property
    def key_url(self) -> str:
        """What x-oss-pub-key-url names."""
        return self.url + KEY_PATH

    def handle(self, request: Request) -> Response:
        """Answer one request: there is one file."""
        if request.path != KEY_PATH or request.method not in ("GET", "HEAD"):
            return Response("", 404)
        pem = self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return Response(pem, content_type="application/x-x509-ca-cert")


@dataclass(frozen=True)
class Wanted:
    """A form field `callback`, decoded and found sound."""

    urls: tuple[str, ...]
    host: str | None
    body: str
    """With its variables not filled in yet."""
    body_type: str
    headers: Mapping[str, str]

    @classmethod
    def parse(cls, text: str, receivers: set[str]) -> Wanted:
        """Raises Refused, with OSS's words."""
        members = _members(text)
        urls = tuple(str(members.get("callbackUrl", "")).split(";"))
        if len(urls) > MAX_URLS:
            raise _invalid("The number of callback url exceed max value.", text, "0007-00000005")
        for url in urls:
            _check_url(url, text, receivers)
        if not members.get("callbackBody") or not isinstance(members["callbackBody"], str):
            raise _invalid("The callback body is empty.", text, "0007-00000011")
        body_type = members.get("callbackBodyType", FORM)
        if body_type not in (FORM, JSON):
            raise _invalid("The callback body type configuration is invalid.", text)
        host = members.get("callbackHost") or None
        if host is not None and not (isinstance(host, str) and _HOST_HEADER.fullmatch(host)):
            raise _invalid("The callback host configuration is invalid.", text)  # in words of ours
        headers = members.get("additionalHeaders") or {}
        if not isinstance(headers, dict) or not all(map(_is_additional, headers, headers.values())):
            raise _invalid("The callback additional headers are invalid.", text, "0007-00000026")
        return cls(urls, host, members["callbackBody"], body_type, headers)

    def filled(self, values: Mapping[str, str | int]) -> bytes:
        """The body. In JSON OSS itself puts text in quotation marks; a variable that is not there is empty text."""

        def fill(variable: re.Match[str]) -> str:
            value = values.get(variable[1], "")
            if self.body_type == JSON:
                return json.dumps(value, ensure_ascii=False)
            return quote(str(value), safe="")

        return _VARIABLE.sub(fill, self.body).encode()


class Callbacks:
    """Makes calls, signed with the key server's key."""

    def __init__(
        self, clock: Callable[[], float], faults: Faults, key_server: KeyServer, *, timeout: float = 5.0
    ) -> None:
        """`timeout` is how many seconds a receiver has in all."""
        self._clock = clock
        self._faults = faults
        self._key_server = key_server
        self.timeout = timeout
        self.receivers: set[str] = set()
        """`host:port` of all that may be called."""

    def wanted(self, text: str) -> Wanted:
        """The callback that a form asks for. Raises Refused."""
        return Wanted.parse(text, self.receivers)

    def call(
        self,
        wanted: Wanted,
        stored: StoredObject,
        bucket: Bucket,
        variables: Mapping[str, str],
        *,
        operation: str,
        request_id: str,
    ) -> Response:
        """The receiver's answer, which goes to the client as it is. Raises Refused: 203, and the object stays.

        `variables` are the custom ones, with their `x:`; `operation` is the one that has stored the object.
        """
        known = _values(stored, bucket) | {"reqId": request_id, "operation": operation}
        body = wanted.filled(known | dict(variables))
        failed = _cannot_connect()
        for url in wanted.urls:
            try:
                return _accepted(self._asked(url, wanted, body, bucket, request_id))
            except Refused as refused:  # noqa: PERF203 - there are five at most
                failed = refused
            except TimeoutError:
                failed = _failed("Cost too long time.")
            except (OSError, http.client.HTTPException):
                failed = _cannot_connect()
        raise failed

    def _asked(self, url: str, wanted: Wanted, body: bytes, bucket: Bucket, request_id: str) -> _Answer:
        """Raises OSError and HTTPException where there is no answer, TimeoutError where there is none in time."""
        parts = urlsplit(url)
        mode, latency = self._faults.callback_mode, self._faults.callback_latency
        # Nothing leaves this machine; and those who are on it have no certificate.
        if mode == "down" or parts.scheme != "http" or parts.netloc not in self.receivers:
            raise ConnectionRefusedError
        until = time.monotonic() + self.timeout
        if latency:
            self._key_server.stopping.wait(min(latency, self.timeout))
        if latency >= self.timeout:
            raise TimeoutError
        if mode:
            status, content = INSTEAD[mode]
            return _Answer(status, None, content)
        path = parts.path or "/"
        own = {
            "Host": wanted.host or parts.netloc,
            "Authorization": self._signature(path, parts.query, body),
            "Content-Length": str(len(body)),
            "Content-MD5": base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode(),
            "Content-Type": wanted.body_type,
            "Date": formatdate(self._clock(), usegmt=True),
            "User-Agent": "aliyun-oss-callback",
            "x-oss-bucket": bucket.name,
            "x-oss-pub-key-url": base64.b64encode(self._key_server.key_url.encode()).decode(),
            "x-oss-request-id": request_id,
            "x-oss-requester": bucket.account_id,
            "x-oss-signature-version": "1.0",
            "x-oss-tag": "CALLBACK",
        }
        # Whether they may replace OSS's own is not documented. That they may not is our choice.
        taken = {"transfer-encoding", *map(str.lower, own)}
        theirs = {name: value for name, value in wanted.headers.items() if name.lower() not in taken}
        target = path + (f"?{parts.query}" if parts.query else "")
        return _post(parts.netloc, target, body, own | theirs, until)

    def _signature(self, path: str, query: str, body: bytes) -> str:
        signed = unquote_to_bytes(path) + (f"?{query}".encode() if query else b"") + b"\n" + body
        return base64.b64encode(self._key_server.key.sign(signed, PKCS1v15(), MD5())).decode()  # noqa: S303


@dataclass(frozen=True)
class _Answer:
    """What came back from a receiver, or from what answers in its place."""

    status: int
    content_type: str | None
    content: bytes | None
    """None where its length was not told, or is too long: then nothing was read."""


def _post(netloc: str, target: str, body: bytes, headers: Mapping[str, str], until: float) -> _Answer:
    """One request, no redirect; `until`, by the monotonic clock, is when all of the answer must be there.

    A socket's own time-out begins again with each byte, so a timer ends the connection.
    """
    late = threading.Event()

    def cut(connected: socket.socket) -> None:
        late.set()
        with suppress(OSError):
            connected.shutdown(socket.SHUT_RDWR)

    connection = http.client.HTTPConnection(netloc, timeout=max(0.001, until - time.monotonic()))
    connection.connect()
    timer = threading.Timer(until - time.monotonic(), cut, [connection.sock])
    timer.start()
    try:
        connection.request("POST", target, body, headers)
        response = connection.getresponse()
        is_short = response.length is not None and response.length <= MAX_ANSWER
        content = response.read() if is_short else None
    except (OSError, http.client.HTTPException):
        if late.is_set():
            raise TimeoutError from None
        raise
    finally:
        timer.cancel()
        connection.close()
    if late.is_set():
        raise TimeoutError
    return _Answer(response.status, response.getheader("Content-Type"), content)


def _accepted(answer: _Answer) -> Response:
    """What goes to the client. Raises Refused."""
    if answer.status != 200:
        raise _failed(f"Error status : {answer.status}.", "0007-00000203")
    if answer.content is None:
        raise _failed("Error Status : 400.User server return too long content-length value.")
    if (answer.content_type or "").partition(";")[0].strip() != "application/xml":
        try:
            json.loads(answer.content)
        except (ValueError, RecursionError):
            raise _failed("Response body is not valid json format.") from None
    return Response(answer.content, 200, content_type=answer.content_type or JSON)


def _values(stored: StoredObject, bucket: Bucket) -> dict[str, str | int]:
    """The system variables about the object; of images the stand-in knows nothing."""
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


def _members(text: str) -> dict[str, Any]:
    if len(text) > MAX_PARAMETER:
        raise _invalid("The length of callback exceed max value.", text, "0007-00000001")
    try:
        decoded = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        message = "The callback configuration is not base64 encoded."
        raise _invalid(message, text, "0007-00000002") from None
    try:
        members = json.loads(decoded)
        json.dumps(members, ensure_ascii=False).encode()  # no half characters: they could not be sent
    except (ValueError, RecursionError):
        members = None
    if not isinstance(members, dict):
        raise _invalid("The callback configuration is not json format.", text)
    return members


def _check_url(url: str, text: str, receivers: set[str]) -> None:
    try:
        parts = urlsplit(url)
        host = _HOST.fullmatch(parts.hostname or "") if parts.scheme in ("http", "https") else None
        _ = parts.port
    except ValueError:
        host = None
    # What is not printable ASCII must come percent-encoded.
    if not host or "@" in parts.netloc or not _PRINTABLE.fullmatch(url):
        raise _invalid("The callback url configuration is invalid.", text, "0007-00000004")
    if parts.netloc not in receivers and _is_private(parts.hostname or ""):
        raise _invalid("Private address is forbidden to callback.", text, "0007-00000008")


def _is_additional(name: str, value: object) -> bool:
    sound = isinstance(value, str) and _HEADER_VALUE.fullmatch(value) and _HEADER_NAME.fullmatch(name)
    return bool(sound) and not name.lower().startswith("x-oss-")


def _is_private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _invalid(message: str, value: str, ec: str | None = None) -> Refused:
    return invalid_argument(message, "callback", value, ec)


def _cannot_connect() -> Refused:
    return _failed("Error status : -1. OSS can not connect to your callbackUrl, please check it.")


def _failed(message: str, ec: str | None = None) -> Refused:
    return Refused(203, "CallbackFailed", message, ec)
