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
from support.oss_world import OssWorld
from support.upload_bucket import Bucket


@pytest.fixture
def endpoint() -> Iterator[HTTPServer]:
    """OSS's address, for one test."""
    with HTTPServer() as server:
        yield server
        server.check()


@pytest.fixture
def bucket(endpoint: HTTPServer) -> Bucket:
    """Whatever bucket is asked for; empty."""
    made = Bucket()
    made.serve(endpoint)
    return made


@pytest.fixture
def scratch(tmp_path: Path, endpoint: HTTPServer, bucket: Bucket) -> scratches.Scratch:
    """Returns the project's s.yaml, ready to run, with that bucket."""
    return scratches.make(tmp_path, f"http://127.0.0.1:{endpoint.port}")


@pytest.fixture
def deployers_environ(endpoint: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Returns what s.yaml's hooks put into the environment."""
    secret = secrets.token_urlsafe(24)
    sentinels.keep_secret(secret)
    monkeypatch.setenv("OSS_ENDPOINT", f"http://127.0.0.1:{endpoint.port}")
    monkeypatch.setenv("OSS_ACCESS_KEY_ID", "made-up")
    monkeypatch.setenv("OSS_ACCESS_KEY_SECRET", secret)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[OssWorld]:
    """Yields a running stand-in OSS with a real clock; it must have nothing to complain of at the end."""
    world = OssWorld(tmp_path / "bucket")
    world.clock.now = time.time()
    with world.oss:
        yield world
    world.oss.check()
