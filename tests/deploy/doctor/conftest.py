"""What the tests of `make doctor` share: the project, and an address in place of the services'."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from deploy import oss_client
from deploy.doctor import command as doctor
from deploy.doctor import inspection, live_functions
from deploy.site.files import PLACEHOLDER


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Returns what is shipped, with another .env, and a page in which there is nothing to minify."""
    for name in ("s.yaml", "deploy"):
        (tmp_path / name).symlink_to(doctor.ROOT / name)
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "index.html").write_text(PLACEHOLDER, encoding="utf-8")
    (tmp_path / "web" / "app.js").write_text("export {};", encoding="utf-8")
    return tmp_path


@pytest.fixture
def cloud(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> HTTPServer:
    """Returns where doctor looks for OSS, Function Compute and RAM."""
    here = f"http://127.0.0.1:{httpserver.port}"
    monkeypatch.setattr(oss_client, "client", partial(oss_client.client, endpoint=here))
    monkeypatch.setattr(inspection, "LiveFunctions", partial(live_functions.LiveFunctions, endpoint=here))
    return httpserver
