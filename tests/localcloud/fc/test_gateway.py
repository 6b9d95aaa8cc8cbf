"""The gateway with small functions behind it: what reaches them, what their replies become, how their instances live."""

from __future__ import annotations

import http.client
import json
import math
import os
import re
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from localcloud.fc.gateway import Gateway
from localcloud.ram.identities import Identity
from support.oss_world import ACCOUNT, REGION, Clock

INITIALIZE = "\ndef initialize(context):\n    pass\n"


def new_role() -> Identity:
    return Identity(
        access_key_id=f"STS.{secrets.token_hex(12)}",
        access_key_secret=secrets.token_urlsafe(30),
        security_token=secrets.token_urlsafe(60),
        arn=f"acs:ram::{ACCOUNT}:assumed-role/function/fc",
        expiration=math.inf,
        policies=(),
    )


@dataclass
class Function:
    """A function's folder, and the gateway in front of it."""

    code: Path
    role: Identity = field(default_factory=new_role)
    environment: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.code.mkdir()

    def write(self, source: str, name: str = "index.py") -> None:
        """Returns a module, with an initializer that does nothing unless it has its own."""
        source = dedent(source)
        (self.code / name).write_text(source if "def initialize" in source else source + INITIALIZE, encoding="utf-8")

    def edit(self, source: str) -> None:
        """Returns the same, in the next nanosecond: an editor may be as fast as that."""
        before = (self.code / "index.py").stat().st_mtime_ns
        self.write(source)
        os.utime(self.code / "index.py", ns=(before + 1, before + 1))

    def gateway(self, **more: Any) -> Gateway:
        options: dict[str, Any] = {
            "handler": "index.handler",
            "initializer": "index.initialize",
            "methods": ("GET", "POST", "OPTIONS"),
            "function_name": "sign",
            "region": REGION,
            "account_id": ACCOUNT,
            "environment": lambda: self.environment,
            "role": lambda: self.role,
            "log": self.lines.append,
        }
        return Gateway(Clock(), (self.code,), **options | more)


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: str

    def json(self) -> Any:
        return json.loads(self.body)


Ask = Callable[..., Answer]


@pytest.fixture
def function(tmp_path: Path) -> Function:
    return Function(tmp_path / "code")


@pytest.fixture
def serve(function: Function) -> Iterator[Callable[..., Ask]]:
    """Writes the function, starts a gateway, and gives what asks it. It must have nothing to complain of at the end."""
    with ExitStack() as stack:

        def start(source: str, **more: Any) -> Ask:
            function.write(source)
            gateway = function.gateway(**more)
            stack.callback(gateway.check)
            stack.enter_context(gateway)
            return asker(gateway)

        yield start


def asker(gateway: Gateway) -> Ask:
    def ask(
        method: str = "GET", target: str = "/", body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        connection = http.client.HTTPConnection(gateway.host, gateway.port, timeout=10)
        try:
            connection.request(method, target, body, headers or {})
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read().decode())
        finally:
            connection.close()

    return ask


def raw(gateway: Gateway, request: bytes) -> Answer:
    """Returns bytes as they are; then the sending side is closed."""
    with socket.create_connection((gateway.host, gateway.port), timeout=10) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = received.decode().partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    return Answer(int(first.split()[1]), headers, body)


ECHO = """
    def handler(event, context):
        assert isinstance(event, bytes)
        return event
"""


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


# What never reaches the function.

COUNTING = """
    calls = 0
    def handler(event, context):
        global calls
        calls += 1
        return {"statusCode": 200, "body": str(calls)}
"""


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


# Faults of the function.

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


# Instances.


