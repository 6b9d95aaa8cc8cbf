"""`make dev` and `make invoke` as people and scripts run them: as processes, with their output, signals and exit codes."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import alibabacloud_oss_v2 as oss
import pytest
import requests
from alibabacloud_oss_v2.credentials import StaticCredentialsProvider
from alibabacloud_sts20150401.client import Client
from alibabacloud_sts20150401.models import AssumeRoleRequest
from alibabacloud_tea_openapi.utils_models import Config

from deploy.files import command as files
from support.chain import CONTENT, FILE, FOLDER_FORM, post_upload
from support.checkout import untouched_checkout
from support.dev import PATIENCE, dev, environment
from support.ports import free_port

CONTRACT = [
    *("page", "function", "oss", "sts", "bucket", "files", "region", "role_arn"),
    *("access_key_id", "access_key_secret", "security_token"),
]


def answers(url: str) -> bool:
    parts = urlsplit(url)
    assert parts.hostname
    try:
        socket.create_connection((parts.hostname, parts.port or 80), timeout=PATIENCE).close()
    except ConnectionRefusedError:
        return False
    return True


def all_that_answer(addresses: Any) -> list[str]:
    return [name for name in ("page", "function", "oss", "sts") if answers(addresses[name])]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Yields what one line of JSON tells of a run that several tests look at."""
    with dev(tmp_path_factory.mktemp("dev"), JSON="1", UPLOAD_PREFIX="inbox") as running:
        yield running.addresses()
        assert running.end() == 0


def test_one_line_of_json_and_nothing_else(tmp_path: Path) -> None:
    with dev(tmp_path, JSON="1", OSS_BUCKET="team-uploads", OSS_REGION="cn-beijing") as running:
        addresses = running.addresses()
        assert running.end() == 0
        assert running.line() == ""
    assert list(addresses) == CONTRACT
    assert all(re.fullmatch(r"http://127\.0\.0\.1:\d+", addresses[name]) for name in ("function", "oss", "sts"))
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", addresses["page"])
    assert re.fullmatch(r"acs:ram::\d{16}:role/oss-direct-upload", addresses["role_arn"])
    assert (addresses["bucket"], addresses["region"], Path(addresses["files"])) == (
        "team-uploads",
        "cn-beijing",
        tmp_path / "files",
    )
    assert all(addresses[name] for name in ("access_key_id", "access_key_secret", "security_token"))


def test_with_an_identity_provider_its_token_is_printed_and_required(tmp_path: Path) -> None:
    with dev(tmp_path, JSON="1", IDENTITY_PROVIDER="1") as running:
        addresses = running.addresses()
        assert list(addresses) == [*CONTRACT, "identity_provider", "token"]
        issuer = requests.get(f"{addresses['identity_provider']}/.well-known/openid-configuration", timeout=60).json()
        answers = [
            requests.get(f"{addresses['function']}/limits", headers=headers, timeout=60).json()
            for headers in ({}, {"Authorization": f"Bearer {addresses['token']}"})
        ]
    assert issuer["issuer"] == addresses["identity_provider"]
    assert [(answer["auth"], answer.get("subject")) for answer in answers] == [("jwt", None), ("jwt", "alice")]


SOMETHING_ELSE_PRINTS = """
import os, sys
from localcloud.dev import __main__ as dev
addresses = dev._addresses
dev._addresses = lambda cloud: print("something else") or addresses(cloud)
sys.exit(dev.main(os.environ))
"""


def test_standard_output_has_the_addresses_alone_whatever_else_prints(tmp_path: Path) -> None:
    with dev(tmp_path, sys.executable, "-c", SOMETHING_ELSE_PRINTS, JSON="1") as running:
        assert list(running.addresses()) == CONTRACT
        assert running.end() == 0
        assert running.line() == ""
    assert "something else\n" in running.log.read_text(encoding="utf-8")


def test_everything_answers_once_it_is_printed(running: Any) -> None:
    page = requests.get(running["page"], timeout=PATIENCE)
    limits = requests.get(running["function"] + "/limits", timeout=PATIENCE)
    nothing_signed = requests.get(running["oss"] + "/inbox/a", timeout=PATIENCE)
    nothing_asked = requests.post(running["sts"], timeout=PATIENCE)
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert (limits.status_code, limits.json()["auth"]) == (200, "none")
    assert (nothing_signed.status_code, nothing_asked.status_code) == (403, 404)


