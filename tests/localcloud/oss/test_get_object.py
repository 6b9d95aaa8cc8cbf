"""Signed GET and HEAD, asked by the vendor's SDK and by requests signed with its signer; and what is refused."""

from __future__ import annotations

import datetime
import gc
from typing import Any
from urllib.parse import quote

import alibabacloud_oss_v2 as oss
import pytest
import requests
from alibabacloud_oss_v2.credentials import StaticCredentialsProvider
from alibabacloud_oss_v2.signer import SignerV4
from alibabacloud_oss_v2.types import HttpRequest, SigningContext
from werkzeug import Request

from localcloud.oss.responses import object_response
from localcloud.ram.identities import Identity
from support.oss_world import (
    BUCKET,
    NOON,
    REGION,
    Draft,
    File,
    OssWorld,
    elements,
    new_identity,
    outcome,
    post,
    ram_policy,
)

KEY = "uploads/a b+c/你.txt"


@pytest.fixture(autouse=True)
def put_object(world: OssWorld, draft: Draft) -> None:
    """Stores one object to read."""
    draft.extra = {"key": KEY, "Cache-Control": "no-cache", "x-oss-meta-who": "ü"}
    assert post(world, draft.fields()).status_code == 204


def client(world: OssWorld, identity: Identity) -> oss.Client:
    """Returns the vendor's, as it would be used with a real bucket. It has no clock to give, so the stand-in takes its own."""
    world.clock.now = datetime.datetime.now(datetime.timezone.utc).timestamp()
    token = identity.security_token or None
    return oss.Client(
        oss.Config(
            region=REGION,
            endpoint=world.oss.url,
            credentials_provider=StaticCredentialsProvider(identity.access_key_id, identity.access_key_secret, token),
            retry_max_attempts=1,
        )
    )


def ram_user(world: OssWorld, *policies: dict[str, Any]) -> Identity:
    return world.add(new_identity(*policies, sts=False))


def test_the_vendors_client_reads(world: OssWorld) -> None:
    answer = client(world, ram_user(world)).get_object(oss.GetObjectRequest(bucket=BUCKET, key=KEY))
    assert (answer.body.read(), answer.content_type, answer.metadata) == (b"hello", "text/plain", {"who": "Ã¼"})
    assert (answer.etag, answer.cache_control) == ('"5D41402ABC4B2A76B9719D911017C592"', "no-cache")


def test_the_file_is_closed_even_where_the_server_does_not_close_the_response(world: OssWorld) -> None:
    """Werkzeug's does not if the connection is reset while it looks for what the client may still send."""
    found = world.bucket.open(KEY)
    assert found
    response = object_response(Request({}), *found, as_download=False)
    del response
    gc.collect()
    assert found[1].closed


def test_the_vendors_client_asks_for_the_head(world: OssWorld) -> None:
    answer = client(world, ram_user(world)).head_object(oss.HeadObjectRequest(bucket=BUCKET, key=KEY))
    assert (answer.content_length, answer.hash_crc64, answer.storage_class, answer.object_type) == (
        5,
        "11177612005948864433",
        "Standard",
        "Normal",
    )


def test_the_vendors_client_with_temporary_credentials(world: OssWorld) -> None:
    identity = world.add(Identity(**{**vars(new_identity()), "expiration": 1e11}))
    assert client(world, identity).get_object(oss.GetObjectRequest(bucket=BUCKET, key=KEY)).body.read() == b"hello"


@pytest.mark.parametrize("operation", ["get_object", "head_object"])
@pytest.mark.parametrize(
    ("key", "policies", "expected"),
    [
        ("uploads/none", [], (404, "NoSuchKey")),
        (KEY, [ram_policy("oss:PutObject")], (403, "AccessDenied")),
        ("elsewhere", [], (403, "AccessDenied")),
    ],
)
def test_the_vendors_client_reads_refusals(
    world: OssWorld, operation: str, key: str, policies: list[dict[str, Any]], expected: tuple[int, str]
) -> None:
    request = {"get_object": oss.GetObjectRequest, "head_object": oss.HeadObjectRequest}[operation](
        bucket=BUCKET, key=key
    )
    with pytest.raises(oss.exceptions.OperationError) as failed:
        getattr(client(world, ram_user(world, *policies)), operation)(request)
    error: Any = failed.value.unwrap()
    assert (error.status_code, error.code) == expected


