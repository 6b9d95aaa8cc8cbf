"""Function Compute's HTTP trigger: the event that a request makes, and the response that a reply makes."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from localcloud.fc.event import http_event, http_response

NOON = 1_732_449_600.123
"""2024-11-24T12:00:00.123Z, in seconds since the epoch."""


def event(
    method: str = "GET", target: str = "/", headers: tuple[tuple[str, str], ...] = (), body: bytes = b""
) -> dict[str, Any]:
    raw = http_event(
        method,
        target,
        headers,
        body,
        request_id="1-67431580-0123456789ab",
        account_id="1234567890123456",
        domain="sign-abc.cn-hangzhou.fcapp.run",
        source_ip="203.0.113.7",
        now=NOON,
    )
    assert isinstance(raw, bytes)
    parsed: dict[str, Any] = json.loads(raw)
    return parsed


def test_a_whole_event() -> None:
    headers = (
        ("host", "sign-abc.cn-hangzhou.fcapp.run"),
        ("content-type", "application/json; charset=utf-8"),
        ("user-agent", "curl/8"),
        ("x-a", "1"),
        ("X-A", "2"),
    )
    body = '{"name":"ü"}'
    assert event("POST", "/a%20b/%E5%90%8D?a=1&b=x+y%26z&a=2&c", headers, body.encode()) == {
        "version": "v1",
        "rawPath": "/a%20b/%E5%90%8D",
        "body": body,
        "isBase64Encoded": False,
        "headers": {
            "Host": "sign-abc.cn-hangzhou.fcapp.run",
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "curl/8",
            "X-A": "1,2",
        },
        "queryParameters": {"a": "1,2", "b": "x y&z", "c": ""},
        "requestContext": {
            "accountId": "1234567890123456",
            "domainName": "sign-abc.cn-hangzhou.fcapp.run",
            "domainPrefix": "sign-abc",
            "requestId": "1-67431580-0123456789ab",
            "time": "2024-11-24T12:00:00Z",
            "timeEpoch": "1732449600123",
            "http": {
                "method": "POST",
                "path": "/a b/名",
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7",
                "userAgent": "curl/8",
            },
        },
    }


def test_the_event_of_the_barest_request() -> None:
    assert event() == {
        "version": "v1",
        "rawPath": "/",
        "body": "",
        "isBase64Encoded": True,
        "headers": {},
        "queryParameters": {},
        "requestContext": {
            "accountId": "1234567890123456",
            "domainName": "sign-abc.cn-hangzhou.fcapp.run",
            "domainPrefix": "sign-abc",
            "requestId": "1-67431580-0123456789ab",
            "time": "2024-11-24T12:00:00Z",
            "timeEpoch": "1732449600123",
            "http": {"method": "GET", "path": "/", "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7", "userAgent": ""},
        },
    }


AS_TEXT = {
    "text/plain": True,
    "text/csv": True,
    "text/html;charset=utf-8": True,
    "TEXT/Plain": True,
    "application/json": True,
    "Application/JSON; charset=UTF-8": True,
    " application/json ": True,
    "application/ld+json": True,
    "application/xhtml+xml": True,
    "application/xml": True,
    "application/atom+xml": True,
    "application/javascript": True,
    "application/jsonp": False,
    "application/problem+json": False,
    "application/x-www-form-urlencoded": False,
    "multipart/form-data; boundary=a": False,
    "application/octet-stream": False,
    "image/svg+xml": False,
    "text": False,
    "": False,
}


@pytest.mark.parametrize(("content_type", "as_text"), AS_TEXT.items())
def test_bodies_come_as_text_only_with_textual_types(content_type: str, *, as_text: bool) -> None:
    made = event("POST", headers=(("Content-Type", content_type),), body=b"a=b")
    assert (made["body"], made["isBase64Encoded"]) == (("a=b", False) if as_text else ("YT1i", True))


def test_a_body_without_a_type_comes_as_base64() -> None:
    made = event("POST", body=b"\0\xff")
    assert (made["body"], made["isBase64Encoded"]) == ("AP8=", True)


def test_an_empty_body_counts_as_base64_whatever_its_type() -> None:
    made = event("POST", headers=(("Content-Type", "application/json"),))
    assert (made["body"], made["isBase64Encoded"]) == ("", True)


CANONICAL = {
    "x-foo-bar": "X-Foo-Bar",
    "X-FOO-BAR": "X-Foo-Bar",
    "origin": "Origin",
    "eTag": "Etag",
    "x-1st": "X-1st",
    "dnt": "Dnt",
    "sec-ch-ua": "Sec-Ch-Ua",
    "-a": "-A",
}


@pytest.mark.parametrize(("sent", "canonical"), CANONICAL.items())
def test_header_names_come_as_go_writes_them(sent: str, canonical: str) -> None:
    assert event(headers=((sent, "Value"),))["headers"] == {canonical: "Value"}


def test_repeated_headers_are_joined_in_their_order() -> None:
    assert event(headers=(("x-b", "2"), ("x-a", "1"), ("X-B", "3, 4")))["headers"] == {"X-B": "2,3, 4", "X-A": "1"}


QUERIES = {
    "": {},
    "a=1": {"a": "1"},
    "a": {"a": ""},
    "a=&b=": {"a": "", "b": ""},
    "a=1&a=2&a=": {"a": "1,2,"},
    "a=1&b=2&a=3": {"a": "1,3", "b": "2"},
    "a=b=c": {"a": "b=c"},
    "a%20b=%E5%90%8D": {"a b": "名"},
    "a=1?b=2": {"a": "1?b=2"},
}


@pytest.mark.parametrize(("query", "parameters"), QUERIES.items())
def test_query_parameters(query: str, parameters: dict[str, str]) -> None:
    made = event(target=f"/x?{query}")
    assert (made["rawPath"], made["queryParameters"]) == ("/x", parameters)


def answer(reply: Any, origin: str | None = None) -> tuple[int, dict[str, str], bytes]:
    """Status, headers by names like Content-Type, and body; Content-Length, which every response has, is left out."""
    response = http_response(reply, origin)
    headers = {name.title(): value for name, value in response.headers}
    assert headers.pop("Content-Length", None) in (None, str(len(response.get_data())))
    return response.status_code, headers, response.get_data()


DOWNLOAD = {"Content-Disposition": "attachment"}
JSON = {"Content-Type": "application/json", **DOWNLOAD}

WITHOUT_STATUS: dict[str, tuple[Any, bytes]] = {
    "an object": ({"body": "a", "headers": {"x-a": "b"}}, b'{"body": "a", "headers": {"x-a": "b"}}'),
    "a list": ([1, "a"], b'[1, "a"]'),
    "nothing": (None, b"null"),
    "a number": (1, b"1"),
    "text": ("hello ü", "hello ü".encode()),
    "text that is JSON": ('{"a":1}', b'{"a":1}'),
    "a quoted string": ('"a"', b'"a"'),
    "bytes": (b"\0\xff", b"\0\xff"),
    "empty text": ("", b""),
}


@pytest.mark.parametrize(("reply", "body"), WITHOUT_STATUS.values(), ids=WITHOUT_STATUS)
def test_a_reply_without_a_status_is_the_body_whole(reply: Any, body: bytes) -> None:
    assert answer(reply) == (200, JSON, body)


WITH_STATUS: dict[str, tuple[Any, tuple[int, dict[str, str], bytes]]] = {
    "a status alone": ({"statusCode": 404}, (404, JSON, b"")),
    "a status as text": ({"statusCode": "201", "body": "a"}, (201, JSON, b"a")),
    "a body of text": ({"statusCode": 200, "body": "ü"}, (200, JSON, "ü".encode())),
    "a body of an object": ({"statusCode": 200, "body": {"a": [1]}}, (200, JSON, b'{"a": [1]}')),
    "JSON text": ('{"statusCode":201,"body":"a"}', (201, JSON, b"a")),
    "JSON bytes": (b'{"statusCode":201,"body":"a"}', (201, JSON, b"a")),
    "a content type": (
        {"statusCode": 200, "headers": {"content-type": "text/html"}, "body": "<p>"},
        (200, {"Content-Type": "text/html", **DOWNLOAD}, b"<p>"),
    ),
    "other headers": (
        {"statusCode": 200, "headers": {"Cache-Control": "no-store", "X-A": 1}},
        (200, {"Content-Type": "application/json", "Cache-Control": "no-store", "X-A": "1", **DOWNLOAD}, b""),
    ),
    "no headers": ({"statusCode": 200, "headers": None}, (200, JSON, b"")),
    "base64": ({"statusCode": 200, "isBase64Encoded": True, "body": "AP8="}, (200, JSON, b"\0\xff")),
    "invalid base64": ({"statusCode": 200, "isBase64Encoded": True, "body": "AP8"}, (200, JSON, b"AP8")),
    "base64 with other characters": ({"statusCode": 200, "isBase64Encoded": True, "body": "A!P8="}, (200, JSON, b"A!P8=")),
    "base64 beyond ASCII": ({"statusCode": 200, "isBase64Encoded": True, "body": "ü"}, (200, JSON, "ü".encode())),
    "text that could be base64": ({"statusCode": 200, "isBase64Encoded": False, "body": "AP8="}, (200, JSON, b"AP8=")),
}  # fmt: skip


@pytest.mark.parametrize(("reply", "expected"), WITH_STATUS.values(), ids=WITH_STATUS)
def test_a_reply_with_a_status(reply: Any, expected: tuple[int, dict[str, str], bytes]) -> None:
    assert answer(reply) == expected


@pytest.mark.parametrize(
    "name",
    [
        *("Connection", "Content-Length", "Date", "Keep-Alive", "Server", "Content-Disposition", "Upgrade"),
        *("connection", "X-Fc-Request-Id", "x-fc-anything"),
        *("Access-Control-Expose-Headers", "Access-Control-Allow-Credentials"),
    ],
)
def test_a_header_that_a_function_cannot_set(name: str) -> None:
    assert answer({"statusCode": 200, "headers": {name: "7", "X-Fcx": "kept"}, "body": "a"}) == (
        200,
        {**JSON, "X-Fcx": "kept"},
        b"a",
    )


def test_the_callers_origin_is_named_where_the_function_names_none() -> None:
    assert answer({"statusCode": 200}, "https://evil.example") == (
        200,
        {
            **JSON,
            "Access-Control-Allow-Origin": "https://evil.example",
            "Access-Control-Allow-Credentials": "true",
            "Access-Control-Expose-Headers": "Date,x-fc-request-id",
        },
        b"",
    )


@pytest.mark.parametrize("name", ["Access-Control-Allow-Origin", "access-control-allow-origin"])
def test_the_functions_own_origin_stands_alone(name: str) -> None:
    reply = {"statusCode": 200, "headers": {name: "https://app.example.com"}}
    _, headers, _ = answer(reply, "https://evil.example")
    assert headers == {**JSON, "Access-Control-Allow-Origin": "https://app.example.com"}


def test_a_caller_without_an_origin_gets_no_header_of_cors() -> None:
    assert answer({"statusCode": 200}) == (200, JSON, b"")


@pytest.mark.parametrize(("size", "status"), [(7 * 1024, 200), (8 * 1024, 502)])
def test_headers_of_a_reply_have_their_limit(size: int, status: int) -> None:
    assert answer({"statusCode": 200, "headers": {"X-A": "a" * size}})[0] == status


def test_a_reply_with_too_many_headers_is_a_bad_one() -> None:
    status, headers, body = answer({"statusCode": 200, "headers": {f"X-{n}": "a" * 100 for n in range(100)}})
    assert (status, headers["Content-Type"], json.loads(body)) == (
        502,
        "application/json",
        {"ErrorCode": "BadResponse"},
    )


def test_a_body_that_goes_in_comes_out() -> None:
    everything = bytes(range(256))
    sent = event("POST", body=everything)
    assert answer({"statusCode": 200, "isBase64Encoded": True, "body": sent["body"]})[2] == everything
    assert base64.b64decode(sent["body"]) == everything
