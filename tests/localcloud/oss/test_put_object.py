"""PutObject, asked by the vendor's SDK and by requests signed with its signer; and what is refused."""

from __future__ import annotations

import base64
import hashlib
import io
import socket
from collections.abc import Iterator
from typing import Any

import alibabacloud_oss_v2 as oss
import pytest
import requests

from localcloud.oss import request_body
from localcloud.ram.identities import Identity
from support.oss_client import client, refusal, send, user
from support.oss_world import BUCKET, OssWorld, new_identity, outcome, ram_policy

KEY = "uploads/a b+c/你.txt"


def test_the_vendors_client_puts(world: OssWorld) -> None:
    answer = client(world, user(world)).put_object(
        oss.PutObjectRequest(
            bucket=BUCKET,
            key=KEY,
            body=b"hello",
            content_type="text/html; charset=utf-8",
            cache_control="no-cache",
            content_disposition='inline; filename="a.html"',
            content_md5="XUFAKrxLKna5cZ2REBfFkg==",
            metadata={"who": "me"},
        )
    )
    assert (answer.status_code, answer.etag, answer.content_md5, answer.hash_crc64) == (
        200,
        '"5D41402ABC4B2A76B9719D911017C592"',
        "XUFAKrxLKna5cZ2REBfFkg==",
        "11177612005948864433",
    )
    [stored] = world.bucket.objects()
    assert (stored.key, stored.path.read_bytes(), stored.content_type, stored.headers, stored.meta) == (
        KEY,
        b"hello",
        "text/html; charset=utf-8",
        {"Cache-Control": "no-cache", "Content-Disposition": 'inline; filename="a.html"'},
        {"who": "me"},
    )


def test_an_object_larger_than_all_objects(world: OssWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_body, "MAX_OBJECT_SIZE", 4)  # bytes; five gigabytes would take long
    answer = send(world, user(world), "PUT", KEY, body=b"hello")
    assert outcome(answer) == (400, "InvalidArgument", None)
    assert "<Message>The object you want to upload is larger than 5 GB.</Message>" in answer.text
    assert world.bucket.objects() == []


def test_a_body_that_comes_in_pieces(world: OssWorld) -> None:
    content = bytes(range(256)) * 20_000

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(content), 100_000):
            yield content[start : start + 100_000]

    answer = send(world, user(world), "PUT", "uploads/big", body=pieces())
    [stored] = world.bucket.objects()
    assert (answer.status_code, stored.path.read_bytes()) == (200, content)


def test_an_empty_object(world: OssWorld) -> None:
    client(world, user(world)).put_object(oss.PutObjectRequest(bucket=BUCKET, key="uploads/empty", body=b""))
    assert [(stored.size, stored.content_type) for stored in world.bucket.objects()] == [
        (0, "application/octet-stream")
    ]


def test_a_put_overwrites_unless_it_is_forbidden(world: OssWorld) -> None:
    put = client(world, user(world)).put_object
    put(oss.PutObjectRequest(bucket=BUCKET, key="uploads/a", body=b"1"))
    put(oss.PutObjectRequest(bucket=BUCKET, key="uploads/a", body=b"2"))
    forbidding = oss.PutObjectRequest(bucket=BUCKET, key="uploads/a", body=b"3", forbid_overwrite=True)
    assert refusal(put, forbidding)[:2] == (409, "FileAlreadyExists")
    assert [stored.path.read_bytes() for stored in world.bucket.objects()] == [b"2"]


def test_temporary_credentials(world: OssWorld) -> None:
    identity = world.add(Identity(**{**vars(new_identity()), "expiration": 1e11}))
    client(world, identity).put_object(oss.PutObjectRequest(bucket=BUCKET, key="uploads/a", body=b"1"))
    assert len(world.bucket.objects()) == 1


def wrong_secret(world: OssWorld) -> Identity:
    return Identity(**{**vars(user(world)), "access_key_secret": "wrong"})


def nobody(_: OssWorld) -> Identity:
    return new_identity(sts=False)


def reader(world: OssWorld) -> Identity:
    return user(world, ram_policy("oss:GetObject"))


def putter(world: OssWorld) -> Identity:
    return user(world, ram_policy("oss:PutObject"))


def stranger(world: OssWorld) -> Identity:
    return world.add(new_identity(sts=False, account="9999999999999999"))


REFUSED: dict[str, tuple[Any, dict[str, Any], tuple[int, str, str]]] = {
    "a wrong secret": (wrong_secret, {}, (403, "SignatureDoesNotMatch", "0002-00000201")),
    "an unknown key id": (nobody, {}, (403, "InvalidAccessKeyId", "0002-00000902")),
    "no right to put": (reader, {}, (403, "AccessDenied", "0003-00000202")),
    "no right to put there": (putter, {"key": "elsewhere"}, (403, "AccessDenied", "0003-00000202")),
    "no right to an ACL": (putter, {"acl": "public-read"}, (403, "AccessDenied", "0003-00000202")),
    "another account": (stranger, {}, (403, "AccessDenied", "")),
    "another digest": (user, {"content_md5": "XUFAKrxLKna5cZ2REBfFkQ=="}, (400, "InvalidDigest", "")),
    "an ACL there is not": (user, {"acl": "open"}, (400, "InvalidArgument", "0017-00000104")),
    "a class there is not": (user, {"storage_class": "Cheap"}, (400, "InvalidArgument", "0017-00000132")),
    "a key too long": (user, {"key": "k" * 1024}, (400, "InvalidObjectName", "0016-00000003")),
}


