"""What the tests of the deployment share: a bucket on this machine, and a scratch copy of the project."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from support import scratch as scratches
from support import sentinels
from support.deployed_cloud import DeployedCloud
from support.oss_world import OssWorld
from support.quick_server import QuickServer
from support.upload_bucket import Bucket


@pytest.fixture
def endpoint() -> Iterator[HTTPServer]:
    """Yields OSS's address, for one test."""
    with QuickServer() as server:
        yield server
        server.check()


@pytest.fixture
def bucket(endpoint: HTTPServer) -> Bucket:
    """Returns an empty bucket, which answers by any name."""
    made = Bucket()
    made.serve(endpoint)
    return made


@pytest.fixture
def api_endpoint() -> Iterator[HTTPServer]:
    """Yields the address of Function Compute and ROS, for one test."""
    with QuickServer() as server:
        yield server
        server.check()


@pytest.fixture
def cloud(
    tmp_path: Path, api_endpoint: HTTPServer, deployers_keys: None, monkeypatch: pytest.MonkeyPatch
) -> DeployedCloud:
    """Returns an empty account, for hooks that run in this process."""
    made = DeployedCloud(tmp_path / "cloud")
    made.serve(api_endpoint)
    for name in ("FC_CLIENT_CUSTOM_ENDPOINT", "ROS_ENDPOINT"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{api_endpoint.port}")
    return made


@pytest.fixture
def scratch(
    tmp_path: Path, endpoint: HTTPServer, bucket: Bucket, api_endpoint: HTTPServer, cloud: DeployedCloud
) -> scratches.Scratch:
    """Returns the project's s.yaml, ready to run, with that bucket and that account."""
    return scratches.make(tmp_path, *(f"http://127.0.0.1:{each.port}" for each in (endpoint, api_endpoint)))


@pytest.fixture
def deployers_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Puts the credentials into the environment as s.yaml's hooks do."""
    secret = secrets.token_urlsafe(24)
    sentinels.keep_secret(secret)
    monkeypatch.setenv("OSS_ACCESS_KEY_ID", "made-up")
    monkeypatch.setenv("OSS_ACCESS_KEY_SECRET", secret)


@pytest.fixture
def deployers_environ(endpoint: HTTPServer, deployers_keys: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Puts OSS's address beside them."""
    monkeypatch.setenv("OSS_ENDPOINT", f"http://127.0.0.1:{endpoint.port}")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[OssWorld]:
    """Yields a running stand-in OSS with a real clock; it must have nothing to complain of at the end."""
    world = OssWorld(tmp_path / "bucket")
    world.clock.now = time.time()
    with world.oss:
        yield world
    world.oss.check()
