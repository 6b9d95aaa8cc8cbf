"""Tests the HTTP client: one attempt, limited in seconds and bytes whatever the peer does."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from fc_http import http_client
from fc_http.http_client import RequestFailed
from support.callback_world import KEY, KEY_PATH, CallbackWorld, public_pem, rsa_key
from support.tls import server_context
from upload_callback import callback_signature, stored_object, webhook

Treat = Callable[[socket.socket, threading.Event], None]
Serve = Callable[[Treat], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Yields a peer that treats its one connection as a test wants, until the test ends."""
    ended = threading.Event()
    threads: list[threading.Thread] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def start(treat: Treat) -> str:
            def run() -> None:
                connection, _ = listener.accept()
                with connection:
                    treat(connection, ended)

            threads.append(threading.Thread(target=run))
            threads[-1].start()
            return f"http://127.0.0.1:{listener.getsockname()[1]}/"

        yield start
        ended.set()
        for thread in threads:
            thread.join(60)


@pytest.fixture
def serve_tls(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Serve:
    """Returns a peer that speaks TLS. It ends as a broken line does, without TLS's closing message."""
    context, trusted = server_context(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))

    def start(treat: Treat) -> str:
        def treat_tls(connection: socket.socket, ended: threading.Event) -> None:
            with context.wrap_socket(connection, server_side=True) as wrapped:
                treat(wrapped, ended)

        return serve(treat_tls).replace("http:", "https:")

    return start


def silent(_: socket.socket, ended: threading.Event) -> None:
    ended.wait(60)


def trickling(connection: socket.socket, ended: threading.Event) -> None:
    """Sends one byte now and then, so that no read times out."""
    try:
        while not ended.wait(0.02):
            connection.send(b"H")
    except OSError:
        pass


