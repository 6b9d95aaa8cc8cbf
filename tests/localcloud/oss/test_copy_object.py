"""CopyObject, as alibabacloud-oss-v2 asks for it: its conditions, what is copied, the rights on both sides."""

from __future__ import annotations

from email.utils import formatdate
from typing import Any

import alibabacloud_oss_v2 as oss
import pytest

from localcloud.oss.operations import copy_object
from localcloud.standalone import OssCloud
from support.cloud_client import client_of, put, read, refusal, user_of
from support.oss_world import BUCKET

SOURCE = "a b/\u4e2d+.txt"


def copy(cloud: OssCloud, client: Any = None, **more: Any) -> Any:
    asked = {"bucket": BUCKET, "key": "copy", "source_key": SOURCE, **more}
    return (client or client_of(cloud)).copy_object(oss.CopyObjectRequest(**asked))


def put_source(cloud: OssCloud, **more: Any) -> Any:
    settings = {"content_type": "text/plain", "cache_control": "no-cache", "metadata": {"a": "1"}, **more}
    return put(cloud, SOURCE, acl="private", storage_class="IA", **settings)


def describe(cloud: OssCloud, bucket: str = BUCKET, key: str = "copy") -> tuple[Any, ...]:
    """Returns the type, the headers and the meta of an object."""
    stored = cloud.buckets[bucket].get(key)
    assert stored is not None
    return stored.content_type, stored.headers, stored.meta


COPIED = ("text/plain", {"Cache-Control": "no-cache"}, {"a": "1"})


@pytest.mark.parametrize("bucket", [BUCKET, "archive"])
def test_an_object_is_copied_with_what_belongs_to_it(cloud: OssCloud, bucket: str) -> None:
    source = put_source(cloud)
    copied = copy(cloud, bucket=bucket, source_bucket=BUCKET)
    assert (copied.status_code, copied.etag, copied.hash_crc64) == (200, source.etag, source.hash_crc64)
    assert (copied.version_id, copied.source_version_id) == (None, None)
    assert (read(cloud, "copy", bucket=bucket), describe(cloud, bucket)) == (b"hello", COPIED)


def test_the_request_s_own_metadata_replaces_the_source_s(cloud: OssCloud) -> None:
    put_source(cloud)
    copy(cloud, content_type="text/html", metadata={"b": "2"}, metadata_directive="REPLACE", acl="private")
    assert describe(cloud) == ("text/html", {"x-oss-object-acl": "private"}, {"b": "2"})
    copy(cloud, content_type="text/html", metadata={"b": "2"}, metadata_directive="COPY", storage_class="IA")
    assert describe(cloud) == ("text/plain", {"Cache-Control": "no-cache", "x-oss-storage-class": "IA"}, {"a": "1"})


@pytest.mark.parametrize(("versioning", "meta"), [("", {"b": "2"}), ("Enabled", {"a": "1"})])
def test_an_object_that_is_copied_onto_itself(cloud: OssCloud, versioning: str, meta: dict[str, str]) -> None:
    cloud.bucket.versioning = versioning
    put_source(cloud)
    copy(cloud, key=SOURCE, metadata={"b": "2"})
    assert (read(cloud, SOURCE), describe(cloud, key=SOURCE)[2]) == (b"hello", meta)


def test_an_older_version_is_restored(cloud: OssCloud) -> None:
    cloud.bucket.versioning = "Enabled"
    first, second = put_source(cloud).version_id, put(cloud, SOURCE, b"2").version_id
    copied = copy(cloud, key=SOURCE, source_version_id=first)
    assert (copied.source_version_id, read(cloud, SOURCE)) == (first, b"hello")
    assert copied.version_id not in (first, second, None)
    assert copy(cloud).source_version_id == copied.version_id


def test_an_object_of_parts_keeps_its_etag(cloud: OssCloud) -> None:
    client = client_of(cloud)
    begun = client.initiate_multipart_upload(oss.InitiateMultipartUploadRequest(bucket=BUCKET, key=SOURCE))
    asked = {"bucket": BUCKET, "key": SOURCE, "upload_id": begun.upload_id}
    client.upload_part(oss.UploadPartRequest(part_number=1, body=b"1", **asked))
    made = client.complete_multipart_upload(oss.CompleteMultipartUploadRequest(complete_all="yes", **asked))
    copied = copy(cloud)
    assert (copied.etag, copied.hash_crc64) == (made.etag, made.hash_crc64)


