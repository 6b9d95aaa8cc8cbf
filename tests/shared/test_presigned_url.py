"""Tests presigned URLs against published vectors and the vendor's SDK."""

from __future__ import annotations

import json
from calendar import timegm
from datetime import datetime, timedelta, timezone
from pathlib import Path
from time import strptime
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from alibabacloud_oss_v2.credentials import Credentials
from alibabacloud_oss_v2.signer import SignerV4
from alibabacloud_oss_v2.types import HttpRequest, SigningContext
from hypothesis import given
from hypothesis import strategies as st

from oss_protocol.presigned_url import additional_headers, canonical_request, presign, string_to_sign

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "signatures.json").read_text(encoding="utf-8"))
ADDRESS = "https://bucket.example.com"

# Cloud boxes are another product, which this project does not sign for.
OSS = [vector for vector in VECTORS["presign_v4"] if vector["product"] == "oss"]

each_vector = pytest.mark.parametrize("vector", OSS, ids=lambda vector: vector["id"])


def presign_query(vector: Any) -> list[tuple[str, str]]:
    """Returns the query of the URL for a vector's request."""
    made = presign(
        vector["method"],
        ADDRESS,
        vector["key"],
        bucket=vector["bucket"],
        region=vector["region"],
        access_key_id=vector["access_key_id"],
        access_key_secret=vector["access_key_secret"],
        security_token=vector["security_token"],
        now=timegm(strptime(vector["x_oss_date"], "%Y%m%dT%H%M%SZ")),
        expires=vector["x_oss_expires"],
        query=[(name, value) for name, value in vector["query"]],
        headers=vector["headers"],
        additional=vector["additional_headers_requested"],
    )
    return parse_qsl(urlsplit(made).query, keep_blank_values=True, strict_parsing=False)


@each_vector
def test_signature_is_the_published_one(vector: Any) -> None:
    assert dict(presign_query(vector))["x-oss-signature"] == vector["expected_signature"]


@each_vector
def test_canonical_request_and_string_to_sign_are_the_published_ones(vector: Any) -> None:
    query = [(name, value) for name, value in presign_query(vector) if name != "x-oss-signature"]
    headers = {name.lower(): value for name, value in vector["headers"].items()}
    additional = additional_headers(vector["additional_headers_requested"], headers)
    canonical = canonical_request(vector["method"], f"/{vector['bucket']}/{vector['key']}", query, headers, additional)
    assert additional == vector["additional_headers_effective"]
    assert canonical == vector["canonical_request"]
    assert string_to_sign(canonical, vector["x_oss_date"], vector["region"]) == vector["string_to_sign"]


def test_additional_headers_are_those_of_the_request_that_are_not_signed_anyway() -> None:
    headers = dict.fromkeys(("content-length", "host", "content-type", "content-md5", "x-oss-meta-a"), "1")
    names = ["Host", "Content-Length", "Range", "Content-Type", "CONTENT-MD5", "X-Oss-Meta-A", "x-oss-callback"]
    assert additional_headers(names, headers) == ["content-length", "host"]


def test_the_url_is_the_address_the_encoded_key_and_the_sorted_query() -> None:
    made = presign(
        "PUT",
        ADDRESS,
        "a b/ü+?.png",
        bucket="bucket",
        region="cn-hangzhou",
        access_key_id="ak",
        access_key_secret="sk",
        security_token="t/+=",
        now=1_732_449_600,
        expires=900,
        query=[("uploadId", "A"), ("partNumber", "2")],
        headers={"Content-Length": "5"},
        additional=["content-length"],
    )
    assert made.rpartition("=")[0] == (
        "https://bucket.example.com/a%20b/%C3%BC%2B%3F.png?partNumber=2&uploadId=A&x-oss-additional-headers=content-length"
        "&x-oss-credential=ak%2F20241124%2Fcn-hangzhou%2Foss%2Faliyun_v4_request&x-oss-date=20241124T120000Z"
        "&x-oss-expires=900&x-oss-security-token=t%2F%2B%3D"
        "&x-oss-signature-version=OSS4-HMAC-SHA256&x-oss-signature"
    )


KEYS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=40)
VALUES = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20)
NAMES = KEYS.filter(lambda name: not name.startswith("x-oss-"))
"""Names of parameters. Those of the signature itself are left out: the signer sets them."""
TOKENS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)


@given(
    method=st.sampled_from(["GET", "PUT", "POST", "DELETE", "HEAD"]),
    key=KEYS,
    query=st.dictionaries(NAMES, VALUES, max_size=4),
    content_type=st.sampled_from(["", "image/png"]),
    length=st.integers(0, 10**10),
    secret=TOKENS,
    token=st.none() | TOKENS,
    when=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(timezone.utc)),  # noqa: DTZ001
    expires=st.integers(1, 604_800),
)
def test_the_vendors_sdk_signs_alike(
    method: str,
    key: str,
    query: dict[str, str],
    content_type: str,
    length: int,
    secret: str,
    token: str | None,
    when: datetime,
    expires: int,
) -> None:
    when = when.replace(microsecond=0)
    headers = {"content-length": str(length), **({"content-type": content_type} if content_type else {})}
    encoded = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}".rstrip("=") for name, value in query.items())
    request = HttpRequest(method, f"{ADDRESS}/k" + (f"?{encoded}" if encoded else ""), headers=dict(headers))
    context = SigningContext(
        "oss", "cn-hangzhou", "bucket", key, request, Credentials("ak", secret, token), when, None, {"content-length"}
    )
    context.expiration_time = when + timedelta(seconds=expires)
    context.auth_method_query = True
    SignerV4().sign(context)
    ours = presign(
        method,
        ADDRESS,
        key,
        bucket="bucket",
        region="cn-hangzhou",
        access_key_id="ak",
        access_key_secret=secret,
        security_token=token,
        now=when.timestamp(),
        expires=expires,
        query=query.items(),
        headers=headers,
        additional=["content-length"],
    )
    theirs = dict(parse_qsl(urlsplit(request.url).query))["x-oss-signature"]
    assert dict(parse_qsl(urlsplit(ours).query))["x-oss-signature"] == theirs
