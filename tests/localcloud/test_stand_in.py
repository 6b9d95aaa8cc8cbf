"""Raw requests to a stand-in: each is answered, and what is logged of it is visible text."""

from __future__ import annotations

import socket
import time

import pytest
from werkzeug import Request, Response

from localcloud.oss.callback_key import KeyServer
from localcloud.record import Record, Records, print_record
from localcloud.stand_in import StandIn
from support.threads import doing_meanwhile

HOSTILE = "\x1b[2J\x07\x9b31m\u202e"
"""A screen cleared, a bell, a colour by C1, and a change of direction."""

REQUESTS = {
    "path": f"GET /{HOSTILE} HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "encoded path": "GET /%1b%5b2J%0a%c2%9b HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "method": f"G{HOSTILE} / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "version": f"GET / HTTP/{HOSTILE}\r\nHost: localhost\r\n\r\n",
    "line": f"{HOSTILE}\r\n\r\n",
    "host": f"GET / HTTP/1.1\r\nHost: {HOSTILE}\r\n\r\n",
    "header": f"GET / HTTP/1.1\r\nHost: localhost\r\n{HOSTILE}: {HOSTILE}\r\n\r\n",
    # A byte more than a line may have, and none after it: with bytes that it has not read, a server resets the connection.
    "long header": f"GET / HTTP/1.1\r\nHost: localhost\r\n{HOSTILE * 5041}aaaa",
    "target": f"GET http://[{HOSTILE} HTTP/1.1\r\nHost: localhost\r\n\r\n",
}


@pytest.mark.parametrize("request_text", REQUESTS.values(), ids=REQUESTS)
def test_it_is_answered_and_logged_as_visible_text(
    request_text: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    server = KeyServer(time.time)
    server.on_record = print_record
    with server, socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(request_text.encode())
        connection.shutdown(socket.SHUT_WR)
        answer = connection.makefile("rb").read()
    server.clear_assertions()
    logged = capfd.readouterr().err + caplog.text
    assert answer
    assert logged
    assert "Traceback" not in logged
    assert [line for line in logged.split("\n") if not line.isprintable()] == []


class Reader(StandIn):
    """Reads the body of each request, as most stand-ins do."""

    def handle(self, request: Request) -> Response:
        return Response(request.get_data())


@pytest.mark.parametrize("chunks", ["zz\r\n", "-5\r\n", "2\r\nabc\r\n"])
def test_a_body_in_broken_chunks_is_refused_while_its_client_waits(
    chunks: str, capfd: pytest.CaptureFixture[str]
) -> None:
    server = Reader(time.time)
    with server, socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        head = "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection.sendall((head + chunks).encode())
        answer = connection.makefile("rb").read()
    server.check()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert "Traceback" not in capfd.readouterr().err


def test_it_stops_although_its_last_request_has_shown_it_that_it_is_to() -> None:
    server = KeyServer(time.time)
    server.start()
    thread = server.server_thread
    assert thread
    server.stopping.set()
    socket.create_connection(("127.0.0.1", server.port), timeout=60).close()
    thread.join()
    server.stop()
    assert server.is_running() is False


def test_records_can_be_read_while_others_are_added() -> None:
    record = Record("oss", "GET", "/", 200, None)
    records = Records(maxlen=100)
    for _ in range(100):
        records.append(record)
    with doing_meanwhile(lambda: records.append(record)):
        for _ in range(1000):
            assert [each.status for each in records] == [200] * 100