@pytest.mark.parametrize(("who", "change", "expected"), REFUSED.values(), ids=REFUSED)
def test_refused(world: OssWorld, who: Any, change: dict[str, Any], expected: tuple[int, str, str]) -> None:
    request = oss.PutObjectRequest(**{"bucket": BUCKET, "key": "uploads/a", "body": b"hello", **change})
    status, code, ec = refusal(client(world, who(world)).put_object, request)
    assert ((status, code, ec or ""), world.bucket.objects()) == (expected, [])


LISTED = {
    "x-oss-forbid-overwrite: abc": "0017-00000279",
    "x-oss-object-acl: public": "0017-00000104",
    "x-oss-storage-class: abc": "0017-00000132",
    "x-oss-storage-class: ": "0017-00000131",
}
"""The samples of the pages."""


@pytest.mark.parametrize(("header", "ec"), LISTED.items(), ids=LISTED)
def test_a_header_that_is_not_on_its_list(world: OssWorld, header: str, ec: str) -> None:
    name, _, value = header.partition(": ")
    answer = send(world, user(world, ram_policy("oss:*")), "PUT", "uploads/a", headers={name: value}, body=b"1")
    assert outcome(answer) == (400, "InvalidArgument", ec)


@pytest.mark.parametrize("path", ["//uploads/a", f"/{BUCKET}//uploads/a", "/%2Fuploads/a", "/%5Cuploads"])
def test_a_key_that_begins_with_a_slash_is_refused_before_its_signature(world: OssWorld, path: str) -> None:
    with socket.create_connection(("127.0.0.1", world.oss.port), timeout=60) as connection:
        head = (
            "Host: localhost\r\nContent-Length: 0\r\nAuthorization: OSS4-HMAC-SHA256 Credential=a,Signature=b\r\n\r\n"
        )
        connection.sendall(f"PUT {path} HTTP/1.1\r\n{head}".encode())
        answer = connection.makefile("rb").read().decode()
    assert "<Code>InvalidObjectName</Code>" in answer
    assert "<EC>0016-00000005</EC>" in answer


@pytest.mark.parametrize("name", ["If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"])
def test_conditions_are_for_reading(world: OssWorld, name: str) -> None:
    answer = send(world, user(world), "PUT", "uploads/a", headers={name: "Thu, 09 Feb 2023 06:41:44 GMT"}, body=b"1")
    assert outcome(answer) == (400, "NotImplemented", "0017-00000245")
    assert f"<Header>{name.lower()}</Header>" in answer.text.replace(name, name.lower())


def test_unsigned(world: OssWorld) -> None:
    answer = requests.put(f"{world.oss.url}/uploads/a", data=b"1", timeout=60)
    assert outcome(answer) == (403, "AccessDenied", None)


@pytest.mark.parametrize(
    ("name", "value"), [("Content-Type", "text/html"), ("x-oss-meta-who", "you"), ("x-oss-object-acl", "public-read")]
)
def test_what_counts_is_signed(world: OssWorld, name: str, value: str) -> None:
    answer = send(
        world,
        user(world),
        "PUT",
        "uploads/a",
        headers={"Content-Type": "text/plain", "x-oss-meta-who": "me"},
        body=b"1",
        unsigned={name: value},
    )
    assert outcome(answer) == (403, "SignatureDoesNotMatch", "0002-00000201")


@pytest.mark.parametrize("name", ["x-oss-callback", "x-oss-tagging"])
def test_what_the_stand_in_cannot_do(world: OssWorld, name: str) -> None:
    answer = send(world, user(world), "PUT", "uploads/a", headers={name: "a=b"}, body=b"1")
    assert outcome(answer) == (501, "NotImplemented", None)


@pytest.mark.parametrize(
    ("fault", "value", "expected"),
    [
        ("oss_fail_next", 1, (503, "ServiceUnavailable")),
        ("oss_deny_early", True, (403, "AccessDenied")),
        ("oss_disk_full", True, (500, "InternalError")),
        ("oss_error_rate", 1.0, (500, "InternalError")),
    ],
)
def test_faults_of_uploads_hold_for_puts(world: OssWorld, fault: str, value: Any, expected: tuple[int, str]) -> None:
    setattr(world.faults, fault, value)
    answer = send(world, user(world), "PUT", "uploads/a", body=b"1")
    assert (outcome(answer)[:2], world.bucket.objects()) == (expected, [])


def test_the_digest_of_a_streamed_body(world: OssWorld) -> None:
    content = b"x" * 1_000_000
    md5 = base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
    headers = {"Content-MD5": md5, "Content-Type": "text/plain"}
    whole = send(world, user(world), "PUT", "uploads/a", headers=headers, body=io.BytesIO(content))
    half = send(world, user(world), "PUT", "uploads/b", headers=headers, body=io.BytesIO(content[:-1]))
    assert (whole.status_code, outcome(half)[:2]) == (200, (400, "InvalidDigest"))
