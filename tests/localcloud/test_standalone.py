"""`make cloud`: STS and OSS alone; whatever it prints to be pasted works as it stands there."""

from __future__ import annotations

import json
import os
import re
import secrets
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from alibabacloud_sts20150401.client import Client
from alibabacloud_sts20150401.models import AssumeRoleRequest
from alibabacloud_tea_openapi.utils_models import Config

from localcloud.__main__ import main
from localcloud.dev.cloud import ROOT
from support import sentinels
from support.commands import run_here


@contextmanager
def cloud(folder: Path, *arguments: str, until: str = "Press Ctrl-C to stop.\n", **variables: str) -> Iterator[str]:
    """Runs the command; yields its banner."""
    command = [sys.executable, "-m", "localcloud", "--data", str(folder), *arguments]
    pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": {**os.environ, **variables}}
    with subprocess.Popen(command, cwd=ROOT, **pipes) as process:  # noqa: S603 - our own
        try:
            assert process.stdout
            assert process.stderr
            banner = ""
            while until not in banner:
                assert select.select([process.stdout], [], [], 60)[0]
                banner += os.read(process.stdout.fileno(), 65_536).decode()
                assert process.poll() is None
            yield banner
        finally:
            process.terminate()
        sentinels.search_log(process.stderr.read().decode())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def banner(folder: Path) -> Iterator[str]:
    with cloud(
        folder, "--bucket", "a-bucket", "--bucket", "another", "--cors-origin", "https://app.example.com"
    ) as said:
        sentinels.keep_secret(search(r"OSS_ACCESS_KEY_SECRET=(\S+)", said))
        yield said


