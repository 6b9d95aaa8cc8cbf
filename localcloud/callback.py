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
import threading
import time
from dataclasses import dataclass
from email.utils import formatdate
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote_to_bytes, urlsplit

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import MD5
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from werkzeug.wrappers import Response

from localcloud.oss_errors import Refused, invalid_argument
from localcloud.server import StandIn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from werkzeug.wrappers import Request

    from localcloud.faults import Faults
    from localcloud.objects import Bucket, StoredObject

MAX_PARAMETER = 5 * 1024
"""Bytes of the base64 text."""

MAX_URLS = 5

MAX_ANSWER = 3 * 1024 * 1024
"""Bytes of what a receiver may answer (an older page says 1 MB)."""

FORM, JSON = "application/x-www-form-urlencoded", "application/json"

KEY_PATH = "/callback_pub_key_v1.pem"

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")


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
        headers = members.get("additionalHeaders") or {}
        if not isinstance(headers, dict) or any(name.lower().startswith("x-oss-") for name in headers):
            raise _invalid("The callback additional headers are invalid.", text, "0007-00000026")
        return cls(urls, members.get("callbackHost"), members["callbackBody"], body_type, headers)

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
        self, wanted: Wanted, stored: StoredObject, bucket: Bucket, variables: Mapping[str, str], request_id: str
    ) -> Response:
        """The receiver's answer, which goes to the client as it is. Raises Refused: 203, and the object stays.

        `variables` are the custom ones of the form, with their `x:`.
        """
        body = wanted.filled(_values(stored, bucket, request_id) | dict(variables))
        failed = _failed("Error status : -1. OSS can not connect to your callbackUrl, please check it.")
        for url in wanted.urls:
            try:
                return self._answer(self._sent(url, wanted, body, bucket, request_id))
            except TimeoutError:  # noqa: PERF203 - there are five at most
                failed = _failed("Cost too long time.")
            except (OSError, http.client.HTTPException):
                continue  # the next one
        raise failed

    def _sent(
        self, url: str, wanted: Wanted, body: bytes, bucket: Bucket, request_id: str
    ) -> tuple[int, str | None, bytes]:
        parts = urlsplit(url)
        if self._faults.callback_mode == "down" or parts.netloc not in self.receivers:
            raise ConnectionRefusedError  # nothing leaves this machine
        until = time.monotonic() + self.timeout
        if self._faults.callback_latency:
            self._key_server.stopping.wait(min(self._faults.callback_latency, self.timeout))
        if time.monotonic() >= until:
            raise TimeoutError
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        headers = {
            "Host": wanted.host or parts.netloc,
            "Authorization": self._signature(parts.path, parts.query, body),
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
            **wanted.headers,
        }
        connection = http.client.HTTPConnection(parts.netloc, timeout=until - time.monotonic())
        try:
            connection.request("POST", target, body, headers)
            response = connection.getresponse()
            content = response.read(MAX_ANSWER + 1)
        finally:
            connection.close()
        if time.monotonic() > until:
            raise TimeoutError
        return response.status, response.getheader("Content-Type"), content

    def _answer(self, sent: tuple[int, str | None, bytes]) -> Response:
        status, content_type, content = sent
        if self._faults.callback_mode == "fail":
            status = 500
        if self._faults.callback_mode == "html":
            content = b"<!doctype html><title>Sign in</title>"
        if status != 200:
            raise _failed(f"Error status : {status}.", "0007-00000203")
        if len(content) > MAX_ANSWER:
            raise _failed("Error Status : 400.User server return too long content-length value.")
        if (content_type or "").partition(";")[0].strip() != "application/xml":
            try:
                json.loads(content)
            except ValueError:
                raise _failed("Response body is not valid json format.") from None
        return Response(content, 200, content_type=content_type or JSON)

    def _signature(self, path: str, query: str, body: bytes) -> str:
        signed = unquote_to_bytes(path) + (f"?{query}".encode() if query else b"") + b"\n" + body
        return base64.b64encode(self._key_server.key.sign(signed, PKCS1v15(), MD5())).decode()  # noqa: S303


def _values(stored: StoredObject, bucket: Bucket, request_id: str) -> dict[str, str | int]:
    """The system variables; of images the stand-in knows nothing."""
    return {
        "bucket": bucket.name,
        "object": stored.key,
        "etag": stored.etag,
        "size": stored.size,
        "mimeType": stored.content_type,
        "crc64": stored.crc64,
        "contentMd5": base64.b64encode(bytes.fromhex(stored.etag)).decode(),
        "clientIp": "127.0.0.1",
        "reqId": request_id,
        "operation": "PostObject",
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
    except ValueError:
        members = None
    if not isinstance(members, dict):
        raise _invalid("The callback configuration is not json format.", text)
    return members


def _check_url(url: str, text: str, receivers: set[str]) -> None:
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and _HOST.fullmatch(parts.hostname or "") and "@" not in parts.netloc
        _ = parts.port
    except ValueError:
        sound = None
    if not sound:
        raise _invalid("The callback url configuration is invalid.", text, "0007-00000004")
    if parts.netloc not in receivers and _is_private(parts.hostname or ""):
        raise _invalid("Private address is forbidden to callback.", text, "0007-00000008")


def _is_private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _invalid(message: str, value: str, ec: str | None = None) -> Refused:
    return invalid_argument(message, "callback", value, ec)


def _failed(message: str, ec: str | None = None) -> Refused:
    return Refused(203, "CallbackFailed", message, ec)
