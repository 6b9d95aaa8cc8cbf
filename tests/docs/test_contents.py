"""docs/contents.md: what a webhook's receiver may do with a file is run against a clamd that answers as documented."""

from __future__ import annotations

import gzip
import json
import re
import socket
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import alibabacloud_oss_v2 as oss
import pytest

from localcloud.dev.cloud import ROOT
from localcloud.standalone import OssCloud

PAGE = (ROOT / "docs" / "contents.md").read_text(encoding="utf-8")
KEY = "uploads/alice/1.png"
EVENT = {"type": "upload.stored", "data": {"bucket": "b", "key": KEY, "size": 9, "content_type": "image/png"}}


def examples() -> dict[str, Any]:
    """Returns what the page's code defines."""
    blocks = re.findall(r"<!-- a test runs this -->\n```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == 2
    defined: dict[str, Any] = {}
    exec("\n".join(blocks), defined)  # noqa: S102 - the document's own
    return defined


class Client:
    """Notes what is asked of OSS; the object has these chunks."""

    def __init__(self, *chunks: bytes) -> None:
        self.requests: list[Any] = []
        self._chunks = chunks

    def get_object(self, request: Any) -> Any:
        self.requests.append(request)
        return SimpleNamespace(body=SimpleNamespace(iter_bytes=lambda **_: iter(self._chunks)))

    def delete_object(self, request: Any) -> None:
        self.requests.append(request)

    process_object = delete_object


def clamd(answer: str) -> tuple[tuple[str, int], list[bytes], threading.Thread]:
    """Starts a clamd for one file (its manual, INSTREAM). Returns its address, what it is sent, and its thread."""
    listener = socket.create_server(("127.0.0.1", 0))
    received: list[bytes] = []

    def serve() -> None:
        connection, _ = listener.accept()
        with listener, connection, connection.makefile("rb") as stream:
            received.append(stream.read(10))
            while size := int.from_bytes(stream.read(4), "big"):
                received.append(stream.read(size))
            connection.sendall(answer.encode() + b"\0")

    thread = threading.Thread(target=serve)
    thread.start()
    return listener.getsockname(), received, thread


@pytest.mark.parametrize(("answer", "deleted"), [("stream: OK", False), ("stream: Eicar-Test-Signature FOUND", True)])
def test_a_file_is_scanned_and_deleted_only_if_there_is_a_virus(answer: str, deleted: bool) -> None:
    code = examples()
    code["CLAMD"], received, thread = clamd(answer)
    client = Client(b"abc", b"defghi")
    found = code["scan"](EVENT, client)
    thread.join(60)
    assert received == [b"zINSTREAM\0", b"abc", b"defghi"]
    assert [type(each).__name__ for each in client.requests] == ["GetObjectRequest", *["DeleteObjectRequest"] * deleted]
    assert {(each.bucket, each.key) for each in client.requests} == {("b", KEY)}
    assert found == (answer if deleted else None)


def test_what_its_uploader_calls_compressed_is_scanned_as_it_is(tmp_path: Path) -> None:
    code = examples()
    content = gzip.compress(b"harmless")
    code["CLAMD"], received, thread = clamd("stream: OK")
    with OssCloud(tmp_path) as cloud:
        client = oss.Client(oss.Config(**cloud.client()))
        data = EVENT["data"] | {"bucket": cloud.bucket.name}  # type: ignore[operator]
        stored = {"bucket": cloud.bucket.name, "key": KEY, "body": content, "content_encoding": "gzip"}
        client.put_object(oss.PutObjectRequest(**stored))
        code["scan"](EVENT | {"data": data}, client)
    thread.join(60)
    assert b"".join(received[1:]) == content


def test_a_file_that_is_too_large_for_clamd_is_not_deleted() -> None:
    code = examples()
    code["CLAMD"], _, thread = clamd("INSTREAM size limit exceeded. ERROR")
    client = Client(b"abc")
    with pytest.raises(RuntimeError, match="size limit"):
        code["scan"](EVENT, client)
    thread.join(60)
    assert len(client.requests) == 1


def test_what_was_deleted_before_is_not_scanned() -> None:
    client = Client()
    assert examples()["scan"](EVENT | {"type": "upload.deleted"}, client) is None
    assert client.requests == []


@pytest.mark.parametrize(
    ("found", "processed"), [({"type_matches": True}, True), ({"type_matches": False}, False), ({}, False)]
)
def test_only_what_is_a_picture_for_certain_is_processed(found: dict[str, bool], processed: bool) -> None:
    client = Client()
    examples()["make_thumbnail"]({**EVENT, "data": {**EVENT["data"], **found}}, client)  # type: ignore[dict-item]
    # The names in URL-safe base64 without padding, as OSS's page "sys/saveas" says: printf | basenc --base64url
    process = "image/resize,l_400/format,jpg|sys/saveas,o_dGh1bWJuYWlscy91cGxvYWRzL2FsaWNlLzEucG5nLmpwZw,b_Yg"
    assert [(each.key, each.process) for each in client.requests] == [(KEY, process)] * processed


def test_the_page_counts_the_vectors() -> None:
    files = json.loads((ROOT / "vectors" / "contents.json").read_text(encoding="utf-8"))["files"]
    assert f"{len(files)} real files of {len({each['type'] for each in files})} types" in " ".join(PAGE.split())
