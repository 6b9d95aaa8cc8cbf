"""Forms that the stand-in OSS accepts, and what it makes of them."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from typing import Any

import pytest
import requests

from localcloud.oss.storage.bucket import StoredObject
from support.oss_world import (
    BUCKET,
    NOON,
    Draft,
    File,
    OssWorld,
    elements,
    multipart,
    new_identity,
    outcome,
    part,
    post,
    post_body,
    ram_policy,
)


def only(world: OssWorld) -> StoredObject:
    (stored,) = world.bucket.objects()
    return stored


def test_a_form_is_stored(world: OssWorld, draft: Draft) -> None:
    answer = post(world, draft.fields())
    assert (answer.status_code, answer.content) == (204, b"")
    stored = only(world)
    assert stored == StoredObject(
        key="uploads/a.txt",
        size=5,
        content_type="text/plain",
        headers={},
        meta={},
        etag="5D41402ABC4B2A76B9719D911017C592",
        crc64="11177612005948864433",
        last_modified=NOON,
        version_id=None,
        path=world.folder / "uploads" / "a.txt",
    )
    assert stored.path.read_bytes() == b"hello"


def test_the_checksum_is_crc_64_xz(world: OssWorld, draft: Draft) -> None:
    answer = post(world, draft.fields(), File(b"123456789"))
    # the check value that catalogues of CRCs print for CRC-64/XZ
    assert answer.headers["x-oss-hash-crc64ecma"] == str(0x995DC9BBDF1939FA)


def test_headers_of_the_answer(world: OssWorld, draft: Draft) -> None:
    headers = post(world, draft.fields()).headers
    md5 = base64.b64encode(hashlib.md5(b"hello", usedforsecurity=False).digest()).decode()
    assert headers["ETag"] == '"5D41402ABC4B2A76B9719D911017C592"'
    assert (headers["Content-MD5"], headers["x-oss-hash-crc64ecma"]) == (md5, "11177612005948864433")
    assert (headers["Server"], headers["Date"]) == ("AliyunOSS", "Sun, 24 Nov 2024 12:00:00 GMT")
    assert len(bytes.fromhex(headers["x-oss-request-id"])) == 12
    assert "x-oss-version-id" not in headers


@pytest.mark.parametrize(("wanted", "status"), [("200", 200), ("204", 204), ("404", 204), ("", 204)])
def test_success_action_status(world: OssWorld, draft: Draft, wanted: str, status: int) -> None:
    answer = post(world, draft.fields() | {"success_action_status": wanted})
    assert (answer.status_code, answer.content) == (status, b"")


def test_success_action_status_201(world: OssWorld, draft: Draft) -> None:
    draft.extra = {"key": "uploads/a & b/你.txt"}
    answer = post(world, draft.fields() | {"success_action_status": "201"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (201, "application/xml")
    assert elements(answer) == {
        "Bucket": BUCKET,
        "ETag": '"5D41402ABC4B2A76B9719D911017C592"',
        "Key": "uploads/a &amp; b/你.txt",
        "Location": f"{world.oss.url}/uploads/a%20%26%20b/%E4%BD%A0.txt",
    }


def test_success_action_redirect_wins(world: OssWorld, draft: Draft) -> None:
    extra = {"success_action_redirect": "https://example.com/done?x=1", "success_action_status": "200"}
    answer = post(world, draft.fields() | extra)
    assert (answer.status_code, answer.headers["Location"]) == (303, "https://example.com/done?x=1")


@pytest.mark.parametrize(
    "address", ["http://[", "http://a:99999/", f"http://{'ü' * 64}/"], ids=["bracket", "port", "host"]
)
def test_a_redirect_to_what_is_no_address_counts_as_none(world: OssWorld, draft: Draft, address: str) -> None:
    draft.extra = {"success_action_redirect": address, "success_action_status": "200"}
    assert post(world, draft.fields()).status_code == 200


CONDITIONS: list[tuple[Any, dict[str, str]]] = [
    ({"success_action_status": "200"}, {"success_action_status": "200"}),
    (["eq", "$key", "uploads/a.txt"], {}),
    (["eq", "key", "uploads/a.txt"], {}),
    (["eq", "$KEY", "uploads/a.txt"], {}),
    (["starts-with", "$key", "uploads/"], {}),
    (["starts-with", "$key", ""], {}),
    (["in", "$content-type", ["text/plain", "image/png"]], {}),
    (["not-in", "$Cache-Control", ["no-store"]], {"cache-control": "no-cache"}),
    (["content-length-range", 5, 5], {}),
    (["content-length-range", 0, 1 << 40], {}),
    (["eq", "$x-oss-meta-price", r"5\$"], {"x-oss-meta-price": "5$"}),
    ({"x:custom": "ü"}, {"x:custom": "ü"}),
]


@pytest.mark.parametrize(("condition", "extra"), CONDITIONS, ids=[str(row[0]) for row in CONDITIONS])
def test_conditions_that_hold(world: OssWorld, draft: Draft, condition: Any, extra: dict[str, str]) -> None:
    draft.conditions, draft.extra = [condition], extra
    assert post(world, draft.fields()).ok


def test_names_of_fields_are_compared_without_case(world: OssWorld, draft: Draft) -> None:
    fields = {name.upper(): value for name, value in draft.fields().items()}
    assert post(world, fields).status_code == 204


def test_ordinary_fields_need_no_condition(world: OssWorld, draft: Draft) -> None:
    assert post(world, draft.fields() | {"x:anything": "1", "submit": "Upload"}).status_code == 204


def test_what_comes_after_the_file_is_ignored(world: OssWorld, draft: Draft) -> None:
    after = part("x-oss-meta-late", b"1") + part("key", b"uploads/late.txt")
    assert post(world, draft.fields(), after=after).status_code == 204
    assert (only(world).key, only(world).meta) == ("uploads/a.txt", {})


@pytest.mark.parametrize(
    ("fields", "of_the_part", "stored"),
    [
        ({"x-oss-content-type": "image/png", "content-type": "image/gif"}, "text/plain", "image/png"),
        ({"content-type": "image/gif"}, "text/plain", "text/plain"),
        ({"content-type": "image/gif"}, None, "image/gif"),
    ],
)
def test_content_type(
    world: OssWorld, draft: Draft, fields: dict[str, str], of_the_part: str | None, stored: str
) -> None:
    draft.conditions = [["in", "$content-type", ["image/png", "image/gif", "text/plain"]]]
    assert post(world, draft.fields() | fields, File(content_type=of_the_part)).status_code == 204
    found = world.bucket.get("uploads/a.txt")
    assert found
    assert found.content_type == stored


@pytest.mark.parametrize(
    ("fields", "of_the_part"),
    [
        ({"x-oss-content-type": "image/png"}, "text/html"),
        ({"x-oss-content-type": "text/html"}, "image/png"),
        ({"content-type": "text/html"}, "image/png"),
        ({"x-oss-content-type": "image/png", "content-type": "text/html"}, None),
    ],
)
def test_of_several_types_each_must_fit(
    world: OssWorld, draft: Draft, fields: dict[str, str], of_the_part: str | None
) -> None:
    draft.conditions = [["eq", "$content-type", "image/png"]]
    refused = post(world, draft.fields() | fields, File(content_type=of_the_part))
    assert outcome(refused) == (403, "AccessDenied", "0006-00000227")


def test_no_content_type_at_all(world: OssWorld, draft: Draft) -> None:
    assert post(world, draft.fields(), File(content_type=None)).status_code == 204
    assert only(world).content_type == "application/octet-stream"


def test_a_file_part_without_a_filename(world: OssWorld, draft: Draft) -> None:
    assert post(world, draft.fields(), File(filename=None)).status_code == 204


@pytest.mark.parametrize(
    ("filename", "key"),
    [
        ("photo.png", "uploads/photo.png"),
        ("照片.png", "uploads/照片.png"),
        ("/etc/passwd", "uploads/passwd"),
        (r"..\\..\\evil.png", "uploads/evil.png"),
        (None, "uploads/${filename}"),
        ("", "uploads/${filename}"),
    ],
)
def test_filename_in_the_key(world: OssWorld, draft: Draft, filename: str | None, key: str) -> None:
    draft.extra = {"key": "uploads/${filename}"}
    draft.conditions = [["eq", "$key", r"uploads/\${filename}"]]
    assert post(world, draft.fields(), File(filename=filename)).status_code == 204
    assert only(world).key == key


def test_stored_headers_and_meta(world: OssWorld, draft: Draft) -> None:
    extra = {
        "Cache-Control": "no-cache",
        "content-disposition": "attachment; filename*=UTF-8''%E4%BD%A0.txt",
        "Content-Encoding": "identity",
        "Expires": "Wed, 01 Jan 2025 00:00:00 GMT",
        "x-oss-storage-class": "IA",
        "x-oss-meta-filename": "%E4%BD%A0.txt",
        "X-Oss-Meta-Other": "ü",
    }
    assert post(world, draft.fields() | extra).status_code == 204
    stored = only(world)
    assert stored.headers == {
        "Cache-Control": "no-cache",
        "Content-Disposition": "attachment; filename*=UTF-8''%E4%BD%A0.txt",
        "Content-Encoding": "identity",
        "Expires": "Wed, 01 Jan 2025 00:00:00 GMT",
        "x-oss-storage-class": "IA",
    }
    assert stored.meta == {"filename": "%E4%BD%A0.txt", "other": "ü"}


def test_encryption_is_confirmed(world: OssWorld, draft: Draft) -> None:
    answer = post(world, draft.fields() | {"x-oss-server-side-encryption": "AES256"})
    assert answer.headers["x-oss-server-side-encryption"] == "AES256"


def test_overwriting(world: OssWorld, draft: Draft) -> None:
    post(world, draft.fields())
    assert post(world, draft.fields(), File(b"second")).status_code == 204
    assert only(world).path.read_bytes() == b"second"


def test_forbid_overwrite(world: OssWorld, draft: Draft) -> None:
    fields = draft.fields() | {"x-oss-forbid-overwrite": "true"}
    assert post(world, fields).status_code == 204
    answer = post(world, fields, File(b"second"))
    assert outcome(answer) == (409, "FileAlreadyExists", None)
    assert only(world).path.read_bytes() == b"hello"


def test_forbid_overwrite_means_nothing_with_versioning(world: OssWorld, draft: Draft) -> None:
    world.bucket.versioning = "Enabled"
    fields = draft.fields() | {"x-oss-forbid-overwrite": "true"}
    versions = [post(world, fields).headers["x-oss-version-id"] for _ in range(2)]
    assert len(set(versions)) == 2
    assert only(world).version_id == versions[1]


def test_of_many_at_once_exactly_one_is_first(world: OssWorld, draft: Draft) -> None:
    fields = draft.fields() | {"x-oss-forbid-overwrite": "true"}
    statuses: list[int] = []
    gate = threading.Barrier(8)

    def send(number: int) -> None:
        gate.wait()
        statuses.append(post(world, fields, File(str(number).encode() * 1000)).status_code)

    threads = [threading.Thread(target=send, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [204] + [409] * 7
    assert len(set(only(world).path.read_bytes())) == 1


def test_a_ram_users_key_needs_no_token(world: OssWorld) -> None:
    assert post(world, Draft(world.add(new_identity(sts=False))).fields()).status_code == 204


def test_an_acl_takes_a_permission_of_its_own(world: OssWorld) -> None:
    identity = world.add(new_identity(ram_policy("oss:PutObject", "oss:PutObjectAcl")))
    fields = Draft(identity).fields() | {"x-oss-object-acl": "private"}
    assert post(world, fields, headers={"x-oss-object-acl": "public-read"}).status_code == 204
    assert only(world).headers == {"x-oss-object-acl": "private"}


def test_the_field_acl_is_an_acl(world: OssWorld) -> None:
    identity = world.add(new_identity(ram_policy("oss:PutObject", "oss:PutObjectAcl")))
    fields = Draft(identity, conditions=[{"x-oss-object-acl": "private"}]).fields() | {"x-oss-object-acl": "private"}
    world.bucket.public_access_blocked = False
    assert post(world, fields | {"acl": "public-read"}).status_code == 204
    assert only(world).headers == {"x-oss-object-acl": "public-read"}


@pytest.mark.parametrize("offset", [15 * 60, -7 * 24 * 3600])
def test_dates_just_in_time(world: OssWorld, draft: Draft, offset: int) -> None:
    draft.date = NOON + offset
    assert post(world, draft.fields()).status_code == 204


def test_the_last_moment_of_a_policy(world: OssWorld, draft: Draft) -> None:
    world.clock.now = draft.expiration - 0.001
    assert post(world, draft.fields()).status_code == 204


def test_a_form_signed_before_midnight_is_good_after_it(world: OssWorld, draft: Draft) -> None:
    midnight = NOON + 12 * 3600
    world.identity = world.add(new_identity(sts=False))
    draft = Draft(world.identity, date=midnight - 1, expiration=midnight + 600)
    world.clock.now = midnight + 1
    assert post(world, draft.fields()).status_code == 204


def test_signatures_in_headers_and_query_are_ignored(world: OssWorld, draft: Draft) -> None:
    body = multipart(draft.fields(), File())
    answer = requests.post(
        f"{world.oss.url}/?x-oss-signature=nonsense",
        data=body,
        headers={"Content-Type": "multipart/form-data; boundary=----a-boundary", "Authorization": "OSS a:b"},
        timeout=60,
    )
    assert answer.status_code == 204


def test_content_md5_of_the_body(world: OssWorld, draft: Draft) -> None:
    body = multipart(draft.fields(), File())
    md5 = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
    assert post_body(world, body, {"Content-MD5": md5}).status_code == 204


@pytest.mark.parametrize(
    ("path", "host", "bucket"),
    [
        ("/", None, "team-uploads"),
        ("/", "localhost", "team-uploads"),
        ("/", "other-bucket.localhost:1", "other-bucket"),
        ("/other-bucket/", None, "other-bucket"),
    ],
)
def test_addresses_of_a_bucket(world: OssWorld, path: str, host: str | None, bucket: str) -> None:
    identity = world.add(new_identity(ram_policy("oss:*", resource="*")))
    policy = Draft(identity)
    conditions = [{"bucket": bucket}, *({name: value} for name, value in policy.v4.items())]
    policy.policy = json.dumps({"expiration": "2024-11-24T12:10:00Z", "conditions": conditions}).encode()
    headers = {"Content-Type": "multipart/form-data; boundary=----a-boundary"} | ({"Host": host} if host else {})
    answer = requests.post(world.oss.url + path, data=multipart(policy.fields(), File()), headers=headers, timeout=60)
    assert answer.status_code == 204
    assert [each.key for each in {"team-uploads": world.bucket, "other-bucket": world.other}[bucket].objects()] == [
        "uploads/a.txt"
    ]


def test_a_record_says_what_happened(world: OssWorld, draft: Draft) -> None:
    post(world, draft.fields())
    (record,) = world.oss.records
    assert (record.service, record.method, record.path, record.status) == ("oss", "POST", "/", 204)
    assert record.note == {
        "operation": "PostObject",
        "key": "uploads/a.txt",
        "size": 5,
        "fields": list(draft.fields()),
    }
