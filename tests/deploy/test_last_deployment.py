"""Which deployment is about to be changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deploy import last_deployment
from deploy.last_deployment import Target

TEAM = Target("team", "cn-hongkong", "1", ".env")
STAGING = Target("team-staging", "cn-hongkong", "1", ".env.staging")
HERE = "Deploying team-staging in cn-hongkong, account 1, with the settings of .env.staging.\n"
ASKED = "Go on? [y/N] "
BEFORE = "The last time, from here, it was team in cn-hongkong, account 1, with the settings of .env.\n"


def never(_: str) -> str:
    raise AssertionError("nobody should be asked")


@pytest.mark.parametrize(
    ("environ", "own"),
    [
        ({}, Target("oss-direct-upload", "cn-hongkong", "", ".env")),
        (
            {"ENV_FILE": ".env.staging", "AccountID": "42", "AccessKeyID": "k", "AccessKeySecret": "s"},
            Target("team-staging", "ap-southeast-1", "42", ".env.staging"),
        ),
        ({"ENV_FILE": ".env.staging", "NAME": "other"}, Target("other", "ap-southeast-1", "", ".env.staging")),
    ],
)
def test_what_would_be_changed(tmp_path: Path, environ: dict[str, str], own: Target) -> None:
    (tmp_path / ".env.staging").write_text("NAME=team-staging\nREGION=ap-southeast-1\n", encoding="utf-8")
    assert last_deployment.target({"HOME": str(tmp_path), **environ}, tmp_path) == own


KEYS = {"AccessKeyID": "k", "AccessKeySecret": "s"}
OF_OSS = {"OSS_ACCESS_KEY_ID": "k", "OSS_ACCESS_KEY_SECRET": "s"}
JSON = {"ci_serverless_devs_key": '{"AccountID": "3", "AccessKeyID": "k", "AccessKeySecret": "s"}'}


@pytest.mark.parametrize(
    ("environ", "account"),
    [
        ({}, "2"),
        ({"ACCESS": "other"}, "4"),
        ({"AccountID": "1"}, "2"),
        ({"AccountID": "1", **OF_OSS}, "2"),
        ({"AccountID": "1", **KEYS}, "1"),
        ({"AccountID": "1", **KEYS, "ACCESS": "other"}, "1"),
        ({"ACCESS": "ci_serverless_devs_key", **JSON}, "3"),
        ({"ACCESS": "ci_serverless_devs_key", **JSON, "AccountID": "1", **KEYS}, "1"),
        ({"ACCESS": "ci_serverless_devs_key", "ci_serverless_devs_key": "[]"}, ""),
    ],
)
def test_the_account_is_the_one_that_serverless_devs_acts_on(
    tmp_path: Path, environ: dict[str, str], account: str
) -> None:
    """As its function that chooses credentials does: the three variables, then the alias."""
    (tmp_path / ".s").mkdir()
    stored = {"default": {"AccountID": "2", **KEYS}, "other": {"AccountID": "4", **KEYS}}
    (tmp_path / ".s" / "access.yaml").write_text(json.dumps(stored), encoding="utf-8")
    assert last_deployment.target({"HOME": str(tmp_path), **environ}, tmp_path).account == account


def test_the_first_and_the_same_again_are_said_and_not_asked_about(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert [last_deployment.confirm("Deploying", STAGING, tmp_path, never) for _ in range(2)] == [True, True]
    assert capsys.readouterr().out == HERE * 2


@pytest.mark.parametrize(
    ("answer", "goes_on"), [("y", True), (" YES ", True), ("", False), ("n", False), ("yesterday", False)]
)
def test_another_than_the_last_is_asked_about(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], answer: str, goes_on: bool
) -> None:
    last_deployment.confirm("Deploying", TEAM, tmp_path, never)
    capsys.readouterr()
    assert last_deployment.confirm("Deploying", STAGING, tmp_path, lambda _: answer) is goes_on
    assert capsys.readouterr().out == HERE + BEFORE
    # Who said no is asked again.
    assert last_deployment.confirm("Deploying", STAGING, tmp_path, lambda question: "ny"[question == ASKED]) is True
    assert capsys.readouterr().out == (HERE if goes_on else HERE + BEFORE)


def test_ctrl_d_is_no(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def end_of_file(_: str) -> str:
        raise EOFError

    last_deployment.confirm("Deploying", TEAM, tmp_path, never)
    capsys.readouterr()
    assert last_deployment.confirm("Deploying", STAGING, tmp_path, end_of_file) is False
    assert capsys.readouterr().out == HERE + BEFORE + "\n"


def test_where_nobody_can_answer_it_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    last_deployment.confirm("Deploying", TEAM, tmp_path, None)
    assert last_deployment.confirm("Removing", STAGING, tmp_path, None)
    assert capsys.readouterr().out.endswith(HERE.replace("Deploying", "Removing") + BEFORE)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"name": 1, "more": 2}', "\0"])
def test_a_record_that_cannot_be_read_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / last_deployment.RECORD).parent.mkdir()
    (tmp_path / last_deployment.RECORD).write_text(content, encoding="utf-8")
    assert last_deployment.confirm("Deploying", STAGING, tmp_path, never)
