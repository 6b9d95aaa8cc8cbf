"""Which version a deployment replaces, as the deployed function names it."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from deploy.hooks import version
from support.deployed_cloud import DeployedCloud
from support.factories import VERSION


@pytest.fixture
def say(cloud: DeployedCloud, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Returns what runs the hook for the signing function, and returns its exit code and what it says."""

    def run() -> tuple[int, str]:
        request = {"region": "cn-hongkong", "account": "1", "function": "team-sign"}
        monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(request)))
        return version.main(), capsys.readouterr().out

    return run


def deploy(cloud: DeployedCloud, url: str) -> None:
    trigger = {"triggerName": "http", "httpTrigger": {"urlInternet": url}}
    cloud.put(sign={"functionName": "team-sign", "triggers": [trigger]})


def test_where_there_is_no_function_it_is_the_first(say: Any) -> None:
    assert say() == (0, f"Version {VERSION}, the first here.\n")


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ('{"version": "0.0.9"}', f"Version {VERSION} replaces 0.0.9."),
        (json.dumps({"version": VERSION}), f"Version {VERSION}, as before."),
        *(
            (limits, f"Version {VERSION}. The deployed function does not say which one it is.")
            for limits in ("{}", "[]", "<html>", "", '{"version": "\\u001b[2J"}', '{"version": 7}', " " * 70_000 + "{}")
        ),
    ],
)
def test_the_deployed_function_names_its_version(
    cloud: DeployedCloud, httpserver: HTTPServer, say: Any, limits: str, words: str
) -> None:
    deploy(cloud, httpserver.url_for("").rstrip("/"))
    httpserver.expect_request("/limits").respond_with_data(limits)
    assert say() == (0, f"{words}\n")


def test_nobody_is_asked_elsewhere(cloud: DeployedCloud, httpserver: HTTPServer, say: Any) -> None:
    deploy(cloud, httpserver.url_for("").rstrip("/"))
    elsewhere = httpserver.url_for("/elsewhere")
    httpserver.expect_request("/limits").respond_with_response(Response(status=302, headers={"Location": elsewhere}))
    said = say()
    assert (said, len(httpserver.log)) == (
        (0, f"Version {VERSION}. The deployed function does not say which one it is.\n"),
        1,
    )


def test_an_answer_that_cannot_be_unpacked_does_not_stop_the_deployment(
    cloud: DeployedCloud, httpserver: HTTPServer, say: Any
) -> None:
    deploy(cloud, httpserver.url_for("").rstrip("/"))
    httpserver.expect_request("/limits").respond_with_data("{}", headers={"Content-Encoding": "gzip"})
    assert say() == (0, f"Version {VERSION}. The deployed function does not say which one it is.\n")


@pytest.mark.parametrize("url", ["http://sign.example.com", "file:///etc/passwd", "https://a@b", ""])
def test_an_address_that_is_not_safe_is_not_asked(cloud: DeployedCloud, say: Any, url: str) -> None:
    deploy(cloud, url)
    assert say() == (0, f"Version {VERSION}. The deployed function does not say which one it is.\n")


def test_a_refusal_does_not_stop_the_deployment(cloud: DeployedCloud, say: Any) -> None:
    cloud.put(refusals={"ListTriggers": "AccessDenied"})
    assert say() == (0, f"Version {VERSION}. Which one it replaces could not be seen: AccessDenied.\n")
