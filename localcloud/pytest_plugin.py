"""The pytest plugin: the fixture `oss_cloud`, a running OSS and STS that each test finds as new.

What it runs is imported by the first test that uses it: tests that do not, pay nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localcloud.standalone import OssCloud


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the options in pytest's own configuration file."""
    parser.addini("oss_cloud_buckets", "the buckets of oss_cloud (default: local-uploads)", type="args")
    parser.addini("oss_cloud_region", "the region of oss_cloud", default="cn-hongkong")
    parser.addini("oss_cloud_cors_origins", "origins whose pages may upload to oss_cloud", type="args")


@pytest.fixture(scope="session")
def oss_cloud_server(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OssCloud]:
    """Provides the servers behind `oss_cloud`, with what tests of this session have left in them."""
    from localcloud.standalone import Options, OssCloud  # noqa: PLC0415

    options = Options(
        buckets=tuple(pytestconfig.getini("oss_cloud_buckets")) or Options.buckets,
        region=pytestconfig.getini("oss_cloud_region"),
        cors_origins=tuple(pytestconfig.getini("oss_cloud_cors_origins")),
    )
    with OssCloud(tmp_path_factory.mktemp("oss-cloud"), options) as cloud:
        yield cloud


@pytest.fixture
def oss_cloud(oss_cloud_server: OssCloud) -> Iterator[OssCloud]:
    """Provides OSS and STS without objects, and everything else as at the start.

    At the end of the test, raise what went wrong in them, such as a request that they do not implement.
    """
    oss_cloud_server.reset()
    yield oss_cloud_server
    oss_cloud_server.check()