def test_the_vendors_client_with_a_wrong_secret(world: OssWorld) -> None:
    identity = ram_user(world)
    wrong = Identity(**{**vars(identity), "access_key_secret": "wrong"})
    with pytest.raises(oss.exceptions.OperationError) as failed:
        client(world, wrong).get_object(oss.GetObjectRequest(bucket=BUCKET, key=KEY))
    error: Any = failed.value.unwrap()
    assert (error.status_code, error.code, error.ec) == (403, "SignatureDoesNotMatch", "0002-00000201")


def presign(
    world: OssWorld,
    *,
    identity: Identity | None = None,
    key: str = KEY,
    date: float = NOON,
    expires: int | None = None,
    headers: dict[str, str] | None = None,
    additional: set[str] | None = None,
    region: str = REGION,
    query: str = "",
) -> tuple[str, dict[str, str]]:
    """Returns URL and headers of a GET that the vendor's signer has signed, in the query if it `expires`."""
    identity = identity or world.identity
    url = f"{world.oss.url}/{quote(key, safe='/')}{query}"
    request = HttpRequest("GET", url, headers=headers or {})
    when = datetime.datetime.fromtimestamp(date, datetime.timezone.utc)
    provider = StaticCredentialsProvider(
        identity.access_key_id, identity.access_key_secret, identity.security_token or None
    )
    context = SigningContext(
        product="oss",
        region=region,
        bucket=BUCKET,
        key=key,
        request=request,
        credentials=provider.get_credentials(),
        signing_time=when,
        additional_headers=additional,
    )
    context.auth_method_query = expires is not None
    if expires is not None:
        context.expiration_time = when + datetime.timedelta(seconds=expires)
    SignerV4().sign(context)
    return request.url, dict(request.headers)


def get(url: str, headers: dict[str, str] | None = None) -> requests.Response:
    return requests.get(url, headers=headers, timeout=60)


@pytest.mark.parametrize("expires", [None, 60])
def test_a_signed_get(world: OssWorld, expires: int | None) -> None:
    answer = get(*presign(world, expires=expires))
    assert (answer.status_code, answer.content) == (200, b"hello")
    del answer.headers["x-oss-request-id"], answer.headers["x-oss-server-time"]
    assert dict(answer.headers) == {
        "Server": "AliyunOSS",
        "Date": "Sun, 24 Nov 2024 12:00:00 GMT",
        "Connection": "close",
        "Content-Type": "text/plain",
        "Content-Length": "5",
        "Content-Disposition": "attachment",
        "Content-MD5": "XUFAKrxLKna5cZ2REBfFkg==",
        "Cache-Control": "no-cache",
        "ETag": '"5D41402ABC4B2A76B9719D911017C592"',
        "Last-Modified": "Sun, 24 Nov 2024 12:00:00 GMT",
        "x-oss-force-download": "true",
        "x-oss-hash-crc64ecma": "11177612005948864433",
        "x-oss-meta-who": "ü".encode().decode("latin-1"),
        "x-oss-object-type": "Normal",
        "x-oss-storage-class": "Standard",
    }


def test_a_chosen_header_is_sent_in_utf_8(world: OssWorld) -> None:
    answer = get(*presign(world, query=f"?response-content-disposition={quote('attachment; filename=你.txt')}"))
    sent = answer.headers["Content-Disposition"].encode("latin-1").decode()
    assert (answer.status_code, sent) == (200, "attachment; filename=你.txt")


def test_a_header_that_none_can_be_is_refused(world: OssWorld) -> None:
    answer = get(*presign(world, query="?response-content-type=a%0Ab"))
    assert outcome(answer) == (400, "InvalidArgument", None)


@pytest.mark.parametrize("expires", [None, 60])
def test_additional_headers(world: OssWorld, expires: int | None) -> None:
    url, headers = presign(world, expires=expires, headers={"abc": "1"}, additional={"abc"})
    assert get(url, headers).status_code == 200
    assert outcome(get(url, headers | {"abc": "2"})) == (403, "SignatureDoesNotMatch", "0002-00000201")
    del headers["abc"]
    assert outcome(get(url, headers)) == (400, "InvalidArgument", "0002-00000077")


