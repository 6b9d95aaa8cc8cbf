"""What a bucket says of itself: its description, its region, its unfinished uploads, and what it does not have."""

from __future__ import annotations

from typing import Any

import alibabacloud_oss_v2 as oss
import pytest
import requests

from localcloud.oss.storage.bucket import Website
from localcloud.standalone import OssCloud
from support.cloud_client import ask, client_of, put, refusal
from support.oss_world import BUCKET, outcome


def test_a_bucket_is_described(cloud: OssCloud) -> None:
    cloud.bucket.versioning = "Enabled"
    asked = client_of(cloud, bucket="in-beijing")
    info = asked.get_bucket_info(oss.GetBucketInfoRequest(bucket="in-beijing")).bucket_info
    assert (info.name, info.location, info.acl, info.block_public_access, info.versioning, info.owner.id) == (
        "in-beijing",
        "oss-cn-beijing",
        "private",
        True,
        None,
        cloud.account_id,
    )
    assert (info.extranet_endpoint, info.intranet_endpoint, info.storage_class, info.data_redundancy_type) == (
        "oss-cn-beijing.aliyuncs.com",
        "oss-cn-beijing-internal.aliyuncs.com",
        "Standard",
        "LRS",
    )
    versioned = client_of(cloud).get_bucket_info(oss.GetBucketInfoRequest(bucket=BUCKET)).bucket_info
    assert versioned.versioning == "Enabled"


def test_a_bucket_says_where_it_is(cloud: OssCloud) -> None:
    client = client_of(cloud)
    assert client.get_bucket_location(oss.GetBucketLocationRequest(bucket=BUCKET)).location == "oss-cn-hangzhou"
    asked = oss.GetBucketInfoRequest(bucket="nobody-s")
    assert refusal(lambda: client.get_bucket_info(asked)) == (404, "NoSuchBucket", "0015-00000101")


def test_the_referer_does_not_matter(cloud: OssCloud) -> None:
    rules = client_of(cloud).get_bucket_referer(oss.GetBucketRefererRequest(bucket=BUCKET)).referer_configuration
    assert (rules.allow_empty_referer, rules.referer_list.referers) == (True, None)


@pytest.mark.parametrize(("bucket", "exists"), [(BUCKET, True), ("in-beijing", True), ("nobody-s", False)])
def test_whether_a_bucket_exists(cloud: OssCloud, bucket: str, exists: bool) -> None:
    assert client_of(cloud).is_bucket_exist(bucket) is exists


@pytest.mark.parametrize(
    ("parameter", "code"),
    [
        ("lifecycle", "NoSuchLifecycle"),
        ("policy", "NoSuchBucketPolicy"),
        ("website", "NoSuchWebsiteConfiguration"),
        ("encryption", "NoSuchServerSideEncryptionRule"),
    ],
)
def test_what_the_bucket_does_not_have(cloud: OssCloud, parameter: str, code: str) -> None:
    assert refusal(lambda: ask(cloud, "GET", None, b"", **{parameter: ""})) == (404, code, None)


def test_how_much_a_bucket_holds(cloud: OssCloud) -> None:
    put(cloud, "a", b"123")
    put(cloud, "b", b"12")
    initiate(cloud, "c")
    stat = client_of(cloud).get_bucket_stat(oss.GetBucketStatRequest(bucket=BUCKET))
    assert (stat.storage, stat.object_count, stat.multi_part_upload_count) == (5, 2, 1)


def test_the_website_of_a_bucket(cloud: OssCloud) -> None:
    cloud.bucket.website = Website("start.html", "none.html")
    found = client_of(cloud).get_bucket_website(oss.GetBucketWebsiteRequest(bucket=BUCKET)).website_configuration
    assert (found.index_document.suffix, found.error_document.key) == ("start.html", "none.html")


def initiate(cloud: OssCloud, key: str) -> str:
    begun = client_of(cloud).initiate_multipart_upload(oss.InitiateMultipartUploadRequest(bucket=BUCKET, key=key))
    return str(begun.upload_id)


def test_unfinished_uploads_are_listed(cloud: OssCloud) -> None:
    begun = sorted((key, initiate(cloud, key)) for key in ("b", "a/1", "a/2", "b"))
    put(cloud, "c")
    client = client_of(cloud)

    def pages(**more: Any) -> list[list[tuple[str, str]]]:
        asked = oss.ListMultipartUploadsRequest(bucket=BUCKET, **more)
        found = client.list_multipart_uploads_paginator().iter_page(asked)
        return [[(each.key, each.upload_id) for each in page.uploads or []] for page in found]

    assert pages(max_uploads=3) == [begun[:3], begun[3:]]
    assert pages(max_uploads=1) == [[each] for each in begun]
    assert pages(prefix="a/") == [begun[:2]]
    answer = ask(cloud, "GET", uploads="", delimiter="/").http_response.content.decode()
    assert (answer.count("<Upload>"), "<Prefix>a/</Prefix>" in answer) == (2, True)
    uploads = client.list_multipart_uploads(oss.ListMultipartUploadsRequest(bucket=BUCKET)).uploads
    assert [each.initiated.timestamp() for each in uploads] == pytest.approx([cloud.clock()] * 4, abs=60)


def test_a_page_of_uploads_has_a_size(cloud: OssCloud) -> None:
    refused = refusal(lambda: ask(cloud, "GET", uploads="", max_uploads="0"))
    assert refused == (400, "InvalidArgument", None)


def test_the_headers_of_an_object_alone(cloud: OssCloud) -> None:
    put(cloud, "a", content_type="text/plain", metadata={"b": "1"})
    meta = client_of(cloud).get_object_meta(oss.GetObjectMetaRequest(bucket=BUCKET, key="a"))
    assert (meta.content_length, meta.etag) == (5, '"5D41402ABC4B2A76B9719D911017C592"')
    assert "Content-Type" not in meta.headers


def test_a_signed_request_chooses_headers_of_the_response(cloud: OssCloud) -> None:
    put(cloud, "a", content_type="text/plain")
    request = oss.GetObjectRequest(
        bucket=BUCKET, key="a", response_content_type="text/html", response_content_disposition='inline; filename="b"'
    )
    found = client_of(cloud).get_object(request)
    assert (found.content_type, found.content_disposition) == ("text/html", 'inline; filename="b"')


def test_who_has_not_signed_chooses_no_headers_of_the_response(cloud: OssCloud) -> None:
    cloud.bucket.allow_public("public-read")
    put(cloud, "a", content_type="text/plain")
    url = f"{cloud.oss.url}/{BUCKET}/a?response-content-disposition=inline"
    assert outcome(requests.get(url, timeout=60))[:2] == (400, "InvalidRequest")
