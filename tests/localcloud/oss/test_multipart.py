"""Multipart uploads of the stand-in OSS: what the vendor's clients do with them, and what is refused."""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import alibabacloud_oss_v2 as oss
import oss2
import pytest
import requests
from alibabacloud_oss_v2.credentials import StaticCredentialsProvider
from alibabacloud_oss_v2.signer import SignerV4
from alibabacloud_oss_v2.types import HttpRequest, SigningContext
from hypothesis import given as given_random
from hypothesis import strategies as st

from localcloud.oss.storage.bucket import Bucket
from localcloud.oss.storage.crc64 import combine, crc64_ecma
from localcloud.oss.storage.multipart_uploads import MultipartUpload, MultipartUploads, Part
from support.oss_client import client, refusal, send, user
from support.oss_world import ACCOUNT, BUCKET, NOON, REGION, OssWorld, new_identity, outcome, ram_policy

KEY = "uploads/film ü.bin"
LEAST = 100 * 1024
FIRST, LAST = bytes(range(256)) * 400, b"the end"


def xml(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text)  # noqa: S314 - the stand-in's own


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest().upper()


ETAG = f"{md5(bytes.fromhex(md5(FIRST) + md5(LAST)))}-2"


class Upload:
    """One that has begun, by a user who may do everything, with requests signed by the vendor's signer."""

    def __init__(self, world: OssWorld, key: str = KEY, **headers: str) -> None:
        self.world = world
        self.key = key
        self.identity = user(world)
        answer = self.send("POST", {"uploads": ""}, headers=headers)
        assert answer.status_code == 200, answer.text
        self.id = xml(answer.text).findtext("UploadId") or ""

    def send(self, method: str, query: dict[str, str], **more: Any) -> requests.Response:
        return send(self.world, self.identity, method, self.key, query=query, **more)

    def part(self, number: int | str, content: bytes = FIRST, **more: Any) -> requests.Response:
        return self.send("PUT", {"partNumber": str(number), "uploadId": self.id}, body=content, **more)

    def list(self, **more: str) -> requests.Response:
        return self.send("GET", {"uploadId": self.id, **more})

    def complete(self, *parts: tuple[int, str], headers: dict[str, str] | None = None) -> requests.Response:
        listed = "".join(f"<Part><PartNumber>{n}</PartNumber><ETag>{etag}</ETag></Part>" for n, etag in parts)
        body = f"<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>"
        return self.send("POST", {"uploadId": self.id}, body=body, headers=headers)

    def complete_all(self, body: str = "") -> requests.Response:
        return self.send("POST", {"uploadId": self.id}, headers={"x-oss-complete-all": "yes"}, body=body)

    def abort(self) -> requests.Response:
        return self.send("DELETE", {"uploadId": self.id})

    def object_bytes(self) -> bytes | None:
        found = self.world.bucket.get(self.key)
        return found.path.read_bytes() if found else None


@pytest.fixture
def upload(world: OssWorld) -> Upload:
    return Upload(world)


def left_over(world: OssWorld) -> list[Path]:
    return [path for name in ("multipart", "incoming") for path in (world.folder / ".objects" / name).iterdir()]


def test_parts_become_one_object(upload: Upload) -> None:
    upload.part(2, LAST)
    upload.part(1, FIRST)
    answer = upload.complete((1, f'"{md5(FIRST)}"'), (2, md5(LAST).lower()))
    root = xml(answer.text)
    location = f"{upload.world.oss.url}/uploads/film%20%C3%BC.bin"
    assert [(element.tag, element.text) for element in root] == [
        ("Location", location),
        ("Bucket", BUCKET),
        ("Key", KEY),
        ("ETag", f'"{ETAG}"'),
    ]
    assert (answer.status_code, upload.object_bytes()) == (200, FIRST + LAST)
    assert left_over(upload.world) == []


def test_what_is_said_of_the_object_is_settled_at_the_beginning(world: OssWorld) -> None:
    upload = Upload(world, **{"Content-Type": "video/mp4", "Cache-Control": "no-cache", "x-oss-meta-filename": "film"})
    upload.part(1)
    upload.complete_all()
    found = world.bucket.get(KEY)
    assert found
    assert (found.content_type, found.headers, found.meta) == (
        "video/mp4",
        {"Cache-Control": "no-cache"},
        {"filename": "film"},
    )
    assert (found.size, found.etag, found.last_modified) == (LEAST, f"{md5(bytes.fromhex(md5(FIRST)))}-1", NOON)
    assert found.crc64 == str(crc64_ecma(FIRST))


