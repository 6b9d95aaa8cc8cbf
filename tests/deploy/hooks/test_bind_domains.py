"""What is done to the buckets once ROS has made them."""

from __future__ import annotations

import io
import json

import alibabacloud_oss_v2 as oss
import pytest
from pytest_httpserver import HTTPServer

from deploy.hooks import bind_domains, oss_client
from support.upload_bucket import Bucket

HOST = "team-site-1.oss-cn-hongkong.aliyuncs.com"


@pytest.fixture
def client(endpoint: HTTPServer, bucket: Bucket, deployers_environ: None) -> oss.Client:
    """Returns the vendor's SDK."""
    return oss_client.client("cn-hongkong")


def bind(client: oss.Client, certificate: str = "") -> str:
    return bind_domains.bind(client, "team-site-1", "upload.example.com", certificate, HOST)


def test_the_block_goes_before_the_acl_comes(client: oss.Client, bucket: Bucket) -> None:
    bind_domains.open_for_reading(client, "team-site-1")
    assert [asked.split()[0] for asked in bucket.asked] == ["publicAccessBlock", "acl"]
    assert "<BlockPublicAccess>false</BlockPublicAccess>" in bucket.asked[0]
    assert bucket.asked[1] == "acl public-read"


def test_a_domain_is_bound_with_its_certificate(client: oss.Client, bucket: Bucket) -> None:
    said = bind(client, "1-cn-hangzhou")
    assert said == f"upload.example.com is bound to team-site-1. Its CNAME record must be {HOST}."
    assert bucket.domains == {"upload.example.com": "1-cn-hangzhou"}


@pytest.mark.parametrize(("has", "asked"), [("", ""), ("1", ""), ("1", "1")])
def test_a_domain_that_is_bound_is_left_alone(client: oss.Client, bucket: Bucket, has: str, asked: str) -> None:
    bucket.domains = {"upload.example.com": has}
    assert (bind(client, asked), bucket.asked) == ("", [])


def test_another_certificate_replaces_the_first(client: oss.Client, bucket: Bucket) -> None:
    bucket.domains = {"upload.example.com": "1"}
    bind(client, "2")
    assert bucket.domains == {"upload.example.com": "2"}


def test_a_domain_not_proven_is_told_what_record_to_add(client: oss.Client, bucket: Bucket) -> None:
    bucket.proven = False
    assert bind(client).splitlines() == [
        "upload.example.com is not bound yet. To prove that it is yours, add this DNS record and deploy again "
        "(the token is good until Wed, 23 Feb 2022 21:16:37 GMT):",
        "    TXT  _dnsauth.upload.example.com  be1d49d863dea9ffeff3df7d6455****",
    ]
    assert (bucket.domains, bucket.asked) == ({}, ["token upload.example.com"])


def test_another_refusal_is_not_swallowed(client: oss.Client, bucket: Bucket) -> None:
    bucket.refusal = "AccessDenied"
    with pytest.raises(oss.exceptions.OperationError, match="AccessDenied"):
        bind(client)


@pytest.mark.parametrize(
    ("certificate", "bound"),
    [("7", "7-cn-hangzhou"), ("7-cn-hangzhou", "7-cn-hangzhou"), ("7-ap-southeast-1", "7-ap-southeast-1"), ("", "")],
)
def test_oss_gets_certificates_in_its_form(
    bucket: Bucket, deployers_environ: None, monkeypatch: pytest.MonkeyPatch, certificate: str, bound: str
) -> None:
    asked = {"region": "cn-hongkong", "site_domain": "upload.example.com", "site_certificate": certificate}
    asked |= {"site_bucket": "team-site-1", "upload_bucket": "team-uploads-1", "upload_domain": "files.example.com"}
    asked |= {"upload_certificate": certificate, "existing": ""}
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(asked)))
    assert bind_domains.main() == 0
    assert bucket.domains == dict.fromkeys(("upload.example.com", "files.example.com"), bound)


def test_to_a_bucket_that_was_there_before_nothing_is_bound(
    bucket: Bucket, deployers_environ: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"region": "cn-hongkong", "site_domain": "", "site_certificate": "", "site_bucket": "team-site-1"}
    asked |= {"upload_bucket": "team-files", "existing": "team-files", "upload_domain": "files.example.com"}
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(asked | {"upload_certificate": ""})))
    assert (bind_domains.main(), bucket.domains) == (0, {})
