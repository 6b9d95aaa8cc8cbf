"""ListObjectsV2, asked by the vendor's SDK; and what is refused."""

from __future__ import annotations

from typing import Any

import alibabacloud_oss_v2 as oss
import pytest
import requests

from support.oss_client import client, refusal, send, user
from support.oss_world import ACCOUNT, BUCKET, OssWorld, outcome, ram_policy

KEYS = ["a.txt", "dir/", "dir/b &<.txt", "dir/sub/c", "dir/sub/d", "dir2/e", "z\x07你"]


@pytest.fixture(autouse=True)
def put_objects(world: OssWorld) -> None:
    put = client(world, user(world)).put_object
    for key in reversed(KEYS):
        put(oss.PutObjectRequest(bucket=BUCKET, key=key, body=b"hello"))


def listing(world: OssWorld, **asked: Any) -> oss.ListObjectsV2Result:
    return client(world, user(world)).list_objects_v2(oss.ListObjectsV2Request(bucket=BUCKET, **asked))


def keys_and_prefixes(result: oss.ListObjectsV2Result) -> tuple[list[str], list[str]]:
    """Returns the keys and the common prefixes."""
    keys = [each.key for each in result.contents or []]
    return keys, [each.prefix for each in result.common_prefixes or []]


def test_what_is_told_of_an_object(world: OssWorld) -> None:
    result = listing(world, prefix="a")
    [found] = result.contents
    assert (result.name, result.prefix, result.max_keys, result.key_count, result.is_truncated) == (
        BUCKET,
        "a",
        100,
        1,
        False,
    )
    assert (found.key, found.etag, found.size, found.storage_class, found.object_type, found.owner) == (
        "a.txt",
        '"5D41402ABC4B2A76B9719D911017C592"',
        5,
        "Standard",
        "Normal",
        None,
    )
    assert abs(found.last_modified.timestamp() - world.clock()) < 10


def test_the_owner_on_request(world: OssWorld) -> None:
    [found] = listing(world, prefix="a", fetch_owner=True).contents
    assert (found.owner.id, found.owner.display_name) == (ACCOUNT, ACCOUNT)


LISTINGS: dict[str, tuple[dict[str, Any], tuple[list[str], list[str]]]] = {
    "everything": ({}, (KEYS, [])),
    "a prefix": ({"prefix": "dir/"}, (KEYS[1:5], [])),
    "no such prefix": ({"prefix": "none"}, ([], [])),
    "folders": ({"delimiter": "/"}, (["a.txt", "z\x07你"], ["dir/", "dir2/"])),
    "folders of a folder": ({"prefix": "dir/", "delimiter": "/"}, (["dir/", "dir/b &<.txt"], ["dir/sub/"])),
    "another delimiter": ({"delimiter": "b"}, ([*KEYS[:2], *KEYS[5:]], ["dir/b", "dir/sub"])),
    "after a key": ({"start_after": "dir/sub/c"}, (KEYS[4:], [])),
    "after what is no key": ({"start_after": "dir/c"}, (KEYS[3:], [])),
    "after a key within a folder": ({"start_after": "dir/sub/c", "delimiter": "/"}, (["z\x07你"], ["dir/", "dir2/"])),
}


@pytest.mark.parametrize(("asked", "expected"), LISTINGS.values(), ids=LISTINGS)
def test_listings(world: OssWorld, asked: dict[str, Any], expected: tuple[list[str], list[str]]) -> None:
    result = listing(world, **asked)
    assert (keys_and_prefixes(result), result.key_count) == (expected, sum(map(len, expected)))


@pytest.mark.parametrize("max_keys", [1, 2, 3, 7])
@pytest.mark.parametrize(
    "asked", [{}, {"delimiter": "/"}, {"prefix": "dir/", "delimiter": "/"}, {"start_after": "a.txt"}]
)
def test_pages_make_up_the_whole(world: OssWorld, asked: dict[str, Any], max_keys: int) -> None:
    whole = keys_and_prefixes(listing(world, **asked))
    request = oss.ListObjectsV2Request(bucket=BUCKET, max_keys=max_keys, **asked)
    pages = list(client(world, user(world)).list_objects_v2_paginator().iter_page(request))
    assert tuple([text for page in pages for text in keys_and_prefixes(page)[kind]] for kind in (0, 1)) == whole
    assert [page.key_count for page in pages[:-1]] == [max_keys] * (len(pages) - 1)


def test_without_url_encoding_xml_replaces_what_it_cannot_carry(world: OssWorld) -> None:
    answer = send(world, user(world), "GET", query={"list-type": "2", "prefix": "z"})
    assert "<Key>z\ufffd你</Key>" in answer.content.decode()
    assert "<EncodingType>" not in answer.text


REFUSED: dict[str, dict[str, str]] = {
    "no page at all": {"max-keys": "0"},
    "a page too large": {"max-keys": "1001"},
    "max-keys no number": {"max-keys": "many"},
    "another encoding": {"encoding-type": "base64"},
    "another type": {"list-type": "3"},
    "half an owner": {"fetch-owner": "1"},
    "a token of somebody else": {"continuation-token": "YWJj"},
    "an invalid token": {"continuation-token": "!"},
    "a prefix too long": {"prefix": "p" * 1024},
}


@pytest.mark.parametrize("query", REFUSED.values(), ids=REFUSED)
def test_refused(world: OssWorld, query: dict[str, str]) -> None:
    answer = send(world, user(world), "GET", query={"list-type": "2", **query})
    assert outcome(answer) == (400, "InvalidArgument", None)


@pytest.mark.parametrize(
    ("action", "resource", "allowed"),
    [
        ("oss:ListObjects", f"acs:oss:*:*:{BUCKET}", True),
        ("oss:ListObjects", f"acs:oss:*:*:{BUCKET}/*", False),
        ("oss:ListObjects", "acs:oss:*:*:other-bucket", False),
        ("oss:GetObject", "*", False),
    ],
)
def test_listing_takes_a_right_on_the_bucket(world: OssWorld, action: str, resource: str, *, allowed: bool) -> None:
    identity = user(world, ram_policy(action, resource=resource))
    answer = send(world, identity, "GET", query={"list-type": "2"})
    assert answer.status_code == (200 if allowed else 403)


def test_an_altered_query(world: OssWorld) -> None:
    sdk = client(world, user(world, ram_policy("oss:ListObjects", resource=f"acs:oss:*:*:{BUCKET}")))
    assert sdk.list_objects_v2(oss.ListObjectsV2Request(bucket=BUCKET)).key_count == len(KEYS)
    assert refusal(sdk.list_objects_v2, oss.ListObjectsV2Request(bucket="other-bucket"))[:2] == (403, "AccessDenied")


def test_unsigned(world: OssWorld) -> None:
    assert outcome(requests.get(f"{world.oss.url}/?list-type=2", timeout=60)) == (403, "AccessDenied", None)