def test_the_page_may_talk_to_the_function_and_to_oss(running: Any) -> None:
    page = requests.get(running["page"], timeout=PATIENCE)
    assert f"{running['function']} {running['oss']}" in page.text
    configuration = requests.get(running["page"] + "config.json", timeout=PATIENCE)
    assert configuration.json() == {"function": running["function"]}


def test_the_page_is_an_allowed_origin_by_both_names_of_this_machine(running: Any) -> None:
    page = running["page"].rstrip("/")
    origins = [page, page.replace("127.0.0.1", "localhost")]
    allowed = [
        requests.get(running["function"] + "/limits", headers={"Origin": origin}, timeout=PATIENCE).headers
        for origin in origins
    ]
    assert [headers["Access-Control-Allow-Origin"] for headers in allowed] == origins


def test_an_upload_becomes_a_file_and_any_sdk_reads_it(running: Any) -> None:
    asked = requests.post(running["function"] + "/sign", json={"files": [FILE]}, timeout=PATIENCE)
    [upload] = asked.json()["uploads"]
    assert post_upload(upload).status_code == 200
    assert upload["key"].startswith("inbox/")
    assert CONTENT in [path.read_bytes() for path in Path(running["files"]).rglob("*") if path.is_file()]
    client = oss.Client(
        oss.Config(
            region=running["region"],
            endpoint=running["oss"],
            credentials_provider=StaticCredentialsProvider(
                running["access_key_id"], running["access_key_secret"], running["security_token"]
            ),
        )
    )
    answer = client.get_object(oss.GetObjectRequest(bucket=running["bucket"], key=upload["key"]))
    assert answer.body.read() == CONTENT


def test_the_vendors_sdk_assumes_the_role_with_what_is_printed(running: Any) -> None:
    client = Client(
        Config(
            access_key_id=running["access_key_id"],
            access_key_secret=running["access_key_secret"],
            security_token=running["security_token"],
            endpoint=running["sts"].removeprefix("http://"),
            protocol="http",
        )
    )
    reply = client.assume_role(AssumeRoleRequest(role_arn=running["role_arn"], role_session_name="script")).body
    assert reply.assumed_role_user.arn == running["role_arn"].replace(":role/", ":assumed-role/") + "/script"
    assert reply.credentials.access_key_id.startswith("STS.")


def test_words_for_people(tmp_path: Path) -> None:
    port = free_port()
    with dev(tmp_path, PORT=str(port)) as running:
        page, function, files, how_to_end = (running.line() for _ in range(4))
        assert answers(f"http://127.0.0.1:{port}")
        assert running.end() == 0
    assert (page, files) == (
        f"Page      http://127.0.0.1:{port}/\n",
        f"Files     {tmp_path / 'files'}\n",
    )
    assert re.fullmatch(r"Function  http://127\.0\.0\.1:\d+\n", function)
    assert how_to_end == "Open the page and upload a file. Press Ctrl-C to stop.\n"


def test_each_request_is_told_on_standard_error(running: Any) -> None:
    requests.get(running["function"] + FOLDER_FORM, timeout=PATIENCE)
    requests.post(running["sts"], timeout=PATIENCE)
    told = (Path(running["files"]).parent / "log").read_text(encoding="utf-8").splitlines()
    assert f"fc      GET {FOLDER_FORM} 200" in told
    assert "sts     POST / 404 code=InvalidAction.NotFound" in told


# As the back end of another front end.

TITLE = "\x1b]0;mine\x07"
"""Sets the title of many terminals."""

OTHERS = "http://localhost:5173, https://app.example.com"