def test_the_object_is_headed_as_made_of_parts(upload: Upload) -> None:
    upload.part(1, FIRST)
    upload.part(2, LAST)
    upload.complete_all()
    headers = send(upload.world, upload.identity, "HEAD", KEY).headers
    names = ("ETag", "Content-Length", "x-oss-object-type", "x-oss-hash-crc64ecma", "Content-MD5")
    crc64 = str(crc64_ecma(FIRST + LAST))
    assert [headers.get(name) for name in names] == [f'"{ETAG}"', str(LEAST + 7), "Multipart", crc64, None]


def test_a_part_is_answered_with_its_sums(upload: Upload) -> None:
    headers = upload.part(1).headers
    names = ("ETag", "Content-MD5", "x-oss-hash-crc64ecma")
    content_md5 = base64.b64encode(bytes.fromhex(md5(FIRST))).decode()
    assert [headers[name] for name in names] == [f'"{md5(FIRST)}"', content_md5, str(crc64_ecma(FIRST))]


def test_a_part_sent_again_replaces_the_first(upload: Upload) -> None:
    upload.part(1, LAST)
    upload.part(1, FIRST)
    upload.complete_all()
    assert upload.object_bytes() == FIRST


def test_a_part_that_is_sent_again_while_it_is_joined_is_not_found(
    upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    find_parts = MultipartUploads.parts

    def find_and_lose(uploads: MultipartUploads, of: MultipartUpload) -> list[Part]:
        found = find_parts(uploads, of)
        found[0].path.unlink()
        return found

    upload.part(1)
    monkeypatch.setattr(MultipartUploads, "parts", find_and_lose)
    assert outcome(upload.complete_all()) == INVALID_PART


def test_parts_that_are_not_listed_are_dropped(upload: Upload) -> None:
    for number, content in ((1, FIRST), (2, LAST), (7, LAST)):
        upload.part(number, content)
    upload.complete((1, md5(FIRST)), (7, md5(LAST)))
    assert upload.object_bytes() == FIRST + LAST


def test_parts_are_listed(upload: Upload) -> None:
    upload.part(3, LAST)
    upload.part(1, FIRST)
    root = xml(upload.list().text)
    assert [(element.tag, element.text) for element in root if element.tag != "Part"] == [
        ("Bucket", BUCKET),
        ("Key", KEY),
        ("UploadId", upload.id),
        ("StorageClass", "Standard"),
        ("PartNumberMarker", "0"),
        ("NextPartNumberMarker", "3"),
        ("MaxParts", "1000"),
        ("IsTruncated", "false"),
    ]
    assert [[element.text for element in part] for part in root.iter("Part")] == [
        ["1", "2024-11-24T12:00:00.000Z", f'"{md5(FIRST)}"', str(crc64_ecma(FIRST)), str(LEAST)],
        ["3", "2024-11-24T12:00:00.000Z", f'"{md5(LAST)}"', str(crc64_ecma(LAST)), "7"],
    ]


def test_parts_are_listed_in_pages(upload: Upload) -> None:
    for number in (1, 2, 3):
        upload.part(number, LAST)
    pages = [upload.list(**{"max-parts": "2", "part-number-marker": marker}) for marker in ("0", "2")]
    told = [xml(page.text) for page in pages]
    assert [
        ([part.findtext("PartNumber") for part in page.iter("Part")], page.findtext("IsTruncated")) for page in told
    ] == [(["1", "2"], "true"), (["3"], "false")]


def test_an_aborted_upload_is_gone_with_its_parts(upload: Upload) -> None:
    upload.part(1)
    assert upload.abort().status_code == 204
    assert left_over(upload.world) == []
    assert outcome(upload.list())[:2] == (404, "NoSuchUpload")


def test_an_upload_outlives_the_process(upload: Upload) -> None:
    upload.part(1)
    upload.world.bucket.multipart_uploads = Bucket(BUCKET, ACCOUNT, upload.world.folder).multipart_uploads
    upload.complete_all()
    assert upload.object_bytes() == FIRST


def test_with_a_versioned_bucket_nothing_is_there_to_be_overwritten(world: OssWorld) -> None:
    world.bucket.versioning = "Enabled"
    for _ in range(2):
        upload = Upload(world, **{"x-oss-forbid-overwrite": "true"})
        upload.part(1)
        assert upload.complete_all().status_code == 200


NO_SUCH_UPLOAD = (404, "NoSuchUpload", "0017-00000244")
INVALID_PART = (400, "InvalidPart", None)
NO_PART_NUMBER = (400, "InvalidArgument", "0017-00000220")
MALFORMED = (400, "MalformedXML", None)
EXISTS = (409, "FileAlreadyExists", None)
OF_FIRST, OF_LAST = md5(FIRST), md5(LAST)


@pytest.mark.parametrize(
    ("parts", "refused"),
    [
        ([(1, OF_LAST)], INVALID_PART),
        ([(4, OF_FIRST)], INVALID_PART),
        ([(2, OF_LAST), (1, OF_FIRST)], (400, "InvalidPartOrder", "0042-00000209")),
        ([(1, OF_FIRST), (1, OF_FIRST)], (400, "InvalidPartOrder", "0042-00000209")),
        ([(2, OF_LAST), (3, OF_FIRST)], (400, "EntityTooSmall", "0042-00000213")),
        ([], MALFORMED),
        ([(0, OF_FIRST)], NO_PART_NUMBER),
    ],
    ids=["ETag", "not there", "order", "twice", "too small", "none", "number"],
)
def test_a_list_of_parts_that_is_none_completes_nothing(
    upload: Upload, parts: list[tuple[int, str]], refused: tuple[int, str, str | None]
) -> None:
    for number, content in ((1, FIRST), (2, LAST), (3, FIRST)):
        upload.part(number, content)
    assert outcome(upload.complete(*parts)) == refused
    assert upload.object_bytes() is None
    assert upload.list().status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        *("", "<CompleteMultipartUpload>", "<Delete/>", "<!DOCTYPE x><CompleteMultipartUpload/>", "x" * (2 << 20)),
        '<?xml version="1.0" encoding="nobody-knows"?><CompleteMultipartUpload/>',
    ],
)
def test_what_is_no_list_is_refused(upload: Upload, body: str) -> None:
    upload.part(1)
    assert outcome(upload.send("POST", {"uploadId": upload.id}, body=body)) == MALFORMED


