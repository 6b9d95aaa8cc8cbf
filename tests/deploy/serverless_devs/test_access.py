"""The credentials that `s config add` keeps, as the real one writes them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from deploy import credentials
from support import serverless_devs
from support.sound_deployment import ACCOUNT
from support.tokens import new_secret


def add(home: Path, name: str, **credentials: str) -> dict[str, str]:
    """Runs `s config add` with a home of its own; returns the variables that say where that is."""
    words = [word for key, value in credentials.items() for word in (f"--{key}", value)]
    environ = {"HOME": str(home), "PATH": os.environ["PATH"], **serverless_devs.ENVIRON}
    subprocess.run(  # noqa: S603 - our own command
        [serverless_devs.PROGRAM, "config", "add", "-a", name, "-f", *words],
        env=environ,
        check=True,
        capture_output=True,
        timeout=120,
    )
    return {"HOME": str(home)}


def keys(environ: dict[str, str]) -> tuple[str | None, ...]:
    provider = credentials.deployer(environ)
    assert provider
    own = provider.get_credentials()
    return own.access_key_id, own.access_key_secret, own.security_token


@pytest.mark.node_modules
@pytest.mark.node_modules
def test_what_s_config_keeps_is_used_with_its_account(tmp_path: Path) -> None:
    first, second, token = new_secret(), new_secret(), new_secret()
    add(tmp_path, "default", AccountID=ACCOUNT, AccessKeyID="LTAI1", AccessKeySecret=first)
    environ = add(
        tmp_path, "work", AccountID="42", AccessKeyID="STS.2", AccessKeySecret=second, SecurityToken=token
    ) | {"AccountID": "7"}
    assert (keys(environ), credentials.account_id(environ)) == (("LTAI1", first, None), ACCOUNT)
    named = {**environ, "ACCESS": "work"}
    assert (keys(named), credentials.account_id(named)) == (("STS.2", second, token), "42")
    own = {**environ, "AccessKeyID": "LTAI3", "AccessKeySecret": first}
    assert (keys(own), credentials.account_id(own)) == (("LTAI3", first, None), "7")


def test_the_home_of_serverless_devs_goes_before_that_of_the_user(tmp_path: Path) -> None:
    secret = new_secret()
    add(tmp_path, "default", AccountID=ACCOUNT, AccessKeyID="LTAI1", AccessKeySecret=secret)
    assert keys({"HOME": "/nonexistent", "serverless_devs_config_home": str(tmp_path)}) == ("LTAI1", secret, None)


@pytest.mark.parametrize(
    "text",
    ["", "- a", "default: a", "default: {AccessKeyID: U2FsdGVkX18=}", "default: {AccessKeyID: x}", "a: [", "\0"],
)
def test_a_file_that_holds_none_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / ".s").mkdir()
    (tmp_path / ".s" / "access.yaml").write_text(text, encoding="utf-8")
    assert credentials.deployer({"HOME": str(tmp_path)}) is None


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("default: {AccessKeyID: LTAI1}", True),
        ("default: a", True),
        ("a: [", True),
        ("\0", True),
        ("", False),
        ("other: {AccessKeyID: LTAI1, AccessKeySecret: s}", False),
    ],
)
def test_credentials_of_s_config_that_are_no_good_were_given(tmp_path: Path, text: str, given: bool) -> None:
    (tmp_path / ".s").mkdir()
    (tmp_path / ".s" / "access.yaml").write_text(text, encoding="utf-8")
    assert credentials.no_credentials({"HOME": str(tmp_path)})[1] is given


def test_what_is_not_encrypted_is_taken_as_it_is(tmp_path: Path) -> None:
    (tmp_path / ".s").mkdir()
    secret = new_secret()
    text = f"default: {{AccessKeyID: LTAI1, AccessKeySecret: '{secret}'}}"
    (tmp_path / ".s" / "access.yaml").write_text(text, encoding="utf-8")
    assert keys({"HOME": str(tmp_path)}) == ("LTAI1", secret, None)


@pytest.mark.parametrize(
    ("environ", "why"),
    [
        ({}, ("there are no credentials in the environment, and none in `s config` by the name of default", False)),
        ({"ACCESS": "work"}, ("there are no credentials in the environment, and none in `s config` by the name of work", True)),
        ({"AccessKeyID": "LTAI1"}, ("AccessKeyID is set, and AccessKeySecret is not", True)),
        ({"ALIBABA_CLOUD_ACCESS_KEY_SECRET": "s"}, ("ALIBABA_CLOUD_ACCESS_KEY_SECRET is set, and ALIBABA_CLOUD_ACCESS_KEY_ID is not", True)),
        ({"ci_serverless_devs_key": "no JSON"}, ("ci_serverless_devs_key is no JSON with AccessKeyID and AccessKeySecret", True)),
    ],
)  # fmt: skip
def test_why_there_are_none_is_known(environ: dict[str, str], why: tuple[str, bool]) -> None:
    assert credentials.no_credentials(environ) == why