PRESIGNED: dict[str, tuple[dict[str, Any], tuple[int, str, str | None]]] = {
    "expired": ({"date": NOON - 61, "expires": 60}, (403, "AccessDenied", "0002-00000236")),
    "too early": ({"date": NOON + 901, "expires": 60}, (403, "AccessDenied", "0002-00000235")),
    "good for too long": ({"expires": 604_801}, (400, "InvalidArgument", "0002-00000232")),
    "good for no time": ({"expires": 0}, (400, "InvalidArgument", "0002-00000232")),
    "another region": ({"expires": 60, "region": "cn-beijing"}, (400, "InvalidArgument", "0002-00000226")),
    "a header too old": ({"date": NOON - 901}, (403, "RequestTimeTooSkewed", "0002-00000504")),
    "a header too new": ({"date": NOON + 901}, (403, "RequestTimeTooSkewed", "0002-00000504")),
    "a header for another region": ({"region": "cn-beijing"}, (400, "InvalidArgument", "0002-00000228")),
    "an unknown key": ({"identity": new_identity()}, (403, "InvalidAccessKeyId", "0002-00000902")),
}


@pytest.mark.parametrize(("change", "expected"), PRESIGNED.values(), ids=PRESIGNED)
def test_signed_amiss(world: OssWorld, change: dict[str, Any], expected: tuple[int, str, str | None]) -> None:
    assert outcome(get(*presign(world, **change))) == expected


@pytest.mark.parametrize(
    "change", [{"date": NOON - 60, "expires": 60}, {"date": NOON + 900, "expires": 604_800}, {"date": NOON + 900}]
)
def test_signed_just_in_time(world: OssWorld, change: dict[str, Any]) -> None:
    assert get(*presign(world, **change)).status_code == 200


QUERIES: dict[str, tuple[str, str, tuple[int, str, str | None]]] = {
    "no expires": ("x-oss-expires=60", "", (400, "InvalidArgument", "0002-00000215")),
    "expires no number": ("x-oss-expires=60", "x-oss-expires=6e1", (400, "InvalidArgument", "0002-00000232")),
    "another expires": ("x-oss-expires=60", "x-oss-expires=61", (403, "SignatureDoesNotMatch", "0002-00000201")),
    "no credential": ("x-oss-credential=", "x=", (400, "InvalidArgument", "0002-00000217")),
    "a line feed in the key id": (
        "x-oss-credential=STS",
        "x-oss-credential=%0A",
        (400, "InvalidArgument", "0002-00000222"),
    ),
    "no terminator": ("aliyun_v4_request", "aws4_request", (400, "InvalidArgument", "0002-00000224")),
    "another version": ("OSS4-HMAC-SHA256", "ABC", (400, "InvalidArgument", "0002-00000066")),
    "no date": ("x-oss-date=", "x=", (400, "InvalidArgument", None)),
    "no token": ("x-oss-security-token=", "x=", (403, "InvalidAccessKeyId", "0002-00000003")),
    "no signature": ("x-oss-signature=", "x=", (403, "SignatureDoesNotMatch", "0002-00000201")),
    "another key": ("/uploads/", "/uploads/x", (403, "SignatureDoesNotMatch", "0002-00000201")),
}


@pytest.mark.parametrize(("old", "new", "expected"), QUERIES.values(), ids=QUERIES)
def test_presigned_urls_altered(world: OssWorld, old: str, new: str, expected: tuple[int, str, str | None]) -> None:
    url, headers = presign(world, expires=60)
    assert old in url
    assert outcome(get(url.replace(old, new, 1), headers)) == expected


HEADERS: dict[str, tuple[str, str, tuple[int, str, str | None]]] = {
    "an empty date": ("x-oss-date", "", (403, "AccessDenied", "0002-00000502")),
    "a date in another form": ("x-oss-date", "Tue, 20 Dec 2022 08:48:18 GMT", (403, "AccessDenied", "0002-00000502")),
    "another token": ("x-oss-security-token", "a", (403, "InvalidSecurityToken", None)),
    "nonsense": ("Authorization", "OSS4-HMAC-SHA256 Credential=a", (400, "InvalidArgument", None)),
    "another payload": ("x-oss-content-sha256", "0", (403, "SignatureDoesNotMatch", "0002-00000201")),
}


@pytest.mark.parametrize(("name", "value", "expected"), HEADERS.values(), ids=HEADERS)
def test_signed_headers_altered(world: OssWorld, name: str, value: str, expected: tuple[int, str, str | None]) -> None:
    url, headers = presign(world)
    assert outcome(get(url, headers | {name: value})) == expected


