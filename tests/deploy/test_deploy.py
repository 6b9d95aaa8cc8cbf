"""`make deploy` and `make remove`: what they add to Serverless Devs."""

from __future__ import annotations

import json
import os
import re
import secrets
import stat
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import jwt
import pytest

from deploy import deploy
from deploy.serverless_devs import components
from deploy.serverless_devs.logs import hiding, own_logs
from support import sentinels
from support.deployed_cloud import DeployedCloud
from support.scratch import ACCOUNT, PROJECT, Scratch
from support.upload_bucket import Bucket


def make(scratch: Scratch, command: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Returns what the target of the Makefile runs, in the scratch copy, whose `s` is the project's."""
    (scratch.folder / "node_modules").symlink_to(PROJECT / "node_modules")
    try:
        return subprocess.run(  # noqa: S603 - the arguments are ours
            [sys.executable, "-I", "tools/run.py", "deploy", command],
            cwd=scratch.folder,
            env={**scratch.environ, **environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )
    finally:
        (scratch.folder / "node_modules").unlink()


def secret_in(file: Path) -> str:
    (secret,) = re.findall(r"^JWT_SECRET=(.*)$", file.read_text(), re.MULTILINE)
    sentinels.keep_secret(secret)
    return str(secret)


def test_the_first_deployment_ends_with_a_link_that_works(scratch: Scratch) -> None:
    del scratch.environ["JWT_SECRET"]
    (scratch.folder / ".env").write_text("NAME=team\nJWT_SECRET=\n")
    done = make(scratch, "deploy")
    assert done.returncode == 0, done.stdout + done.stderr
    secret = secret_in(scratch.folder / ".env")
    page = f"https://team-site-{ACCOUNT}.oss-cn-hongkong.aliyuncs.com/index.html"
    assert f"\nThe page: {page}\n" in done.stdout
    assert "This address downloads the page instead of showing it: set SITE_DOMAIN" in done.stdout
    link = done.stdout.splitlines()[-1]
    assert link.startswith(f"{page}#token=")
    claims = jwt.decode(link.split("=", 1)[1], secret, ["HS256"], audience="oss-direct-upload")
    assert (claims["sub"], claims["exp"] - claims["iat"]) == ("first-link", 86_400)
    assert secret not in done.stdout + done.stderr
    assert scratch.props("sign")["environmentVariables"]["JWT_SECRET"] == secret


@pytest.mark.thorough
def test_with_a_domain_the_address_is_the_domains(scratch: Scratch) -> None:
    done = make(scratch, "deploy", SITE_DOMAIN="upload.example.com", AUTH="none", JWT_SECRET="")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-2:] == [
        "The page: https://upload.example.com/index.html",
        "AUTH=none: anybody who finds the function can upload.",
    ]
    assert not (scratch.folder / ".env").exists()


@pytest.mark.thorough
def test_the_functions_domain_is_used_to_deploy_and_to_remove(scratch: Scratch) -> None:
    domain = {"SIGN_DOMAIN": "sign.example.com", "SIGN_CERTIFICATE": "1-cn-hangzhou"}
    assert [make(scratch, command, **domain).returncode for command in ("deploy", "remove")] == [0, 0]
    removed = [call for call in scratch.calls() if (call["resource"], call["command"]) == ("sign", "remove")]
    assert [call["props"]["customDomain"]["domainName"] for call in removed] == ["sign.example.com"]


@pytest.mark.thorough
def test_a_part_is_renewed_alone_with_the_addresses_of_the_others(scratch: Scratch) -> None:
    """`s sign deploy` by itself finds no result of the callback function's deployment, and fails."""
    assert make(scratch, "deploy").returncode == 0
    before = {name: scratch.props(name) for name in ("sign", "site")}
    deployed = len(scratch.calls())
    for part in ("sign", "page"):
        done = make(scratch, "deploy", ONLY=part)
        assert done.returncode == 0, done.stdout + done.stderr
    asked = [f"{call['resource']} {call['command']}" for call in scratch.calls()[deployed:]]
    assert [each for each in asked if each.endswith(" deploy")] == ["sign deploy", "site deploy"]
    assert {name: scratch.props(name) for name in before} == before


@pytest.mark.thorough
def test_a_failed_deployment_ends_as_the_tool_does_and_prints_no_link(scratch: Scratch, cloud: DeployedCloud) -> None:
    cloud.put(refuse={"sign": ["CreateFunction"]})
    done = make(scratch, "deploy")
    assert (done.returncode, "#token=" in done.stdout) == (101, False)


@pytest.mark.parametrize(("absent", "access"), [("AccountID", ""), ("AccessKeySecret", "work")])
def test_without_credentials_nothing_begins(scratch: Scratch, absent: str, access: str) -> None:
    del scratch.environ[absent], scratch.environ["JWT_SECRET"]
    done = make(scratch, "deploy", ACCESS=access)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"any with an account's ID by the name of {access or 'default'}. Run `npx --no-install s config add -a " in (
        done.stderr
    )
    assert not (scratch.folder / ".env").exists()


@pytest.mark.thorough
def test_remove_stops_for_users_files(scratch: Scratch, bucket: Bucket) -> None:
    bucket.files = {("uploads/a.png", "null"): 5}
    stopped = make(scratch, "remove")
    assert (stopped.returncode, scratch.calls()) == (101, [])
    assert make(scratch, "remove", DELETE_FILES="yes").returncode == 0
    assert bucket.files == {}


@pytest.mark.parametrize(
    ("text", "environ"),
    [
        ("JWT_SECRET=known\n", {}),
        ("", {"JWT_SECRET": "known"}),
        ("export JWT_SECRET='known' # ours\n", {}),
        ("JWT_SECRET=other\n", {"JWT_SECRET": "known"}),
        ("JWT_SECRET=known\n", {"JWT_ISSUER": "https://id.example.com/"}),
    ],
)
def test_a_secret_that_is_set_is_kept(tmp_path: Path, text: str, environ: dict[str, str]) -> None:
    file = tmp_path / ".env"
    file.write_text(text)
    assert (deploy.ensure_identity(file, environ), file.read_text()) == ("known", text)


@pytest.mark.parametrize(
    "environ",
    [{"AUTH": "none"}, {"JWT_JWKS": "{}"}, {"JWT_ISSUER": "https://id.example.com/", "JWT_AUDIENCE": "uploads"}],
)
def test_no_secret_is_made_where_none_is_used(tmp_path: Path, environ: dict[str, str]) -> None:
    assert (deploy.ensure_identity(tmp_path / ".env", environ), list(tmp_path.iterdir())) == ("", [])


def test_a_new_secret_is_for_its_owner_and_leaves_the_rest_as_it_was(tmp_path: Path) -> None:
    new, known = tmp_path / "new.env", tmp_path / "known.env"
    known.write_text("NAME=team\nJWT_SECRET=\n# the end")
    secrets_made = [deploy.ensure_identity(file, {}) for file in (new, known)]
    assert secrets_made == [secret_in(new), secret_in(known)]
    assert (len(set(secrets_made)), min(map(len, secrets_made))) == (2, 43)
    assert known.read_text() == f"NAME=team\n# the end\nJWT_SECRET={secrets_made[1]}\n"
    assert stat.S_IMODE(new.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("environ", "made"),
    [
        ({}, []),
        ({"CALLBACK": "on"}, ["CALLBACK_SECRET"]),
        ({"MULTIPART_THRESHOLD": "100MB"}, ["MULTIPART_SECRET"]),
        ({"CALLBACK": "on", "MULTIPART_THRESHOLD": "100MB"}, ["CALLBACK_SECRET", "MULTIPART_SECRET"]),
        ({"CALLBACK": "on", "CALLBACK_SECRET": "known", "MULTIPART_THRESHOLD": "1MB", "MULTIPART_SECRET": "known"}, []),
        ({"CALLBACK": "off", "MULTIPART_THRESHOLD": ""}, []),
    ],
)
def test_what_seals_tickets_is_made_where_it_is_used_and_missing(
    tmp_path: Path, environ: dict[str, str], made: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    deploy.ensure_tickets(tmp_path / ".env", environ)
    text = (tmp_path / ".env").read_text() if made else ""
    written = dict(line.split("=", 1) for line in text.splitlines())
    assert [(name, len(secret)) for name, secret in written.items()] == [(name, 43) for name in made]
    assert [secret for secret in written.values() if secret in capsys.readouterr().out] == []


def test_a_ci_job_makes_no_secret_that_ends_with_it(tmp_path: Path) -> None:
    lost = "is missing, and a random one would end with this job: put one among the CI's secrets"
    with pytest.raises(ValueError, match=f"^JWT_SECRET {lost}$"):
        deploy.ensure_identity(tmp_path / ".env", {"CI": "true"})
    with pytest.raises(ValueError, match=f"^CALLBACK_SECRET {lost}$"):
        deploy.ensure_tickets(tmp_path / ".env", {"CI": "true", "CALLBACK": "on"})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("ci", "links"), [("", 1), ("true", 0)])
def test_no_upload_link_gets_into_the_log_of_a_ci_job(
    ci: str, links: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everybody may read the logs of a public repository's jobs."""
    asked: list[list[str]] = []

    def link(arguments: list[str], *_: object) -> int:
        asked.append(arguments)
        return 0

    monkeypatch.setattr(deploy, "_PROJECT", tmp_path)
    monkeypatch.setattr(deploy, "_run", lambda *_: 0)
    monkeypatch.setattr(deploy, "_page", lambda _: "https://upload.example.com/index.html")
    monkeypatch.setattr("deploy.link.command.main", link)
    assert (deploy.deploy({"CI": ci, "JWT_SECRET": secrets.token_urlsafe(32)}), len(asked)) == (0, links)


# The components.

DECLARED = """
resources:
  infra: {component: ros}
  sign: {component: fc3@0.1.22}
  callback: {component: fc3@0.1.22}
  site: {component: "${path('./deploy/site')}"}
"""
NEWEST = "in its newest version, which is fetched now, not pinned"
PIN = "core_load_serverless_devs_component"

VERSIONS: dict[str, tuple[dict[str, str], dict[str, str], list[str]]] = {
    "nothing fetched yet": (
        {},
        {},
        [f"ros {NEWEST}", "fc3 0.1.22, pinned, which is fetched now", f"fc3-domain {NEWEST}"],
    ),
    "all in the cache": (
        {"ros": "0.0.9", "fc3@0.1.22": "0.1.22", "fc3-domain": "0.0.29"},
        {},
        ["ros 0.0.9, not pinned", "fc3 0.1.22, pinned", "fc3-domain 0.0.29, not pinned"],
    ),
    "pinned by the deployer": (
        {"ros": "0.0.9", "ros@0.0.8": "0.0.8"},
        {PIN: "ros@0.0.8;fc3-domain@0.0.28"},
        [
            "ros 0.0.8, pinned",
            "fc3 0.1.22, pinned, which is fetched now",
            "fc3-domain 0.0.28, pinned, which is fetched now",
        ],
    ),
}


def fill_cache(root: Path, held: dict[str, str]) -> None:
    for name, version in held.items():
        place = root / "components" / "devsapp.cn" / "v3" / name
        place.mkdir(parents=True)
        (place / ".s.lock").write_text(json.dumps({"version": version}), encoding="utf-8")


@pytest.mark.parametrize("case", VERSIONS)
def test_the_components_are_told_with_their_versions(case: str, tmp_path: Path) -> None:
    held, environ, told = VERSIONS[case]
    (tmp_path / "s.yaml").write_text(DECLARED, encoding="utf-8")
    fill_cache(tmp_path / ".s", held)
    found = components.report(tmp_path, {"serverless_devs_config_home": str(tmp_path), **environ})
    assert list(found) == [f"Component {each}" for each in told]


def test_the_cache_is_where_serverless_devs_was_told_to_keep_it(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text("resources: {infra: {component: ros}}", encoding="utf-8")
    (tmp_path / ".s" / "config").mkdir(parents=True)
    (tmp_path / ".s" / "config" / "s.json").write_text('{"workspace": "~/elsewhere"}', encoding="utf-8")
    fill_cache(tmp_path / "elsewhere", {"ros": "0.0.9"})
    found = components.report(tmp_path, {"serverless_devs_config_home": str(tmp_path)})
    assert list(found) == ["Component ros 0.0.9, not pinned"]


def test_no_secret_is_printed_and_no_log_is_left(scratch: Scratch, cloud: DeployedCloud) -> None:
    """The vendor's component logs its whole input, and prints a comparison with what was there before."""
    old, gone = (
        f"{secrets.token_hex(8)} => {secrets.token_hex(8)}",
        f"'{secrets.token_hex(16)}' , {secrets.token_hex(16)}",
    )
    own = [scratch.environ["JWT_SECRET"], *old.split(" => "), *gone.replace("'", "").split(" , ")]
    for secret in own:
        sentinels.keep_secret(secret)
    cloud.put_function("sign", "oss-direct-upload-sign")
    before = {"JWT_SECRET": old, "MULTIPART_SECRET": gone, "MAX_SIZE": "5MB"}
    cloud.put(sign={**cloud.state()["sign"], "environmentVariables": before})
    done = make(scratch, "deploy", DEBUG="true", NODE_DEBUG="http")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "   JWT_SECRET: (hidden)\n" in done.stdout
    assert "   MULTIPART_SECRET: (hidden)\n" in done.stdout
    assert "   MAX_SIZE: 5MB\n" in done.stdout
    assert [number for number, secret in enumerate(own) if secret in done.stdout + done.stderr] == []
    assert list((scratch.folder / "home" / ".s" / "logs").iterdir()) == []


def test_a_run_logs_into_a_folder_for_its_owner_alone_whatever_ends_it(tmp_path: Path) -> None:
    environ = {"serverless_devs_config_home": str(tmp_path), "DEBUG": "true", "NODE_DEBUG": "http"}
    with pytest.raises(KeyboardInterrupt), own_logs(environ) as own:  # noqa: PT012 - what is inside is the run
        folder = tmp_path / ".s" / "logs" / own["serverless_devs_traceid"]
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        (folder / "sign").mkdir()
        (folder / "sign" / "s.log").write_text("secrets", encoding="utf-8")
        raise KeyboardInterrupt
    assert list((tmp_path / ".s" / "logs").iterdir()) == []
    assert {name: own[name] for name in environ} == {**environ, "DEBUG": "", "NODE_DEBUG": ""}


@pytest.fixture
def run_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Returns what runs `make deploy` or `make remove` with a script in place of `s`."""
    (tmp_path / "s.yaml").write_text("resources: {infra: {component: ros}}", encoding="utf-8")
    (tmp_path / "s").touch(0o755)
    monkeypatch.setattr(deploy, "_PROJECT", tmp_path)
    monkeypatch.setattr(deploy, "_S", tmp_path / "s")

    def run(script: str, command: Callable[[Mapping[str, str]], int] = deploy.remove, **environ: str) -> int:
        (tmp_path / "s").write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        own = {"PATH": os.environ["PATH"], "AUTH": "none", "serverless_devs_config_home": str(tmp_path)}
        return command({**own, **environ})

    return run


def test_env_file_is_what_is_deployed_and_where_secrets_go(
    run_with: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".env").write_text("NAME=team\nKEEP_DAYS=7\nJWT_SECRET=of-the-other-one\n", encoding="utf-8")
    (tmp_path / ".env.staging").write_text("NAME=team-staging\n", encoding="utf-8")
    script = 'echo "$NAME,$KEEP_DAYS,$ENV_FILE"; printf %s "$JWT_SECRET" >secret; exit 101'
    assert run_with(script, deploy.deploy, AUTH="jwt", ENV_FILE=".env.staging") == 101
    written, _, said = capsys.readouterr().out.splitlines()
    assert (written.split(" Keep")[0], said) == ("Wrote a random JWT_SECRET into .env.staging.", "team-staging,,")
    assert (tmp_path / "secret").read_text() == secret_in(tmp_path / ".env.staging")


@pytest.mark.parametrize(
    ("configuration", "environ", "place"),
    [
        (None, {}, ".s"),
        (None, {"PIPELINE_ID": "1"}, ".cache/.s"),
        ("{}", {"PIPELINE_ID": "1"}, ".s"),
        ("[]", {"CI_PIPELINE_ID": "1"}, ".s"),
        ('{"workspace": "~/elsewhere"}', {"PIPELINE_ID": "1"}, "elsewhere"),
    ],
)
def test_where_serverless_devs_logs(
    tmp_path: Path, configuration: str | None, environ: dict[str, str], place: str
) -> None:
    """As getRootHome of @serverless-devs/utils 0.0.18 has it."""
    if configuration is not None:
        (tmp_path / ".s" / "config").mkdir(parents=True)
        (tmp_path / ".s" / "config" / "s.json").write_text(configuration, encoding="utf-8")
    assert components.root({"serverless_devs_config_home": str(tmp_path), **environ}) == tmp_path / place


@pytest.mark.parametrize("command", [deploy.deploy, deploy.remove])
def test_their_versions_are_told_before_any_runs(
    command: Callable[[Mapping[str, str]], int], run_with: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_with("echo s runs; exit 101", command) == 101
    assert capsys.readouterr().out == f"Component ros {NEWEST}\ns runs\n"


def test_s_is_stopped_and_its_log_deleted_whatever_ends_the_run(
    run_with: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A closed terminal, or a CI that cancels, sends a signal."""
    monkeypatch.setattr(deploy, "hiding", lambda _: lambda _: deploy._end(15, None))
    with pytest.raises(SystemExit, match=r"^143$"):
        run_with(
            "trap 'echo stopped >ended; exit' TERM; echo ready; i=0\n"
            "while [ $i -lt 200 ]; do sleep 0.1; i=$((i + 1)); done; echo by itself >ended"
        )
    assert (tmp_path / "ended").read_text() == "stopped\n"
    assert list((tmp_path / ".s" / "logs").iterdir()) == []


HOPELESS = "[2026-11-29][INFO][infra] Stack status = DELETE_FAILED, retrying in 5000 ms..."


def test_a_removal_that_ros_has_given_up_is_stopped(
    run_with: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_with(f"i=0; while [ $i -lt 9999 ]; do echo '{HOPELESS}'; i=$((i + 1)); done") == 1
    assert capsys.readouterr().out.splitlines()[1:] == [
        *[HOPELESS] * 3,
        "Stopped: ROS could not delete the stack, and tries no more. Its events in ROS's console say why: often, that a "
        "file was posted into the bucket meanwhile. Then run the same command again.",
    ]


def test_how_an_earlier_removal_ended_is_not_taken_for_this_ones_end(run_with: Callable[..., int]) -> None:
    going_on = HOPELESS.replace("DELETE_FAILED", "DELETE_IN_PROGRESS")
    lines = [HOPELESS, HOPELESS, going_on, HOPELESS, HOPELESS, "stack delete finished!"]
    assert run_with("\n".join(f"echo '{line}'" for line in lines)) == 0


def test_where_the_log_was_is_not_printed(run_with: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert run_with('echo "Logs: ~/.s/logs/$serverless_devs_traceid"; echo on') == 0
    assert capsys.readouterr().out.splitlines()[1:] == ["on"]


@pytest.mark.parametrize("code", [0, 101])
def test_packed_functions_do_not_pile_up(run_with: Callable[..., int], tmp_path: Path, code: int) -> None:
    own = ["cn-hongkong_team-sign_1790000000000.zip", "cn-hongkong_team-callback_1790000000001.zip"]
    others = ["cn-hongkong_team-2-sign_1.zip", "cn-hangzhou_team-sign_1.zip", "cn-hongkong_team-sign-x_1.zip"]
    folder = tmp_path / ".s" / ".s" / "fc" / "zip"
    folder.mkdir(parents=True)
    for name in (*own, *others):
        (folder / name).touch()
    assert run_with(f"exit {code}", NAME="team") == code
    assert sorted(file.name for file in folder.iterdir()) == sorted(others)


BY_ITS_NAME: dict[str, Callable[[str], str]] = {
    "JSON": lambda secret: json.dumps({"JWT_SECRET": secret}),
    "JSON in UTF-8": lambda secret: json.dumps({"JWT_SECRET": secret}, ensure_ascii=False),
    "JSON in JSON": lambda secret: json.dumps(json.dumps({"JWT_SECRET": secret, "A": "b"})),
    "JavaScript": lambda secret: "{ JWT_SECRET: '" + re.sub(r"(['\\])", r"\\\1", secret) + "'",
    "YAML": lambda secret: "{JWT_SECRET: '" + secret.replace("'", "''") + "'",
}
BY_NO_NAME: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "a list": lambda secret: json.dumps([secret]),
    "a list in UTF-8": lambda secret: json.dumps([secret], ensure_ascii=False),
}


@pytest.mark.parametrize("sign", ["", "~ ", "+ ", "- "])
@pytest.mark.parametrize("between", ["", '"', "'", " => ", ", ", "} "])
def test_no_part_of_a_secret_is_left_in_a_comparison(sign: str, between: str) -> None:
    text = (
        f"environmentVariables: \n   {sign}JWT_SECRET: {between}first-part{between}second-part => third-part\n   A: b"
    )
    assert hiding({})(text) == f"environmentVariables: \n   {sign}JWT_SECRET: (hidden)\n   A: b"


@pytest.mark.parametrize("between", ['"', "\\", "'", '\\"', "\\\\", "ü", '", "', "', '"])
@pytest.mark.parametrize(
    ("written", "known"),
    [(each, known) for each in BY_ITS_NAME.values() for known in (True, False)]
    + [(each, True) for each in BY_NO_NAME.values()],
    ids=[f"{name}, {known}" for name in BY_ITS_NAME for known in ("set now", "of before")] + list(BY_NO_NAME),
)
def test_no_part_of_a_secret_is_left_however_it_is_written(
    written: Callable[[str], str], known: bool, between: str
) -> None:
    secret = f"first-part{between}second-part"
    hidden = hiding({"JWT_SECRET": secret} if known else {})(written(secret) + ', "tail"')
    assert ("part" in hidden, hidden.count("(hidden)"), hidden.endswith(', "tail"')) == (False, 1, True)


def test_an_empty_secret_in_the_environment_is_named_and_the_files_stays(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("JWT_SECRET=known\n")
    wins = r"^JWT_SECRET is empty in the environment, which wins over \.env: set it there, or unset it$"
    with pytest.raises(ValueError, match=wins):
        deploy.ensure_identity(tmp_path / ".env", {"JWT_SECRET": ""})
    assert (tmp_path / ".env").read_text() == "JWT_SECRET=known\n"


@pytest.mark.parametrize(
    "text", ["S${config('AccessKeySecret')}", pytest.param("S<%= process.env.HOME %>", marks=pytest.mark.thorough)]
)
def test_a_setting_that_would_be_a_template_stops_the_deployment(scratch: Scratch, text: str) -> None:
    done = make(scratch, "deploy", PAGE_FOOTER=text)
    assert (done.returncode, scratch.calls()) == (2, [])
    assert done.stderr.startswith("PAGE_FOOTER has ")


def test_a_bare_s_deploy_stops_at_what_it_would_read_otherwise(scratch: Scratch) -> None:
    (scratch.folder / ".env").write_text("PAGE_FOOTER=S#x\n")
    done = scratch.s("deploy", "-y")
    assert (done.exit_code, scratch.order()) == (101, [])
    assert ".env, line 1: PAGE_FOOTER has a #" in done.said


def test_an_s_yaml_that_is_none_is_not_quoted(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text("vars:\n  secret: 'hush\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"^s\.yaml, line 3, column 1: this is no YAML") as fault:
        list(components.report(tmp_path, {}))
    assert "hush" not in str(fault.value)


@pytest.mark.parametrize("end", [KeyboardInterrupt(), SystemExit(143)])
def test_an_interrupted_deployment_says_what_it_may_have_left_open(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], end: BaseException
) -> None:
    def interrupt(*_: object) -> int:
        raise end

    monkeypatch.setattr(deploy, "_run", interrupt)
    with pytest.raises(type(end)):
        deploy.deploy({"AUTH": "none"})
    assert capsys.readouterr().out == (
        "Interrupted. A function may be open to everyone without its cap (reservedConcurrency): run `make deploy` again, "
        "or `make remove`.\n"
    )