def at_once(ask: Ask) -> list[str]:
    """Returns the bodies that two requests bring which are sent together."""
    bodies: list[str] = []
    threads = [threading.Thread(target=lambda: bodies.append(ask().body)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    return bodies


def test_one_request_at_a_time(serve: Callable[..., Ask]) -> None:
    ask = serve("""
        import threading
        both = threading.Barrier(2)
        def handler(event, context):
            try:
                both.wait(0.3)
            except threading.BrokenBarrierError:
                return "alone"
            return "together"
    """)
    assert at_once(ask) == ["alone", "alone"]


def test_two_first_requests_start_one_instance(serve: Callable[..., Ask], function: Function) -> None:
    ask = serve("""
        import threading
        def initialize(context):
            print("initialized")
            threading.Event().wait(0.2)  # so that the other request comes meanwhile
        def handler(event, context):
            return "well"
    """)
    assert (at_once(ask), function.lines) == (["well", "well"], ["initialized"])


def test_an_instance_keeps_what_its_module_knows(serve: Callable[..., Ask]) -> None:
    ask = serve(COUNTING)
    assert [ask().body, ask().body, ask().body] == ["1", "2", "3"]


def test_the_initializer_runs_once_before_the_first_request(serve: Callable[..., Ask]) -> None:
    ask = serve("""
        seen = []
        def initialize(context):
            seen.append("initialized by " + context.function.name)
        def handler(event, context):
            seen.append("called")
            return seen
    """)
    ask()
    assert ask().json() == ["initialized by sign", "called", "called"]


def test_end_instance(function: Function) -> None:
    function.write(COUNTING)
    with function.gateway() as gateway:
        ask = asker(gateway)
        before = ask().body, ask().body
        gateway.end_instance()
        assert (*before, ask().body) == ("1", "2", "1")


def test_start_instance_makes_a_new_one(function: Function) -> None:
    function.write(COUNTING)
    with function.gateway() as gateway:
        ask = asker(gateway)
        before = ask().body, ask().body
        gateway.start_instance()
        assert (*before, ask().body) == ("1", "2", "1")


@pytest.mark.parametrize(
    ("source", "raised"),
    [
        ("def handler(event, context): pass\ndef initialize(context): raise LookupError('no settings')", "no settings"),
        ("raise LookupError('at import')", "at import"),
    ],
    ids=["in the initializer", "at import"],
)
def test_what_a_new_instance_raises_comes_out_of_start_instance(function: Function, source: str, raised: str) -> None:
    function.write(source)
    with pytest.raises(LookupError, match=raised):
        function.gateway().start_instance()


def test_a_handler_that_is_not_there_comes_out_of_start_instance(function: Function) -> None:
    function.write(COUNTING)
    with pytest.raises(AttributeError, match="missing"):
        function.gateway(handler="index.missing").start_instance()


def test_to_a_client_an_initializer_that_fails_is_a_502(serve: Callable[..., Ask], function: Function) -> None:
    ask = serve("def handler(event, context): pass\ndef initialize(context): raise LookupError('no settings')")
    assert [ask().status, ask().status] == [502, 502]
    assert [logged.rstrip().rpartition("\n")[2] for logged in function.lines] == ["LookupError: no settings"] * 2


def test_a_handler_in_a_package(function: Function) -> None:
    function.write("from words import word\ndef handler(event, context): return word.WORD")
    (function.code / "words").mkdir()
    function.write("", "words/__init__.py")
    function.write("WORD = 'in a package'", "words/word.py")
    with function.gateway() as gateway:
        assert asker(gateway)().body == "in a package"


def test_two_functions_with_modules_of_one_name(function: Function, tmp_path: Path) -> None:
    other = Function(tmp_path / "other")
    function.write("def handler(event, context): return 'one'")
    other.write("def handler(event, context): return 'other'")
    with function.gateway() as first, other.gateway() as second:
        asked = [asker(each)().body for each in (first, second, first)]
    assert asked == ["one", "other", "one"]


# An edit.


def answers(value: object) -> str:
    return f"def handler(event, context): return {value!r}"


@pytest.mark.parametrize("edited", ["2", "a longer one", ""], ids=["of the same size", "longer", "shorter"])
def test_an_edit_serves_on_the_next_request(
    serve: Callable[..., Ask], function: Function, monkeypatch: pytest.MonkeyPatch, edited: str
) -> None:
    # A compiled file tells sources apart by their size and second.
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    ask = serve(answers("1"), reload=True)
    before = ask().body
    function.edit(answers(edited))
    assert (before, ask().body) == ("1", edited)


def test_an_instance_leaves_no_file_in_the_folder(
    serve: Callable[..., Ask], function: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    serve(answers("1"))()
    assert [path.name for path in function.code.iterdir()] == ["index.py"]


def test_an_edit_deep_in_the_folder(serve: Callable[..., Ask], function: Function) -> None:
    (function.code / "words").mkdir()
    word = function.code / "words" / "word.py"
    function.write("WORD = 'before'", "words/word.py")
    newest = word.stat().st_mtime_ns + 10**12
    os.utime(word, ns=(newest, newest))
    ask = serve("from words import word\ndef handler(event, context): return word.WORD", reload=True)
    before = ask().body
    function.write("WORD = 'after'", "words/word.py")
    os.utime(word, ns=(newest + 1, newest + 1))
    assert (before, ask().body) == ("before", "after")


def test_an_edit_that_brings_a_module(serve: Callable[..., Ask], function: Function) -> None:
    ask = serve(answers("before"), reload=True)
    before = ask().body
    as_listed = function.code.stat().st_mtime_ns
    function.write("WORD = 'after'", "word.py")
    function.edit("from word import WORD\ndef handler(event, context): return WORD")
    # On a coarse clock the folder would look as it did when Python listed it.
    os.utime(function.code, ns=(as_listed, as_listed))
    assert (before, ask().body) == ("before", "after")


def test_an_edit_of_the_file_that_a_package_has_beside_the_code(
    serve: Callable[..., Ask], function: Function, tmp_path: Path
) -> None:
    file = tmp_path / "beside.json"
    code = f"import pathlib\ntext = pathlib.Path({str(file)!r}).read_text()\ndef handler(event, context): return text"
    file.write_text("before")
    ask = serve(code, reload=True, packed_file=file)
    before = ask().body
    file.write_text("after")
    os.utime(file, ns=(file.stat().st_mtime_ns + 1, file.stat().st_mtime_ns + 1))
    assert (before, ask().body) == ("before", "after")


def test_without_reload_an_edit_waits_for_a_new_instance(serve: Callable[..., Ask], function: Function) -> None:
    ask = serve(answers("before"))
    before = ask().body
    function.edit(answers("after"))
    assert (before, ask().body) == ("before", "before")


def test_without_an_edit_the_instance_stays(serve: Callable[..., Ask]) -> None:
    ask = serve(COUNTING, reload=True)
    assert [ask().body, ask().body] == ["1", "2"]


def test_after_a_broken_edit_every_request_fails_until_it_is_mended(
    serve: Callable[..., Ask], function: Function
) -> None:
    ask = serve(answers("before"), reload=True)
    before = ask().body
    function.edit("def handler(event, context) return")
    broken = [ask().status, ask().status]
    function.edit(answers("fixed"))
    assert (before, broken, ask().body) == ("before", [502, 502], "fixed")


# Surroundings.

OF_FUNCTION_COMPUTE = {
    "FC_FUNCTION_HANDLER": "index.handler",
    "FC_FUNCTION_MEMORY_SIZE": "512",
    "FC_REGION": REGION,
    "FC_ACCOUNT_ID": ACCOUNT,
}

ENVIRONMENT = """
    import os
    def handler(event, context):
        return dict(os.environ)
"""


@pytest.fixture
def our_environment(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Returns what an instance may have of it."""
    for name in ("HOME", "TMPDIR", "TZ", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "https_proxy", "OSS_BUCKET", "ALIBABA_CLOUD_ACCESS_KEY_ID", "PYTHONPATH"):
        monkeypatch.setenv(name, "inherited")
    return {"PATH": os.environ["PATH"]}


def test_an_instance_sees_its_own_environment_only(
    serve: Callable[..., Ask], function: Function, our_environment: dict[str, str]
) -> None:
    function.environment = {"OSS_BUCKET": "its own"}
    seen = serve(ENVIRONMENT)().json()
    assert re.fullmatch("[0-9a-f]{32}", seen.pop("FC_INSTANCE_ID"))
    assert seen == {
        **our_environment,
        **OF_FUNCTION_COMPUTE,
        "ALIBABA_CLOUD_ACCESS_KEY_ID": function.role.access_key_id,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": function.role.access_key_secret,
        "ALIBABA_CLOUD_SECURITY_TOKEN": function.role.security_token,
        "OSS_BUCKET": "its own",
    }


def test_where_the_context_has_the_credentials_the_environment_has_none(
    serve: Callable[..., Ask], our_environment: dict[str, str]
) -> None:
    seen = serve(ENVIRONMENT, context_credentials=True)().json()
    del seen["FC_INSTANCE_ID"]
    assert seen == our_environment | OF_FUNCTION_COMPUTE


def test_credentials_in_the_environment_are_those_of_when_the_instance_was_made(
    serve: Callable[..., Ask], function: Function
) -> None:
    ask = serve(ENVIRONMENT)
    first, function.role = function.role, new_role()
    asked: list[str] = [ask().json()["ALIBABA_CLOUD_ACCESS_KEY_ID"]]
    made_with, function.role = function.role, new_role()
    asked.append(ask().json()["ALIBABA_CLOUD_ACCESS_KEY_ID"])
    assert first not in (made_with, function.role)
    assert asked == [made_with.access_key_id] * 2


CONTEXT = """
    import json
    def handler(event, context):
        return json.dumps(context, default=vars)
"""


def of_a_context(answer: Answer) -> dict[str, Any]:
    return {
        "request_id": answer.headers["X-Fc-Request-Id"],
        "function": {"name": "sign", "handler": "index.handler", "memory": 512, "timeout": 10},
        "region": REGION,
        "account_id": ACCOUNT,
    }


def test_the_context_as_python_3_12_has_it(serve: Callable[..., Ask]) -> None:
    answer = serve(CONTEXT)()
    assert answer.json() == of_a_context(answer)


def test_the_context_as_python_3_10_has_it_with_credentials_as_of_now(
    serve: Callable[..., Ask], function: Function
) -> None:
    ask = serve(CONTEXT, context_credentials=True)
    ask()
    function.role = new_role()
    answer = ask()
    assert answer.json() == of_a_context(answer) | {
        "credentials": {
            "access_key_id": function.role.access_key_id,
            "access_key_secret": function.role.access_key_secret,
            "security_token": function.role.security_token,
        }
    }


def test_what_a_function_does_to_its_surroundings_stays_there(serve: Callable[..., Ask]) -> None:
    import sys  # noqa: PLC0415 - to look at it before and after

    before = dict(os.environ), list(sys.path), sys.modules.get("index"), os._exit, sys.stdout
    serve("""
        import os, sys
        def handler(event, context):
            os.environ["LEFT_BEHIND"] = "1"
            os.environ.pop("PATH")
            sys.path.append("left/behind")
            return 1
    """)()
    assert (dict(os.environ), list(sys.path), sys.modules.get("index"), os._exit, sys.stdout) == before


def test_printed_lines_go_to_the_log(serve: Callable[..., Ask], function: Function) -> None:
    ask = serve("""
        import sys
        print("at import")
        def initialize(context):
            print("in the initializer")
        def handler(event, context):
            print("two", "words\\nand a line")
            sys.stdout.write("a line in ")
            sys.stdout.write("two pieces\\n")
            sys.stdout.write("not yet")
            return 1
    """)
    ask()
    expected = ["at import", "in the initializer", "two words", "and a line", "a line in two pieces"]
    assert function.lines == expected
    ask()
    assert function.lines[5:] == ["not yettwo words", *expected[3:]]


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
