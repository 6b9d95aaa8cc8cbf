"""Tests OSS's signature on a callback against calls recorded from OSS."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from fc_http.event import Request
from upload_callback.callback_signature import CallbackSignature, is_valid

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


def test_the_path_is_signed_decoded() -> None:
    key_url = base64.b64encode(b"https://gosspublic.alicdn.com/k.pem").decode()
    request = Request("POST", "/a%20%C3%BC", {"authorization": "AAAA", "x-oss-pub-key-url": key_url}, b"body")
    assert CallbackSignature.from_request(request, "https://gosspublic.alicdn.com").text == "/a \u00fc\nbody".encode()
