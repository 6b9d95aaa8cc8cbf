"""Requests to the outside: one try, bounded in seconds and bytes whatever the peer does."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from arrival import oss_signature, stored, webhook
from direct_upload.outside import Unreachable, ask
from given_callback import KEY, KEY_PATH, World, public_pem, rsa_key

Serve = Callable[[Callable[[socket.socket, threading.Event], None]], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """A peer that treats its one connection as a test wants, until the test has ended."""
    ended = threading.Event()
    threads: list[threading.Thread] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def start(treat: Callable[[socket.socket, threading.Event], None]) -> str:
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
            thread.join(5)


def silent(_: socket.socket, ended: threading.Event) -> None:
    ended.wait(10)


def trickling(connection: socket.socket, ended: threading.Event) -> None:
    """One byte now and then: no read ever times out."""
    try:
        while not ended.wait(0.02):
            connection.send(b"H")
    except OSError:
        pass


def test_the_answer_is_given_as_it_is(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/a", query_string="b=c").respond_with_data("body", 201, {"X-Name": "value"})
    answer = ask("GET", httpserver.url_for("/a?b=c"), seconds=5)
    assert (answer.status, answer.headers["x-name"], answer.body) == (201, "value", b"body")


def test_a_redirect_is_an_answer_as_any_other(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/a").respond_with_data("", 302, {"Location": "/b"})
    assert ask("GET", httpserver.url_for("/a"), seconds=5).status == 302
    assert len(httpserver.log) == 1


def test_what_is_sent_arrives(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/a", "POST", data=b"told", headers={"X-Name": "v"}).respond_with_data("")
    assert ask("POST", httpserver.url_for("/a"), seconds=5, headers={"X-Name": "v"}, body=b"told").status == 200


@pytest.mark.parametrize(("size", "fits"), [(10, True), (11, False)])
def test_more_than_the_limit_is_not_read(httpserver: HTTPServer, size: int, fits: bool) -> None:
    httpserver.expect_request("/a").respond_with_data(b"x" * size)
    try:
        outcome: object = ask("GET", httpserver.url_for("/a"), seconds=5, limit=10).body
    except Unreachable as fault:
        outcome = str(fault)
    assert outcome == (b"x" * 10 if fits else "the answer is too long")


@pytest.mark.parametrize("treat", [silent, trickling])
def test_a_peer_that_does_not_come_to_an_end_is_given_up(
    serve: Serve, treat: Callable[[socket.socket, threading.Event], None]
) -> None:
    began = time.monotonic()
    with pytest.raises(Unreachable):
        ask("GET", serve(treat), seconds=0.2)
    assert time.monotonic() - began < 2


def test_a_look_up_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()

    def hang(*_: object, **__: object) -> list[object]:
        ended.wait(10)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    with pytest.raises(Unreachable, match="no answer in time"):
        ask("GET", "http://never.invalid/", seconds=0.2)
    ended.set()


@pytest.mark.parametrize("sent", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"])
def test_an_answer_that_is_no_http_is_none(serve: Serve, sent: bytes) -> None:
    def answer(connection: socket.socket, _: threading.Event) -> None:
        connection.recv(65536)
        connection.sendall(sent)

    with pytest.raises(Unreachable):
        ask("GET", serve(answer), seconds=5)


def test_the_fault_names_neither_address_nor_headers() -> None:
    with pytest.raises(Unreachable) as caught:
        ask("GET", "http://secret.invalid:1/secret", seconds=5, headers={"secret": "secret"})
    assert "secret" not in str(caught.value)


def test_the_slowest_case_is_answered_within_the_5_seconds_that_oss_waits() -> None:
    """Key and bucket answer late, the webhook never."""
    ended = threading.Event()

    def late(seconds: float, response: Response) -> Callable[[Request], Response]:
        def handle(_: Request) -> Response:
            ended.wait(seconds)
            return response

        return handle

    key = Response(public_pem(rsa_key()))
    found = Response(b"x" * 7, headers={"Content-Type": "image/png", "ETag": '"5D41402ABC4B2A76B9719D911017C592"'})
    # Of its own: the hook's answer comes when this test is over.
    with HTTPServer() as server:
        server.expect_request(KEY_PATH).respond_with_handler(late(oss_signature.KEY_SECONDS / 2, key))
        server.expect_request(f"/{KEY}").respond_with_handler(late(stored.SECONDS / 2, found))
        server.expect_request("/hook").respond_with_handler(late(30, Response()))
        world = World(server)
        world.environ |= {"WEBHOOK_URL": f"{world.url}/hook", "WEBHOOK_SECRET": world.webhook_secret}
        began = time.monotonic()
        status, payload = world.call(app=world.instance())
        took = time.monotonic() - began
        ended.set()
    assert (status, payload["told"]) == (200, False)
    assert took < 5
    assert oss_signature.KEY_SECONDS + stored.SECONDS + webhook.SECONDS <= 4
