"""Range and conditions of GetObject, after its page, "HTTP Range", and the pages of status 412 and 416."""

from __future__ import annotations

import alibabacloud_oss_v2 as oss
import pytest
import requests

from localcloud.oss.cors import CorsRule
from support.oss_client import client, user
from support.oss_world import BUCKET, Draft, File, OssWorld, elements, outcome, post

CONTENT = bytes(range(250)) * 4
"""1,000 bytes, as in the vendor's examples."""
ETAG = '"8E180D694724FFD45B63CAFD39C95578"'
NOON, EARLIER, LATER = (f"Sun, 24 Nov 2024 {time} GMT" for time in ("12:00:00", "11:59:59", "12:00:01"))


@pytest.fixture
def url(world: OssWorld, draft: Draft) -> str:
    """Returns the address of an object that anyone may read."""
    world.bucket.allow_public("public-read")
    assert post(world, draft.fields(), File(CONTENT)).status_code == 204
    return f"{world.oss.url}/uploads/a.txt"


def get(url: str, **headers: str) -> requests.Response:
    return requests.get(url, headers={name.replace("_", "-"): value for name, value in headers.items()}, timeout=60)


PARTS = {
    "bytes=0-499": (0, 499),
    "bytes=500-999": (500, 999),
    "bytes=-500": (500, 999),
    "bytes=500-": (500, 999),
    "bytes=0-": (0, 999),
    "bytes=999-999": (999, 999),
}


@pytest.mark.parametrize("behavior", ["", "standard"])
@pytest.mark.parametrize(("text", "bounds"), PARTS.items(), ids=PARTS)
def test_a_range_within_the_object(url: str, text: str, bounds: tuple[int, int], behavior: str) -> None:
    answer = get(url, Range=text, x_oss_range_behavior=behavior)
    begin, end = bounds
    assert (answer.status_code, answer.content) == (206, CONTENT[begin : end + 1])
    assert answer.headers["Content-Range"] == f"bytes {begin}-{end}/1000"
    assert (answer.headers["Content-Length"], answer.headers["Accept-Ranges"]) == (str(end - begin + 1), "bytes")


WITHOUT_EFFECT = [
    "byte=0-499",
    "bytes=0-1000",
    "bytes=1000-2000",
    "bytes=1000-",
    "bytes=-2000",
    "bytes=-0",
    "bytes=9-8",
]


@pytest.mark.parametrize("text", WITHOUT_EFFECT)
def test_a_range_that_is_none_has_no_effect(url: str, text: str) -> None:
    answer = get(url, Range=text)
    assert (answer.status_code, answer.content, "Content-Range" in answer.headers) == (200, CONTENT, False)


STANDARD: dict[str, tuple[int, bytes, str | None]] = {
    "byte=0-499": (200, CONTENT, None),
    "bytes=500-2000": (206, CONTENT[500:], "bytes 500-999/1000"),
    "bytes=-2000": (206, CONTENT, "bytes 0-999/1000"),
}


@pytest.mark.parametrize(("text", "expected"), STANDARD.items(), ids=STANDARD)
def test_the_standard_behaviour(url: str, text: str, expected: tuple[int, bytes, str | None]) -> None:
    answer = get(url, Range=text, x_oss_range_behavior="standard")
    assert (answer.status_code, answer.content, answer.headers.get("Content-Range")) == expected


@pytest.mark.parametrize(
    ("text", "behavior"),
    [
        ("bytes=1000-2000", "standard"),
        ("bytes=1000-", "standard"),
        ("bytes=0-499,500-999", "standard"),
        ("bytes=0-499, 500-999", ""),
    ],
)
def test_ranges_that_are_refused(url: str, text: str, behavior: str) -> None:
    answer = get(url, Range=text, x_oss_range_behavior=behavior)
    assert outcome(answer) == (416, "InvalidRange", None)
    assert (elements(answer)["ActualObjectSize"], elements(answer)["RangeRequested"]) == ("1000", text)


def test_an_empty_object_has_no_ranges(world: OssWorld, url: str, draft: Draft) -> None:
    assert post(world, draft.fields(), File(b"")).status_code == 204
    assert get(url, Range="bytes=0-").status_code == 200
    assert outcome(get(url, Range="bytes=0-", x_oss_range_behavior="standard")) == (416, "InvalidRange", None)


def test_a_head_ignores_a_range(url: str) -> None:
    answer = requests.head(url, headers={"Range": "bytes=0-9"}, timeout=60)
    assert (answer.status_code, answer.headers["Content-Length"]) == (200, "1000")


NOT_MODIFIED = [
    {"If_None_Match": ETAG},
    {"If_None_Match": f'"0", W/{ETAG}'},
    {"If_None_Match": "*"},
    {"If_Modified_Since": NOON},
    {"If_Modified_Since": LATER},
    {"If_Match": ETAG, "If_None_Match": ETAG},
]


@pytest.mark.parametrize("headers", NOT_MODIFIED, ids=str)
def test_an_object_that_has_not_changed(url: str, headers: dict[str, str]) -> None:
    answer = get(url, Range="bytes=0-9", **headers)
    assert (answer.status_code, answer.content, answer.headers["ETag"]) == (304, b"", ETAG)


FAILED = {
    "If-Match": {"If_Match": '"0"'},
    "If-Unmodified-Since": {"If_Unmodified_Since": EARLIER},
}


@pytest.mark.parametrize(("header", "headers"), FAILED.items(), ids=FAILED)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_condition_that_does_not_hold(url: str, method: str, header: str, headers: dict[str, str]) -> None:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = requests.request(method, url, headers=sent, timeout=60)
    assert (answer.status_code, answer.headers["x-oss-ec"]) == (412, "0017-00001001")
    if method == "GET":
        assert (elements(answer)["Code"], elements(answer)["Condition"]) == ("PreconditionFailed", header)


HELD = [
    {"If_Match": ETAG},
    {"If_Match": ETAG.strip('"')},
    {"If_None_Match": '"0"'},
    {"If_Modified_Since": EARLIER},
    {"If_Modified_Since": "yesterday"},
    {"If_Unmodified_Since": NOON},
    {"If_Unmodified_Since": "yesterday"},
    {"If_None_Match": '"0"', "If_Modified_Since": LATER},
    {"If_Match": ETAG, "If_Unmodified_Since": EARLIER},
]


@pytest.mark.parametrize("headers", HELD, ids=str)
def test_a_condition_that_holds(url: str, headers: dict[str, str]) -> None:
    assert (get(url, **headers).status_code, get(url, **headers).content) == (200, CONTENT)


def test_the_vendors_client_reads_a_part(world: OssWorld, url: str) -> None:
    request = oss.GetObjectRequest(
        bucket=BUCKET, key="uploads/a.txt", range_header="bytes=0-9", range_behavior="standard"
    )
    answer = client(world, user(world)).get_object(request)
    assert (answer.status_code, answer.body.read(), answer.content_range) == (206, CONTENT[:10], "bytes 0-9/1000")


def test_a_page_can_read_a_part(world: OssWorld, url: str) -> None:
    world.bucket.cors_rules = [CorsRule(("https://a.example",), ("GET",))]
    answer = get(url, Range="bytes=0-9", Origin="https://a.example")
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (206, "https://a.example")
