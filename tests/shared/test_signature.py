"""Tests the signature against published vectors and an independent signer."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oss_protocol.signature import VERSION, credential, sign, signing_key

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "signatures.json").read_text(encoding="utf-8"))


def each_vector(group: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("vector", VECTORS[group], ids=lambda vector: vector["id"])


@each_vector("signing_key")
def test_signing_key_is_the_published_one(vector: Any) -> None:
    key = signing_key(vector["access_key_secret"], vector["date"], vector["region"])
    assert key.hex() == vector["expected_signing_key_hex"]


@each_vector("post_v4")
def test_signature_is_the_published_one(vector: Any) -> None:
    key = signing_key(vector["access_key_secret"], vector["credential_date"], vector["region"])
    assert sign(vector["policy_base64"], key) == vector["expected_signature"]


@each_vector("post_v4")
def test_credential_is_the_published_one(vector: Any) -> None:
    assert credential(vector["access_key_id"], vector["credential_date"], vector["region"]) == vector["credential"]


def test_version_is_the_documented_constant() -> None:
    assert VERSION == "OSS4-HMAC-SHA256"


Ask = Callable[..., str]


@pytest.fixture(scope="module")
def ali_oss() -> Iterator[Ask]:
    """Compares with ali-oss, the vendor's JavaScript SDK."""
    script = Path(__file__).parents[1] / "oracles" / "ali_oss_signer.mjs"
    with subprocess.Popen(["node", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as node:  # noqa: S603, S607
        assert node.stdin
        assert node.stdout
        asking, answering = node.stdin, node.stdout

        def ask(**request: object) -> str:
            asking.write(json.dumps(request) + "\n")
            asking.flush()
            return answering.readline().strip()

        yield ask
        asking.close()


@pytest.mark.any_python
@given(
    secret=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=64),
    region=st.sampled_from(["cn-hangzhou", "cn-hongkong", "us-west-1", "ap-southeast-1", "cn-wulanchabu"]),
    when=st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1)),  # noqa: DTZ001 - UTC on both sides
    key=st.text(max_size=100),
    size=st.integers(0, 5 * 10**9),
)
def test_a_second_signer_agrees(ali_oss: Ask, secret: str, region: str, when: datetime, key: str, size: int) -> None:
    policy = {"expiration": "e", "conditions": [["eq", "$key", key], ["content-length-range", size, size]]}
    theirs = ali_oss(
        accessKeyId="id", accessKeySecret=secret, region=region, date=f"{when:%Y-%m-%dT%H:%M:%S}Z", policy=policy
    )
    text = json.dumps(policy, separators=(",", ":"), ensure_ascii=False)
    ours = sign(base64.b64encode(text.encode()).decode(), signing_key(secret, f"{when:%Y%m%d}", region))
    assert ours == theirs
