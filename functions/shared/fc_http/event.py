"""Function Compute's HTTP event, both ways: the event becomes a Request, an answer becomes the reply it expects.

Follows "Invoke a function by an HTTP trigger" (Function Compute 3.0, event version v1, built-in runtimes).
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any, TypedDict

from fc_http.errors import BadRequest, BodyTooLarge

MAX_BODY = 64 * 1024
"""Bytes of a request's body, after base64."""

MAX_EVENT = 1024 * 1024
"""Bytes of an event: far more than a body of MAX_BODY can make, escaped as badly as JSON allows."""

METHODS = "GET, POST, OPTIONS"


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


_decode = json.JSONDecoder(parse_constant=_refuse_constant).decode
_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


class Reply(TypedDict):
    """What Function Compute turns into an HTTP response."""

    statusCode: int
    headers: dict[str, str]
    isBase64Encoded: bool
    body: str


@dataclass(frozen=True)
class Request:
    """What the other rooms know of a request."""

    method: str
    path: str
    """As sent, still percent-encoded."""
    headers: dict[str, str]
    """Names in lower case; Function Compute joins repeated ones with commas."""
    body: bytes
    has_query: bool = False
    """Whether the address had a query; Function Compute hands on none as it came."""

    @classmethod
    def from_event(cls, event: bytes) -> Request:
        """Raises BadRequest if it is no HTTP event of version v1, BodyTooLarge."""
        if len(event) > MAX_EVENT:
            raise BodyTooLarge
        members = parse_json(event)
        try:
            return cls(
                method=_text(members["requestContext"]["http"]["method"]),
                path=_text(members["rawPath"]),
                headers={_text(name).lower(): _text(value) for name, value in members["headers"].items()},
                body=_body(_text(members.get("body") or ""), members.get("isBase64Encoded") is True),
                has_query=bool(members.get("queryParameters")),
            )
        except (KeyError, TypeError, AttributeError, ValueError):
            raise BadRequest("This is no HTTP event of Function Compute.") from None

    @property
    def origin(self) -> str | None:
        """The Origin header; None where the caller is no web page."""
        return self.headers.get("origin")


def parse_json(text: bytes) -> Any:
    """Raises BadRequest for whatever is not JSON, and for JSON made to hurt: too deep, endless numbers, NaN."""
    try:
        return _decode(text.decode())
    except (ValueError, RecursionError):
        raise BadRequest("The body is not JSON.") from None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _body(body: str, is_base64: bool) -> bytes:
    decoded = base64.b64decode(body, validate=True) if is_base64 else body.encode()
    if len(decoded) > MAX_BODY:
        raise BodyTooLarge
    return decoded


def reply(status: int, payload: object | None, allowed_origin: str) -> Reply:
    """The reply with its CORS headers; no payload, no body.

    `allowed_origin` goes out with every reply: where a function leaves it out, Function Compute's gateway names the
    caller's own origin, whatever it is.
    """
    headers = {
        "Access-Control-Allow-Origin": allowed_origin,
        "Cache-Control": "no-store",
        "Vary": "Origin",
        "X-Content-Type-Options": "nosniff",
    }
    if payload is not None:
        headers["Content-Type"] = "application/json; charset=utf-8"
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    body = "" if payload is None else _encode(payload)
    return {"statusCode": status, "headers": headers, "isBase64Encoded": False, "body": body}


def preflight(allowed_origin: str) -> Reply:
    """The answer to a CORS preflight."""
    answer = reply(204, None, allowed_origin)
    answer["headers"] |= {
        "Access-Control-Allow-Methods": METHODS,
        "Access-Control-Allow-Headers": "Authorization, Content-Type",
        "Access-Control-Max-Age": "600",
    }
    return answer
