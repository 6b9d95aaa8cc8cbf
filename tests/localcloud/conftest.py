"""What tests of the stand-ins share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.oss_world import Draft, OssWorld


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