def conditions(etag: str, modified: float) -> dict[str, tuple[dict[str, str], int]]:
    before, after = formatdate(modified - 60, usegmt=True), formatdate(modified + 60, usegmt=True)
    return {
        "the same ETag": ({"if_match": etag}, 200),
        "another ETag": ({"if_match": "B"}, 412),
        "not the same ETag": ({"if_none_match": etag}, 304),
        "not another ETag": ({"if_none_match": "B"}, 200),
        "unmodified": ({"if_unmodified_since": after}, 200),
        "modified meanwhile": ({"if_unmodified_since": before}, 412),
        "modified since": ({"if_modified_since": before}, 200),
        "not modified since": ({"if_modified_since": after}, 304),
        "as the page writes it": ({"if_modified_since": "2019-04-09T07:01:56.000Z"}, 200),
        "a time that cannot be read": ({"if_modified_since": "yesterday"}, 200),
    }


@pytest.mark.parametrize("case", conditions("", 0))
def test_conditions(cloud: OssCloud, case: str) -> None:
    etag = put_source(cloud).etag
    stored = cloud.bucket.get(SOURCE)
    assert stored is not None
    headers, status = conditions(etag, stored.last_modified)[case]
    named = {f"x-oss-copy-source-{name.replace('_', '-')}": text for name, text in headers.items()}
    if status == 200:
        assert copy(cloud, headers=named).status_code == 200
    else:
        assert refusal(lambda: copy(cloud, headers=named))[0] == status
    assert ("copy" in [each.key for each in cloud.bucket.objects()]) == (status == 200)


REFUSED: dict[str, tuple[dict[str, Any], tuple[int, str, str | None]]] = {
    "no such object": ({"source_key": "none"}, (404, "NoSuchKey", None)),
    "no such version": ({"source_version_id": "abc"}, (404, "NoSuchVersion", "0012-00000203")),
    "a version id that no version has": ({"source_version_id": "%%%"}, (400, "InvalidArgument", "0012-00000202")),
    "no such bucket": ({"source_bucket": "nobody-s"}, (404, "NoSuchBucket", "0015-00000101")),
    "another region": ({"source_bucket": "in-beijing"}, (403, "AccessDenied", "0016-00000306")),
    "no such directive": ({"metadata_directive": "MOVE"}, (400, "InvalidArgument", None)),
    "a key that is taken": ({"key": "taken", "forbid_overwrite": "true"}, (409, "FileAlreadyExists", None)),
    "no slash": ({"headers": {"x-oss-copy-source": f"{BUCKET}/a"}}, (400, "InvalidArgument", "0016-00000304")),
    "no key": ({"headers": {"x-oss-copy-source": f"/{BUCKET}"}}, (400, "InvalidArgument", "0016-00000304")),
    "a parameter": ({"headers": {"x-oss-copy-source": f"/{BUCKET}/a?b=1"}}, (400, "InvalidArgument", "0016-00000304")),
    "no version": (
        {"headers": {"x-oss-copy-source": f"/{BUCKET}/a?versionId="}},
        (400, "InvalidArgument", "0016-00000305"),
    ),
    "tags": ({"tagging": "a=1"}, (501, "NotImplemented", None)),
    "other tags": ({"tagging_directive": "Replace"}, (501, "NotImplemented", None)),
}


@pytest.mark.parametrize(("asked", "expected"), REFUSED.values(), ids=REFUSED)
def test_refused(cloud: OssCloud, asked: dict[str, Any], expected: tuple[int, str, str | None]) -> None:
    put_source(cloud)
    put(cloud, "taken")
    if "headers" in asked:
        text = asked["headers"]["x-oss-copy-source"]
        operation = oss.OperationInput("Copy", "PUT", bucket=BUCKET, key="copy", headers={"x-oss-copy-source": text})
        assert refusal(lambda: client_of(cloud).invoke_operation(operation)) == expected
    else:
        assert refusal(lambda: copy(cloud, **asked)) == expected
    assert "copy" not in [each.key for each in cloud.bucket.objects()]


def test_a_delete_marker_is_not_copied(cloud: OssCloud) -> None:
    cloud.bucket.versioning = "Enabled"
    marker = client_of(cloud).delete_object(oss.DeleteObjectRequest(bucket=BUCKET, key=SOURCE)).version_id
    assert refusal(lambda: copy(cloud)) == (404, "NoSuchKey", None)
    assert refusal(lambda: copy(cloud, source_version_id=marker)) == (404, "NoSuchKey", "0016-00000307")


