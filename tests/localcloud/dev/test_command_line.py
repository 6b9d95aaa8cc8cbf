"""What `make dev` and `make invoke` do not take, and what `make invoke` answers: called in this process."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from localcloud.dev import __main__ as dev_command
from localcloud.dev import invoke as invoke_command
from support.chain import FILE, FOLDER_FORM
from support.checkout import untouched_checkout
from support.dev import environment
from support.ports import free_port

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run_here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Provides a function that calls a command in this process, a tenth of the time of one of its own.

    It returns exit code, standard output and standard error.
    """

    def run_here(main: Callable[[], int], environ: dict[str, str]) -> tuple[int, str, str]:
        with patch.dict(os.environ, environ, clear=True):
            try:
                code = main()
            except SystemExit as ended:
                code = int(ended.code or 0)
        return code, *capsys.readouterr()

    for command in (dev_command, invoke_command):
        monkeypatch.setattr(command, "ROOT", untouched_checkout())
    usual = signal.getsignal(signal.SIGTERM)
    yield run_here
    signal.signal(signal.SIGTERM, usual)


@pytest.fixture
def dev_here(run_here: Run, tmp_path: Path) -> Callable[..., tuple[int, str, str]]:
    """Provides `make dev` with settings that it does not take."""
    files = environment(tmp_path)
    return lambda **settings: run_here(lambda: dev_command.main(os.environ), files | settings)


@pytest.fixture
def invoke_here(run_here: Run) -> Callable[..., tuple[int, str, str]]:
    path = {"PATH": os.environ["PATH"]}
    return lambda *arguments, **settings: run_here(lambda: invoke_command.main(list(arguments)), path | settings)


ONE_LINE = {
    "PORT=http": "PORT is 'http'. Use a number up to 65535.\n",
    "PORT=-1": "PORT is '-1'. Use a number up to 65535.\n",
    "PORT=65536": "PORT is '65536'. Use a number up to 65535.\n",
    "FUNCTION_PORT=a": "FUNCTION_PORT is 'a'. Use a number up to 65535.\n",
    "FAULTS=oss_latency=soon": "The fault switch oss_latency has the value 'soon'. Use a number.\n",
}


@pytest.mark.parametrize(("given", "told"), ONE_LINE.items())
def test_what_is_wrong_is_told_in_one_line(dev_here: Run, given: str, told: str) -> None:
    name, _, value = given.partition("=")
    assert dev_here(JSON="1", **{name: value}) == (2, "", told)


def test_an_unknown_fault_switch_is_told_with_those_that_there_are(dev_here: Run) -> None:
    code, output, told = dev_here(FAULTS="oss_latency=1 oss_laency=1")
    assert (code, output) == (2, "")
    assert re.fullmatch(r"Unknown fault switch: oss_laency\. Use one of oss_latency, .*sts_token_revoked\.\n", told)


def test_a_busy_port_is_told_in_one_line(dev_here: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        told = f"PORT {port} cannot be used: Address already in use. Use another port.\n"
        assert dev_here(JSON="1", PORT=port) == (2, "", told)


def test_one_port_for_page_and_function_is_told_in_one_line(dev_here: Run) -> None:
    port = str(free_port())
    told = f"PORT and FUNCTION_PORT are both {port}. Give them different ports.\n"
    assert dev_here(PORT=port, FUNCTION_PORT=port) == (2, "", told)


def test_a_folder_that_cannot_be_one_is_told_in_one_line(dev_here: Run, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("", encoding="utf-8")
    told = f"{file} is a file, where a folder is needed. Move it away, or name another folder.\n"
    assert dev_here(FILES=str(file)) == (2, "", told)


@pytest.fixture
def invoke(invoke_here: Run) -> Callable[..., tuple[int, Any]]:
    """Provides a function that returns exit code and the reply; what the function logs goes elsewhere."""

    def invoke(*arguments: str, **environ: str) -> tuple[int, Any]:
        code, output, _ = invoke_here(*arguments, **environ)
        return code, json.loads(output)

    return invoke


Invoke = Callable[..., tuple[int, Any]]


def test_invoke_asks_for_the_limits(invoke: Invoke) -> None:
    code, reply = invoke(MAX_SIZE="7MB")
    body = json.loads(reply["body"])
    assert (code, reply["statusCode"], body["max_size"]) == (0, 200, 7_000_000)
    assert set(reply) == {"statusCode", "headers", "isBase64Encoded", "body"}


def test_invoke_with_a_body(invoke: Invoke) -> None:
    code, reply = invoke("POST", "/sign", "--body", json.dumps({"files": [FILE]}))
    [upload] = json.loads(reply["body"])["uploads"]
    assert (code, reply["statusCode"], upload["method"]) == (0, 200, "POST")


def test_invoke_with_headers(invoke: Invoke) -> None:
    code, reply = invoke("--header", "Origin: https://evil.example", "--header", "x-a:b")
    error = json.loads(reply["body"])["error"]
    assert (code, reply["statusCode"], error["code"]) == (1, 403, "origin_not_allowed")


def test_invoke_with_a_refusal(invoke: Invoke) -> None:
    code, reply = invoke("GET", "/nothing")
    assert (code, reply["statusCode"]) == (1, 404)


def test_invoke_with_a_whole_event(invoke: Invoke, tmp_path: Path) -> None:
    event = {
        "version": "v1",
        "rawPath": FOLDER_FORM,
        "body": "",
        "isBase64Encoded": True,
        "headers": {"Host": "a"},
        "queryParameters": {},
        "requestContext": {"requestId": "1-a", "http": {"method": "GET", "path": FOLDER_FORM}},
    }
    file = tmp_path / "event.json"
    file.write_text(json.dumps(event), encoding="utf-8")
    code, reply = invoke("--event", str(file))
    assert (code, reply["statusCode"], json.loads(reply["body"])["dir"][:18]) == (0, 200, "uploads/anonymous/")


def test_invoke_with_an_event_that_is_not_there(invoke_here: Run, tmp_path: Path) -> None:
    file = tmp_path / "none.json"
    assert invoke_here("--event", str(file)) == (2, "", f"Cannot use {file}: No such file or directory.\n")


def test_invoke_with_arguments_that_are_none(invoke_here: Run) -> None:
    code, output, told = invoke_here("--boby")
    assert (code, output, told.splitlines()[-1]) == (
        2,
        "",
        "make invoke ARGS=…: error: unrecognized arguments: --boby",
    )
