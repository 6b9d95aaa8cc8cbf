"""ACLs of buckets and objects, and Block Public Access: who may read and write without further rights."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import alibabacloud_oss_v2 as oss
import pytest
import requests

from localcloud.ram.identities import Identity
from localcloud.standalone import OssCloud
from support.cloud_client import ask, client_of, put, read, refusal, user_of
from support.oss_world import BUCKET, Draft, File, elements, multipart, outcome

KEY = "a.txt"
TIMEOUT = 60

FORM = {"Content-Type": "multipart/form-data; boundary=----a-boundary"}


def post_unsigned(cloud: OssCloud, **fields: str) -> requests.Response:
    body = multipart({"key": KEY, **fields}, File())
    return requests.post(cloud.oss.url, data=body, headers=FORM, timeout=TIMEOUT)


def anonymous(cloud: OssCloud) -> list[int]:
    """Returns the statuses with which those who have not signed read, list, post, put and delete."""
    url = f"{cloud.oss.url}/{KEY}"
    return [
        requests.get(url, timeout=TIMEOUT).status_code,
        requests.get(cloud.oss.url, timeout=TIMEOUT).status_code,
        post_unsigned(cloud).status_code,
        requests.put(url, data=b"1", timeout=TIMEOUT).status_code,
        requests.delete(url, timeout=TIMEOUT).status_code,
    ]


READ, WRITE, NOTHING = [200, 403, 403, 403, 403], [200, 403, 204, 200, 204], [403] * 5


@pytest.mark.parametrize(
    ("acl", "object_acl", "blocked", "expected"),
    [
        ("private", None, False, NOTHING),
        ("public-read", None, False, READ),
        ("public-read-write", None, False, WRITE),
        ("public-read", None, True, NOTHING),
        ("public-read-write", None, True, NOTHING),
        ("private", "public-read", False, READ),
        ("private", "public-read", True, NOTHING),
        ("public-read-write", "private", False, NOTHING),
        ("public-read-write", "default", False, WRITE),
    ],
)
def test_what_an_acl_opens_to_everyone(
    cloud: OssCloud, acl: str, object_acl: str | None, blocked: bool, expected: list[int]
) -> None:
    cloud.bucket.allow_public(acl)
    put(cloud, KEY, acl=object_acl)
    cloud.bucket.public_access_blocked = blocked
    assert anonymous(cloud) == expected


def test_a_refusal_of_the_anonymous(cloud: OssCloud) -> None:
    answer = post_unsigned(cloud)
    assert elements(answer)["Message"] == "Anonymous user has no right to access this bucket."
    cloud.bucket.allow_public("public-read-write")
    assert outcome(post_unsigned(cloud, **{"x-oss-object-acl": "public-read"})) == (403, "AccessDenied", None)
    assert outcome(post_unsigned(cloud, policy="e30=")) == (400, "InvalidArgument", "0002-00000701")


def test_a_missing_object_is_missing_only_for_those_who_may_read(cloud: OssCloud) -> None:
    url = f"{cloud.oss.url}/none"
    assert outcome(requests.get(url, timeout=TIMEOUT)) == (403, "AccessDenied", None)
    cloud.bucket.allow_public("public-read")
    assert outcome(requests.get(url, timeout=TIMEOUT)) == (404, "NoSuchKey", None)


Call = Callable[[Any], object]


def get_it(client: Any) -> object:
    return client.get_object(oss.GetObjectRequest(bucket=BUCKET, key=KEY))


def put_it(client: Any) -> object:
    return client.put_object(oss.PutObjectRequest(bucket=BUCKET, key=KEY, body=b"2"))


@pytest.mark.parametrize("call", [get_it, put_it])
def test_whoever_signs_may_do_what_everyone_may_unless_a_policy_denies_it(cloud: OssCloud, call: Call) -> None:
    put(cloud, KEY)
    without = user_of(cloud, ("Allow", "oss:ListBuckets"))
    denied = user_of(cloud, ("Allow", "oss:*"), ("Deny", "oss:*Object"))
    assert refusal(lambda: call(client_of(cloud, without)))[:2] == (403, "AccessDenied")
    cloud.bucket.allow_public("public-read-write")
    call(client_of(cloud, without))
    assert refusal(lambda: call(client_of(cloud, denied)))[:2] == (403, "AccessDenied")


def bucket_acl(client: Any) -> str:
    found = client.get_bucket_acl(oss.GetBucketAclRequest(bucket=BUCKET))
    return str(found.acl)


def test_the_acl_of_a_bucket(cloud: OssCloud) -> None:
    client = client_of(cloud)
    cloud.bucket.public_access_blocked = False
    client.put_bucket_acl(oss.PutBucketAclRequest(bucket=BUCKET, acl="public-read"))
    found = client.get_bucket_acl(oss.GetBucketAclRequest(bucket=BUCKET))
    assert (found.acl, found.owner.id, found.owner.display_name) == ("public-read", cloud.account_id, cloud.account_id)
    ask(cloud, "PUT", acl="")
    assert bucket_acl(client) == "public-read"


def test_the_acl_of_an_object(cloud: OssCloud) -> None:
    cloud.bucket.versioning, cloud.bucket.public_access_blocked = "Enabled", False
    first, second = put(cloud, KEY, b"1").version_id, put(cloud, KEY, b"2").version_id
    client = client_of(cloud)

    def acls() -> list[str]:
        ids = (None, first, second)
        asked = [oss.GetObjectAclRequest(bucket=BUCKET, key=KEY, version_id=each) for each in ids]
        return [client.get_object_acl(each).acl for each in asked]

    assert acls() == ["default"] * 3
    client.put_object_acl(oss.PutObjectAclRequest(bucket=BUCKET, key=KEY, acl="private", version_id=first))
    client.put_object_acl(oss.PutObjectAclRequest(bucket=BUCKET, key=KEY, acl="public-read"))
    assert acls() == ["public-read", "private", "public-read"]
    assert [read(cloud, KEY, version_id=each) for each in (first, second)] == [b"1", b"2"]


def test_block_public_access(cloud: OssCloud) -> None:
    client = client_of(cloud)

    def is_blocked() -> bool:
        found = client.get_bucket_public_access_block(oss.GetBucketPublicAccessBlockRequest(bucket=BUCKET))
        return bool(found.public_access_block_configuration.block_public_access)

    seen = [is_blocked()]
    for value in (False, True):
        configuration = oss.PublicAccessBlockConfiguration(block_public_access=value)
        client.put_bucket_public_access_block(
            oss.PutBucketPublicAccessBlockRequest(bucket=BUCKET, public_access_block_configuration=configuration)
        )
        seen.append(is_blocked())
    client.delete_bucket_public_access_block(oss.DeleteBucketPublicAccessBlockRequest(bucket=BUCKET))
    account = client.get_public_access_block(oss.GetPublicAccessBlockRequest())
    assert [*seen, is_blocked()] == [True, False, True, False]
    assert account.public_access_block_configuration.block_public_access is False


PUBLIC: dict[str, tuple[Call, str | None]] = {
    "a bucket": (lambda c: c.put_bucket_acl(oss.PutBucketAclRequest(bucket=BUCKET, acl="public-read")), None),
    "a new bucket": (lambda c: c.put_bucket(oss.PutBucketRequest(bucket="new-bucket", acl="public-read")), None),
    "an object": (
        lambda c: c.put_object(oss.PutObjectRequest(bucket=BUCKET, key="b", acl="public-read-write")),
        "0016-00000901",
    ),
    "an object that exists": (
        lambda c: c.put_object_acl(oss.PutObjectAclRequest(bucket=BUCKET, key=KEY, acl="public-read")),
        "0016-00000901",
    ),
    "an upload in parts": (
        lambda c: c.initiate_multipart_upload(
            oss.InitiateMultipartUploadRequest(bucket=BUCKET, key="b", headers={"x-oss-object-acl": "public-read"})
        ),
        "0016-00000901",
    ),
    "a copy": (
        lambda c: c.copy_object(oss.CopyObjectRequest(bucket=BUCKET, key="b", source_key=KEY, acl="public-read")),
        "0016-00000901",
    ),
}


@pytest.mark.parametrize(("call", "ec"), PUBLIC.values(), ids=PUBLIC)
def test_a_public_acl_is_refused_while_public_access_is_blocked(cloud: OssCloud, call: Call, ec: str | None) -> None:
    put(cloud, KEY, acl="private")
    assert refusal(lambda: call(client_of(cloud))) == (403, "AccessDenied", ec)
    assert [stored.key for stored in cloud.bucket.objects()] == [KEY]


@pytest.mark.parametrize("name", ["acl", "x-oss-object-acl"])
def test_a_form_with_a_public_acl_is_refused_while_public_access_is_blocked(cloud: OssCloud, name: str) -> None:
    draft = Draft(cloud.user, date=time.time(), expiration=time.time() + 600)
    body = multipart({**draft.fields(), name: "public-read"}, File())
    refused = requests.post(cloud.oss.url, data=body, headers=FORM, timeout=TIMEOUT)
    assert outcome(refused) == (403, "AccessDenied", "0016-00000901")
    cloud.bucket.public_access_blocked = False
    assert requests.post(cloud.oss.url, data=body, headers=FORM, timeout=TIMEOUT).status_code == 204


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (
            lambda c: c.put_bucket_acl(oss.PutBucketAclRequest(bucket=BUCKET, acl="default")),
            (400, "InvalidArgument", "0015-00000204"),
        ),
        (
            lambda c: c.put_object_acl(oss.PutObjectAclRequest(bucket=BUCKET, key=KEY, acl="mine")),
            (400, "InvalidArgument", "0017-00000104"),
        ),
        (
            lambda c: c.put_object_acl(oss.PutObjectAclRequest(bucket=BUCKET, key=KEY, acl="")),
            (400, "InvalidArgument", "0017-00000105"),
        ),
        (
            lambda c: c.put_object_acl(oss.PutObjectAclRequest(bucket=BUCKET, key="none", acl="private")),
            (404, "NoSuchKey", None),
        ),
        (lambda c: c.get_object_acl(oss.GetObjectAclRequest(bucket=BUCKET, key="none")), (404, "NoSuchKey", None)),
    ],
)
def test_an_acl_that_is_none(cloud: OssCloud, call: Call, expected: tuple[int, str, str | None]) -> None:
    put(cloud, KEY)
    assert refusal(lambda: call(client_of(cloud))) == expected


RIGHTS: dict[str, Call] = {
    "oss:PutBucketAcl": lambda c: c.put_bucket_acl(oss.PutBucketAclRequest(bucket=BUCKET, acl="private")),
    "oss:GetBucketAcl": bucket_acl,
    "oss:PutObjectAcl": lambda c: c.put_object_acl(oss.PutObjectAclRequest(bucket=BUCKET, key=KEY, acl="private")),
    "oss:GetObjectAcl": lambda c: c.get_object_acl(oss.GetObjectAclRequest(bucket=BUCKET, key=KEY)),
    "oss:PutBucketPublicAccessBlock": lambda c: c.put_bucket_public_access_block(
        oss.PutBucketPublicAccessBlockRequest(
            bucket=BUCKET,
            public_access_block_configuration=oss.PublicAccessBlockConfiguration(block_public_access=True),
        )
    ),
    "oss:GetBucketPublicAccessBlock": lambda c: c.get_bucket_public_access_block(
        oss.GetBucketPublicAccessBlockRequest(bucket=BUCKET)
    ),
    "oss:DeleteBucketPublicAccessBlock": lambda c: c.delete_bucket_public_access_block(
        oss.DeleteBucketPublicAccessBlockRequest(bucket=BUCKET)
    ),
    "oss:GetPublicAccessBlock": lambda c: c.get_public_access_block(oss.GetPublicAccessBlockRequest()),
    "oss:PutBucketVersioning": lambda c: c.put_bucket_versioning(
        oss.PutBucketVersioningRequest(
            bucket=BUCKET, versioning_configuration=oss.VersioningConfiguration(status="Enabled")
        )
    ),
    "oss:GetBucketVersioning": lambda c: c.get_bucket_versioning(oss.GetBucketVersioningRequest(bucket=BUCKET)),
    "oss:ListObjectVersions": lambda c: c.list_object_versions(oss.ListObjectVersionsRequest(bucket=BUCKET)),
    "oss:GetBucketInfo": lambda c: c.get_bucket_info(oss.GetBucketInfoRequest(bucket=BUCKET)),
    "oss:GetBucketLocation": lambda c: c.get_bucket_location(oss.GetBucketLocationRequest(bucket=BUCKET)),
    "oss:ListMultipartUploads": lambda c: c.list_multipart_uploads(oss.ListMultipartUploadsRequest(bucket=BUCKET)),
    "oss:DeleteBucketCors": lambda c: c.delete_bucket_cors(oss.DeleteBucketCorsRequest(bucket=BUCKET)),
}


@pytest.mark.parametrize("action", RIGHTS)
def test_each_takes_a_right_of_its_own(cloud: OssCloud, action: str) -> None:
    put(cloud, KEY)
    with_it: Identity = user_of(cloud, ("Allow", action))
    without = user_of(cloud, ("Allow", "oss:*"), ("Deny", action))
    RIGHTS[action](client_of(cloud, with_it))
    assert refusal(lambda: RIGHTS[action](client_of(cloud, without)))[:2] == (403, "AccessDenied")
