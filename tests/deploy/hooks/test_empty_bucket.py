"""What stands between users' files and `s remove`, by itself; test_s_yaml.py has it in its place."""

from __future__ import annotations

import io
import json

import alibabacloud_oss_v2 as oss
import pytest
from pytest_httpserver import HTTPServer

from deploy.bucket_contents import Folder
from deploy.hooks import empty_bucket, oss_client
from support.upload_bucket import Bucket

NAME = "team-uploads-1"


@pytest.fixture
def sdk_bucket(endpoint: HTTPServer, deployers_environ: None) -> Folder:
    """Returns the bucket through the vendor's SDK."""
    return Folder(oss_client.client("cn-hongkong"), NAME)


def check(sdk_bucket: Folder, *, delete_files: bool, step: str) -> str:
    return empty_bucket.check(sdk_bucket, NAME, delete_files=delete_files, step=step)


@pytest.mark.parametrize("step", ["look", "empty"])
@pytest.mark.parametrize("exists", [True, False])
def test_without_files_nothing_is_said(bucket: Bucket, sdk_bucket: Folder, step: str, exists: bool) -> None:
    bucket.exists = exists
    assert check(sdk_bucket, delete_files=False, step=step) == ""


@pytest.mark.parametrize(
    ("files", "unfinished", "holds"),
    [
        ({("a", "null"): 5}, [], "1 file (5 bytes)"),
        ({(f"a{n}", "null"): 1000 for n in range(5)}, [], "5 files (5,000 bytes)"),
        ({("a", "v1"): 5, ("a", "v2"): 6}, [], "2 files (11 bytes)"),
        ({}, [("a", "u1")], "1 unfinished upload"),
        ({("a", "null"): 5}, [("b", "u1"), ("b", "u2")], "1 file (5 bytes) and 2 unfinished uploads"),
    ],
)
def test_what_is_there_stops_it(
    bucket: Bucket,
    sdk_bucket: Folder,
    files: dict[tuple[str, str], int],
    unfinished: list[tuple[str, str]],
    holds: str,
) -> None:
    bucket.files, bucket.unfinished = dict(files), unfinished
    with pytest.raises(ValueError, match="DELETE_FILES=yes make remove") as stopped:
        check(sdk_bucket, delete_files=False, step="look")
    assert str(stopped.value).splitlines()[0] == f"{NAME} holds {holds}. Nothing was removed."
    assert bucket.files == files


def test_files_that_came_meanwhile_stop_it_too(bucket: Bucket, sdk_bucket: Folder) -> None:
    bucket.files = {("a", "null"): 5}
    with pytest.raises(ValueError, match="Nothing more is removed"):
        check(sdk_bucket, delete_files=False, step="empty")
    assert bucket.asked == []


def test_looking_deletes_nothing_though_it_may(bucket: Bucket, sdk_bucket: Folder) -> None:
    bucket.files = {("a", "null"): 5}
    said = check(sdk_bucket, delete_files=True, step="look")
    assert said == f"DELETE_FILES=yes: 1 file (5 bytes) in {NAME} will be deleted."
    assert bucket.asked == []


def test_every_version_and_every_part_goes(bucket: Bucket, sdk_bucket: Folder) -> None:
    bucket.files = {("a", "v1"): 5, ("a", "v2"): 6, ("b & c", "null"): 7}
    bucket.unfinished = [("d", "u1")]
    assert (
        check(sdk_bucket, delete_files=True, step="empty")
        == f"Deleted 3 files (18 bytes) and 1 unfinished upload in {NAME}."
    )
    assert bucket.asked == ["abort d", "delete a v1", "delete a v2", "delete b & c null"]
    assert (bucket.files, bucket.unfinished) == ({}, [])


def test_a_bucket_that_may_not_be_seen_stops_it(bucket: Bucket, sdk_bucket: Folder) -> None:
    bucket.refusal = "AccessDenied"
    with pytest.raises(oss.exceptions.OperationError, match="AccessDenied"):
        check(sdk_bucket, delete_files=True, step="empty")


@pytest.mark.parametrize("step", ["look", "empty"])
def test_a_bucket_that_was_there_before_is_not_looked_into(
    bucket: Bucket, deployers_environ: None, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    bucket.files = {("a", "null"): 5}
    asked = {"region": "cn-hongkong", "bucket": NAME, "existing": NAME, "delete_files": "yes", "step": step}
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(asked)))
    assert (empty_bucket.main(), bucket.files, bucket.asked) == (0, {("a", "null"): 5}, [])
