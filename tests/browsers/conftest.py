"""What the tests in three engines share."""

from __future__ import annotations

from pathlib import Path

import pytest

from support import npm_package


@pytest.fixture(scope="session")
def page_folder() -> Path:
    """Provides the page as it is, with the modules of the npm package's tarball."""
    return npm_package.unpack() / "web"
