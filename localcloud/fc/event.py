"""Function Compute's HTTP trigger, both ways: a request becomes the handler's event, its return value a response.

Follows "Invoke a function by an HTTP trigger" and "HTTP trigger overview" (Function Compute 3.0, event version v1).
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from collections.abc import Iterable

TEXTUAL = re.compile(
    r"text/.*|application/(json|ld\+json|xhtml\+xml|xml|atom\+xml|javascript)",
)
"""Content types whose bodies are passed on as text; all others, and no body at all, become base64."""

IGNORED = frozenset(
    {"connection", "content-length", "date", "keep-alive", "server", "content-disposition", "upgrade"}
    # The documents do not list these among the headers that a function may set; dropping them is our choice.
    | {"access-control-expose-headers", "access-control-allow-credentials"}
)
"""Headers that the gateway sets itself, whatever the function returns; so it does with every x-fc-*."""

MAX_HEADERS_SIZE = 8 * 1024
"""Bytes of a response's headers."""


def http_event(
    method: str,
    target: str,
    headers: Iterable[tuple[str, str]],
    body: bytes,
    *,
    request_id: str,
    account_id: str,
    domain: str,
    source_ip: str,
    now: float,
) -> bytes:
    """Returns the event of a request; `target` is its path and query as sent, `now` in seconds since the epoch."""
    path, _, query = target.partition("?")
    joined = _join_repeated((_canonical(name), value) for name, value in headers)
    is_text = bool(body) and TEXTUAL.fullmatch(joined.get("Content-Type", "").partition(";")[0].strip().lower())
    client = {"sourceIp": source_ip, "userAgent": joined.get("User-Agent", "")}
    event = {
        "version": "v1",
        "rawPath": path,
        "body": body.decode("utf-8", "replace") if is_text else base64.b64encode(body).decode(),
        "isBase64Encoded": not is_text,
        "headers": joined,
        "queryParameters": _join_repeated(parse_qsl(query, keep_blank_values=True)),
        "requestContext": {
            "accountId": account_id,
            "domainName": domain,
            "domainPrefix": domain.partition(".")[0],
            "requestId": request_id,
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)),
            "timeEpoch": str(int(now * 1000)),
            "http": {"method": method, "path": unquote(path), "protocol": "HTTP/1.1", **client},
        },
    }
    return json.dumps(event).encode()


def _canonical(name: str) -> str:
    """Writes a header name as Go does: `x-foo-bar` becomes `X-Foo-Bar`."""
    return "-".join(part.capitalize() for part in name.split("-"))


def _join_repeated(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Returns one value for each name: the values of a repeated one are joined with commas."""
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def http_response(result: Any, origin: str | None) -> Response:
    """Makes the response of what a handler returns, with what the gateway adds on the function's default domain.

    Where a function sets no Access-Control-Allow-Origin, the gateway allows the request's origin, whatever it is.
    """
    response = _response(result)
    if len(str(response.headers)) > MAX_HEADERS_SIZE:
        return Response('{"ErrorCode":"BadResponse"}', 502, content_type="application/json")
    response.headers["Content-Disposition"] = "attachment"
    if origin is not None and "Access-Control-Allow-Origin" not in response.headers:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Credentials"] = "true"
        response.headers["Access-Control-Expose-Headers"] = "Date,x-fc-request-id"
    return response


def _response(result: Any) -> Response:
    members = _parse_json(result)
    if not isinstance(members, dict) or "statusCode" not in members:
        return Response(_body(result, is_base64=False), 200, content_type="application/json")
    response = Response(
        _body(members.get("body", ""), is_base64=members.get("isBase64Encoded") is True),
        int(members["statusCode"]),
        content_type="application/json",
    )
    for name, value in (members.get("headers") or {}).items():
        if name.lower() not in IGNORED and not name.lower().startswith("x-fc-"):
            response.headers[name] = str(value)
    return response


def _parse_json(result: Any) -> Any:
    """Returns what a handler returned as an object; it may be JSON text as well."""
    if not isinstance(result, (str, bytes)):
        return result
    try:
        return json.loads(result)
    except ValueError:
        return None


def _body(body: Any, *, is_base64: bool) -> bytes:
    raw = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    if not is_base64:
        return raw
    try:
        return base64.b64decode(raw, validate=True)
    except binascii.Error:
        return raw  # the document says that it is sent unchanged, without an error
