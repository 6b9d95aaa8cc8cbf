"""Provides the callback function, and an OSS, made of a plain HTTP server, that signs its callbacks."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import MD5
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pytest_httpserver import HTTPServer
from werkzeug.wrappers import Request, Response

from fc_http.app import App
from fc_http.runtime import Runtime
from support import factories, sentinels
from support.factories import NOON
from support.function import OWN
from support.tokens import new_secret
from upload_callback.routes import CallbackRoutes
from upload_callback.settings import Settings

KEY_PATH = "/callback_pub_key_v1.pem"
KEY = "uploads/anonymous/0f8fad5b-d9cb-469f-a165-70867728950e.png"
ETAG = "5D41402ABC4B2A76B9719D911017C592"
BUCKET = "team-uploads"

CLAIMS = {"key": KEY, "size": 7, "content_type": "image/png", "subject": "alice", "end": int(NOON) + 60}
CALLBACK_BODY = {"bucket": BUCKET, "object": KEY, "etag": ETAG, "size": 7, "mimeType": "image/png"}
OBJECT = {
    "Content-Length": "7",
    "Content-Type": "image/png",
    "ETag": f'"{ETAG}"',
    "x-oss-meta-filename": "photos%2Fcat%20%C3%BC.png",
}
STORED_MEMBERS = {"key": KEY, "size": 7, "content_type": "image/png", "etag": ETAG, "filename": "photos/cat \u00fc.png"}
EVENT = {"bucket": BUCKET, **STORED_MEMBERS, "subject": "alice"}


@cache
def rsa_key() -> RSAPrivateKey:
    """Returns the key of this OSS, one for all tests, because to make one takes time."""
    return generate_private_key(65537, 1024)  # noqa: S505 - OSS's own has 512 bits


def public_pem(key: RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def base64_of(text: str | bytes) -> str:
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def _partial(request: Request, content: bytes) -> Response:
    """Answers a range as OSS does: one that ends behind the object is ignored."""
    last = int(request.headers["Range"].removeprefix("bytes=0-"))
    return Response(content[: last + 1], 206) if last < len(content) else Response(content)


class CallbackWorld:
    """The callback function, an OSS with one object, and a webhook's receiver."""

    def __init__(self, server: HTTPServer, **more: str) -> None:
        self.server = server
        self.secret = new_secret()
        self.webhook_key = secrets.token_bytes(32)
        self.webhook_secret = f"whsec_{base64_of(self.webhook_key)}"
        sentinels.keep_secret(base64_of(self.webhook_key))
        self.lines: list[str] = []
        self.clock = lambda: NOON
        self.own = dict(OWN)
        self.url = server.url_for("").rstrip("/")
        self.environ = {
            "OSS_BUCKET": BUCKET,
            "OSS_REGION": "cn-hangzhou",
            "CALLBACK_SECRET": self.secret,
            "LOCAL": "on",
            "OSS_ENDPOINT": self.url,
            "CALLBACK_KEY_ORIGIN": self.url,
            **more,
        }
        self.function = self.instance()

    def instance(self) -> App:
        """Returns a new instance of the function, which remembers nothing."""
        runtime = Runtime(self.own, self.clock, secrets.token_hex, self.lines.append, lambda: None)
        routes = CallbackRoutes(Settings.from_environ(self.environ), runtime)
        return App(routes.handle, runtime, allowed_origins=())

    def serves_the_key(self) -> None:
        self.server.expect_request(KEY_PATH, "GET").respond_with_data(public_pem(rsa_key()))

    def holds(self, headers: Mapping[str, str] | None = None, status: int = 200) -> None:
        """Makes the bucket answer a HEAD for the object."""
        sent = dict(headers or OBJECT)
        # Werkzeug counts the bytes itself, and sends none of them with a HEAD.
        content = b"x" * int(sent.pop("Content-Length"))
        self.server.expect_request(f"/{KEY}", "HEAD").respond_with_data(content, status, sent)

    def holds_bytes(self, content: bytes, deletes: int = 204, **changed: Any) -> str:
        """Makes the bucket hold an object of these bytes, and returns the callback's body for it.

        A DELETE is answered with the status `deletes`.
        """
        size = {"size": len(content), **changed}
        self.holds(
            OBJECT | {"Content-Length": str(len(content)), "Content-Type": str(size.get("content_type", "image/png"))}
        )
        self.server.expect_request(f"/{KEY}", "GET").respond_with_handler(lambda request: _partial(request, content))
        self.server.expect_request(f"/{KEY}", "DELETE").respond_with_data("", deletes)
        mime = size.get("content_type", "image/png")
        return self.body(ticket=self.ticket(**size), size=len(content), mimeType=mime)

    def ticket(self, **changed: Any) -> str:
        """Returns a ticket like those that the signing function signs."""
        from support.tickets import sign_ticket  # noqa: PLC0415

        ticket = sign_ticket(CLAIMS | changed, secret=self.secret)
        sentinels.keep_out_of_logs(ticket)
        return ticket

    def body(self, **changed: Any) -> str:
        """Returns the body that OSS posts."""
        return json.dumps(CALLBACK_BODY | {"ticket": self.ticket()} | changed)

    def call(
        self,
        body: str | None = None,
        *,
        path: str = "/stored",
        key_url: str | None = None,
        headers: Mapping[str, str] | None = None,
        signed: bytes | None = None,
        query: Mapping[str, str] | None = None,
        app: App | None = None,
        now: float = NOON,
    ) -> Any:
        """Makes one callback as OSS does, except for the arguments, and returns the response's status and payload."""
        body = self.body() if body is None else body
        signature = rsa_key().sign(signed or f"{path}\n{body}".encode(), PKCS1v15(), MD5())  # noqa: S303
        sent = {
            "Content-Type": "application/json",
            "User-Agent": "aliyun-oss-callback",
            "Authorization": base64_of(signature),
            "x-oss-pub-key-url": base64_of(key_url or self.url + KEY_PATH),
            **(headers or {}),
        }
        event = json.loads(factories.event("POST", path, body=body, origin=None, headers=sent))
        event["queryParameters"] = dict(query or {})
        response = (app or self.function).handle(json.dumps(event).encode(), factories.context(), now=now)
        return response["statusCode"], json.loads(response["body"])

    def error(self, *args: Any, **more: Any) -> tuple[int, str]:
        status, payload = self.call(*args, **more)
        return status, payload["error"]["code"]

    def request_lines(self) -> list[str]:
        """Returns method and path of the requests that the function sent, in order."""
        return [f"{request.method} {request.path}" for request, _ in self.server.log]

    def log_events(self, event: str) -> list[Any]:
        """Returns the log's lines of one event."""
        lines = [json.loads(line[25:]) for line in self.lines]
        return [line for line in lines if line["event"] == event]
