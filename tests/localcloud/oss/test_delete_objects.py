"""DeleteObject and DeleteMultipleObjects, asked by the vendor's SDK; and what is refused."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import alibabacloud_oss_v2 as oss
import pytest

from support.oss_client import client, refusal, send, user
from support.oss_world import BUCKET, OssWorld, outcome, ram_policy

KEYS = ["uploads/a", "uploads/b&c.txt", "uploads/deep/down/你 +.txt"]


@pytest.fixture(autouse=True)
def put_objects(world: OssWorld) -> None:
    put = client(world, user(world)).put_object
    for key in KEYS:
        put(oss.PutObjectRequest(bucket=BUCKET, key=key, body=b"1"))


def keys(world: OssWorld) -> list[str]:
    return [stored.key for stored in world.bucket.objects()]


def several(*names: str, quiet: bool = False, **more: Any) -> oss.DeleteMultipleObjectsRequest:
    objects = [oss.DeleteObject(key=name) for name in names]
    return oss.DeleteMultipleObjectsRequest(bucket=BUCKET, objects=objects, quiet=quiet, **more)


@pytest.mark.parametrize("key", [*KEYS, "uploads/none"])
def test_an_object_is_deleted_whether_it_is_there_or_not(world: OssWorld, key: str) -> None:
    answer = client(world, user(world)).delete_object(oss.DeleteObjectRequest(bucket=BUCKET, key=key))
    assert (answer.status_code, keys(world)) == (204, [each for each in KEYS if each != key])


def test_empty_folders_go_too_and_full_ones_stay(world: OssWorld) -> None:
    client(world, user(world)).delete_object(oss.DeleteObjectRequest(bucket=BUCKET, key=KEYS[2]))
    assert sorted(path.name for path in (world.folder / "uploads").iterdir()) == ["a", "b&c.txt"]


def test_a_key_can_be_used_again(world: OssWorld) -> None:
    sdk = client(world, user(world))
    sdk.delete_object(oss.DeleteObjectRequest(bucket=BUCKET, key=KEYS[0]))
    sdk.put_object(oss.PutObjectRequest(bucket=BUCKET, key=KEYS[0], body=b"2", forbid_overwrite=True))
    assert keys(world) == KEYS


def test_several_are_deleted_and_named(world: OssWorld) -> None:
    answer = client(world, user(world)).delete_multiple_objects(several(*KEYS, "uploads/none"))
    named = [each.key for each in answer.deleted_objects]
    assert (answer.status_code, named, keys(world)) == (200, [*KEYS, "uploads/none"], [])


def test_several_are_deleted_quietly(world: OssWorld) -> None:
    answer = client(world, user(world)).delete_multiple_objects(several(*KEYS[:2], quiet=True))
    assert (answer.status_code, answer.deleted_objects, keys(world)) == (200, None, [KEYS[2]])


@pytest.mark.parametrize(
    ("policies", "names"),
    [([ram_policy("oss:PutObject")], KEYS), ([ram_policy("oss:DeleteObject")], [KEYS[0], "elsewhere"])],
)
def test_what_may_not_be_deleted_stays(world: OssWorld, policies: list[dict[str, Any]], names: list[str]) -> None:
    sdk = client(world, user(world, *policies))
    assert refusal(sdk.delete_multiple_objects, several(*names))[:2] == (403, "AccessDenied")
    one = oss.DeleteObjectRequest(bucket=BUCKET, key=names[-1])
    assert refusal(sdk.delete_object, one)[:2] == (403, "AccessDenied")
    assert keys(world) == KEYS


def test_too_many(world: OssWorld) -> None:
    names = [f"uploads/{number}" for number in range(1001)]
    sdk = client(world, user(world))
    assert refusal(sdk.delete_multiple_objects, several(*names))[:2] == (400, "MalformedXML")


BODIES: dict[str, tuple[bytes, tuple[int, str]]] = {
    # In UTF-16 the bytes "<!" are not in it; to a parser it is a document type all the same.
    "a document type in UTF-16": (
        "<!DOCTYPE a><Delete><Object><Key>a</Key></Object></Delete>".encode("utf-16"),
        (400, "MalformedXML"),
    ),
    "no XML": (b"<Delete", (400, "MalformedXML")),
    "an encoding": (b'<?xml version="1.0" encoding="nobody-knows"?><Delete/>', (400, "MalformedXML")),
    "another root": (b"<Remove><Object><Key>uploads/a</Key></Object></Remove>", (400, "MalformedXML")),
    "no object": (b"<Delete></Delete>", (400, "MalformedXML")),
    "a document type": (b"<!DOCTYPE a><Delete><Object><Key>a</Key></Object></Delete>", (400, "MalformedXML")),
    "half quiet": (b"<Delete><Quiet>1</Quiet><Object><Key>a</Key></Object></Delete>", (400, "MalformedXML")),
    "no key": (b"<Delete><Object/></Delete>", (400, "InvalidObjectName")),
    "a version": (
        b"<Delete><Object><Key>a</Key><VersionId>%</VersionId></Object></Delete>",
        (400, "InvalidArgument"),
    ),
}


@pytest.mark.parametrize(("body", "expected"), BODIES.values(), ids=BODIES)
def test_bodies_that_are_refused(world: OssWorld, body: bytes, expected: tuple[int, str]) -> None:
    md5 = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
    headers = {"Content-MD5": md5, "Content-Type": "application/xml"}
    answer = send(world, user(world), "POST", query={"delete": ""}, headers=headers, body=body)
    assert (outcome(answer)[:2], keys(world)) == (expected, KEYS)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [({}, (400, "InvalidArgument")), ({"Content-MD5": "1B2M2Y8AsgTpgAmY7PhCfg=="}, (400, "InvalidDigest"))],
)
def test_the_digest_is_required_and_must_fit(
    world: OssWorld, headers: dict[str, str], expected: tuple[int, str]
) -> None:
    body = b"<Delete><Object><Key>uploads/a</Key></Object></Delete>"
    answer = send(world, user(world), "POST", query={"delete": ""}, headers=headers, body=body)
    assert (outcome(answer)[:2], keys(world)) == (expected, KEYS)
