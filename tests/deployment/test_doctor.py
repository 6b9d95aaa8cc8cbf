"""`make doctor` as it is run: what it prints, and its exit code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from deploy import doctor
from deploy.checks import CHECKS, examine
from deploy.declared import Deployment
from deploy.setup import Setup
from deployment.sound import (
    Given,
)
from given_tokens import new_secret

S_YAML = """
resources:
  sign:
    component: fc3
    props:
      triggers: [{triggerType: http, triggerConfig: {methods: [GET]}}]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A deployment with a trigger that lacks methods."""
    (tmp_path / "s.yaml").write_text(S_YAML, encoding="utf-8")
    return tmp_path


def run(folder: Path, capsys: pytest.CaptureFixture[str], **environ: str) -> tuple[int, str, str]:
    code = doctor.main(environ, folder)
    said = capsys.readouterr()
    return code, said.out, said.err


def test_a_fault_is_printed_with_its_consequence_and_its_cure_and_fails(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = new_secret()
    code, said, _ = run(folder, capsys, JWT_SECRET=secret)
    assert code == 1
    told = """  methods: The trigger's methods lack POST, OPTIONS.
    So: The gateway answers 403 to them. Without OPTIONS no page can ask for a form: its preflight fails.
    Do: Name GET, POST and OPTIONS in s.yaml under triggerConfig.methods.
"""
    assert told in said
    assert (
        "  the live bucket, the live function and its roles: there are no credentials in the environment (docs/operations.md)\n"
        in said
    )
    assert secret not in said


def test_with_credentials_but_no_account_it_says_what_it_needs(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = new_secret()
    _, said, _ = run(folder, capsys, AccessKeyID="LTAI1", AccessKeySecret=secret)
    assert said.endswith(
        "Not looked at:\n"
        "  the live bucket, the live function and its roles: their names have the account's ID in them; set AccountID\n"
    )


def test_decisions_alone_do_not_fail(capsys: pytest.CaptureFixture[str]) -> None:
    given = Given()
    resources = {"sign": {"props": given.function}, "callback": {"props": given.callback}}
    deployment = Deployment(resources, given.template)
    assert doctor.report(examine(Setup({}, deployment)), []) == 0
    said = capsys.readouterr().out
    assert said.startswith(
        f"{len(CHECKS)} checks, 0 faults.\n\nFor you to decide:\n  kept-for-ever: KEEP_DAYS is 0, or not set.\n"
    )
    assert "Faults:" not in said


@pytest.mark.parametrize(
    ("text", "said"),
    [("a: [", "s.yaml is no YAML: "), ("- a", "s.yaml must be a YAML mapping\n")],
)
def test_what_cannot_be_read_is_told_in_a_line(
    folder: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    (folder / "s.yaml").write_text(text, encoding="utf-8")
    code, printed, errors = run(folder, capsys)
    assert (code, printed, errors.startswith(said)) == (2, "", True)


def test_without_s_yaml_there_is_nothing_to_look_at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, printed, errors = run(tmp_path, capsys)
    assert (code, printed, "s.yaml" in errors) == (2, "", True)


def test_the_page_on_operations_names_commands_and_checks_that_there_are() -> None:
    page = (doctor.ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    makefile = (doctor.ROOT / "Makefile").read_text(encoding="utf-8")
    assert set(re.findall(r"make ([a-z]+)", page)) <= set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE)) | {
        "itself"
    }
    assert f"\n{len(CHECKS)} checks, 1 fault.\n" in page
    versioning = next(check for check in CHECKS if check.name == "versioning")
    assert f"    So: {versioning.so}\n    Do: {versioning.do}\n" in page
