"""Tests OSS's signature on a callback against calls recorded from OSS."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from fc_http.event import Request
from upload_callback.callback_signature import CallbackSignature, is_valid
from upload_callback.errors import NotFromOss

FILE = Path(__file__).parents[2] / "vectors" / "signatures.json"
VECTORS = json.loads(FILE.read_text(encoding="utf-8"))["callback_rsa"]

named = pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])


def pem(vector: Any) -> bytes:
    return f"-----BEGIN PUBLIC KEY-----\n{vector['public_key_der_base64']}\n-----END PUBLIC KEY-----\n".encode()


@named
def test_a_recorded_signature_fits(vector: Any) -> None:
    assert is_valid(base64.b64decode(vector["authorization"]), vector["signed_text"].encode(), pem(vector))


@named
@pytest.mark.parametrize("place", [0, 1, -1])
def test_it_fits_no_other_bytes(vector: Any, place: int) -> None:
    altered = bytearray(vector["signed_text"].encode())
    altered[place] ^= 1
    assert not is_valid(base64.b64decode(vector["authorization"]), bytes(altered), pem(vector))


def test_of_a_recorded_request_just_that_is_judged_which_was_signed() -> None:
    [vector] = [vector for vector in VECTORS if not vector["query"]]
    key_url = "https://gosspublic.alicdn.com/callback_pub_key_v1.pem"
    headers = {
        "authorization": vector["authorization"],
        "x-oss-pub-key-url": base64.b64encode(key_url.encode()).decode(),
    }
    request = Request("POST", vector["path"], headers, vector["body"].encode())
    assert CallbackSignature.from_request(request, "https://gosspublic.alicdn.com") == CallbackSignature(
        base64.b64decode(vector["authorization"]), key_url, vector["signed_text"].encode()
    )


ORIGIN = "https://gosspublic.alicdn.com"
HEADERS = {"authorization": "AAAA", "x-oss-pub-key-url": base64.b64encode(f"{ORIGIN}/k.pem".encode()).decode()}


def test_the_path_is_signed_decoded() -> None:
    request = Request("POST", "/a%20%C3%BC", HEADERS, b"body")
    assert CallbackSignature.from_request(request, ORIGIN).text == "/a \u00fc\nbody".encode()


@pytest.mark.parametrize("name", HEADERS)
@pytest.mark.parametrize(
    "change", [lambda _: {}, lambda header: {header: f"!{HEADERS[header]}"}], ids=["none", "base64"]
)
def test_a_request_without_a_header_of_oss_or_with_more_in_it_is_refused(name: str, change: Any) -> None:
    headers = {each: value for each, value in HEADERS.items() if each != name} | change(name)
    with pytest.raises(NotFromOss):
        CallbackSignature.from_request(Request("POST", "/stored", headers, b""), ORIGIN)
