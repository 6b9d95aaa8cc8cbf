"""Bodies that are not what they should be, sent through a bare socket: the documented error, and never a 500."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from localcloud.oss.callback_key import KeyServer
from localcloud.oss.errors import OssError
from localcloud.oss.form_parser import FormReader, PostForm
from support.oss_world import BOUNDARY, Draft, File, OssWorld, elements, multipart, outcome, part, post, post_body

MALFORMED = (400, "MalformedPOSTRequest", "0006-00000104")
MALFORMED_PART = (400, "MalformedPOSTRequest", "0006-00000109")


def send(world: OssWorld, head: str, body: bytes, *, then_close: bool = False) -> str:
    """Sends raw bytes; closes our side of the connection, if wished; returns all that is answered."""
    with socket.create_connection(("127.0.0.1", world.oss.port), timeout=60) as connection:
        connection.sendall(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)
        if then_close:
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    return answer.decode()


def head(length: int | str, content_type: str = f"multipart/form-data; boundary={BOUNDARY}") -> str:
    return f"POST / HTTP/1.1\nHost: 127.0.0.1\nContent-Type: {content_type}\nContent-Length: {length}"


def test_no_length(world: OssWorld) -> None:
    answer = send(
        world, f"POST / HTTP/1.1\nHost: 127.0.0.1\nContent-Type: multipart/form-data; boundary={BOUNDARY}", b""
    )
    assert answer.startswith("HTTP/1.1 411 ")
    assert "<Code>MissingContentLength</Code>" in answer


def test_chunks(world: OssWorld, draft: Draft) -> None:
    body = multipart(draft.fields(), File())
    pieces = [body[at : at + 100] for at in range(0, len(body), 100)]
    chunked = b"".join(f"{len(piece):x}\r\n".encode() + piece + b"\r\n" for piece in pieces) + b"0\r\n\r\n"
    answer = send(world, head("x").replace("Content-Length: x", "Transfer-Encoding: chunked"), chunked)
    assert answer.startswith("HTTP/1.1 204 ")
    assert [each.size for each in world.bucket.objects()] == [5]


def test_chunks_that_are_none(world: OssWorld) -> None:
    answer = send(world, head("x").replace("Content-Length: x", "Transfer-Encoding: chunked"), b"zz\r\n")
    assert "<Code>MalformedPOSTRequest</Code>" in answer


def test_a_length_beyond_all_objects(world: OssWorld) -> None:
    answer = send(world, head(6 * 1024**3), b"", then_close=True)
    assert "<Message>Post body size must be less than 5G.</Message>" in answer


def test_a_body_shorter_than_its_length(world: OssWorld, draft: Draft) -> None:
    body = multipart(draft.fields(), File())
    answer = send(world, head(len(body) + 1), body, then_close=True)
    assert answer.startswith("HTTP/1.1 400 ")
    assert "<Code>RequestTimeout</Code>" in answer
    assert world.bucket.objects() == []


def test_headers_come_once(world: OssWorld) -> None:
    answer = send(world, "GET /uploads/a.txt HTTP/1.1\nHost: 127.0.0.1", b"")
    assert [line for line in answer.split("\r\n") if line.startswith(("Server:", "Date:"))] == [
        "Server: AliyunOSS",
        "Date: Sun, 24 Nov 2024 12:00:00 GMT",
    ]


def whole(draft: Draft) -> bytes:
    return multipart(draft.fields(), File())


BODIES: dict[str, tuple[Callable[[Draft], bytes], tuple[int, str, str]]] = {
    "nothing": (lambda _: b"", MALFORMED),
    "only the end": (
        lambda _: f"--{BOUNDARY}--\r\n".encode(),
        (400, "IncorrectNumberOfFilesInPOSTRequest", "0006-00000107"),
    ),
    "no multipart": (lambda _: b"key=uploads/a.txt", MALFORMED),
    "another boundary": (lambda draft: whole(draft).replace(BOUNDARY.encode(), b"--x"), MALFORMED),
    "no final boundary": (lambda draft: whole(draft)[: -len(f"--{BOUNDARY}--\r\n")], MALFORMED),
    "half a final boundary": (lambda draft: whole(draft)[:-4], MALFORMED),
    "cut in a header": (lambda draft: whole(draft)[:50], MALFORMED),
    "a line break in a name": (lambda draft: part("a\r\nb", b"") + whole(draft), MALFORMED),
    "a line feed in a name": (lambda draft: part("a\nb", b"") + whole(draft), MALFORMED_PART),
    "a NUL in a name": (lambda draft: part("a\0b", b"") + whole(draft), MALFORMED_PART),
    "a header without a colon": (lambda draft: f"--{BOUNDARY}\r\nkey\r\n\r\n".encode() + whole(draft), MALFORMED),
    "a part without headers": (lambda draft: f"--{BOUNDARY}\r\n\r\na\r\n".encode() + whole(draft), MALFORMED_PART),
    "a part without a name": (
        lambda draft: f"--{BOUNDARY}\r\nContent-Disposition: form-data\r\n\r\na\r\n".encode() + whole(draft),
        MALFORMED_PART,
    ),
    "a part that is an attachment": (
        lambda draft: whole(draft).replace(b"form-data; name", b"attachment; name"),
        MALFORMED_PART,
    ),
    "two dispositions": (
        lambda draft: whole(draft).replace(b"\r\n\r\n", b'\r\nContent-Disposition: form-data; name="a"\r\n\r\n', 1),
        MALFORMED_PART,
    ),
    "a header of 65 KiB": (
        lambda draft: whole(draft).replace(b"\r\n\r\n", b"\r\nX: " + b"x" * 66_560 + b"\r\n\r\n", 1),
        MALFORMED,
    ),
    "a hundred headers": (
        lambda draft: whole(draft).replace(
            b"\r\n\r\n", b"".join(b"\r\nX-%d: x" % number for number in range(100)) + b"\r\n\r\n", 1
        ),
        MALFORMED,
    ),
    "a name that is not UTF-8": (lambda draft: whole(draft).replace(b'"key"', b'"k\xffy"'), MALFORMED),
    "a value that is not UTF-8": (lambda draft: whole(draft).replace(b"uploads/a", b"uploads/\xff"), MALFORMED),
    "a filename that is not UTF-8": (lambda draft: whole(draft).replace(b'"a.txt"', b'"\xff"'), MALFORMED),
}


@pytest.mark.parametrize(("body", "expected"), BODIES.values(), ids=BODIES)
def test_malformed_bodies(
    world: OssWorld, draft: Draft, body: Callable[[Draft], bytes], expected: tuple[int, str, str]
) -> None:
    assert outcome(post_body(world, body(draft), {})) == expected
    assert world.bucket.objects() == []


TYPES = {
    "no type": ("", (400, "RequestIsNotMultiPartContent", None)),
    "another type": ("application/x-www-form-urlencoded", (400, "RequestIsNotMultiPartContent", None)),
    "another multipart": (f"multipart/mixed; boundary={BOUNDARY}", (400, "RequestIsNotMultiPartContent", None)),
    "no boundary": ("multipart/form-data", MALFORMED_PART),
    "an empty boundary": ("multipart/form-data; boundary=", MALFORMED_PART),
    "a boundary too long": (f"multipart/form-data; boundary={'x' * 300}", MALFORMED_PART),
    "a boundary beyond latin-1": ("multipart/form-data; boundary=\xff", MALFORMED),
}


@pytest.mark.parametrize(("content_type", "expected"), TYPES.values(), ids=TYPES)
def test_content_types(world: OssWorld, draft: Draft, content_type: str, expected: tuple[int, str, str | None]) -> None:
    answer = post_body(world, whole(draft), {"Content-Type": content_type.encode("latin-1")})  # type: ignore[dict-item]
    assert outcome(answer) == expected


def test_the_boundary_may_be_quoted_and_the_type_in_capitals(world: OssWorld, draft: Draft) -> None:
    answer = post_body(
        world, whole(draft), {"Content-Type": f'Multipart/Form-Data; charset=utf-8; boundary="{BOUNDARY}"'}
    )
    assert answer.status_code == 204


SECOND_LENGTHS = pytest.mark.parametrize(
    "second", ["Transfer-Encoding: chunked", "Content-Length: 5", "Content-Length: 0"]
)


@SECOND_LENGTHS
@pytest.mark.parametrize("target", ["POST /", "GET /uploads/a", "OPTIONS /"])
def test_two_ways_to_say_how_long_a_body_is(world: OssWorld, target: str, second: str) -> None:
    head = f"{target} HTTP/1.1\nHost: localhost\nContent-Length: 5\n{second}"
    answer = send(world, head, b"0\r\n\r\n", then_close=True)
    assert answer.startswith("HTTP/1.1 400 ")
    assert "<Code>InvalidRequest</Code>" in answer


@SECOND_LENGTHS
def test_no_stand_in_takes_a_body_of_two_lengths(second: str) -> None:
    with KeyServer(time.time) as server, socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(
            f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n{second}\r\n\r\n0\r\n\r\n".encode()
        )
        assert connection.makefile("rb").readline() == b"HTTP/1.1 400 BAD REQUEST\r\n"


def test_bytes_before_the_first_boundary_are_refused(world: OssWorld, draft: Draft) -> None:
    assert outcome(post_body(world, b"This is a preamble.\r\n" + whole(draft), {})) == MALFORMED


def test_the_limit_of_fields_is_exact(world: OssWorld, draft: Draft) -> None:
    fields = draft.fields()
    size = sum(len(name) + len(value) for name, value in fields.items())
    room = 8192 - size - len("x:a")
    assert post(world, fields | {"x:a": "a" * room}).status_code == 204
    assert elements(post(world, fields | {"x:a": "a" * (room + 1)}))["Message"] == (
        "Your POST request fields preceding the upload file were too large."
    )


def read(body: bytes, cuts: list[int]) -> tuple[PostForm, bytes]:
    written = bytearray()
    reader = FormReader(BOUNDARY.encode(), written.extend)
    for begin, end in zip([0, *cuts], [*cuts, len(body)], strict=True):
        reader.feed(body[begin:end])
    return reader.close(), bytes(written)


tricky = st.lists(st.sampled_from([b"\r", b"\n", b"-", b"--", b"\r\n--", BOUNDARY.encode()[:-1], b"x", b"\0\xff"]))


@given(tricky.map(b"".join), st.lists(st.integers(0, 2000), max_size=20))
def test_files_come_through_however_a_body_is_cut(content: bytes, cuts: list[int]) -> None:
    body = multipart({"key": "a"}, File(content, "b", "c/d"))
    form, written = read(body, sorted(min(cut, len(body)) for cut in cuts))
    assert (form, written) == (PostForm({"key": "a"}, "b", "c/d"), content)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=300), st.binary(max_size=100))
def test_nonsense_is_refused_and_nothing_worse(noise: bytes, more: bytes) -> None:
    for body in (noise, f"--{BOUNDARY}\r\n".encode() + noise, part("a", noise) + more):
        with pytest.raises(OssError):
            read(body, [])