def test_the_answer_is_given_as_it_is(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/a", query_string="b=c").respond_with_data("body", 201, {"X-Name": "value"})
    response = http_client.request("GET", httpserver.url_for("/a?b=c"), timeout_seconds=5)
    assert (response.status, response.headers["x-name"], response.body) == (201, "value", b"body")


def test_a_redirect_is_an_answer_as_any_other(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/a").respond_with_data("", 302, {"Location": "/b"})
    assert http_client.request("GET", httpserver.url_for("/a"), timeout_seconds=5).status == 302
    assert len(httpserver.log) == 1


def test_what_is_sent_arrives(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/a", "POST", data=b"told", headers={"X-Name": "v"}).respond_with_data("")
    assert (
        http_client.request(
            "POST", httpserver.url_for("/a"), timeout_seconds=5, headers={"X-Name": "v"}, body=b"told"
        ).status
        == 200
    )


@pytest.mark.parametrize(("size", "fits"), [(10, True), (11, False)])
def test_more_than_the_limit_is_not_read(httpserver: HTTPServer, size: int, fits: bool) -> None:
    httpserver.expect_request("/a").respond_with_data(b"x" * size)
    try:
        outcome: object = http_client.request("GET", httpserver.url_for("/a"), timeout_seconds=5, max_bytes=10).body
    except RequestFailed as fault:
        outcome = str(fault)
    assert outcome == (b"x" * 10 if fits else "the response is too long")


def answering(sent: bytes, *, holds: bool = False) -> Treat:
    """Returns a peer that sends this, whatever the request is, and ends the connection, or holds it."""

    def treat(connection: socket.socket, ended: threading.Event) -> None:
        connection.recv(65536)
        connection.sendall(sent)
        if holds:
            ended.wait(60)

    return treat


@pytest.mark.parametrize(("path", "target"), [("", "/"), ("?", "/"), ("a?b=c", "/a?b=c")])
def test_the_target_is_the_path_and_the_query(serve: Serve, path: str, target: str) -> None:
    lines: list[bytes] = []

    def treat(connection: socket.socket, _: threading.Event) -> None:
        lines.append(connection.recv(65536).partition(b"\r\n")[0])

    with pytest.raises(RequestFailed):
        http_client.request("GET", serve(treat) + path, timeout_seconds=5)
    assert lines == [f"GET {target} HTTP/1.1".encode()]


def test_the_connections_own_time_out_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    timeouts: list[float] = []

    def connect(_: object, timeout: float, *__: object) -> None:
        timeouts.append(timeout)
        raise TimeoutError

    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(RequestFailed, match=r"^no response in time$"):
        http_client.request("GET", "http://host.invalid/", timeout_seconds=5)
    assert timeouts == [5]


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_that_never_has_a_body_needs_no_length(serve: Serve, status: int) -> None:
    sent = f"HTTP/1.1 {status} Whatever\r\n\r\n".encode()
    response = http_client.request("GET", serve(answering(sent)), timeout_seconds=5)
    assert (response.status, response.body) == (status, b"")


@pytest.mark.parametrize("length", ["+5", "5_0", "\u00b2", "-5", "5, 5"])
def test_a_length_that_is_not_written_in_digits_is_none(serve: Serve, length: str) -> None:
    sent = f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n".encode("latin-1") + b"hello" * 10
    with pytest.raises(RequestFailed, match=r"^the response has no length$"):
        http_client.request("GET", serve(answering(sent)), timeout_seconds=5)


def test_a_line_without_an_end_is_not_read_to_it(serve: Serve) -> None:
    with pytest.raises(RequestFailed, match=r"^IncompleteRead$"):
        http_client.request("GET", serve(answering(b"H" * 70_000, holds=True)), timeout_seconds=30)


def test_headers_are_read_however_many_an_object_has(serve: Serve) -> None:
    metadata = b"".join(b"x-oss-meta-%x: \r\n" % number for number in range(8000))
    sent = b"HTTP/1.1 200 OK\r\n" + metadata + b"ETag: abc\r\nContent-Length: 0\r\n\r\n"
    response = http_client.request("HEAD", serve(answering(sent)), timeout_seconds=30)
    assert (len(response.headers), response.headers["etag"]) == (8002, "abc")


def test_headers_without_an_end_are_not_read_to_it(serve: Serve) -> None:
    sent = b"HTTP/1.1 200 OK\r\n" + (b"Name: " + b"x" * 60_000 + b"\r\n") * 5
    with pytest.raises(RequestFailed, match=r"^the response is too long$"):
        http_client.request("GET", serve(answering(sent, holds=True)), timeout_seconds=30)


IN_ONE = b"HTTP/1.1 200 OK\r\nETag: abc\r\nContent-Length: 5\r\n\r\nhello"
IN_CHUNKS = b"HTTP/1.1 200 OK\r\nETag: abc\r\nTransfer-Encoding: chunked\r\n\r\n02\r\nhe\r\n0003;a=b\r\nllo\r\n0\r\nName: v\r\n\r\n"


@pytest.mark.parametrize("whole", [IN_ONE, IN_CHUNKS], ids=["in one", "in chunks"])
@pytest.mark.parametrize("how", ["serve", "serve_tls"])
def test_a_whole_answer_is_one(request: pytest.FixtureRequest, how: str, whole: bytes) -> None:
    serve: Serve = request.getfixturevalue(how)
    response = http_client.request("GET", serve(answering(whole)), timeout_seconds=5)
    assert (response.status, response.headers["etag"], response.body) == (200, "abc", b"hello")


@pytest.mark.parametrize("whole", [IN_ONE, IN_CHUNKS], ids=["in one", "in chunks"])
def test_an_answer_that_breaks_off_is_none_wherever_it_does(serve: Serve, whole: bytes) -> None:
    def is_taken(end: int) -> bool:
        try:
            http_client.request("GET", serve(answering(whole[:end])), timeout_seconds=5)
        except RequestFailed:
            return False
        return True

    assert [end for end in range(len(whole)) if is_taken(end)] == []


@pytest.mark.parametrize("end", [-1, -4])
@pytest.mark.parametrize("whole", [IN_ONE, IN_CHUNKS], ids=["in one", "in chunks"])
def test_an_answer_that_breaks_off_under_tls_is_none(serve_tls: Serve, whole: bytes, end: int) -> None:
    with pytest.raises(RequestFailed, match="IncompleteRead"):
        http_client.request("GET", serve_tls(answering(whole[:end])), timeout_seconds=5)


@pytest.mark.parametrize("end", [b"", b"\r", b"\r\nETag: a", b"\r\nETag: abc\r\n"])
def test_headers_that_break_off_are_no_answer_to_head(serve: Serve, end: bytes) -> None:
    with pytest.raises(RequestFailed, match="IncompleteRead"):
        http_client.request("HEAD", serve(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 5" + end)), timeout_seconds=5)


def test_an_answer_that_lasts_until_the_connection_ends_may_be_half_of_it(serve: Serve) -> None:
    with pytest.raises(RequestFailed, match=r"^the response has no length$"):
        http_client.request("GET", serve(answering(b"HTTP/1.0 200 OK\r\n\r\nhello")), timeout_seconds=5)


@pytest.mark.parametrize("content", [b"", b"hello"])
def test_where_nobody_wants_the_body_its_end_counts_for_nothing(serve: Serve, content: bytes) -> None:
    response = http_client.request(
        "POST", serve(answering(b"HTTP/1.0 200 OK\r\n\r\n" + content)), timeout_seconds=5, max_bytes=None
    )
    assert (response.status, response.body) == (200, b"")


@pytest.mark.parametrize("sent", [b"6\r\nhello", b"ffffffffffffffff\r\nhello", b"-5\r\nhello"])
def test_what_a_chunk_says_of_its_size_is_not_believed(serve: Serve, sent: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    with pytest.raises(RequestFailed):
        http_client.request("GET", serve(answering(head + sent)), timeout_seconds=5)


def test_chunks_beyond_the_limit_are_not_read(serve: Serve) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    sent = head + b"6\r\nhello!\r\n5\r\nhello\r\n"
    with pytest.raises(RequestFailed, match=r"^the response is too long$"):
        http_client.request("GET", serve(answering(sent, holds=True)), timeout_seconds=30, max_bytes=10)


def test_chunks_up_to_the_limit_are_read(serve: Serve) -> None:
    url = serve(answering(IN_CHUNKS))
    assert http_client.request("GET", url, timeout_seconds=5, max_bytes=5).body == b"hello"


@pytest.mark.parametrize("treat", [silent, trickling])
def test_a_peer_that_does_not_come_to_an_end_is_given_up(serve: Serve, treat: Treat) -> None:
    began = time.monotonic()
    with pytest.raises(RequestFailed):
        http_client.request("GET", serve(treat), timeout_seconds=0.2)
    assert time.monotonic() - began < 30


def test_nothing_goes_on_reading_from_a_peer_that_was_given_up(serve: Serve) -> None:
    before = set(threading.enumerate())
    url = serve(trickling)
    peer = set(threading.enumerate()) - before
    with pytest.raises(RequestFailed, match="no response in time"):
        http_client.request("GET", url, timeout_seconds=0.2)
    for thread in set(threading.enumerate()) - before - peer:
        thread.join(60)
        assert not thread.is_alive()


def test_a_connection_that_is_closed_already_can_be_shut_down() -> None:
    connection, sock = http_client._Connection(), socket.socket()
    sock.close()
    connection.use(sock)
    connection.shut_down()


def test_nothing_goes_on_reading_where_a_name_was_found_too_late(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    found = threading.Event()
    look_up = socket.getaddrinfo

    def late(*where: Any, **how: Any) -> Any:
        found.wait(60)
        return look_up(*where, **how)

    monkeypatch.setattr(socket, "getaddrinfo", late)
    url = serve(trickling)
    before = set(threading.enumerate())
    with pytest.raises(RequestFailed, match="no response in time"):
        http_client.request("GET", url, timeout_seconds=0.2)
    [left] = set(threading.enumerate()) - before
    assert left.daemon  # so that an instance can end
    found.set()
    left.join(60)
    assert not left.is_alive()


@pytest.mark.parametrize("form", ["gzip, chunked", "chunked ", "identity"])
def test_an_answer_in_a_form_that_was_not_asked_for_is_none(serve: Serve, form: str) -> None:
    head = f"HTTP/1.1 200 OK\r\nTransfer-Encoding: {form}\r\nContent-Length: 4\r\n\r\n".encode()
    with pytest.raises(RequestFailed, match=r"^the response has an unexpected transfer encoding$"):
        http_client.request("GET", serve(answering(head + b"5\r\nhello\r\n0\r\n\r\n")), timeout_seconds=5)


def test_a_look_up_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()

    def hang(*_: object, **__: object) -> list[object]:
        ended.wait(60)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    with pytest.raises(RequestFailed, match="no response in time"):
        http_client.request("GET", "http://never.invalid/", timeout_seconds=0.2)
    ended.set()


@pytest.mark.parametrize("sent", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"])
def test_an_answer_that_is_no_http_is_none(serve: Serve, sent: bytes) -> None:
    with pytest.raises(RequestFailed):
        http_client.request("GET", serve(answering(sent)), timeout_seconds=5)


def test_the_fault_names_neither_address_nor_headers() -> None:
    with pytest.raises(RequestFailed) as caught:
        http_client.request("GET", "http://secret.invalid:1/secret", timeout_seconds=5, headers={"secret": "secret"})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    ["https://:pw@host/", "http://u:pw@host:pw/", "http://[pw/", "http://" + "pw" * 99 + ".invalid/", "http://h/p w"],
)
def test_whatever_the_address_nothing_of_it_is_printed(url: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RequestFailed) as caught:
        http_client.request("GET", url, timeout_seconds=5)
    assert ("".join(capfd.readouterr()), "pw" in str(caught.value)) == ("", False)


def test_the_slowest_case_is_answered_within_the_5_seconds_that_oss_waits() -> None:
    """The key and the bucket answer late, the webhook never."""
    ended = threading.Event()

    def late(seconds: float, response: Response) -> Callable[[Request], Response]:
        def handle(_: Request) -> Response:
            ended.wait(seconds)
            return response

        return handle

    key = Response(public_pem(rsa_key()))
    found = Response(b"x" * 7, headers={"Content-Type": "image/png", "ETag": '"5D41402ABC4B2A76B9719D911017C592"'})
    # Each run has its own: the hook answers when this test is over.
    with HTTPServer() as server:
        server.expect_request(KEY_PATH).respond_with_handler(late(callback_signature.KEY_TIMEOUT_SECONDS / 2, key))
        server.expect_request(f"/{KEY}").respond_with_handler(late(stored_object.READ_TIMEOUT_SECONDS / 2, found))
        server.expect_request("/hook").respond_with_handler(late(30, Response()))
        world = CallbackWorld(server)
        world.environ |= {"WEBHOOK_URL": f"{world.url}/hook", "WEBHOOK_SECRET": world.webhook_secret}
        began = time.monotonic()
        status, payload = world.call(app=world.instance())
        took = time.monotonic() - began
        ended.set()
    assert (status, payload["webhook_delivered"]) == (200, False)
    assert took < 25
    assert callback_signature.KEY_TIMEOUT_SECONDS + stored_object.READ_TIMEOUT_SECONDS + webhook.TIMEOUT_SECONDS <= 4
