"""The questions of doctor about live buckets, asked of the local cloud: each gets an answer, and each setting is seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import alibabacloud_oss_v2 as oss
import pytest

from deploy.doctor.live_bucket import LiveBuckets, Referers, Website, inspect_buckets
from localcloud.oss.cors import CorsRule
from localcloud.oss.storage.bucket import Website as Hosted
from localcloud.standalone import Options, OssCloud
from support import sentinels

UPLOADS, SITE = "team-uploads", "team-site"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OssCloud]:
    with OssCloud(tmp_path_factory.mktemp("cloud"), Options(buckets=(UPLOADS, SITE))) as cloud:
        sentinels.keep_secret(cloud.access_key_secret)
        yield cloud
    cloud.check()


@pytest.fixture(autouse=True)
def reset(cloud: OssCloud) -> None:
    cloud.reset()


def inspect(cloud: OssCloud) -> LiveBuckets:
    client = oss.Client(oss.config.Config(**cloud.client()))
    return inspect_buckets(client, UPLOADS, SITE)


def test_every_question_is_answered(cloud: OssCloud) -> None:
    seen = inspect(cloud)
    assert seen.not_visible == {}
    assert seen.bucket.owner == cloud.account_id
    assert (seen.bucket.versioning, seen.bucket.public_access_blocked, seen.bucket.acl) == ("", True, "private")
    assert (seen.bucket.cors, seen.bucket.parts, seen.bucket.expiry, seen.bucket.policy) == ((), (), (), "")
    assert (seen.bucket.encryption, seen.bucket.referers, seen.bucket.website) == ("", Referers(), Website())
    assert (seen.account_blocked, seen.site and seen.site.website) == (False, Website())


def version(cloud: OssCloud) -> None:
    cloud.bucket.versioning = "Suspended"


def publish(cloud: OssCloud) -> None:
    cloud.bucket.allow_public("public-read-write")


def allow(cloud: OssCloud) -> None:
    cloud.bucket.cors_rules.append(CorsRule(("https://app.example.com",), ("POST",), expose_headers=("ETag",)))


def host(cloud: OssCloud) -> None:
    cloud.buckets[SITE].allow_public("public-read")
    cloud.buckets[SITE].website = Hosted("start.html", "none.html")


SETTINGS: list[tuple[Callable[[OssCloud], None], Callable[[LiveBuckets], object], object]] = [
    (version, lambda seen: seen.bucket.versioning, "Suspended"),
    (publish, lambda seen: (seen.bucket.acl, seen.bucket.public_access_blocked), ("public-read-write", False)),
    (allow, lambda seen: [rule.origins for rule in seen.bucket.cors or ()], [("https://app.example.com",)]),
    (host, lambda seen: seen.site and (seen.site.acl, seen.site.public_access_blocked), ("public-read", False)),
    (host, lambda seen: seen.site and seen.site.website and seen.site.website.index, "start.html"),
]


@pytest.mark.parametrize(("change", "look", "expected"), SETTINGS)
def test_a_setting_is_seen(
    cloud: OssCloud, change: Callable[[OssCloud], None], look: Callable[[LiveBuckets], object], expected: object
) -> None:
    change(cloud)
    seen = inspect(cloud)
    assert (look(seen), seen.not_visible) == (expected, {})
