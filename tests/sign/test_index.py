"""The entry point, as Function Compute calls it: by its handler string, with an environment."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from fc_http.errors import InvalidSettings
from support import factories


@pytest.fixture
def function(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Imports the entry point anew, as a new instance does."""
    for name, value in factories.ENVIRON.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("FC_FUNCTION_NAME", raising=False)
    return importlib.reload(importlib.import_module("index"))


def respond(function: ModuleType, path: str = "/limits", **more: Any) -> Any:
    return function.handler(factories.event("GET", path, **more), factories.context())


def test_a_request_is_answered_and_logged(function: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert respond(function)["statusCode"] == 200
    [line] = capsys.readouterr().out.splitlines()
    assert json.loads(line[25:])["status"] == 200


PHOTOS = '{"photos":{"requires_claim":false,"max_size":"7KB"}}'


def test_profiles_are_read_where_the_environment_says(
    function: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "mine.json").write_text(PHOTOS, encoding="utf-8")
    monkeypatch.setenv("PROFILES_FILE", str(tmp_path / "mine.json"))
    assert json.loads(respond(function, query={"profile": "photos"})["body"])["max_size"] == 7000


def test_profiles_are_read_beside_the_entry_point(
    function: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "profiles.json").write_text(PHOTOS, encoding="utf-8")
    monkeypatch.setattr(function, "__file__", str(tmp_path / "index.py"))
    assert json.loads(respond(function, query={"profile": "photos"})["body"])["max_size"] == 7000


def test_a_link_that_leads_nowhere_is_not_taken_for_no_profiles(
    function: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "profiles.json").symlink_to("nowhere")
    monkeypatch.setattr(function, "__file__", str(tmp_path / "index.py"))
    with pytest.raises(FileNotFoundError):
        respond(function)


def test_settings_are_read_once(function: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    function.initialize(factories.context())
    monkeypatch.setenv("EXPIRES_IN", "90")
    assert json.loads(respond(function)["body"])["expires_in"] == 600


def test_on_a_laptop_faulty_settings_stop_the_start(function: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_SIZE", "big")
    with pytest.raises(InvalidSettings, match="MAX_SIZE must be"):
        function.initialize(factories.context())


@pytest.mark.any_python
def test_in_function_compute_they_are_logged_once_and_every_request_is_told(
    function: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FC_FUNCTION_NAME", "sign")
    monkeypatch.setenv("MAX_SIZE", "big")
    monkeypatch.setenv("EXPIRES_IN", "soon")
    function.initialize(factories.context())
    assert [respond(function)["statusCode"], respond(function, "/sign")["statusCode"]] == [500, 500]
    lines = [json.loads(line[25:]) for line in capsys.readouterr().out.splitlines()]
    assert [line["event"] for line in lines] == ["misconfigured", "instance_started", "request", "request"]
    assert [fault.split()[0] for fault in lines[0]["faults"]] == ["MAX_SIZE", "EXPIRES_IN"]


def test_two_requests_never_share_a_directory(function: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("direct_upload.credential_cache.CredentialCache.get", lambda *_: factories.credentials())
    path = "/get_post_signature_for_oss_upload"
    directories = {json.loads(respond(function, path)["body"])["dir"] for _ in range(100)}
    assert len(directories) == 100
    assert all(directory.endswith("/") for directory in directories)


def test_a_stale_instance_ends_its_process(function: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    monkeypatch.setattr("os._exit", ended.append)
    function._runtime.end_instance()
    assert ended == [1]


def test_an_initializer_that_cannot_prepare_says_so_and_does_not_raise(
    function: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    function.initialize(factories.context())
    lines = [json.loads(line[25:]) for line in capsys.readouterr().out.splitlines()]
    assert [(line["event"], line.get("code") or line["exception"]) for line in lines[1:]] == [
        ("assume_role_failed", "no credentials of an execution role"),
        ("initialize_failed", "CredentialsUnavailable"),
    ]
