"""The stand-in's own V4 signature, against vectors that others published."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from localcloud.oss import signature_v4

VECTORS = json.loads((Path(__file__).parents[3] / "vectors" / "signatures.json").read_text(encoding="utf-8"))


def each_vector(group: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("vector", VECTORS[group], ids=lambda vector: vector["id"])


def raw_query(vector: dict[str, Any]) -> str:
    encoded = [(quote(name, safe=""), value) for name, value in vector["query"]]
    return "&".join(name if value is None else f"{name}={quote(value, safe='')}" for name, value in encoded)


def key_of(vector: dict[str, Any]) -> bytes:
    day = vector["x_oss_date"][:8]
    return signature_v4.signing_key(vector["access_key_secret"], day, vector["region"], vector["product"])


def check(vector: dict[str, Any], query: str, headers: dict[str, str]) -> None:
    canonical = signature_v4.canonical_request(
        vector["method"],
        f"/{vector['bucket']}/{vector['key']}".encode(),
        query,
        {name.lower(): value for name, value in headers.items()},
        vector["additional_headers_effective"],
        headers.get("x-oss-content-sha256", "UNSIGNED-PAYLOAD"),
    )
    assert canonical.decode() == vector["canonical_request"]
    scope = f"{vector['x_oss_date'][:8]}/{vector['region']}/{vector['product']}/aliyun_v4_request"
    text = signature_v4.string_to_sign(vector["x_oss_date"], scope, canonical)
    assert text == vector["string_to_sign"]
    assert signature_v4.signature(key_of(vector), text) == vector["expected_signature"]


@each_vector("signing_key")
def test_signing_key(vector: dict[str, Any]) -> None:
    key = signature_v4.signing_key(vector["access_key_secret"], vector["date"], vector["region"], vector["product"])
    assert key.hex() == vector["expected_signing_key_hex"]


@each_vector("post_v4")
def test_signature_of_a_form(vector: dict[str, Any]) -> None:
    assert signature_v4.signature(key_of(vector), vector["policy_base64"]) == vector["expected_signature"]


@each_vector("header_v4")
def test_signature_in_a_header(vector: dict[str, Any]) -> None:
    check(vector, raw_query(vector), {**vector["headers"], **vector["headers_added_by_signer"]})


@each_vector("presign_v4")
def test_signature_in_a_query(vector: dict[str, Any]) -> None:
    day = f"{vector['x_oss_date'][:8]}/{vector['region']}/{vector['product']}/aliyun_v4_request"
    signed = {
        "x-oss-signature-version": "OSS4-HMAC-SHA256",
        "x-oss-date": vector["x_oss_date"],
        "x-oss-expires": str(vector["x_oss_expires"]),
        "x-oss-credential": f"{vector['access_key_id']}/{day}",
        "x-oss-signature": "not part of what is signed",
    }
    if vector["security_token"]:
        signed["x-oss-security-token"] = vector["security_token"]
    if vector["additional_headers_effective"]:
        signed["x-oss-additional-headers"] = ";".join(vector["additional_headers_effective"])
    more = "&".join(f"{name}={quote(value, safe='')}" for name, value in signed.items())
    check(vector, f"{raw_query(vector)}&{more}", vector["headers"])


@pytest.mark.parametrize("text", ["", "20241124", "2024-11-24T12:00:00Z", "20241324T120000Z", "20241124T120000z"])
def test_malformed_instant(text: str) -> None:
    with pytest.raises(ValueError, match=r"month must be in 1\.\.12|not yyyymmddThhmmssZ"):
        signature_v4.parse_date(text)


def test_instant() -> None:
    assert signature_v4.parse_date("20241124T120000Z") == 1_732_449_600
