"""What tests of the stand-ins share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from localcloud.standalone import Options, OssCloud
from support import sentinels
from support.oss_world import BUCKET, REGION, Draft, OssWorld


@pytest.fixture
def world(tmp_path: Path) -> Iterator[OssWorld]:
    """Yields a running stand-in OSS; it must have nothing to complain of at the end."""
    world = OssWorld(tmp_path / "files")
    with world.oss:
        yield world
    world.oss.check()


@pytest.fixture
def draft(world: OssWorld) -> Draft:
    """Returns a form that would be accepted."""
    return Draft(world.identity)


@pytest.fixture(scope="module")
def running_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OssCloud]:
    """Yields OSS and STS that the tests of a module share, with three buckets in two regions."""
    options = Options(buckets=(BUCKET, "archive", "in-beijing@cn-beijing"), region=REGION)
    with OssCloud(tmp_path_factory.mktemp("cloud"), options) as cloud:
        sentinels.keep_secret(cloud.access_key_secret)
        yield cloud


@pytest.fixture
def cloud(running_cloud: OssCloud) -> Iterator[OssCloud]:
    """Yields the shared cloud as it was at the start; it must have nothing to complain of at the end."""
    running_cloud.reset()
    yield running_cloud
    running_cloud.check()