def test_a_signed_header_without_any_date(world: OssWorld) -> None:
    url, headers = presign(world)
    del headers["x-oss-date"], headers["Date"]
    assert outcome(get(url, headers)) == (403, "AccessDenied", "0002-00000503")


def test_a_mismatch_says_what_was_signed(world: OssWorld) -> None:
    url, headers = presign(world, key="uploads/b")
    found = elements(get(url + "c", headers))
    assert found["CanonicalRequest"].startswith("GET\n/team-uploads/uploads/bc\n\n")
    assert found["StringToSign"].startswith("OSS4-HMAC-SHA256\n20241124T120000Z\n20241124/cn-hangzhou/oss/")


@pytest.mark.parametrize("key", ["uploads/a%20b%2Bc/%E4%BD%A0.txt", "uploads/none", "favicon.ico"])
def test_anonymous(world: OssWorld, key: str) -> None:
    answer = get(f"{world.oss.url}/{key}")
    assert outcome(answer) == (403, "AccessDenied", None)
    assert elements(answer)["Message"] == "You have no right to access this object because of bucket acl."


def test_a_bucket_that_anyone_may_read(world: OssWorld) -> None:
    world.bucket.allow_public("public-read")
    assert get(f"{world.oss.url}/uploads/a%20b%2Bc/%E4%BD%A0.txt").content == b"hello"


def test_path_style_means_the_same_object(world: OssWorld) -> None:
    url, headers = presign(world)
    assert get(url.replace("/uploads/", f"/{BUCKET}/uploads/"), headers).content == b"hello"


def test_a_path_that_is_not_utf_8(world: OssWorld) -> None:
    assert outcome(get(f"{world.oss.url}/%ff")) == (400, "InvalidObjectName", "0016-00000004")


DOWNLOADS = {
    "text/html; charset=utf-8": ({}, "attachment", "true"),
    "image/svg+xml": ({}, "attachment", "true"),
    "application/pdf": ({}, "attachment", "true"),
    "application/zip": ({}, None, None),
    "image/png": ({"Content-Disposition": "inline"}, "inline", "true"),
}


@pytest.mark.parametrize(("content_type", "row"), DOWNLOADS.items(), ids=DOWNLOADS)
def test_forced_downloads(
    world: OssWorld, content_type: str, row: tuple[dict[str, str], str | None, str | None]
) -> None:
    extra, disposition, forced = row
    post(world, Draft(world.identity, extra={"key": "uploads/b", **extra}).fields(), File(content_type=content_type))
    headers = get(*presign(world, key="uploads/b")).headers
    assert (headers.get("Content-Disposition"), headers.get("x-oss-force-download")) == (disposition, forced)


@pytest.mark.parametrize(
    ("method", "path", "what"),
    [
        ("PUT", "/?lifecycle", "PutBucketLifecycle: PUT / lifecycle"),
        ("DELETE", "/uploads/a?tagging", "DeleteObjectTagging: DELETE /uploads/a tagging"),
        ("POST", "/uploads/a", "POST /uploads/a"),
        ("POST", "/?restore", "POST / restore"),
        ("POST", "/uploads/a?append&position=0", "AppendObject: POST /uploads/a append position"),
        ("PUT", "/uploads/a?symlink", "PutSymlink: PUT /uploads/a symlink"),
        ("PUT", "/uploads/a?versionId=1", "PUT /uploads/a versionId"),
        ("DELETE", "/?style", "DELETE / style"),
        ("PUT", "/?transferAcceleration", "PUT / transferAcceleration"),
        ("PUT", "/uploads/a?retention", "PUT /uploads/a retention"),
        ("POST", "/?metaQuery&comp=delete", "POST / comp metaQuery"),
        ("GET", "/?regions", "GET / regions"),
        ("PUT", "/uploads/a?callback=e30", "PUT /uploads/a callback"),
        ("GET", "/uploads/a?x-oss-process=image", "image processing: GET /uploads/a x-oss-process"),
    ],
)
def test_what_the_stand_in_cannot_do_is_loud(world: OssWorld, method: str, path: str, what: str) -> None:
    answer = requests.request(method, world.oss.url + path, timeout=60)
    assert outcome(answer) == (501, "NotImplemented", None)
    assert elements(answer)["Message"] == f"The stand-in for OSS does not support {what}."
    with pytest.raises(AssertionError, match="does not have this operation"):
        world.oss.check()
    world.oss.clear_assertions()
