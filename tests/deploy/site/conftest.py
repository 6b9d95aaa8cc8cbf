"""What the tests of the page's publisher share."""

from __future__ import annotations

from pathlib import Path

import pytest

from support import sentinels
from support.oss_client import user
from support.oss_world import OssWorld
from support.publisher import FILES, Publisher


@pytest.fixture
def publisher(world: OssWorld, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Publisher:
    folder = tmp_path / "web"
    for name, content in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    identity = user(world)
    sentinels.keep_secret(identity.access_key_secret)
    return Publisher(world, folder, capsys, identity)
