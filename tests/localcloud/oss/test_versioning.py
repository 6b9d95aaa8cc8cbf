"""Versions of objects, as alibabacloud-oss-v2 makes, reads, lists and deletes them."""

from __future__ import annotations

import io
from typing import Any

import alibabacloud_oss_v2 as oss
import pytest

from localcloud.standalone import OssCloud
from support.cloud_client import ask, client_of, put, read, refusal, user_of
from support.oss_world import BUCKET

KEY = "a/photo.jpg"


def switch(cloud: OssCloud, status: str) -> None:
    configuration = oss.VersioningConfiguration(status=status)
    request = oss.PutBucketVersioningRequest(bucket=BUCKET, versioning_configuration=configuration)
    assert client_of(cloud).put_bucket_versioning(request).status_code == 200


def delete(cloud: OssCloud, key: str = KEY, **more: Any) -> Any:
    return client_of(cloud).delete_object(oss.DeleteObjectRequest(bucket=BUCKET, key=key, **more))


def versions(cloud: OssCloud, **more: Any) -> list[tuple[str, str, bool, bool]]:
    """Returns all versions and then all delete markers: key, id, whether it is current, whether it is a marker."""
    listed = client_of(cloud).list_object_versions(oss.ListObjectVersionsRequest(bucket=BUCKET, **more))
    kinds = ((listed.version, False), (listed.delete_marker, True))
    return [(each.key, each.version_id, each.is_latest, marker) for found, marker in kinds for each in found or []]


def test_the_status_of_versioning(cloud: OssCloud) -> None:
    seen = []
    for status in (None, "Enabled", "Suspended"):
        if status:
            switch(cloud, status)
        seen.append(
            client_of(cloud).get_bucket_versioning(oss.GetBucketVersioningRequest(bucket=BUCKET)).version_status
        )
    assert seen == [None, "Enabled", "Suspended"]


def test_each_upload_is_a_version(cloud: OssCloud) -> None:
    assert put(cloud, KEY, b"0").version_id is None
    switch(cloud, "Enabled")
    first, second = (put(cloud, KEY, body).version_id for body in (b"1", b"2"))
    assert len({first, second, None}) == 3
    assert versions(cloud) == [(KEY, second, True, False), (KEY, first, False, False), (KEY, "null", False, False)]
    assert [read(cloud, KEY, version_id=each) for each in (None, second, first, "null")] == [b"2", b"2", b"1", b"0"]
    head = client_of(cloud).head_object(oss.HeadObjectRequest(bucket=BUCKET, key=KEY, version_id=first))
    assert (head.version_id, head.content_length) == (first, 1)


def test_an_object_is_marked_as_deleted_and_restored(cloud: OssCloud) -> None:
    switch(cloud, "Enabled")
    version_id = put(cloud, KEY).version_id
    marker = delete(cloud)
    assert (marker.status_code, marker.delete_marker) == (204, True)
    assert versions(cloud) == [(KEY, version_id, False, False), (KEY, marker.version_id, True, True)]
    assert refusal(lambda: read(cloud, KEY)) == (404, "NoSuchKey", None)
    with pytest.raises(oss.exceptions.OperationError) as failed:
        read(cloud, KEY, version_id=marker.version_id)
    error: Any = failed.value.unwrap()
    assert (error.status_code, error.code) == (405, "MethodNotAllowed")
    names = ("x-oss-delete-marker", "x-oss-version-id", "Allow")
    assert [error.headers[name] for name in names] == ["true", marker.version_id, "DELETE"]
    listed = client_of(cloud).list_objects_v2(oss.ListObjectsV2Request(bucket=BUCKET))
    assert listed.contents in (None, [])
    undone = delete(cloud, version_id=marker.version_id)
    assert (undone.delete_marker, undone.version_id, read(cloud, KEY)) == (True, marker.version_id, b"hello")


def test_each_deletion_makes_a_marker(cloud: OssCloud) -> None:
    switch(cloud, "Enabled")
    first, second = delete(cloud).version_id, delete(cloud).version_id
    assert versions(cloud) == [(KEY, second, True, True), (KEY, first, False, True)]


def test_a_version_is_deleted_for_good(cloud: OssCloud) -> None:
    switch(cloud, "Enabled")
    first, second, third = (put(cloud, KEY, body).version_id for body in (b"1", b"2", b"3"))
    deleted = delete(cloud, version_id=second)
    assert (deleted.status_code, deleted.version_id, deleted.delete_marker) == (204, second, None)
    delete(cloud, version_id=third)
    assert (versions(cloud), read(cloud, KEY)) == ([(KEY, first, True, False)], b"1")
    delete(cloud, version_id=first)
    assert (versions(cloud), delete(cloud, version_id=first).status_code) == ([], 204)


def test_suspended_versioning_keeps_one_version_named_null(cloud: OssCloud) -> None:
    switch(cloud, "Enabled")
    kept = put(cloud, KEY, b"1").version_id
    switch(cloud, "Suspended")
    assert [put(cloud, KEY, body).version_id for body in (b"2", b"3")] == ["null", "null"]
    assert (versions(cloud), read(cloud, KEY)) == ([(KEY, "null", True, False), (KEY, kept, False, False)], b"3")
    assert delete(cloud).version_id == "null"
    assert versions(cloud) == [(KEY, kept, False, False), (KEY, "null", True, True)]
    switch(cloud, "Enabled")
    newest = put(cloud, KEY, b"4").version_id
    switch(cloud, "Suspended")
    put(cloud, KEY, b"5")
    assert versions(cloud) == [(KEY, "null", True, False), (KEY, newest, False, False), (KEY, kept, False, False)]


