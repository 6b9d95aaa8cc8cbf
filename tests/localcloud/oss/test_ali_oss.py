"""What ali-oss's own README does with buckets and objects, against one local cloud; and how clients name a bucket."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import alibabacloud_oss_v2 as oss
import oss2
import pytest
import requests

from localcloud.standalone import OssCloud
from support.cloud_client import client_of, put, read
from support.oss_world import BUCKET

pytestmark = pytest.mark.node_modules

Call = Callable[..., list[dict[str, Any]]]


@pytest.fixture(scope="module")
def node() -> Iterator[Any]:
    script = Path(__file__).parents[2] / "oracles" / "ali_oss_client.mjs"
    pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(["node", script], text=True, **pipes) as process:  # noqa: S603, S607
        yield process
        process.stdin.close()  # type: ignore[union-attr]


@pytest.fixture
def call(cloud: OssCloud, node: Any) -> Call:
    """Returns a function that calls methods of ali-oss: their names, and their arguments."""

    def run(*calls: tuple[Any, ...], **settings: Any) -> list[dict[str, Any]]:
        options = {**cloud.client("ali-oss"), **settings}
        node.stdin.write(json.dumps({"options": options, "operation": "call", "calls": calls}) + "\n")
        node.stdin.flush()
        answer = json.loads(node.stdout.readline())
        if "code" in answer:
            raise RuntimeError(answer["code"])
        found: list[dict[str, Any]] = answer["answer"]
        return found

    return run


def test_buckets(cloud: OssCloud, call: Call) -> None:
    put(cloud, "a")
    *_, listed, info, location, acl, _ = call(
        ("putBucket", "new-bucket"),
        ("useBucket", "new-bucket"),
        ("listBuckets", {"prefix": "new"}),
        ("getBucketInfo", "new-bucket"),
        ("getBucketLocation", "new-bucket"),
        ("getBucketACL", "new-bucket"),
        ("deleteBucket", "new-bucket"),
    )
    assert [(each["name"], each["region"]) for each in listed["buckets"]] == [("new-bucket", "oss-cn-hangzhou")]
    assert (info["bucket"]["Name"], location["location"], acl["acl"]) == ("new-bucket", "oss-cn-hangzhou", "private")
    assert "new-bucket" not in cloud.buckets


def test_cors_and_versioning_of_a_bucket(cloud: OssCloud, call: Call) -> None:
    rules = [{"allowedOrigin": "*", "allowedMethod": "GET"}]
    _, cors, _, _, versioning = call(
        ("putBucketCORS", BUCKET, rules),
        ("getBucketCORS", BUCKET),
        ("deleteBucketCORS", BUCKET),
        ("putBucketVersioning", BUCKET, "Enabled"),
        ("getBucketVersioning", BUCKET),
    )
    assert [rule["allowedOrigin"] for rule in cors["rules"]] == ["*"]
    assert versioning["versionStatus"] == "Enabled"


def test_objects(cloud: OssCloud, call: Call) -> None:
    put(cloud, "a/b", b"hello", metadata={"pid": "1"})
    head, meta, copied, _, acl, listed, _, listed_v2, _ = call(
        ("head", "a/b"),
        ("getObjectMeta", "a/b"),
        ("copy", "a/c", "a/b"),
        ("putACL", "a/c", "private"),
        ("getACL", "a/c"),
        ("list", {"prefix": "a/", "max-keys": 10}),
        ("deleteMulti", ["a/c", "none"]),
        ("listV2", {"prefix": "a/"}),
        ("delete", "a/b"),
    )
    assert (head["meta"], meta["status"], copied["data"]["etag"]) == (
        {"pid": "1"},
        200,
        '"5D41402ABC4B2A76B9719D911017C592"',
    )
    assert (acl["acl"], [each["name"] for each in listed["objects"]]) == ("private", ["a/b", "a/c"])
    assert ([each["name"] for each in listed_v2["objects"]], cloud.bucket.objects()) == (["a/b"], [])


def test_versions_of_objects(cloud: OssCloud, call: Call) -> None:
    cloud.bucket.versioning = "Enabled"
    first = put(cloud, "a", b"1").version_id
    put(cloud, "a", b"2")
    _, _, listed, _ = call(
        ("copy", "a", "a", {"versionId": first}),
        ("delete", "a"),
        ("getBucketVersions", {"prefix": "a"}),
        ("delete", "a", {"versionId": cloud.bucket.versions()[0][0].version_id}),
    )
    assert (len(listed["objects"]), len(listed["deleteMarker"])) == (3, 1)
    assert read(cloud, "a", version_id=cloud.bucket.versions()[1][0].version_id) == b"1"


def test_uploads_in_parts(cloud: OssCloud, call: Call) -> None:
    content = bytes(range(256)) * 1000
    put(cloud, "source", content)
    begun, _, uploads, _ = call(
        ("initMultipartUpload", "film"),
        ("multipartUploadCopy", "copy", {"sourceKey": "source", "sourceBucketName": BUCKET}, {"partSize": 102_400}),
        ("listUploads", {"max-uploads": 10}),
        ("getObjectMeta", "copy"),
    )
    assert ([each["uploadId"] for each in uploads["uploads"]], read(cloud, "copy")) == ([begun["uploadId"]], content)


# How clients name a bucket that is not the default one.


@pytest.mark.parametrize("naming", [{"sldEnable": True}, {"cname": True, "sldEnable": False}], ids=["path", "cname"])
@pytest.mark.parametrize("bucket", [BUCKET, "archive", "in-beijing"])
def test_a_bucket_in_the_path_or_in_the_signature_alone(
    cloud: OssCloud, call: Call, naming: dict[str, bool], bucket: str
) -> None:
    settings = {**cloud.client("ali-oss", bucket=bucket), **naming}
    put(cloud, "archive/a")
    call(("copy", "archive/b", "archive/a"), ("putACL", "archive/b", "private")) if bucket == BUCKET else None
    client_of(cloud, bucket=bucket).put_object(oss.PutObjectRequest(bucket=bucket, key="archive/c", body=b"3"))
    (head,) = call(("head", "archive/c"), **settings)
    assert (head["status"], cloud.oss.records[-1].note["key"]) == (200, "archive/c")


def test_a_presigned_url_may_name_the_bucket_in_its_signature_alone(cloud: OssCloud) -> None:
    bucket = oss2.Bucket(**cloud.client("oss2", bucket="in-beijing") | {"is_path_style": True})
    bucket.put_object("a", b"1")
    named: Any = oss2.Bucket(**cloud.client("oss2", bucket="in-beijing") | {"is_path_style": False, "is_cname": True})
    assert requests.get(named.sign_url("GET", "a", 60), timeout=60).content == b"1"


def test_a_wrong_signature_is_for_the_likeliest_bucket(cloud: OssCloud, call: Call) -> None:
    with pytest.raises(RuntimeError, match="SignatureDoesNotMatch"):
        call(("get", "a"), cname=True, sldEnable=False, bucket="archive", accessKeySecret="wrong")
