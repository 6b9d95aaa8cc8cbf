"""Function Compute's HTTP event, both ways: an event becomes a Request, a payload becomes a Response.

Follows "Invoke a function by an HTTP trigger" (Function Compute 3.0, event version v1, built-in runtimes).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypedDict

from fc_http.errors import BadRequest, BodyTooLarge

MAX_BODY_BYTES = 64 * 1024
"""Of a request's body, after base64."""

MAX_EVENT_BYTES = 1024 * 1024
"""Far more than an event with a body of MAX_BODY_BYTES, even one that JSON escapes in the worst way."""

METHODS = "GET, POST, OPTIONS"


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


_decode = json.JSONDecoder(parse_constant=_refuse_constant).decode
_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


class Response(TypedDict):
    """What Function Compute turns into an HTTP response."""

    statusCode: int
    headers: dict[str, str]
    isBase64Encoded: bool
    body: str


@dataclass(frozen=True)
class Request:
    """An HTTP request."""

    method: str
    path: str
    """As in the request line, still percent-encoded."""
    headers: dict[str, str]
    """Names are in lower case. Function Compute joins repeated headers with commas."""
    body: bytes
    query: Mapping[str, str] = field(default_factory=dict)
    """Decoded. Function Compute joins repeated names with commas, and does not hand on what the client wrote."""

    @classmethod
    def from_event(cls, event: bytes) -> Request:
        """Parses an event. Raises BadRequest if it is not an HTTP event of version v1, and BodyTooLarge."""
        if len(event) > MAX_EVENT_BYTES:
            raise BodyTooLarge
        members = parse_json(event)
        try:
            return cls(
                method=_require_text(members["requestContext"]["http"]["method"]),
                path=_require_text(members["rawPath"]),
                headers={
                    _require_text(name).lower(): _require_text(value) for name, value in members["headers"].items()
                },
                body=_parse_body(_require_text(members.get("body") or ""), members.get("isBase64Encoded") is True),
                query={name: _require_text(value) for name, value in (members.get("queryParameters") or {}).items()},
            )
        except (KeyError, TypeError, AttributeError, ValueError):
            raise BadRequest("The event is not an HTTP event of Function Compute.") from None

    @property
    def origin(self) -> str | None:
        """Returns the Origin header; None if the caller is not a web page."""
        return self.headers.get("origin")


def parse_json(text: bytes) -> Any:
    """Parses JSON. Raises BadRequest for other text, and for malicious JSON: too deep, endless numbers, NaN."""
    try:
        return _decode(text.decode())
    except (ValueError, RecursionError):
        raise BadRequest("The body is not JSON.") from None


def _require_text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _parse_body(body: str, is_base64: bool) -> bytes:
    raw = base64.b64decode(body, validate=True) if is_base64 else body.encode()
    if len(raw) > MAX_BODY_BYTES:
        raise BodyTooLarge
    return raw


def create_response(status: int, payload: object | None, allowed_origin: str) -> Response:
    """Returns a response with its CORS headers. If the payload is None, it has no body.

    Every response names `allowed_origin`: where a function leaves the header out, Function Compute's gateway puts in
    the caller's own origin, whatever it is.
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


def preflight_response(allowed_origin: str) -> Response:
    """Returns the response to a CORS preflight."""
    response = create_response(204, None, allowed_origin)
    response["headers"] |= {
        "Access-Control-Allow-Methods": METHODS,
        "Access-Control-Allow-Headers": "Authorization, Content-Type",
        "Access-Control-Max-Age": "600",
    }
    return response
