"""ACS3-HMAC-SHA256, against the vector that the vendor published in "V3 request structure and signature"."""

from __future__ import annotations

import pytest

from localcloud.sts import signature_acs3

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
"""SHA-256 of nothing."""

HEADERS = {
    "host": "ecs.cn-shanghai.aliyuncs.com",
    "x-acs-action": "RunInstances",
    "x-acs-content-sha256": EMPTY,
    "x-acs-date": "2023-10-26T10:22:32Z",
    "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
    "x-acs-version": "2014-05-26",
}
QUERY = "ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai"
SIGNATURE = "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"


def signature(**changed: str) -> str:
    asked = {"method": "POST", "path": "/", "query": QUERY, "secret": "YourAccessKeySecret"} | changed
    headers = HEADERS | {"user-agent": "not signed"}
    canonical = signature_acs3.canonical_request(asked["method"], asked["path"], asked["query"], headers, HEADERS)
    return signature_acs3.signature(asked["secret"], canonical)


def test_the_published_vector() -> None:
    assert signature() == SIGNATURE


@pytest.mark.parametrize(
    "changed",
    [
        {"path": ""},
        {"query": "&".join(reversed(QUERY.split("&")))},
        {"query": QUERY.replace("-", "%2d").replace("_", "%5F")},
    ],
    ids=str,
)
def test_other_spellings_of_the_same_request(changed: dict[str, str]) -> None:
    assert signature(**changed) == SIGNATURE


@pytest.mark.parametrize(
    "changed",
    [{"method": "GET"}, {"path": "/a"}, {"query": QUERY + "&a="}, {"query": ""}, {"secret": "YourAccessKeySecret&"}],
    ids=str,
)
def test_other_requests(changed: dict[str, str]) -> None:
    assert signature(**changed) != SIGNATURE


def test_headers_are_trimmed_and_sorted_whatever_their_order() -> None:
    headers = {name: f" {value}\t" for name, value in HEADERS.items() if name != "x-acs-content-sha256"}
    canonical = signature_acs3.canonical_request(
        "POST", "/", QUERY, headers | {"x-acs-content-sha256": EMPTY}, reversed(list(HEADERS))
    )
    assert signature_acs3.signature("YourAccessKeySecret", canonical) == SIGNATURE


CANONICAL = {
    "": "",
    "a=1": "a=1",
    "a": "a=",
    "a=": "a=",
    "b=2&a=1": "a=1&b=2",
    "b=2&B=1": "B=1&b=2",
    "a=2&a=1": "a=1&a=2",
    "%62=2&a=1": "a=1&b=2",
    "&a=1&": "a=1",
    "a=b=c": "a=b%3Dc",
    "a=1+2": "a=1%202",
    "a=1%2B2": "a=1%2B2",
    "a=%31%2e": "a=1.",
    "a=*~": "a=%2A~",
    "a=%7E%2A": "a=~%2A",
    "a=/:@": "a=%2F%3A%40",
    "a/b*=1": "a%2Fb%2A=1",
    "a=%e4%bd%a0": "a=%E4%BD%A0",
    "a%20b=c%26d": "a%20b=c%26d",
    "Policy=%7B%22a%22%3A%5B%5D%7D": "Policy=%7B%22a%22%3A%5B%5D%7D",
}


@pytest.mark.parametrize(("query", "canonical"), CANONICAL.items())
def test_canonical_query(query: str, canonical: str) -> None:
    assert signature_acs3.canonical_query(query) == canonical


@pytest.mark.parametrize(
    "text",
    [
        f"ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-date,Signature={SIGNATURE}",
        f"ACS3-HMAC-SHA256  Credential=YourAccessKeyId, SignedHeaders=host;x-acs-date, Signature={SIGNATURE}",
    ],
)
def test_authorization(text: str) -> None:
    assert signature_acs3.Authorization.parse(text) == signature_acs3.Authorization(
        "YourAccessKeyId", ("host", "x-acs-date"), SIGNATURE
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Bearer a",
        f"ACS3-HMAC-SM3 Credential=a,SignedHeaders=host,Signature={SIGNATURE}",
        f"ACS3-HMAC-SHA256 Credential=,SignedHeaders=host,Signature={SIGNATURE}",
        f"ACS3-HMAC-SHA256 Credential=a,SignedHeaders=,Signature={SIGNATURE}",
        f"ACS3-HMAC-SHA256 Credential=a,SignedHeaders=Host,Signature={SIGNATURE}",
        f"ACS3-HMAC-SHA256 Credential=a,Signature={SIGNATURE}",
        f"ACS3-HMAC-SHA256 SignedHeaders=host,Credential=a,Signature={SIGNATURE}",
        "ACS3-HMAC-SHA256 Credential=a,SignedHeaders=host,Signature=",
        f"ACS3-HMAC-SHA256 Credential=a,SignedHeaders=host,Signature={SIGNATURE[1:]}",
        f"ACS3-HMAC-SHA256 Credential=a,SignedHeaders=host,Signature={SIGNATURE.upper()}",
        f"ACS3-HMAC-SHA256 Credential=a,SignedHeaders=host,Signature={SIGNATURE}\n",
    ],
)
def test_no_authorization(text: str) -> None:
    with pytest.raises(ValueError, match="not an ACS3-HMAC-SHA256 authorization"):
        signature_acs3.Authorization.parse(text)
