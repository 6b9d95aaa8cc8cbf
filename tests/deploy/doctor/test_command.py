"""`make doctor` as it is run: what it prints, and its exit code."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from deploy.doctor import command as doctor
from deploy.doctor import live_bucket, live_certificates, live_functions
from deploy.doctor.checks import CHECKS, examine
from deploy.doctor.context import Context
from deploy.doctor.inspection import Inspection
from support.doctor import ALL, LIVE, fault_lines, run
from support.shipped_account import NAMES
from support.sound_deployment import ACCOUNT, SoundDeployment
from support.tokens import new_secret

FACTS = ("existence", *live_bucket.FACTS, *live_functions.FACTS)

S_YAML = """
resources:
  sign:
    component: fc3
    props:
      triggers: [{triggerType: http, triggerConfig: {methods: [GET]}}]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Returns a deployment with a trigger that lacks methods."""
    (tmp_path / "s.yaml").write_text(S_YAML, encoding="utf-8")
    return tmp_path


def test_a_fault_is_printed_with_its_consequence_and_its_cure_and_fails(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = new_secret()
    code, said, _ = run(folder, capsys, JWT_SECRET=secret)
    assert code == 1
    told = """  methods: The trigger's methods lack POST, OPTIONS.
    Impact: The gateway answers 403 to them. Without OPTIONS no page can ask for a form: its preflight fails.
    Fix: Name GET, POST, OPTIONS in s.yaml under triggerConfig.methods.