def test_a_list_and_all_is_too_much(upload: Upload) -> None:
    upload.part(1)
    assert outcome(upload.complete_all("<CompleteMultipartUpload/>")) == (400, "InvalidArgument", "0042-00000216")


def test_all_of_nothing_is_refused(upload: Upload) -> None:
    assert outcome(upload.complete_all()) == INVALID_PART


@pytest.mark.parametrize("number", ["0", "10001", "x", "-1", "1.0"])
def test_a_part_has_a_number(upload: Upload, number: str) -> None:
    assert outcome(upload.part(number)) == NO_PART_NUMBER


@pytest.mark.parametrize(
    "parameters", [{"max-parts": "0"}, {"max-parts": "1001"}, {"max-parts": "x"}, {"part-number-marker": "10001"}]
)
def test_a_page_has_a_size_and_a_beginning(upload: Upload, parameters: dict[str, str]) -> None:
    assert outcome(upload.list(**parameters)) == (400, "InvalidArgument", None)


@pytest.mark.parametrize("upload_id", ["0" * 32, "x", "../incoming"])
def test_an_upload_that_never_began_is_refused(upload: Upload, upload_id: str) -> None:
    upload.id = upload_id
    for answer in (upload.part(1), upload.list(), upload.complete((1, OF_FIRST)), upload.abort()):
        assert outcome(answer) == NO_SUCH_UPLOAD


def test_an_upload_is_for_its_key_alone(upload: Upload) -> None:
    upload.key = "uploads/another"
    for answer in (upload.part(1), upload.list(), upload.complete((1, OF_FIRST)), upload.abort()):
        assert outcome(answer) == NO_SUCH_UPLOAD


def test_a_second_completion_finds_nothing(upload: Upload) -> None:
    upload.part(1)
    upload.complete_all()
    assert outcome(upload.complete_all()) == NO_SUCH_UPLOAD


def test_what_is_there_is_not_overwritten_where_that_is_forbidden(world: OssWorld) -> None:
    first, second, third = (Upload(world, **headers) for headers in ({}, {"x-oss-forbid-overwrite": "true"}, {}))
    for each in (first, second, third):
        each.part(1)
    first.complete_all()
    forbid = {"x-oss-forbid-overwrite": "true"}
    assert outcome(second.complete_all()) == EXISTS
    assert outcome(third.complete((1, OF_FIRST), headers=forbid)) == EXISTS
    answer = send(world, first.identity, "POST", KEY, query={"uploads": ""}, headers=forbid)
    assert outcome(answer) == EXISTS


