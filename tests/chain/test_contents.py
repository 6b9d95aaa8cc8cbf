"""Tests that a file of another type is named or deleted on the whole way: form, parts, slots, encrypted objects."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import time_machine

from support.chain import Chain, post, post_upload, running
from support.factories import NOON
from support.tokens import bearer, new_secret, token

pytestmark = pytest.mark.any_python

EXE = b"MZ" + b"\0" * 6000
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0" * 6000
FOUND = {"detected_type": "application/x-dosexec", "type_matches": False}
SECRET = new_secret()
HEADERS = bearer(token(SECRET, jti="L1", max_files=1))


@pytest.fixture(params=["report", "delete"])
def chain(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Chain]:
    settings = {
        "CALLBACK": "on",
        "CONTENT_CHECK": request.param,
        "MULTIPART_THRESHOLD": "1MB",
        "AUTH": "jwt",
        "JWT_SECRET": SECRET,
    }
    with (
        time_machine.travel(NOON, tick=False) as clock,
        running(Chain(tmp_path / "files", clock, settings=settings)) as chain,
    ):
        yield chain


def is_deleting(chain: Chain) -> bool:
    return chain.cloud._settings["CONTENT_CHECK"] == "delete"


def picture(content: bytes) -> dict[str, Any]:
    return {"filename": "cat.png", "size": len(content), "content_type": "image/png"}


def ask(chain: Chain, path: str, **body: Any) -> Any:
    return chain.ask(path, json=body, headers=HEADERS).json()


def send(chain: Chain, content: bytes, *, in_parts: bool) -> Any:
    """Uploads a file as a page does, and returns what that learns."""
    if not in_parts:
        [upload] = ask(chain, "/sign", files=[picture(content)])["uploads"]
        response = post_upload(upload, content=content)
        assert response.status_code == 200
        return response.json()
    begun = ask(chain, "/multipart", **picture(content))
    [part] = ask(chain, "/multipart/parts", ticket=begun["ticket"], parts=[1])["parts"]
    assert requests.put(part["url"], content, timeout=60).status_code == 200
    return ask(chain, "/multipart/complete", ticket=begun["ticket"])


def test_a_program_with_more_headers_than_clients_read(chain: Chain) -> None:
    """OSS stores user metadata of 8 KB with an object, and http.client by itself takes no more than 100 headers."""
    [upload] = ask(chain, "/sign", files=[picture(EXE)])["uploads"]
    fields = upload["fields"] | {f"x-oss-meta-{number}": "" for number in range(110)}
    response = post(upload["url"], fields, EXE)
    assert (response.status_code, chain.stored_files() == []) == (200, is_deleting(chain))


def test_a_program_that_browsers_unpack(chain: Chain) -> None:
    """Its bytes are noise; who downloads it gets the program."""
    content = zlib.compress(EXE)
    file = {"filename": "setup.exe", "size": len(content), "content_type": "text/plain"}
    [upload] = ask(chain, "/sign", files=[file])["uploads"]
    fields = upload["fields"] | {"Content-Encoding": "deflate"}
    answer = post(upload["url"], fields, content, "text/plain").json()
    assert (answer.get("deleted") or answer["stored"])["type_matches"] is False


@pytest.mark.parametrize("in_parts", [False, True], ids=["form", "parts"])
def test_a_program_sent_as_a_picture(chain: Chain, in_parts: bool) -> None:
    answer = send(chain, EXE, in_parts=in_parts)
    lines = [json.loads(line[25:]) for line in chain.lines if '"type_matches":false' in line]
    told = answer.get("deleted") or answer["stored"]
    assert [{name: each[name] for name in FOUND} for each in (told, *lines)] == [FOUND] * 2
    if is_deleting(chain):
        assert (answer["error"]["code"], lines[0]["event"], chain.stored_files()) == ("type_mismatch", "deleted", [])
    else:
        assert (lines[0]["event"], chain.stored_files()) == ("stored", [(told["key"], EXE)])


@pytest.mark.parametrize("in_parts", [False, True], ids=["form", "parts"])
def test_a_real_picture_is_stored(chain: Chain, in_parts: bool) -> None:
    answer = send(chain, PNG, in_parts=in_parts)
    assert answer["stored"]["type_matches"] is True
    assert chain.stored_files() == [(answer["stored"]["key"], PNG)]


def test_the_slot_of_what_was_deleted_is_free_for_a_real_picture(chain: Chain) -> None:
    first = send(chain, EXE, in_parts=False)
    [upload] = ask(chain, "/sign", files=[picture(PNG)])["uploads"]
    second = post(upload["url"], upload["fields"], PNG)
    if is_deleting(chain):
        assert (second.status_code, second.json()["stored"]["key"]) == (200, first["deleted"]["key"])
        assert chain.stored_files() == [(upload["key"], PNG)]
    else:
        assert (second.status_code, chain.stored_files()) == (409, [(upload["key"], EXE)])