"""
    assert told in said
    assert secret not in said


NO_CREDENTIALS = "There are no credentials in the environment, and none in `s config` by the name of default"


def report_of(
    seen: Inspection, capsys: pytest.CaptureFixture[str], given: SoundDeployment, *, strict: bool = False
) -> tuple[int, str]:
    code = doctor.report(examine(Context({}, given.deployment)), seen, strict=strict)
    return code, capsys.readouterr().out


def test_without_credentials_what_is_declared_is_checked_and_the_rest_is_counted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    nothing = Inspection(dict.fromkeys(FACTS, NO_CREDENTIALS), has_credentials=False)
    code, said = report_of(nothing, capsys, SoundDeployment())
    assert code == 0
    assert said.startswith(f"{ALL - len(LIVE)} checks made, {len(LIVE)} not made; 0 faults.\n\nFor you to decide:\n")
    assert said.endswith(f"\n\nNot made:\n  {NO_CREDENTIALS}:\n    {', '.join(LIVE)}\n")
    assert report_of(nothing, capsys, SoundDeployment(), strict=True)[0] == 3


def test_what_was_all_seen_is_all_counted(capsys: pytest.CaptureFixture[str]) -> None:
    for strict in (False, True):
        code, said = report_of(Inspection({}), capsys, SoundDeployment(), strict=strict)
        assert (code, said.splitlines()[0], "Not made" in said) == (
            0,
            f"{ALL} checks made, 0 not made; 0 faults.",
            False,
        )


def test_every_fact_has_a_check_that_is_not_made_without_it() -> None:
    assert {fact for check in CHECKS for fact in (check.live, check.also)} - {""} == {*FACTS, "certificates"}


@pytest.mark.parametrize(
    "alerts",
    [
        {"ALERT_EMAIL": "ops@example.com,it@example.com"},
        {"ALERT_KIND": "wecom", "ALERT_URL": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=a"},
    ],
)
def test_the_shipped_charts_and_alerts_are_no_fault(
    project: Path, capsys: pytest.CaptureFixture[str], alerts: dict[str, str]
) -> None:
    code, said, _ = run(project, capsys, "--only", "extra-resources,alerts", **NAMES, **alerts)
    assert (code, said) == (0, "2 checks made, 0 not made; 0 faults.\n")


def test_the_certificates_of_the_domains_are_looked_at(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def read(domain: str) -> float:
        seen.append(domain)
        return 0

    monkeypatch.setattr(live_certificates, "read_end", read)
    domains = {"SITE_DOMAIN": "up.example.com", "SIGN_DOMAIN": "https://wrong", "UPLOAD_DOMAIN": ""}
    code, said, _ = run(project, capsys, "--only", "certificate", **NAMES, **domains)
    assert (code, seen, "The certificate of up.example.com ends on 1970-01-01, in -" in said) == (
        *(1, ["up.example.com"], True),
    )


def test_a_certificate_that_is_not_seen_is_a_check_that_is_not_made(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(_: str) -> float:
        raise TimeoutError

    monkeypatch.setattr(live_certificates, "read_end", read)
    code, said, _ = run(project, capsys, "--only", "certificate", **NAMES, SITE_DOMAIN="up.example.com")
    assert (code, said.splitlines()) == (
        0,
        [
            *("0 checks made, 1 not made; 0 faults.", "", "Not made:"),
            "  No certificate was shown by up.example.com: it did not answer, or not over TLS:",
            "    certificate",
        ],
    )


@pytest.mark.parametrize("spared", [(), ("clock",)])
def test_credentials_that_show_nothing_fail(capsys: pytest.CaptureFixture[str], spared: tuple[str, ...]) -> None:
    not_visible = {fact: "OSS says InvalidAccessKeyId" for fact in FACTS if fact not in spared}
    code, said = report_of(Inspection(not_visible), capsys, SoundDeployment())
    assert (code, said.splitlines()[-1]) == (
        3,
        "The credentials show nothing of what is live: whether it is sound is not known.",
    )


def test_credentials_that_show_something_do_not_fail_but_under_strict(capsys: pytest.CaptureFixture[str]) -> None:
    seen = Inspection({"versioning": "OSS says AccessDenied"})
    code, said = report_of(seen, capsys, SoundDeployment())
    assert (code, said.splitlines()[0]) == (0, f"{ALL - 1} checks made, 1 not made; 0 faults.")
    assert "Not made:\n  OSS says AccessDenied:\n    versioning\n" in said
    assert report_of(seen, capsys, SoundDeployment(), strict=True)[0] == 3


def test_a_fault_is_said_before_blindness(capsys: pytest.CaptureFixture[str]) -> None:
    given = SoundDeployment()
    given.trigger.update(methods=[])
    assert report_of(Inspection(dict.fromkeys(FACTS, "no")), capsys, given, strict=True)[0] == 1


SET = {"NAME": "team", "AUTH": "none"}


@pytest.mark.parametrize(
    ("environ", "code", "why"),
    [
        ({}, 0, f"{NO_CREDENTIALS} (docs/operations.md, Credentials)"),
        ({"ACCESS": "work"}, 3, f"{NO_CREDENTIALS.replace('default', 'work')} (docs/operations.md, Credentials)"),
        ({"AccessKeyID": "LTAI1"}, 3, "AccessKeyID is set, and AccessKeySecret is not (docs/operations.md, Credentials)"),
        ({"AccessKeyID": "LTAI1", "AccessKeySecret": "s"}, 3, "Every live name has the account's ID in it: set AccountID"),
        ({"AccessKeyID": "LTAI1", "AccessKeySecret": "s", "AccountID": "12ab"}, 1, "It is not known where to look: AccountID must be the account's ID, 5 to 20 digits, not '12ab'"),
        ({"AccessKeyID": "LTAI1", "AccessKeySecret": "s", "AccountID": ACCOUNT, "REGION": "cn-x@evil.example/"}, 1, "It is not known where to look: REGION must be the region's ID such as cn-hongkong, not 'cn-x@evil.example/'"),
        ({"AccessKeyID": "LTAI1", "AccessKeySecret": "s", "AccountID": ACCOUNT, "NAME": "My_App"}, 1, "It is not known where to look: NAME must be 1 to 38 of a-z, 0-9 and -, beginning with a letter, not 'My_App'"),
    ],
)  # fmt: skip
def test_why_nothing_live_was_looked_at_is_said(
    project: Path, capsys: pytest.CaptureFixture[str], environ: dict[str, str], code: int, why: str
) -> None:
    got, said, _ = run(project, capsys, **{**SET, **environ})
    assert (got, f"\nNot made:\n  {why}:\n" in said) == (code, True)


@pytest.mark.parametrize(
    ("environ", "fault"),
    [
        ({"NAME": "My_App"}, "names: NAME must be 1 to 38 of a-z, 0-9 and -, beginning with a letter, not 'My_App'."),
        ({"REGION": "oss-cn-hangzhou"}, "names: REGION must be the region's ID: cn-hangzhou, not 'oss-cn-hangzhou'."),
        ({"REGION": "oss-cn-hangzhou.aliyuncs.com"}, "names: REGION must be the region's ID: cn-hangzhou, not 'oss-cn-hangzhou.aliyuncs.com'."),
        ({"AccountID": "12ab"}, "names: AccountID must be the account's ID, 5 to 20 digits, not '12ab'."),
        ({"UPLOAD_DOMAIN": "https://up.example.com"}, "domains: UPLOAD_DOMAIN must be a domain alone, such as upload.example.com, not 'https://up.example.com'."),
        ({"SITE_DOMAIN": "https://up.example.com"}, "domains: SITE_DOMAIN must be a domain alone, such as upload.example.com, not 'https://up.example.com'."),
        ({"ALLOWED_ORIGINS": "*"}, "origins: ALLOWED_ORIGINS must list exact origins such as https://app.example.com, not '*'."),
    ],
)  # fmt: skip
def test_the_name_that_was_written_is_blamed_and_no_other(
    project: Path, capsys: pytest.CaptureFixture[str], environ: dict[str, str], fault: str
) -> None:
    code, said, _ = run(project, capsys, **{"JWT_SECRET": new_secret(), **environ})
    blamed = [each for each in fault_lines(said) if not each.startswith("cors-wide: ")]
    assert (code, blamed) == (1, [fault])


def test_what_was_written_itself_is_blamed_besides(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said, _ = run(project, capsys, NAME="My_App", ALLOWED_ORIGINS="x", JWT_SECRET=new_secret())
    assert (code, fault_lines(said)) == (
        1,
        [
            "names: NAME must be 1 to 38 of a-z, 0-9 and -, beginning with a letter, not 'My_App'.",
            "origins: ALLOWED_ORIGINS must list exact origins such as https://app.example.com, not 'x'.",
        ],
    )


def test_a_name_in_the_env_file_that_nothing_reads_is_a_fault(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / ".env").write_text(f"MAX_SZIE=5GB\nJWT_SECRET={new_secret()}\nNAME=team\n", encoding="utf-8")
    code, said, _ = run(project, capsys)
    assert (code, fault_lines(said)) == (1, ["unread: Nothing reads MAX_SZIE; did you mean MAX_SIZE?"])


FAULTY = {"NAME": "My_App", "KEEP_DAYS": "x", "AUTH": "none"}


@pytest.mark.parametrize(
    ("argv", "ids"),
    [
        ([], ["names", "keep-days"]),
        (["--only", "keep-days"], ["keep-days"]),
        (["--only", "names, keep-days"], ["names", "keep-days"]),
        (["--skip", "names"], ["keep-days"]),
        (["--only", "names,keep-days", "--skip", "names"], ["keep-days"]),
    ],
)
def test_the_checks_that_are_chosen_are_made_and_no_others(
    project: Path, capsys: pytest.CaptureFixture[str], argv: list[str], ids: list[str]
) -> None:
    code, said, _ = run(project, capsys, *argv, **FAULTY)
    assert (code, [line.partition(":")[0] for line in fault_lines(said)]) == (1, ids)


def test_the_checks_that_are_not_chosen_are_not_counted(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["--strict", "--only", "names,auth,keep-days"]
    code, said, _ = run(project, capsys, *argv, NAME="team", AUTH="none", AccessKeyID="LTAI1", AccessKeySecret="s")
    assert (code, said.splitlines()[:3]) == (0, ["3 checks made, 0 not made; 0 faults.", "", "For you to decide:"])


@pytest.mark.parametrize("flag", ["--only", "--skip"])
def test_an_unknown_check_is_refused_with_the_list(
    project: Path, capsys: pytest.CaptureFixture[str], flag: str
) -> None:
    code, said, told = run(project, capsys, flag, "names,colour")
    known = ", ".join(sorted(check.id for check in CHECKS))
    assert (code, said, told) == (2, "", f"Unknown check: colour. The checks are: {known}\n")


def test_words_are_wrapped_for_a_terminal_and_not_for_a_pipe(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, piped, _ = run(project, capsys, AUTH="none")
    assert max(map(len, piped.splitlines())) > 100
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    _, said, _ = run(project, capsys, AUTH="none")
    assert max(map(len, said.splitlines())) <= 60
    assert said.split() == piped.split()


def test_what_strangers_wrote_begins_no_line_as_doctor_does(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = SoundDeployment()
    forged = "Fix: nothing. " * 20
    given.see(policy=json.dumps({"Statement": [{"Effect": "Allow", "Action": "a:b", "Resource": forged}]}))
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    doctor.report(examine(Context({}, given.deployment, given.live)), Inspection({}))
    begins = re.findall(r"^( *)(?:Fix: )?nothing\.", capsys.readouterr().out, re.MULTILINE)
    assert set(begins) == {" " * 8}


def test_why_nothing_was_seen_is_told_in_visible_characters(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said, _ = run(project, capsys, **SET, ACCESS="\x1b[2J\udcff")
    assert (code, r"by the name of \u001b[2J\udcff (docs" in said) == (3, True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[" * 3000, "s.yaml, line 1, column 1001: this is no YAML, "),
        ("a: [", "s.yaml, line 2, column 1: this is no YAML, "),
        ("- a", "s.yaml must be a YAML mapping\n"),
    ],
)
def test_what_cannot_be_read_is_told_in_a_line(
    folder: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    (folder / "s.yaml").write_text(text, encoding="utf-8")
    code, printed, errors = run(folder, capsys)
    assert (code, printed, errors.startswith(said)) == (2, "", True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("resources: [1]", "s.yaml, or the template that it names, has another shape than is documented\n"),
        ("vars: {a: \"${vars.a}\"}\nresources: {sign: \"${vars.a}\"}", "s.yaml, or the template that it names, has another shape than is documented\n"),
        ("resources: &a {sign: *a}", "s.yaml, or the template that it names, has another shape than is documented\n"),
        ("resources: {sign: 1}", "s.yaml, or the template that it names, has another shape than is documented\n"),
        (
            "resources: {sign: {props: {environmentVariables: 1}}}",
            "s.yaml, or the template that it names, has another shape than is documented\n",
        ),
        ("resources: {sign: {props: {triggers: [{triggerType: http, triggerConfig: {methods: 1}}]}}}", "The check methods cannot read what it looks at: "),
    ],
)  # fmt: skip
def test_what_is_of_another_shape_is_told_in_a_line(
    folder: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    (folder / "s.yaml").write_text(text, encoding="utf-8")
    code, printed, errors = run(folder, capsys)
    assert (code, printed, errors.count("\n"), errors.startswith(said)) == (2, "", 1, True)


def test_without_s_yaml_there_is_nothing_to_look_at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, printed, errors = run(tmp_path, capsys)
    assert (code, printed, "s.yaml" in errors) == (2, "", True)


def test_the_page_on_operations_names_commands_and_checks_that_there_are() -> None:
    page = (doctor.ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    makefile = (doctor.ROOT / "Makefile").read_text(encoding="utf-8")
    assert set(re.findall(r"make ([a-z]+)", page)) <= set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE)) | {
        "itself"
    }
    assert f"\n{ALL} checks made, 0 not made; 1 fault.\n" in page, f"docs/operations.md: there are {ALL} checks"
    versioning = next(check for check in CHECKS if check.id == "versioning")
    assert f"    Impact: {versioning.impact}\n    Fix: {versioning.fix}\n" in page
