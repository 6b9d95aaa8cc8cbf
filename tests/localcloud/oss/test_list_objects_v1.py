"""GetBucket (ListObjects), as its page documents it, asked by the vendor's client and by ali-oss."""

from __future__ import annotations

import json
import subprocess
import time

import alibabacloud_oss_v2 as oss
import pytest
import requests

from localcloud.dev.cloud import ROOT
from support.oss_client import client, refusal, user
from support.oss_world import ACCOUNT, BUCKET, Draft, OssWorld, new_identity, outcome, post, ram_policy

KEYS = ["fun/movie/001.avi", "fun/movie/007.avi", "fun/test.jpg", "oss.jpg"]
"""The keys of the page's examples."""


@pytest.fixture
def listing(world: OssWorld) -> oss.Client:
    """Returns a client of a bucket that has them."""
    identity = world.add(new_identity(ram_policy("oss:PutObject", resource="*")))
    for key in KEYS:
        assert post(world, Draft(identity, extra={"key": key}).fields()).status_code == 204
    return client(world, user(world))


def test_all_objects(listing: oss.Client) -> None:
    found = listing.list_objects(oss.ListObjectsRequest(bucket=BUCKET))
    assert [(each.key, each.size, each.owner.id) for each in found.contents] == [(key, 5, ACCOUNT) for key in KEYS]
    assert (found.name, found.max_keys, found.is_truncated, found.next_marker) == (BUCKET, 100, False, None)


def test_a_folder(listing: oss.Client) -> None:
    found = listing.list_objects(oss.ListObjectsRequest(bucket=BUCKET, prefix="fun/", delimiter="/"))
    assert [each.key for each in found.contents] == ["fun/test.jpg"]
    assert [each.prefix for each in found.common_prefixes] == ["fun/movie/"]


@pytest.mark.parametrize("delimiter", ["", "/"])
def test_pages_make_up_the_whole(listing: oss.Client, delimiter: str) -> None:
    asked = oss.ListObjectsRequest(bucket=BUCKET, prefix="fun/", delimiter=delimiter)
    pages = listing.list_objects_paginator(limit=1).iter_page(asked)
    found = [
        [*(each.key for each in page.contents or []), *(each.prefix for each in page.common_prefixes or [])]
        for page in pages
    ]
    assert found == ([["fun/movie/"], ["fun/test.jpg"]] if delimiter else [[key] for key in KEYS[:3]])


def test_a_marker_need_not_exist(listing: oss.Client) -> None:
    found = listing.list_objects(oss.ListObjectsRequest(bucket=BUCKET, marker="fun/s"))
    assert ([each.key for each in found.contents], found.marker) == (KEYS[2:], "fun/s")


@pytest.mark.parametrize("parameters", [{"max_keys": 1001}, {"marker": "m" * 1024}, {"prefix": "p" * 1024}])
def test_refused(listing: oss.Client, parameters: dict[str, object]) -> None:
    asked = oss.ListObjectsRequest(bucket=BUCKET, **parameters)
    assert refusal(listing.list_objects, asked)[:2] == (400, "InvalidArgument")


def test_it_takes_the_right_to_list(world: OssWorld) -> None:
    asked = client(world, user(world, ram_policy("oss:GetObject", resource="*")))
    assert refusal(asked.list_objects, oss.ListObjectsRequest(bucket=BUCKET))[:2] == (403, "AccessDenied")


TUTORIAL = """
const dns = require("node:dns"), { lookup } = dns;
// What macOS and systemd do by themselves: every name below localhost is this machine.
dns.lookup = (host, options, done) =>
    host.endsWith(".localhost") ? lookup("127.0.0.1", options, done) : lookup(host, options, done);
const OSS = require("ali-oss");
const [port, accessKeyId, accessKeySecret] = process.argv.slice(1);
const client = new OSS({
    endpoint: `http://localhost:${port}`, region: "oss-cn-hangzhou", authorizationV4: true, accessKeyId, accessKeySecret,
});
(async () => {
    await client.putBucket("examplebucket");
    const { buckets } = await client.listBuckets();
    client.useBucket("examplebucket");
    await client.put("exampledir/exampleobject.txt", Buffer.from("hello"));
    const { content } = await client.get("exampledir/exampleobject.txt");
    const { objects } = await client.list();
    await client.delete("exampledir/exampleobject.txt");
    await client.deleteBucket("examplebucket");
    console.log(JSON.stringify([buckets.map(({ name }) => name), content.toString(), objects.map(({ name }) => name)]));
})();
"""
"""The steps of ali-oss's quick start: create a bucket, list, upload, download, list objects, delete."""


@pytest.mark.node_modules
def test_the_quick_start_of_ali_oss(world: OssWorld) -> None:
    world.clock.now = time.time()
    who = user(world, ram_policy("oss:*", resource="*"))
    ran = subprocess.run(  # noqa: S603 - our own
        ["node", "-e", TUTORIAL, str(world.oss.port), who.access_key_id, who.access_key_secret],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    name = "exampledir/exampleobject.txt"
    assert json.loads(ran.stdout) == [["examplebucket", "other-bucket", BUCKET], "hello", [name]]


def test_without_a_signature_nothing_is_listed(world: OssWorld) -> None:
    assert outcome(requests.get(world.oss.url, timeout=60)) == (403, "AccessDenied", None)