def test_more_than_5_gb_is_not_copied(cloud: OssCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    put_source(cloud)
    monkeypatch.setattr(copy_object, "MAX_OBJECT_SIZE", 4)
    assert refusal(lambda: copy(cloud)) == (400, "InvalidArgument", None)


READ, WRITE = f"acs:oss:*:*:{BUCKET}/*", "acs:oss:*:*:archive/*"


@pytest.mark.parametrize(
    ("read_action", "write_action", "version", "status"),
    [
        ("oss:GetObject", "oss:PutObject", False, 200),
        ("oss:GetObjectVersion", "oss:PutObject", True, 200),
        ("oss:GetObject", "oss:PutObject", True, 403),
        ("oss:GetObject", "oss:GetObject", False, 403),
        ("oss:PutObject", "oss:PutObject", False, 403),
    ],
)
def test_a_copy_takes_rights_on_both_sides(
    cloud: OssCloud, read_action: str, write_action: str, version: bool, status: int
) -> None:
    cloud.bucket.versioning = "Enabled"
    version_id = put_source(cloud).version_id if version else put_source(cloud) and None
    who = cloud.add_user(
        "copier",
        {
            "Version": "1",
            "Statement": [
                {"Effect": "Allow", "Action": read_action, "Resource": READ},
                {"Effect": "Allow", "Action": write_action, "Resource": WRITE},
            ],
        },
    )
    client = client_of(cloud, who)
    asked = {"bucket": "archive", "source_bucket": BUCKET, "source_version_id": version_id}
    if status == 200:
        assert copy(cloud, client, **asked).status_code == 200
    else:
        assert refusal(lambda: copy(cloud, client, **asked))[:2] == (403, "AccessDenied")


def test_what_everyone_may_read_can_be_copied_by_everyone(cloud: OssCloud) -> None:
    put(cloud, SOURCE)
    cloud.bucket.allow_public("public-read")
    who = user_of(cloud, ("Allow", "oss:PutObject"))
    assert copy(cloud, client_of(cloud, who), bucket="archive", source_bucket=BUCKET).status_code == 200


# Copies in parts.


def upload_of(cloud: OssCloud, key: str = "copy") -> dict[str, Any]:
    begun = client_of(cloud).initiate_multipart_upload(oss.InitiateMultipartUploadRequest(bucket=BUCKET, key=key))
    return {"bucket": BUCKET, "key": key, "upload_id": begun.upload_id}


def test_parts_are_copied(cloud: OssCloud) -> None:
    content = bytes(range(256)) * 1000
    put(cloud, SOURCE, content)
    client, upload = client_of(cloud), upload_of(cloud)
    for number, piece in enumerate(("bytes=0-102399", "bytes=102400-255999"), 1):
        asked = oss.UploadPartCopyRequest(part_number=number, source_key=SOURCE, source_range=piece, **upload)
        result = client.upload_part_copy(asked)
        assert result.headers["Content-Range"] == f"bytes {piece.removeprefix('bytes=')}/256000"
    client.complete_multipart_upload(oss.CompleteMultipartUploadRequest(complete_all="yes", **upload))
    assert read(cloud, "copy") == content


@pytest.mark.parametrize("piece", [None, "bytes=0-5", "bytes=3-2", "bytes=5-9", "0-2"])
def test_a_range_that_is_none_copies_all_of_it(cloud: OssCloud, piece: str | None) -> None:
    put_source(cloud)
    client, upload = client_of(cloud), upload_of(cloud)
    result = client.upload_part_copy(
        oss.UploadPartCopyRequest(part_number=1, source_key=SOURCE, source_range=piece, **upload)
    )
    assert "Content-Range" not in result.headers
    client.complete_multipart_upload(oss.CompleteMultipartUploadRequest(complete_all="yes", **upload))
    assert read(cloud, "copy") == b"hello"


@pytest.mark.parametrize(("source", "ec"), [("", "0042-00000302"), (f"{BUCKET}/a", "0042-00000301")])
def test_a_source_of_a_part_that_is_none(cloud: OssCloud, source: str, ec: str) -> None:
    upload = upload_of(cloud)
    operation = oss.OperationInput(
        "Copy",
        "PUT",
        bucket=BUCKET,
        key="copy",
        headers={"x-oss-copy-source": source},
        parameters={"partNumber": "1", "uploadId": upload["upload_id"]},
    )
    assert refusal(lambda: client_of(cloud).invoke_operation(operation)) == (400, "InvalidArgument", ec)


def test_an_sdk_copies_a_large_object_by_itself(cloud: OssCloud) -> None:
    content = bytes(range(256)) * 1500
    put(cloud, SOURCE, content)
    copier = oss.Copier(client_of(cloud), part_size=102_400, multipart_copy_threshold=200_000)
    copier.copy(oss.CopyObjectRequest(bucket="archive", key="copy", source_bucket=BUCKET, source_key=SOURCE))
    assert read(cloud, "copy", bucket="archive") == content
