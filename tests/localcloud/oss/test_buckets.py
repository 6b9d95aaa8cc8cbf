"""ListBuckets, PutBucket and DeleteBucket, as the vendor's client and tutorials ask for them; buckets of other regions."""

from __future__ import annotations

from typing import Any

import alibabacloud_oss_v2 as oss
import pytest
import requests

from localcloud.ram.identities import Identity
from support.oss_client import client, refusal, send, user
from support.oss_world import BUCKET, Draft, OssWorld, elements, new_identity, outcome, post, ram_policy

BEIJING = "cn-beijing"


def owner(world: OssWorld, *actions: str) -> Identity:
    """Returns a RAM user who may do this, or everything, with every bucket of the account."""
    return user(world, ram_policy(*(actions or ("oss:*",)), resource="*"))


def path_style(world: OssWorld, identity: Identity, **config: Any) -> oss.Client:
    return client(world, identity, use_path_style=True, **config)


def test_a_bucket_from_its_beginning_to_its_end(world: OssWorld) -> None:
    asked = path_style(world, owner(world))
    assert asked.put_bucket(oss.PutBucketRequest(bucket="new-photos")).status_code == 200
    asked.put_object(oss.PutObjectRequest(bucket="new-photos", key="a.txt", body=b"hello"))
    assert asked.get_object(oss.GetObjectRequest(bucket="new-photos", key="a.txt")).body.read() == b"hello"
    listed = asked.list_objects_v2(oss.ListObjectsV2Request(bucket="new-photos"))
    assert [each.key for each in listed.contents] == ["a.txt"]
    assert refusal(asked.delete_bucket, oss.DeleteBucketRequest(bucket="new-photos"))[:2] == (409, "BucketNotEmpty")
    asked.delete_object(oss.DeleteObjectRequest(bucket="new-photos", key="a.txt"))
    assert asked.delete_bucket(oss.DeleteBucketRequest(bucket="new-photos")).status_code == 204
    assert (sorted(world.oss.buckets), world.folder.with_name("new-photos").exists()) == (
        ["other-bucket", BUCKET],
        False,
    )
    gone = refusal(asked.get_object, oss.GetObjectRequest(bucket="new-photos", key="a.txt"))
    assert gone == (404, "NoSuchBucket", "0015-00000101")


def test_buckets_are_listed_by_name(world: OssWorld) -> None:
    world.make_bucket("zebra", region=BEIJING)
    world.make_bucket("of-another", account="9999999999999999")
    listed = path_style(world, owner(world)).list_buckets(oss.ListBucketsRequest())
    assert [(each.name, each.region, each.location, each.extranet_endpoint) for each in listed.buckets] == [
        ("other-bucket", "cn-hangzhou", "oss-cn-hangzhou", "oss-cn-hangzhou.aliyuncs.com"),
        (BUCKET, "cn-hangzhou", "oss-cn-hangzhou", "oss-cn-hangzhou.aliyuncs.com"),
        ("zebra", "cn-beijing", "oss-cn-beijing", "oss-cn-beijing.aliyuncs.com"),
    ]
    assert (listed.is_truncated, listed.owner.id) == (None, "1234567890123456")


def test_pages_of_buckets(world: OssWorld) -> None:
    for number in range(5):
        world.make_bucket(f"page-{number}")
    pages = path_style(world, owner(world)).list_buckets_paginator(limit=2)
    found = [[each.name for each in page.buckets] for page in pages.iter_page(oss.ListBucketsRequest(prefix="page-"))]
    assert found == [["page-0", "page-1"], ["page-2", "page-3"], ["page-4"]]


REFUSED: dict[str, tuple[str, Any, tuple[int, str, str | None]]] = {
    "a bucket that exists": (
        "put_bucket",
        oss.PutBucketRequest(bucket="other-bucket"),
        (409, "BucketAlreadyExists", None),
    ),
    "another's bucket": (
        "put_bucket",
        oss.PutBucketRequest(bucket="of-another"),
        (409, "BucketAlreadyExists", "0015-00000102"),
    ),
    "an ACL that is not listed": (
        "put_bucket",
        oss.PutBucketRequest(bucket="new-photos", acl="default"),
        (400, "InvalidArgument", "0015-00000204"),
    ),
    "a public ACL": (
        "put_bucket",
        oss.PutBucketRequest(bucket="new-photos", acl="public-read"),
        (403, "AccessDenied", None),
    ),
    "a class that is not listed": (
        "put_bucket",
        oss.PutBucketRequest(
            bucket="new-photos", create_bucket_configuration=oss.CreateBucketConfiguration(storage_class="Cheap")
        ),
        (400, "InvalidArgument", "0013-00000101"),
    ),
    "a redundancy that is not listed": (
        "put_bucket",
        oss.PutBucketRequest(
            bucket="new-photos", create_bucket_configuration=oss.CreateBucketConfiguration(data_redundancy_type="Best")
        ),
        (400, "InvalidArgument", None),
    ),
    "too many at once": ("list_buckets", oss.ListBucketsRequest(max_keys=1001), (400, "InvalidArgument", None)),
    "no such bucket": (
        "delete_bucket",
        oss.DeleteBucketRequest(bucket="nobody-s"),
        (404, "NoSuchBucket", "0015-00000101"),
    ),
}