def search(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match, text
    return match[1]


def section(banner: str, heading: str) -> str:
    return banner.partition(f"{heading}\n")[2].partition("\n\n")[0]


def test_the_python_sdk_as_it_is_printed(banner: str, folder: Path) -> None:
    program = section(banner, "# Python: alibabacloud-oss-v2")
    subprocess.run([sys.executable, "-W", "ignore", "-c", program], check=True, timeout=60)  # noqa: S603 - as printed
    assert (folder / "a-bucket" / "hello.txt").read_bytes() == b"hello"
    (folder / "a-bucket" / "hello.txt").unlink()


@pytest.mark.node_modules
def test_ali_oss_as_it_is_printed(banner: str, folder: Path) -> None:
    program = section(banner, "// Node.js: ali-oss (which does not accept an IP address as its endpoint)")
    subprocess.run(["node", "-e", program], cwd=ROOT, check=True, timeout=60)  # noqa: S603, S607 - as printed
    assert (folder / "a-bucket" / "hello.txt").read_bytes() == b"hello"


def signers(old: str = "", new: str = "") -> str:
    """Returns the program in the documentation, with something in it replaced."""
    page = (ROOT / "docs" / "localcloud.md").read_text(encoding="utf-8")
    program = page.partition("```js\n")[2].partition("```")[0]
    assert old in program
    return program.replace(old, new)


@pytest.mark.node_modules
@pytest.mark.parametrize(
    ("old", "new", "status", "code"),
    [
        ("", "", "204", ""),
        ('region, "oss"', '`oss-${region}`, "oss"', "400", "0002-00000715"),
        ('key: "hello.txt"', 'name: "hello.txt"', "400", "InvalidArgument"),
        ('["hello"]', '["x".repeat(101)]', "400", "EntityTooLarge"),
    ],
    ids=["as it is", "region", "key", "size"],
)
def test_the_signer_in_the_documentation(tmp_path: Path, old: str, new: str, status: str, code: str) -> None:
    (tmp_path / "signer.mjs").write_text(signers(old, new), encoding="utf-8")
    with cloud(tmp_path / "data") as said:
        names = ("OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET", "OSS_ENDPOINT", "OSS_BUCKET", "OSS_REGION")
        settings = {name: search(rf"{name}=(\S+)", said) for name in names}
        sentinels.keep_secret(settings["OSS_ACCESS_KEY_SECRET"])
        environ = {**os.environ, **settings}
        ran = subprocess.run(  # noqa: S603 - as printed
            ["node", str(tmp_path / "signer.mjs")],  # noqa: S607
            env=environ,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
    assert (ran.stdout[:3], code in ran.stdout) == (status, True)
    stored = tmp_path / "data" / "local-uploads" / "hello.txt"
    assert stored.exists() == (status == "204")


def assume_role(banner: str) -> Any:
    key, secret = (search(rf"ALIBABA_CLOUD_ACCESS_KEY_{part}=(\S+)", banner) for part in ("ID", "SECRET"))
    endpoint = search(r"STS_ENDPOINT=http://(\S+)", banner)
    client = Client(Config(access_key_id=key, access_key_secret=secret, endpoint=endpoint, protocol="http"))
    request = AssumeRoleRequest(role_arn=search(r"OSS_STS_ROLE_ARN=(\S+)", banner), role_session_name="me")
    reply: Any = client.assume_role(request)
    made = reply.body.credentials
    sentinels.keep_secret(made.access_key_secret)
    sentinels.keep_out_of_logs(made.security_token)
    return made


def test_the_user_may_assume_the_role(banner: str) -> None:
    assert assume_role(banner).access_key_id.startswith("STS.")


def test_pages_of_the_origin_may_post(banner: str) -> None:
    asked = {"Origin": "https://app.example.com", "Access-Control-Request-Method": "POST"}
    answer = requests.options(search(r"^OSS +(\S+)", banner), headers=asked, timeout=60)
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, "https://app.example.com")


def test_its_clock_can_be_ahead(tmp_path: Path) -> None:
    with cloud(tmp_path, "--clock", "+16m") as said:
        program = section(said, "# Python: alibabacloud-oss-v2")
        done = subprocess.run(  # noqa: S603 - as printed
            [sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, check=False, timeout=60
        )
    assert "RequestTimeTooSkewed" in done.stderr


def test_options_from_the_environment_and_the_addresses_as_json(tmp_path: Path) -> None:
    secret = secrets.token_urlsafe(24)
    sentinels.keep_secret(secret)
    variables = {
        "OSS_LOCALCLOUD_BUCKET": "one-bucket, two@cn-beijing",
        "OSS_LOCALCLOUD_REGION": "cn-beijing",
        "OSS_LOCALCLOUD_ACCESS_KEY_ID": "LTAIfixed",
        "OSS_LOCALCLOUD_ACCESS_KEY_SECRET": secret,
        "OSS_LOCALCLOUD_ROLE_ARN": "acs:ram::1234567890123456:role/mine",
        "OSS_LOCALCLOUD_STS_PORT": "",
    }
    with cloud(tmp_path, "--json", "--region", "cn-shanghai", until="\n", **variables) as said:
        addresses = json.loads(said)
        client = Client(
            Config(
                access_key_id="LTAIfixed",
                access_key_secret=secret,
                endpoint=addresses["sts"].removeprefix("http://"),
                protocol="http",
            )
        )
        reply: Any = client.assume_role(AssumeRoleRequest(role_arn=addresses["role_arn"], role_session_name="me"))
        sentinels.keep_secret(reply.body.credentials.access_key_secret)
    assert {name: addresses[name] for name in ("region", "buckets", "role_arn", "access_key_id")} == {
        "region": "cn-shanghai",
        "buckets": ["one-bucket", "two"],
        "role_arn": "acs:ram::1234567890123456:role/mine",
        "access_key_id": "LTAIfixed",
    }
    assert addresses["access_key_secret"] == secret


def services() -> list[dict[str, str]]:
    """Returns the variables of the services in the documentation: for GitHub Actions, and for GitLab."""
    page = (ROOT / "docs" / "localcloud.md").read_text(encoding="utf-8")
    github, gitlab = (
        yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    )
    return [github["jobs"]["test"]["services"]["oss"]["env"], gitlab["test"]["variables"]]


@pytest.mark.parametrize("variables", services(), ids=["github", "gitlab"])
def test_the_services_in_the_documentation_start(tmp_path: Path, variables: dict[str, str]) -> None:
    with cloud(tmp_path, "--json", until="\n", **variables) as said:
        addresses = json.loads(said)
    assert {name: addresses[name] for name in ("buckets", "access_key_id", "access_key_secret", "role_arn")} == {
        "buckets": ["my-bucket"],
        "access_key_id": "LTAIforTests",
        "access_key_secret": "not-a-secret",
        "role_arn": "acs:ram::1234567890123456:role/uploader",
    }


def test_a_misspelt_variable_is_named_without_its_value(tmp_path: Path) -> None:
    secret = secrets.token_urlsafe(24)
    sentinels.keep_secret(secret)
    environ = {**os.environ, "OSS_LOCALCLOUD_ACCESS_KEY_SECERT": secret}
    done = run_here(lambda words: main(words, environ), ["--data", str(tmp_path)])
    assert (done.returncode, secret in done.stderr) == (2, False)
    assert "unknown variable OSS_LOCALCLOUD_ACCESS_KEY_SECERT\n" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--clock", "soon"], "'soon' is not a duration such as +15m or -2h"),
        (["--faults", "oss_nothing=1"], "Unknown fault switch: oss_nothing. Use one of oss_latency, "),
        (["--accept-all"], "unrecognized arguments: --accept-all"),
        (["--oss-port", "99999"], "--oss-port is '99999'. Use a number up to 65535."),
        (["--sts-port", "one"], "--sts-port is 'one'. Use a number up to 65535."),
        (["--host", "localhost"], "'localhost' is not an IPv4 address such as 127.0.0.1 or 0.0.0.0"),
        (["--allowed-host", "*"], "'*' is not a host name such as oss (no port, no wildcard)"),
        (["--access-key-id", "key"], "--access-key-id and --access-key-secret go together."),
        (
            ["--access-key-id", "key", "--access-key-secret", "$(id)"],
            "--access-key-secret must consist of 1 to 128 letters, digits and + / = . _ -",
        ),
        (
            ["--region", "oss-cn-hangzhou"],
            "The region is 'oss-cn-hangzhou', which begins an endpoint's name. Use its ID",
        ),
        (["--bucket", "../photos"], "The bucket's name is '../photos'. Use 3 to 63 of a-z, 0-9 and -, with no - at"),
        (["--cors-origin", "https://a.example/"], "No browser sends the origin 'https://a.example/'. Use scheme, host"),
        (["--role-arn", "me"], "The role's ARN is 'me'. Use acs:ram::<account>:role/<name>."),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, arguments: list[str], words: str) -> None:
    done = run_here(lambda words: main(words, {}), ["--data", str(tmp_path), *arguments])
    assert (done.returncode, words in done.stderr) == (2, True)
