"""What tests of the stand-ins share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.oss_world import Draft, World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A running stand-in OSS; it must have nothing to complain of at the end."""
    world = World(tmp_path / "files")
    with world.oss:
        yield world
    world.oss.check()


@pytest.fixture
def draft(world: World) -> Draft:
    """A form that would be accepted."""
    return Draft(world.identity)