def test_several_are_deleted_at_once(cloud: OssCloud) -> None:
    switch(cloud, "Enabled")
    version_id = put(cloud, "b").version_id
    marker = delete(cloud, "c").version_id
    request = oss.DeleteMultipleObjectsRequest(
        bucket=BUCKET,
        delete=oss.Delete(
            objects=[
                oss.ObjectIdentifier(key=KEY),
                oss.ObjectIdentifier(key="b", version_id=version_id),
                oss.ObjectIdentifier(key="c", version_id=marker),
            ]
        ),
    )
    deleted = client_of(cloud).delete_multiple_objects(request).deleted_objects
    (made,) = versions(cloud)
    assert [(e.key, e.version_id, e.delete_marker, e.delete_marker_version_id) for e in deleted] == [
        (KEY, None, True, made[1]),
        ("b", version_id, None, None),
        ("c", marker, True, marker),
    ]


def test_pages_of_versions(cloud: OssCloud) -> None:
    put(cloud, "a/1")
    switch(cloud, "Enabled")
    for key in ("a/1", "a/1", "a/2", "b/1", "c", "c"):
        put(cloud, key)
    delete(cloud, "a/2")
    pages = client_of(cloud).list_object_versions_paginator(limit=2)
    request = oss.ListObjectVersionsRequest(bucket=BUCKET)
    found = [
        [(each.key, each.version_id) for each in [*(page.version or []), *(page.delete_marker or [])]]
        for page in pages.iter_page(request)
    ]
    keys = [sorted(key for key, _ in page) for page in found]
    assert keys == [["a/1", "a/1"], ["a/1", "a/2"], ["a/2", "b/1"], ["c", "c"]]
    assert len({each for page in found for each in page}) == 8


def test_versions_up_to_a_delimiter(cloud: OssCloud) -> None:
    switch(cloud, "Enabled")
    for key in ("a/1", "a/2", "b/1", "c"):
        put(cloud, key)
    request = oss.ListObjectVersionsRequest(bucket=BUCKET, delimiter="/", max_keys=1)
    pages = list(client_of(cloud).list_object_versions_paginator().iter_page(request))
    prefixes = [[each.prefix for each in page.common_prefixes or []] for page in pages]
    assert (prefixes, [each.key for each in pages[-1].version]) == ([["a/"], ["b/"], []], ["c"])
    assert [key for key, *_ in versions(cloud, prefix="a/")] == ["a/1", "a/2"]


@pytest.mark.parametrize(
    ("version_id", "expected"),
    [
        ("", (400, "InvalidArgument", "0012-00000201")),
        ("%%%QNR", (400, "InvalidArgument", "0012-00000202")),
        ("CAEQNRiBgICv8uaA0BYiIDliZDc3", (404, "NoSuchVersion", "0012-00000203")),
    ],
)
def test_a_version_that_is_none(cloud: OssCloud, version_id: str, expected: tuple[int, str, str]) -> None:
    switch(cloud, "Enabled")
    put(cloud, KEY)
    assert refusal(lambda: ask(cloud, "GET", KEY, versionId=version_id)) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"<VersioningConfiguration><Status></Status></VersioningConfiguration>", "0012-00000003"),
        (b"<VersioningConfiguration/>", "0012-00000003"),
        (b"<VersioningConfiguration><Status>Stop</Status></VersioningConfiguration>", "0012-00000004"),
        (b"<Versioning><Status>Enabled</Status></Versioning>", None),
    ],
)
def test_a_status_that_is_none(cloud: OssCloud, body: bytes, expected: str | None) -> None:
    refused = refusal(lambda: ask(cloud, "PUT", body=body, versioning=""))
    assert refused == (400, "InvalidArgument" if expected else "MalformedXML", expected)
    assert cloud.bucket.versioning == ""


@pytest.mark.parametrize(
    ("action", "call"),
    [
        ("oss:GetObject", lambda client, id_: client.get_object(oss.GetObjectRequest(bucket=BUCKET, key=KEY, version_id=id_))),
        ("oss:DeleteObject", lambda client, id_: client.delete_object(oss.DeleteObjectRequest(bucket=BUCKET, key=KEY, version_id=id_))),
    ],
)  # fmt: skip
def test_versions_take_rights_of_their_own(cloud: OssCloud, action: str, call: Any) -> None:
    switch(cloud, "Enabled")
    version_id = put(cloud, KEY).version_id
    lesser, greater = (user_of(cloud, ("Allow", each)) for each in (action, f"{action}Version"))
    assert refusal(lambda: call(client_of(cloud, lesser), version_id))[:2] == (403, "AccessDenied")
    assert call(client_of(cloud, greater), version_id).status_code in (200, 204)


def test_a_bucket_of_versions_is_not_empty(cloud: OssCloud) -> None:
    switch(cloud, "Enabled")
    delete(cloud)
    asked = client_of(cloud)
    assert refusal(lambda: asked.delete_bucket(oss.DeleteBucketRequest(bucket=BUCKET)))[:2] == (409, "BucketNotEmpty")


def test_an_upload_in_parts_is_a_version(cloud: OssCloud) -> None:
    switch(cloud, "Enabled")
    result = oss.Uploader(client_of(cloud)).upload_from(
        oss.PutObjectRequest(bucket=BUCKET, key=KEY), io.BytesIO(b"x" * 300_000), part_size=102_400
    )
    assert [(key, id_) for key, id_, *_ in versions(cloud)] == [(KEY, result.headers["x-oss-version-id"])]


def test_versions_outlive_the_process(cloud: OssCloud) -> None:
    switch(cloud, "Enabled")
    put(cloud, KEY, b"1")
    delete(cloud)
    before = cloud.bucket.versions()
    again = type(cloud.bucket)(BUCKET, cloud.account_id, cloud.bucket.folder, versioning="Enabled")
    assert again.versions() == before
