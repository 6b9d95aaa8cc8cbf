"""What the tests of the deployment share: a bucket on this machine, and a scratch copy of the project."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from deployment import scratch as scratches
from deployment.upload_bucket import Bucket


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
    """The project's s.yaml, ready to run, with that bucket."""
    return scratches.make(tmp_path, f"http://127.0.0.1:{endpoint.port}")