@pytest.fixture(scope="module")
def back_end(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Yields a run that two pages besides its own may use, with the function at a port that they know."""
    port = free_port()
    with dev(tmp_path_factory.mktemp("dev"), JSON="1", ALLOWED_ORIGINS=OTHERS, FUNCTION_PORT=str(port)) as running:
        addresses = running.addresses()
        yield {**addresses, "port": port}
        assert running.end() == 0


def test_the_function_is_where_another_front_end_looks_for_it(back_end: Any) -> None:
    assert back_end["function"] == f"http://127.0.0.1:{back_end['port']}"


@pytest.mark.parametrize("service", ["function", "oss"])
@pytest.mark.parametrize("origin", ["http://localhost:5173", "https://app.example.com", "the page's"])
def test_function_and_bucket_are_open_to_the_same_pages(back_end: Any, service: str, origin: str) -> None:
    origin = back_end["page"].rstrip("/") if origin == "the page's" else origin
    path = "/sign" if service == "function" else "/"
    asks = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    preflight = requests.options(back_end[service] + path, headers=asks, timeout=PATIENCE)
    assert (preflight.ok, preflight.headers["Access-Control-Allow-Origin"]) == (True, origin)


@pytest.mark.parametrize("service", ["function", "oss"])
def test_function_and_bucket_are_closed_to_the_same_pages(back_end: Any, service: str) -> None:
    asks = {"Origin": "http://localhost:5174", "Access-Control-Request-Method": "POST"}
    preflight = requests.options(back_end[service] + "/sign", headers=asks, timeout=PATIENCE)
    assert preflight.headers.get("Access-Control-Allow-Origin") != "http://localhost:5174"


def test_an_upload_of_another_front_end_is_stored_and_its_answer_can_be_read(back_end: Any) -> None:
    origin = {"Origin": "http://localhost:5173"}
    asked = requests.post(back_end["function"] + "/sign", json={"files": [FILE]}, headers=origin, timeout=PATIENCE)
    [upload] = asked.json()["uploads"]
    parts: Any = [
        *((name, (None, value)) for name, value in upload["fields"].items()),
        ("file", (None, CONTENT, FILE["content_type"])),
    ]
    stored = requests.post(upload["url"], files=parts, headers=origin, timeout=PATIENCE)
    assert (stored.status_code, stored.headers["Access-Control-Allow-Origin"]) == (200, origin["Origin"])


def run_files(addresses: Any, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "deploy", "files", *arguments],
        cwd=untouched_checkout(),
        env={"PATH": os.environ["PATH"], "PYTHONPATH": "functions/shared:functions/sign:functions/callback", **environ},
        input=json.dumps(addresses),
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
    )


def test_make_files_lists_and_fetches_what_make_dev_has(back_end: Any, tmp_path: Path) -> None:
    asked = requests.post(back_end["function"] + "/sign", json={"files": [FILE]}, timeout=PATIENCE)
    [upload] = asked.json()["uploads"]
    assert post_upload(upload).status_code == 200
    below = upload["key"].removeprefix("uploads/")
    listed = run_files(back_end, "--dev", "--below", below)
    fetched = run_files(back_end, "--dev", "--below", below, "--download", str(tmp_path / "new"))
    assert (listed.returncode, listed.stderr, fetched.returncode, fetched.stderr) == (0, "", 0, "")
    assert f"  {upload['key']}\n" in listed.stdout
    assert [path.read_bytes() for path in (tmp_path / "new").rglob("*.png")] == [CONTENT]


def files_environ(back_end: Any) -> dict[str, str]:
    return {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": back_end["access_key_id"],
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": back_end["access_key_secret"],
        "ALIBABA_CLOUD_SECURITY_TOKEN": back_end["security_token"],
        "OSS_BUCKET": back_end["bucket"],
        "OSS_REGION": back_end["region"],
    }


def test_make_files_deletes_what_make_dev_has(back_end: Any, capsys: pytest.CaptureFixture[str]) -> None:
    asked = requests.post(back_end["function"] + "/sign", json={"files": [FILE]}, timeout=PATIENCE)
    [upload] = asked.json()["uploads"]
    assert post_upload(upload).status_code == 200
    arguments = ["--endpoint", back_end["oss"], "--subject", "anonymous", "--delete", "--yes"]
    assert files.main(arguments, files_environ(back_end)) == 0
    assert "Deleted " in capsys.readouterr().out


def test_make_files_takes_the_credentials_of_make_dev_from_the_environment_too(back_end: Any) -> None:
    environ = files_environ(back_end)
    listed = run_files(None, "--endpoint", back_end["oss"], **environ)
    assert (listed.returncode, listed.stderr) == (0, "")


def test_make_files_says_where_the_line_of_json_comes_from() -> None:
    told = "Standard input has no line of JSON of make dev: JSON=1 make dev | make files ARGS=--dev\n"
    ended = run_files(None, "--dev")
    assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", told)


# What callers send, in front of people.

HOSTILE = f"{TITLE}\r\u202e\x9b2J\nfc      GET /limits 200"
"""Besides, it goes back to the beginning of the line, turns the order of what follows, clears the screen and looks like
another request."""


def raw(address: str, request: bytes) -> None:
    """Sends what no client in this project would, and wait for the end of the response."""
    parts = urlsplit(address)
    assert parts.hostname
    assert parts.port
    with socket.create_connection((parts.hostname, parts.port), timeout=PATIENCE) as connection:
        connection.sendall(request)
        while connection.recv(65536):
            pass


def ask_for_a_path(addresses: Any) -> None:
    for service in ("function", "oss", "sts"):
        requests.get(f"{addresses[service]}/{quote(HOSTILE)}", timeout=PATIENCE)


def ask_for_a_raw_path(addresses: Any) -> None:
    for service in ("function", "oss", "sts", "page"):
        path = HOSTILE.partition("\r")[0].encode()
        raw(addresses[service], b"GET /" + path + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")


def ask_with_no_http(addresses: Any) -> None:
    for service in ("function", "oss", "sts", "page"):
        raw(addresses[service], TITLE.encode() + b" / HTTP/nine\r\n\r\n")


def ask_with_a_method(addresses: Any) -> None:
    for service in ("function", "oss", "sts", "page"):
        raw(addresses[service], TITLE.encode() + b" / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")


def ask_with_headers(addresses: Any) -> None:
    head = f"GET /a HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nOrigin: {TITLE}\r\nX-{TITLE}: {TITLE}\r\n"
    for service in ("function", "oss", "sts"):
        raw(addresses[service], head.encode() + f"Authorization: {TITLE}\r\nContent-Type: {TITLE}\r\n\r\n".encode())


def post_a_key_and_a_name(addresses: Any) -> None:
    file = ("file", (HOSTILE, CONTENT, "text/plain"))
    fields = {"key": HOSTILE, "policy": HOSTILE, "x-oss-credential": HOSTILE, "x-oss-date": HOSTILE, HOSTILE: HOSTILE}
    requests.post(addresses["oss"], files=[*((n, (None, v)) for n, v in fields.items()), file], timeout=PATIENCE)


def post_a_signed_form_amiss(addresses: Any) -> None:
    asked = requests.post(addresses["function"] + "/sign", json={"files": [FILE]}, timeout=PATIENCE)
    [upload] = asked.json()["uploads"]
    for name in upload["fields"]:
        changed = {**upload["fields"], name: HOSTILE}
        parts: Any = [
            *((name, (None, value)) for name, value in changed.items()),
            ("file", (HOSTILE, CONTENT, HOSTILE)),
        ]
        requests.post(upload["url"], files=parts, timeout=PATIENCE)


def sign_a_file(addresses: Any) -> None:
    for member in FILE:
        file = {**FILE, member: HOSTILE}
        requests.post(addresses["function"] + "/sign", json={"files": [file]}, timeout=PATIENCE)


def assume_a_role(addresses: Any) -> None:
    said = {"Action": "AssumeRole", "RoleArn": HOSTILE, "RoleSessionName": HOSTILE}
    for action in ("AssumeRole", HOSTILE):
        requests.post(
            addresses["sts"],
            params={**said, "Action": action},
            headers={"x-acs-action": action.encode("unicode_escape")},
            timeout=PATIENCE,
        )


@pytest.mark.parametrize(
    "ask",
    [
        ask_for_a_path,
        ask_for_a_raw_path,
        ask_with_no_http,
        ask_with_a_method,
        ask_with_headers,
        post_a_key_and_a_name,
        post_a_signed_form_amiss,
        sign_a_file,
        assume_a_role,
    ],
)
def test_nothing_that_a_caller_sent_reaches_the_terminal_as_it_is(running: Any, ask: Callable[[Any], None]) -> None:
    log = Path(running["files"]).parent / "log"
    before = len(log.read_bytes())
    ask(running)
    requests.get(running["sts"] + "/the-end", timeout=PATIENCE)
    told = log.read_bytes()[before:].decode()
    assert "/the-end" in told
    assert [line for line in told.splitlines(keepends=True) if not line.rstrip("\n").isprintable()] == []
    assert [line for line in told.split("\n") if line.startswith("fc      GET /limits")] == []


def test_what_is_not_seen_is_written_as_json_writes_it(running: Any) -> None:
    requests.get(f"{running['oss']}/{quote('a' + HOSTILE)}", timeout=PATIENCE)
    told = (Path(running["files"]).parent / "log").read_text(encoding="utf-8")
    assert "oss     GET /a\\u001b]0;mine\\u0007\\r\\u202e\\u009b2J\\nfc      GET /limits 200 403 " in told


def test_faults_are_switched_on(tmp_path: Path) -> None:
    with dev(tmp_path, JSON="1", FAULTS="sts_mode=no_permission") as running:
        function = running.addresses()["function"]
        assert requests.get(function + FOLDER_FORM, timeout=PATIENCE).status_code == 503
        assert running.end() == 0


def test_a_proxy_of_ours_is_not_asked(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        address = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        with dev(tmp_path, JSON="1", HTTP_PROXY=address, http_proxy=address, HTTPS_PROXY=address) as running:
            function = running.addresses()["function"]
            assert requests.get(function + FOLDER_FORM, timeout=PATIENCE).status_code == 200
            assert running.end() == 0
        proxy.settimeout(0)
        with pytest.raises(BlockingIOError):
            proxy.accept()


# How it ends.


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_ended_it_leaves_nothing_behind(tmp_path: Path, how: signal.Signals) -> None:
    with dev(tmp_path, JSON="1") as running:
        addresses = running.addresses()
        before = all_that_answer(addresses)
        assert running.end(how) == 0
    assert (before, all_that_answer(addresses)) == (["page", "function", "oss", "sts"], [])
    with pytest.raises(ProcessLookupError):
        os.killpg(running.process.pid, 0)
    assert "Traceback" not in running.log.read_text(encoding="utf-8")


def test_it_ends_when_nobody_reads_its_output(tmp_path: Path) -> None:
    with dev(tmp_path, JSON="1") as running:
        addresses = running.addresses()
        assert running.process.stdout
        running.process.stdout.close()
        assert running.process.wait(PATIENCE) == 0
    assert all_that_answer(addresses) == []


def test_it_ends_with_its_parent(tmp_path: Path) -> None:
    with dev(tmp_path, "sh", "-c", '"$@"; true', "sh", JSON="1") as running:
        addresses = running.addresses()
        running.process.kill()
        assert running.process.wait(PATIENCE) == -signal.SIGKILL
        assert running.line() == ""  # the end of its output: now it is gone, too
    assert all_that_answer(addresses) == []


# What it does not take.


def run(module: str, *arguments: str, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", module, *arguments],
        cwd=untouched_checkout(),
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
    )


FAULTY_SETTINGS = {"OSS_REGION": "oss-cn-hangzhou", "MAX_SIZE": "7x", "EXPIRES_IN": "59"}
NAMED = """\
Some settings are wrong. Fix these, and start again:
  - OSS_REGION must be the region's ID: cn-hangzhou, not oss-cn-hangzhou
  - MAX_SIZE must be a whole number of bytes, or of KB, MB, GB or TB, such as 100MB, not '7x'
  - EXPIRES_IN must be 60 to 3000 seconds, not '59'
"""


@pytest.mark.parametrize("module", ["localcloud.dev", "localcloud.dev.invoke"])
def test_wrong_settings_are_all_named_in_one_message(tmp_path: Path, module: str) -> None:
    ended = run(module, environ=environment(tmp_path, **FAULTY_SETTINGS))
    assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", NAMED)


# What it logs.


def test_invoke_logs_on_standard_error_only() -> None:
    ended = run("localcloud.dev.invoke", "GET", "/nothing", environ={"PATH": os.environ["PATH"]})
    assert (ended.returncode, json.loads(ended.stdout)["statusCode"]) == (1, 404)
    *initialized, logged = (json.loads(line.partition(" ")[2]) for line in ended.stderr.splitlines())
    assert [each["event"] for each in initialized] == ["instance_started", "assumed_role"]
    assert logged["path"] == "/nothing"