def test_content_md5_of_a_part_must_fit(upload: Upload) -> None:
    wrong = base64.b64encode(bytes(16)).decode()
    assert outcome(upload.part(1, headers={"Content-MD5": wrong})) == (400, "InvalidDigest", None)


PUT_ALONE = ram_policy("oss:PutObject")


@pytest.mark.parametrize(
    ("method", "query", "allowed"),
    [
        ("POST", {"uploads": ""}, "oss:ListParts"),
        ("PUT", {"partNumber": "1", "uploadId": ""}, "oss:ListParts"),
        ("POST", {"uploadId": ""}, "oss:ListParts"),
        ("GET", {"uploadId": ""}, "oss:PutObject"),
        ("DELETE", {"uploadId": ""}, "oss:PutObject"),
    ],
    ids=["initiate", "part", "complete", "list", "abort"],
)
def test_each_operation_takes_its_own_right(upload: Upload, method: str, query: dict[str, str], allowed: str) -> None:
    upload.identity = upload.world.add(new_identity(ram_policy(allowed)))
    query = {name: value or (upload.id if name == "uploadId" else "") for name, value in query.items()}
    body = "<CompleteMultipartUpload/>" if method == "POST" else None
    assert outcome(upload.send(method, query, body=body)) == (403, "AccessDenied", "0003-00000202")


def test_nobody_may_do_any_of_it_unsigned(upload: Upload) -> None:
    url = f"{upload.world.oss.url}/{KEY}"
    for method, query in (("POST", "uploads"), ("PUT", f"partNumber=1&uploadId={upload.id}"), ("GET", "uploadId=x")):
        assert outcome(requests.request(method, f"{url}?{query}", timeout=60)) == (403, "AccessDenied", None)


def presigned_part(world: OssWorld, upload: Upload, length: int) -> str:
    """Returns a URL by the vendor's signer, for a part of just this length."""
    url = f"{world.oss.url}/{quote(KEY)}?partNumber=1&uploadId={upload.id}"
    request = HttpRequest("PUT", url, headers={"content-length": str(length)})
    provider = StaticCredentialsProvider(upload.identity.access_key_id, upload.identity.access_key_secret)
    context = SigningContext(
        product="oss",
        region=REGION,
        bucket=BUCKET,
        key=KEY,
        request=request,
        credentials=provider.get_credentials(),
        signing_time=datetime.datetime.fromtimestamp(world.clock(), datetime.timezone.utc),
        additional_headers={"content-length"},
    )
    context.auth_method_query = True
    context.expiration_time = context.signing_time + datetime.timedelta(minutes=10)
    SignerV4().sign(context)
    return str(request.url)


def test_a_presigned_part_has_the_length_that_was_signed(upload: Upload) -> None:
    url = presigned_part(upload.world, upload, len(FIRST))
    assert "x-oss-additional-headers=content-length" in url
    answers = [requests.put(url, body, timeout=60) for body in (FIRST[:-1], FIRST + b"x", FIRST)]
    mismatch = (403, "SignatureDoesNotMatch", "0002-00000201")
    assert [outcome(answer) for answer in answers[:2]] == [mismatch, mismatch]
    assert answers[2].status_code == 200


def test_a_presigned_part_takes_no_type_that_was_not_signed(upload: Upload) -> None:
    url = presigned_part(upload.world, upload, len(FIRST))
    answer = requests.put(url, FIRST, headers={"Content-Type": "video/mp4"}, timeout=60)
    assert outcome(answer) == (403, "SignatureDoesNotMatch", "0002-00000201")


def test_parts_fail_as_the_switches_say(upload: Upload) -> None:
    upload.world.faults.oss_fail_next = 1
    assert outcome(upload.part(1)) == (503, "ServiceUnavailable", None)
    upload.world.faults.oss_disk_full = True
    assert outcome(upload.part(1)) == (500, "InternalError", None)
    upload.world.faults.oss_disk_full = False
    assert upload.part(1).status_code == 200


VARIABLES = base64.b64encode(json.dumps({"x:ticket": "t"}).encode()).decode()


