"""The gateway with small functions behind it: what reaches them, and what their replies become."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable

import pytest

from localcloud.fc.gateway import Gateway
from support.fc_function import COUNTING, ECHO, Answer, Ask, Function
from support.oss_world import ACCOUNT


def raw(gateway: Gateway, request: bytes) -> Answer:
    """Sends bytes as they are, closes the sending side, and returns what comes back."""
    with socket.create_connection((gateway.host, gateway.port), timeout=60) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = received.decode().partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    return Answer(int(first.split()[1]), headers, body)


def test_the_event_of_a_request(function: Function) -> None:
    function.write(ECHO)
    with function.gateway() as gateway:
        host = f"{gateway.host}:{gateway.port}"
        request = (
            f"POST /a%20b/c?x=1&y=+&x=2 HTTP/1.1\r\nHost: {host}\r\nx-foo-bar: 1\r\nX-FOO-BAR: 2\r\n"
            "user-agent: a/1\r\ncontent-type: text/plain\r\ncontent-length: 3\r\n\r\n\xc3\xbc!"
        )
        answer = raw(gateway, request.encode("latin-1"))
    gateway.check()
    assert answer.json() == {
        "version": "v1",
        "rawPath": "/a%20b/c",
        "body": "ü!",
        "isBase64Encoded": False,
        "headers": {
            "Host": host,
            "X-Foo-Bar": "1,2",
            "User-Agent": "a/1",
            "Content-Type": "text/plain",
            "Content-Length": "3",
        },
        "queryParameters": {"x": "1,2", "y": " "},
        "requestContext": {
            "accountId": ACCOUNT,
            "domainName": "sign-local.cn-hangzhou.fcapp.run",
            "domainPrefix": "sign-local",
            "requestId": answer.headers["X-Fc-Request-Id"],
            "time": "2024-11-24T12:00:00Z",
            "timeEpoch": "1732449600000",
            "http": {
                "method": "POST",
                "path": "/a b/c",
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "a/1",
            },
        },
    }


@pytest.mark.parametrize("body", [b"", bytes(range(128)) * 2000], ids=["empty", "256 KB"])
def test_a_body_arrives_whole_as_base64(serve: Callable[..., Ask], body: bytes) -> None:
    ask = serve("""
        import json
        def handler(event, context):
            event = json.loads(event)
            return {"statusCode": 200, "isBase64Encoded": event["isBase64Encoded"], "body": event["body"]}
    """)
    assert ask("POST", body=body).body.encode() == body


def test_the_reply_of_the_function(serve: Callable[..., Ask]) -> None:
    ask = serve("""
        def handler(event, context):
            headers = {"Content-Type": "text/html", "X-Fc-Request-Id": "mine", "content-disposition": "inline", "X-A": "b"}
            return {"statusCode": 418, "headers": headers, "body": "<p>"}
    """)
    answer = ask()
    shown = {name: answer.headers.get(name) for name in ("Content-Type", "Content-Disposition", "X-A")}
    assert (answer.status, shown, answer.body) == (
        418,
        {"Content-Type": "text/html", "Content-Disposition": "attachment", "X-A": "b"},
        "<p>",
    )
    assert re.fullmatch(r"1-[0-9a-f]{8}-[0-9a-f]{24}", answer.headers["X-Fc-Request-Id"])


def test_one_request_id_in_event_context_and_response_and_another_each_time(serve: Callable[..., Ask]) -> None:
    ask = serve("""
        import json
        def handler(event, context):
            return [context.request_id, json.loads(event)["requestContext"]["requestId"]]
    """)
    first, second = ask(), ask()
    assert first.json() == [first.headers["X-Fc-Request-Id"]] * 2
    assert second.json() == [second.headers["X-Fc-Request-Id"]] * 2
    assert first.json() != second.json()


def test_an_origin_is_echoed_where_the_function_names_none(serve: Callable[..., Ask]) -> None:
    ask = serve("def handler(event, context): return {'statusCode': 200}")
    answer = ask(headers={"Origin": "https://evil.example"})
    assert answer.headers["Access-Control-Allow-Origin"] == "https://evil.example"


def test_a_preflight_reaches_the_function(serve: Callable[..., Ask]) -> None:
    ask = serve("""
        def handler(event, context):
            return {"statusCode": 204, "headers": {"Access-Control-Allow-Origin": "https://app.example.com"}}
    """)
    answer = ask("OPTIONS", headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"})
    assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (204, "https://app.example.com")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "PATCH", "OPTIONS"])
def test_a_method_that_is_not_listed(serve: Callable[..., Ask], method: str) -> None:
    ask = serve(COUNTING, methods=("GET", "POST"))
    answer = ask(method)
    told = {} if method == "HEAD" else answer.json()
    assert (answer.status, answer.headers["Content-Type"]) == (403, "application/json")
    assert told.get("Code", "FCCommonError") == "FCCommonError"
    assert told.get("RequestId", answer.headers["X-Fc-Request-Id"]) == answer.headers["X-Fc-Request-Id"]
    assert ask().body == "1"


TOO_LARGE: dict[str, Callable[[Ask], Answer]] = {
    "a target": lambda ask: ask(target="/" + "a" * 4096),
    "a query": lambda ask: ask(target="/?a=" + "a" * 4096),
    "a header": lambda ask: ask(headers={"X-A": "a" * 8192}),
    "headers": lambda ask: ask(headers={f"X-{n}": "a" * 1000 for n in range(9)}),
}

JUST_FITTING: dict[str, Callable[[Ask], Answer]] = {
    "a target": lambda ask: ask(target="/" + "a" * 4095),
    "headers": lambda ask: ask(headers={f"X-{n}": "a" * 1000 for n in range(8)}),
    "a body": lambda ask: ask("POST", body=b"a" * 5_000_000),
}


@pytest.mark.parametrize("send", TOO_LARGE.values(), ids=TOO_LARGE)
def test_a_request_that_is_too_large(serve: Callable[..., Ask], send: Callable[[Ask], Answer]) -> None:
    ask = serve(COUNTING)
    answer = send(ask)
    assert (answer.status, answer.json()["Code"]) == (400, "InvalidArgument")
    assert ask().body == "1"


@pytest.mark.parametrize("send", JUST_FITTING.values(), ids=JUST_FITTING)
def test_a_request_that_just_fits(serve: Callable[..., Ask], send: Callable[[Ask], Answer]) -> None:
    assert send(serve(COUNTING)).status == 200


def test_a_body_of_more_than_32_mb_is_refused_by_its_length_alone(function: Function) -> None:
    function.write(COUNTING)
    with function.gateway() as gateway:
        answer = raw(gateway, b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 33554433\r\n\r\n")
        assert (answer.status, answer.json()["Code"]) == (400, "InvalidArgument")
    gateway.check()


ENDS = {
    "an exception": "raise ValueError('a message')",
    "sys.exit": "raise SystemExit(3)",
    "os._exit": "os._exit(1)",
    "a header with a line break": "return {'statusCode': 200, 'headers': {'X-A': 'a\\nb'}}",
    "an invalid status": "return {'statusCode': 'well'}",
    "a reply that is no JSON": "return {'a': object()}",
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_whatever_goes_wrong_in_the_function_is_a_502_and_the_next_request_is_served(
    serve: Callable[..., Ask], function: Function, end: str
) -> None:
    ask = serve(f"""
        import json, os
        def handler(event, context):
            if json.loads(event)["rawPath"] == "/bad":
                {end}
            return {{"statusCode": 200, "body": "well"}}
    """)
    bad = ask(target="/bad", headers={"Origin": "https://app.example.com"})
    names = ("Content-Type", "Content-Disposition", "Access-Control-Allow-Origin")
    assert (bad.status, [bad.headers[name] for name in names], bad.body) == (
        502,
        ["application/json", "attachment", "https://app.example.com"],
        "Internal Server Error",
    )
    assert bad.headers["X-Fc-Request-Id"].startswith("1-")
    assert "Traceback" in "".join(function.lines)
    assert ask().body == "well"


@pytest.mark.parametrize("end", ["raise ValueError", "raise SystemExit", "os._exit(0)"])
def test_an_instance_that_failed_is_not_used_again(serve: Callable[..., Ask], end: str) -> None:
    ask = serve(f"""
        import json, os
        calls = 0
        def handler(event, context):
            global calls
            calls += 1
            if json.loads(event)["rawPath"] == "/bad":
                {end}
            return calls
    """)
    assert [ask(target=target).body for target in ("/", "/", "/bad", "/", "/")] == [
        *("1", "2", "Internal Server Error", "1", "2")
    ]


def test_the_log_says_where_it_went_wrong_and_the_client_does_not(
    serve: Callable[..., Ask], function: Function
) -> None:
    ask = serve("def handler(event, context): raise KeyError('a secret')")
    assert "a secret" not in ask().body
    [logged] = function.lines
    assert logged.rstrip().endswith("KeyError: 'a secret'")
    assert 'index.py", line 1, in handler' in logged


def test_call_and_event_are_the_same_without_http(function: Function) -> None:
    function.write(ECHO)
    gateway = function.gateway()
    event = gateway.event("GET", "/a?b=c", [("host", "localhost")], b"", "1-a")
    assert gateway.invoke(event, "1-a") == event
    parsed = json.loads(event)
    assert (parsed["rawPath"], parsed["queryParameters"], parsed["requestContext"]["requestId"]) == (
        "/a",
        {"b": "c"},
        "1-a",
    )


def test_call_raises_what_the_handler_raises(function: Function) -> None:
    function.write("def handler(event, context): raise LookupError(context.request_id)")
    with pytest.raises(LookupError, match="1-a"):
        function.gateway().invoke(b"{}", "1-a")
