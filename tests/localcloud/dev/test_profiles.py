"""`make dev` and `make invoke` read the profiles.json of the checkout, which the deployment packs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import requests

from localcloud.dev import __main__ as dev
from localcloud.dev import invoke


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Returns a folder in place of the checkout's, with a profile in it."""
    for module in (dev, invoke):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    (tmp_path / "profiles.json").write_text('{"photos": {"max_size": "7KB", "requires_claim": false}}')
    return tmp_path


def max_size(url: str) -> int | None:
    size: int | None = requests.get(url, timeout=60).json().get("max_size")
    return size


def test_make_dev_has_them_and_follows_an_edit(checkout: Path) -> None:
    with dev._cloud({"FILES": str(checkout / "files")}) as cloud:
        before = max_size(f"{cloud.gateway.url}/limits?profile=photos")
        (checkout / "profiles.json").unlink()
        after = max_size(f"{cloud.gateway.url}/limits?profile=photos")
    assert (before, after) == (7000, None)


def test_make_invoke_has_them(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke.main(["GET", "/limits?profile=photos"]) == 0
    reply = json.loads(capsys.readouterr().out)
    assert json.loads(reply["body"])["max_size"] == 7000