@pytest.mark.parametrize(
    ("headers", "ec"),
    [
        ({"x-oss-callback": "%"}, "0007-00000002"),
        ({"x-oss-callback-var": "%"}, None),
        ({"x-oss-callback-var": base64.b64encode(b"[]").decode()}, None),
        ({"x-oss-callback-var": base64.b64encode(b'{"ticket":"t"}').decode()}, None),
        ({"x-oss-callback-var": base64.b64encode(b'{"x:ticket":1}').decode()}, None),
        ({"x-oss-callback-var": "A" * 5121}, "0007-00000101"),
    ],
)
def test_a_callback_that_is_none_completes_nothing(upload: Upload, headers: dict[str, str], ec: str | None) -> None:
    upload.part(1)
    assert outcome(upload.complete((1, OF_FIRST), headers=headers)) == (400, "InvalidArgument", ec)
    assert upload.object_bytes() is None


# The vendor's clients, each on its own.


@pytest.mark.parametrize("all_of_them", [False, True])
def test_the_vendors_newer_sdk_uploads_in_parts(world: OssWorld, all_of_them: bool) -> None:
    bucket = client(world, user(world))
    made = bucket.initiate_multipart_upload(oss.InitiateMultipartUploadRequest(bucket=BUCKET, key=KEY))
    name: dict[str, Any] = {"bucket": BUCKET, "key": KEY, "upload_id": made.upload_id}
    etags = [
        bucket.upload_part(oss.UploadPartRequest(**name, part_number=number, body=content)).etag
        for number, content in ((1, FIRST), (2, LAST))
    ]
    listed = bucket.list_parts(oss.ListPartsRequest(**name))
    assert [(part.part_number, part.size, part.etag) for part in listed.parts or []] == [
        (1, LEAST, etags[0]),
        (2, 7, etags[1]),
    ]
    parts = [oss.UploadPart(part_number=number, etag=etag) for number, etag in enumerate(etags, start=1)]
    how: dict[str, Any] = {"complete_multipart_upload": oss.CompleteMultipartUpload(parts=parts)}
    if all_of_them:
        how = {"complete_all": "yes"}
    done = bucket.complete_multipart_upload(oss.CompleteMultipartUploadRequest(**name, **how))
    assert (done.etag, done.hash_crc64) == (f'"{ETAG}"', str(crc64_ecma(FIRST + LAST)))
    gone = oss.AbortMultipartUploadRequest(**name)
    assert refusal(bucket.abort_multipart_upload, gone) == (404, "NoSuchUpload", "0017-00000244")


def test_the_vendors_newer_sdk_aborts(world: OssWorld) -> None:
    bucket = client(world, user(world))
    made = bucket.initiate_multipart_upload(oss.InitiateMultipartUploadRequest(bucket=BUCKET, key=KEY))
    name: dict[str, Any] = {"bucket": BUCKET, "key": KEY, "upload_id": made.upload_id}
    assert bucket.abort_multipart_upload(oss.AbortMultipartUploadRequest(**name)).status_code == 204
    assert left_over(world) == []


def test_the_vendors_newer_sdk_is_refused_with_a_wrong_secret(world: OssWorld) -> None:
    wrong = user(world)
    world.identities.add(new_identity())
    stranger = type(wrong)(**{**wrong.__dict__, "access_key_secret": "wrong"})
    request = oss.InitiateMultipartUploadRequest(bucket=BUCKET, key=KEY)
    assert refusal(client(world, stranger).initiate_multipart_upload, request) == (
        403,
        "SignatureDoesNotMatch",
        "0002-00000201",
    )


def test_the_vendors_older_sdk_uploads_in_parts(world: OssWorld, tmp_path: Path) -> None:
    identity = user(world)
    client(world, identity)  # sets the stand-in's clock
    auth = oss2.AuthV4(identity.access_key_id, identity.access_key_secret)
    bucket = oss2.Bucket(auth, world.oss.url, BUCKET, region=REGION)
    file = tmp_path / "film"
    file.write_bytes(FIRST + LAST)
    store = oss2.ResumableStore(root=str(tmp_path))
    oss2.resumable_upload(bucket, KEY, str(file), store=store, multipart_threshold=1, part_size=LEAST, num_threads=2)
    found = world.bucket.get(KEY)
    assert found
    assert (found.path.read_bytes(), found.etag) == (FIRST + LAST, ETAG)


@given_random(st.binary(max_size=300), st.binary(max_size=300))
def test_the_sum_of_two_pieces_is_that_of_both(first: bytes, second: bytes) -> None:
    assert combine(crc64_ecma(first), crc64_ecma(second), len(second)) == crc64_ecma(first + second)
