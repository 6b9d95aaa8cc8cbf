"""Tests Function Compute's events and responses."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from fc_http.errors import BadRequest, BodyTooLarge
from fc_http.event import Request, create_response, parse_json, preflight_response
from support import factories

GET = json.loads(factories.event("GET", "/limits"))


def event_with(**members: Any) -> bytes:
    return json.dumps(GET | members).encode()


def test_a_request_is_what_the_event_says() -> None:
    assert Request.from_event(
        factories.event("POST", "/a%20b", body='{"ü":1}', headers={"X-Some-Thing": "1,2"}, query={"x": "1,2"})
    ) == Request(
        method="POST",
        path="/a%20b",
        headers={"host": "example.com", "origin": factories.ORIGIN, "x-some-thing": "1,2"},
        body='{"ü":1}'.encode(),
        query={"x": "1,2"},
    )


def test_a_body_in_base64_is_decoded() -> None:
    assert Request.from_event(factories.event("POST", "/sign", body=b"\xff{}")).body == b"\xff{}"


def test_an_empty_body_may_be_called_base64_or_be_missing() -> None:
    assert Request.from_event(factories.event("GET", "/limits")).body == b""
    assert Request.from_event(event_with(body=None)).body == b""


def test_a_query_may_be_missing() -> None:
    assert Request.from_event(event_with(queryParameters=None)).query == {}


def test_without_an_origin_header_there_is_no_origin() -> None:
    assert Request.from_event(factories.event("GET", "/limits", origin=None)).origin is None


@pytest.mark.parametrize(
    "event",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"7",
        b'"text"',
        b"{}",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"version":NaN}',
        event_with(rawPath=7),
        event_with(rawPath=None),
        event_with(headers=None),
        event_with(headers=["Host"]),
        event_with(headers={"Host": ["a", "b"]}),
        event_with(queryParameters=["a"]),
        event_with(queryParameters={"a": ["b"]}),
        event_with(requestContext={}),
        event_with(requestContext={"http": {"method": None}}),
        event_with(body={"files": []}),
        event_with(body="not base64!", isBase64Encoded=True),
        event_with(body="\ud800", isBase64Encoded=False),
    ],
    ids=lambda event: event[:40],
)
def test_what_is_no_http_event_is_a_bad_request(event: bytes) -> None:
    with pytest.raises(BadRequest):
        Request.from_event(event)


def test_a_body_of_64_kb_is_taken_and_no_byte_more() -> None:
    assert len(Request.from_event(factories.event("POST", "/sign", body="x" * 65_536)).body) == 65_536
    for too_much in ("x" * 65_537, b"x" * 65_537, "ü" * 32_769):
        with pytest.raises(BodyTooLarge):
            Request.from_event(factories.event("POST", "/sign", body=too_much))


def test_a_huge_event_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(BodyTooLarge):
        Request.from_event(b"[" * (1024 * 1024 + 1))
    with pytest.raises(BadRequest):
        Request.from_event(b"[" * (1024 * 1024))


@pytest.mark.parametrize(
    "text", [b"", b"{", b"NaN", b"[Infinity]", b"[-Infinity]", b"9" * 5000, b"[" * 60_000, b"\xff"]
)
def test_json_made_to_hurt_is_a_bad_request(text: bytes) -> None:
    with pytest.raises(BadRequest):
        parse_json(text)


@for_all(st.binary(max_size=300))
def test_whatever_bytes_come_in_a_request_or_a_refusal_comes_out(event: bytes) -> None:
    with contextlib.suppress(BadRequest):
        Request.from_event(event)


def test_a_reply_has_a_body_and_the_headers_of_every_answer() -> None:
    assert create_response(200, {"ü": [1]}, "https://a.example") == {
        "statusCode": 200,
        "headers": {
            "Access-Control-Allow-Origin": "https://a.example",
            "Cache-Control": "no-store",
            "Vary": "Origin",
            "X-Content-Type-Options": "nosniff",
            "Content-Type": "application/json; charset=utf-8",
        },
        "isBase64Encoded": False,
        "body": '{"\\u00fc":[1]}',
    }


def test_a_preflight_is_answered_without_a_body() -> None:
    assert preflight_response("https://a.example") == {
        "statusCode": 204,
        "headers": {
            "Access-Control-Allow-Origin": "https://a.example",
            "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
            "Access-Control-Allow-Headers": "Authorization, Content-Type",
            "Access-Control-Max-Age": "600",
            "Cache-Control": "no-store",
            "Vary": "Origin",
            "X-Content-Type-Options": "nosniff",
        },
        "isBase64Encoded": False,
        "body": "",
    }