@pytest.mark.parametrize(("operation", "request_", "expected"), REFUSED.values(), ids=REFUSED)
def test_refused(world: OssWorld, operation: str, request_: Any, expected: tuple[int, str, str | None]) -> None:
    world.make_bucket("of-another", account="9999999999999999")
    status, code, ec = refusal(getattr(path_style(world, owner(world)), operation), request_)
    assert (status, code, ec or None) == expected


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("put_bucket", oss.PutBucketRequest(bucket="new-photos")),
        ("delete_bucket", oss.DeleteBucketRequest(bucket="other-bucket")),
        ("list_buckets", oss.ListBucketsRequest()),
    ],
)
def test_each_takes_a_right_of_its_own(world: OssWorld, operation: str, request_: Any) -> None:
    asked = getattr(path_style(world, owner(world, "oss:PutObject")), operation)
    assert refusal(asked, request_)[:2] == (403, "AccessDenied")


def test_a_bucket_with_unfinished_parts_is_not_empty(world: OssWorld) -> None:
    asked = path_style(world, owner(world))
    asked.initiate_multipart_upload(oss.InitiateMultipartUploadRequest(bucket="other-bucket", key="a"))
    assert refusal(asked.delete_bucket, oss.DeleteBucketRequest(bucket="other-bucket"))[:2] == (409, "BucketNotEmpty")


def test_a_bucket_is_made_at_its_host(world: OssWorld) -> None:
    who = owner(world)

    def make(name: str) -> requests.Response:
        return send(world, who, "PUT", unsigned={"Host": f"{name}.localhost"}, bucket=name)

    assert outcome(make("ab")) == (400, "InvalidBucketName", "0015-00000001")
    assert (make("new-photos").status_code, "new-photos" in world.oss.buckets) == (200, True)
    assert outcome(make("new-photos")) == (409, "BucketAlreadyExists", None)


def test_nobody_makes_a_bucket_without_a_signature(world: OssWorld) -> None:
    answer = requests.put(world.oss.url, headers={"Host": "new-photos.localhost"}, timeout=60)
    assert outcome(answer) == (403, "AccessDenied", None)
    answer = requests.get(world.oss.url, headers={"Host": "new-photos.localhost"}, timeout=60)
    assert outcome(answer) == (404, "NoSuchBucket", "0015-00000101")


def test_a_key_of_the_default_bucket_is_no_bucket(world: OssWorld) -> None:
    assert send(world, user(world), "PUT", "uploads/", body=b"").status_code == 200
    assert [stored.key for stored in world.bucket.objects()] == ["uploads/"]


def test_a_deleted_default_bucket_is_missing(world: OssWorld, draft: Draft) -> None:
    path_style(world, owner(world)).delete_bucket(oss.DeleteBucketRequest(bucket=BUCKET))
    answer = post(world, draft.fields())
    assert outcome(answer) == (404, "NoSuchBucket", "0015-00000101")
    assert elements(answer)["BucketName"] == BUCKET


def test_a_bucket_of_another_region_takes_signatures_for_its_own(world: OssWorld) -> None:
    world.make_bucket("in-beijing", region=BEIJING)
    there = path_style(world, owner(world), region=BEIJING)
    there.put_object(oss.PutObjectRequest(bucket="in-beijing", key="a", body=b"1"))
    here = path_style(world, owner(world))
    refused = refusal(here.put_object, oss.PutObjectRequest(bucket="in-beijing", key="b", body=b"1"))
    assert refused == (400, "InvalidArgument", "0002-00000228")
    said = "The credential is for the region cn-hangzhou and the product oss; the bucket is in cn-beijing. "
    assert world.oss.records[-1].explanation.startswith(said)


@pytest.mark.parametrize(("region", "expected"), [(BEIJING, (204, None, None)), ("cn-hangzhou", (400, "InvalidArgument", "0002-00000715"))])  # fmt: skip
def test_a_form_for_a_bucket_of_another_region(
    world: OssWorld, region: str, expected: tuple[int, str | None, str | None]
) -> None:
    world.make_bucket("in-beijing", region=BEIJING)
    draft = Draft(world.add(new_identity(ram_policy("oss:PutObject", resource="*"))), region=region)
    v4 = [{name: value} for name, value in draft.v4.items()]
    draft.policy = (
        repr({"expiration": "2024-11-24T12:10:00Z", "conditions": [{"bucket": "in-beijing"}, *v4]})
        .replace("'", '"')
        .encode()
    )
    assert outcome(post(world, draft.fields(), headers={"Host": "in-beijing.localhost"})) == expected
