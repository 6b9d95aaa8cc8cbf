"""`make doctor` as it is run: what it prints, and its exit code."""

from __future__ import annotations

import contextlib
import copy
import json
import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from deploy import declared, oss_client
from deploy.doctor import command as doctor
from deploy.doctor import inspection, live_bucket, live_certificates, live_functions
from deploy.doctor.checks import CHECKS, examine
from deploy.doctor.context import Context
from deploy.doctor.inspection import Inspection
from deploy.site.files import PLACEHOLDER, site_files
from support.ros_template import PARAMETERS, Template
from support.sound_deployment import ACCOUNT, SoundDeployment
from support.tokens import new_secret
from support.upload_bucket import Asks

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


def run(folder: Path, capsys: pytest.CaptureFixture[str], *argv: str, **environ: str) -> tuple[int, str, str]:
    code = doctor.main(argv, environ, folder)
    said = capsys.readouterr()
    return code, said.out, said.err


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


LIVE = [check.id for check in CHECKS if check.live not in {"", "certificates"}]
"""The checks that need an account. A domain shows its certificate to everybody."""
ALL = sum(bool(check.live) + check.declared for check in CHECKS)
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


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Returns what is shipped, with another .env, and a page in which there is nothing to minify."""
    for name in ("s.yaml", "deploy"):
        (tmp_path / name).symlink_to(doctor.ROOT / name)
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "index.html").write_text(PLACEHOLDER, encoding="utf-8")
    (tmp_path / "web" / "app.js").write_text("export {};", encoding="utf-8")
    return tmp_path


def fault_lines(said: str) -> list[str]:
    """Returns the faults that are printed."""
    faults = said.partition("\nFaults:\n")[2].partition("\n\n")[0]
    return [line.strip() for line in faults.splitlines() if line.startswith("  ") and line[2] != " "]


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


CREDENTIALS = {"AccessKeyID": "LTAI1", "AccountID": ACCOUNT}
NAMES = {"NAME": "team", "UPLOAD_PREFIX": "in/here"}


@pytest.fixture
def cloud(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> HTTPServer:
    """Returns where doctor looks for OSS, Function Compute and RAM."""
    here = f"http://127.0.0.1:{httpserver.port}"
    monkeypatch.setattr(oss_client, "client", partial(oss_client.client, endpoint=here))
    monkeypatch.setattr(inspection, "LiveFunctions", partial(live_functions.LiveFunctions, endpoint=here))
    return httpserver


def serve_function(server: HTTPServer, props: dict[str, Any], changed: Mapping[str, Any]) -> None:
    """Returns what Function Compute answers about a function with these props, but for what was changed."""
    name = props["functionName"]
    path, arn = f"/2023-03-30/functions/{name}", f"acs:fc:{props['region']}:{ACCOUNT}:functions/{name}"
    settings = dict(props["environmentVariables"])
    if "CALLBACK_URL" in settings:
        settings["CALLBACK_URL"] = address_of(f"{NAMES['NAME']}-callback")
    sent = {each: props[each] for each in props if each not in ("code", "region", "triggers", "concurrencyConfig")}
    own = {"environmentVariables": settings, "role": props["role"].lower(), "functionArn": arn}
    server.expect_request(path).respond_with_json({**sent, **own, **OF_FUNCTION_COMPUTE, **changed})
    [trigger] = props["triggers"]
    made = {"httpTrigger": {"urlInternet": address_of(name)}, "targetArn": arn, "qualifier": "LATEST", "status": ""}
    config = json.dumps(trigger["triggerConfig"])
    server.expect_request(f"{path}/triggers").respond_with_json(
        {"triggers": [{**trigger, **made, "triggerConfig": config, "triggerId": "1", "createdTime": "2026"}]}
    )
    for kind, configs in (("concurrency", [{"functionArn": arn, **props["concurrencyConfig"]}]), ("async-invoke", [])):
        server.expect_request(f"/2023-03-30/{kind}-configs", query_string={"functionName": name}).respond_with_json(
            {"configs": configs}
        )


def serve_what_is_shipped(
    server: HTTPServer, project: Path, secret: str, changed: Mapping[str, Any] = {}, **added: dict[str, Any]
) -> None:
    """Returns an account in which what is shipped is deployed, but for what was `changed` in the functions; `added` are statements
    by role."""
    declared_there = declared.read(project, {**NAMES, "JWT_SECRET": secret}, ACCOUNT)
    template = yaml.safe_load((project / "deploy" / "ros.yaml").read_text(encoding="utf-8"))
    resources = Template(template, PARAMETERS).resources().values()
    roles = {each["Properties"]["RoleName"]: each["Properties"] for each in resources if "Role" in each["Type"]}
    for props in (declared_there.function, declared_there.callback):
        serve_function(server, props, changed)
    server.expect_request(f"/team-uploads-{ACCOUNT}/", query_string=Asks("website")).respond_with_data(
        "<Error><Code>NoSuchWebsiteConfiguration</Code></Error>", 404, content_type="application/xml"
    )
    for folder, answers in (
        (f"/team-uploads-{ACCOUNT}/", OF_UPLOADS),
        (
            f"/team-site-{ACCOUNT}/",
            {
                "publicAccessBlock": UNBLOCKED,
                "acl": OF_UPLOADS["acl"].replace("private", "public-read"),
                "website": WEBSITE,
                "list-type": page_list(project),
            },
        ),
    ):
        server.expect_request(folder, query_string=Asks("policy")).respond_with_data(
            "<Error><Code>NoSuchBucketPolicy</Code></Error>", 404, content_type="application/xml"
        )
        for name, xml in answers.items():
            server.expect_request(folder, query_string=Asks(name)).respond_with_data(
                xml, content_type="application/xml"
            )

    server.expect_request("/", method="GET", query_string=Asks("publicAccessBlock")).respond_with_data(
        UNBLOCKED, content_type="application/xml"
    )

    def ram(request: Request) -> Response:
        name = request.args.get("RoleName") or request.args["PolicyName"]
        policy = copy.deepcopy(roles[name]["Policies"][0]["PolicyDocument"])
        policy["Statement"] += [added[name]] if name in added else []
        answers = {
            "GetRole": {
                "Role": {
                    "Arn": f"acs:ram::{ACCOUNT}:role/{name}",
                    "MaxSessionDuration": 3600,
                    "AssumeRolePolicyDocument": json.dumps(roles[name]["AssumeRolePolicyDocument"]),
                }
            },
            "ListPoliciesForRole": {"Policies": {"Policy": [{"PolicyType": "Custom", "PolicyName": name}]}},
            "GetPolicy": {"DefaultPolicyVersion": {"PolicyDocument": json.dumps(policy)}},
        }
        return Response(json.dumps(answers[request.headers["x-acs-action"]]), content_type="application/json")

    server.expect_request("/", method="POST").respond_with_handler(ram)


def page_list(project: Path, **changed: str) -> str:
    """Returns what OSS lists of a page that was just deployed, but for ETags that were `changed`."""
    upload = f"https://team-uploads-{ACCOUNT}.oss-cn-hongkong.aliyuncs.com"
    files = {each.key: each.md5 for each in site_files(project / "web", address_of("team-sign"), upload, {})}
    etags = {".published.json": "0" * 32, **files, **changed}
    found = (f'<Contents><Key>{key}</Key><ETag>"{tag.upper()}"</ETag></Contents>' for key, tag in etags.items() if tag)
    return f"<ListBucketResult><Name>team-site-{ACCOUNT}</Name><IsTruncated>false</IsTruncated>{''.join(found)}</ListBucketResult>"


def address_of(function: str) -> str:
    return f"https://{function}-abcdefghij.cn-hongkong.fcapp.run"


OF_FUNCTION_COMPUTE = {
    "functionId": "0b1f5c3e",
    "createdTime": "2026-01-01T00:00:00Z",
    "lastModifiedTime": "2026-01-01T00:00:00Z",
    "codeChecksum": "11889523712305923712",
    "codeSize": 7700000,
    "state": "Active",
    "lastUpdateStatus": "Successful",
    "layers": [],
    "tags": [],
    "instanceIsolationMode": "SHARE",
    "sessionAffinity": "NONE",
    "disableOndemand": False,
    "resourceGroupId": "rg-1",
    "vpcConfig": {"vpcId": "", "vSwitchIds": [], "securityGroupId": ""},
    "nasConfig": {"userId": 0, "groupId": 0, "mountPoints": []},
    "ossMountConfig": {"mountPoints": []},
    "tracingConfig": {"type": "", "params": None},
}
"""What Function Compute answers besides, after its documentation and what fc3 sends it."""

WEBSITE = "<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix><SupportSubDir>false</SupportSubDir></IndexDocument><ErrorDocument><Key>404.html</Key><HttpStatus>404</HttpStatus></ErrorDocument></WebsiteConfiguration>"
OF_UPLOADS = {
    "versioning": "<VersioningConfiguration></VersioningConfiguration>",
    "publicAccessBlock": "<PublicAccessBlockConfiguration><BlockPublicAccess>true</BlockPublicAccess></PublicAccessBlockConfiguration>",
    "acl": f"<AccessControlPolicy><Owner><ID>{ACCOUNT}</ID></Owner><AccessControlList><Grant>private</Grant></AccessControlList></AccessControlPolicy>",
    "cors": f"<CORSConfiguration><CORSRule><AllowedOrigin>https://team-site-{ACCOUNT}.oss-cn-hongkong.aliyuncs.com</AllowedOrigin><AllowedMethod>POST</AllowedMethod><AllowedMethod>PUT</AllowedMethod><ExposeHeader>ETag</ExposeHeader><ExposeHeader>x-oss-request-id</ExposeHeader><ExposeHeader>x-oss-ec</ExposeHeader><ExposeHeader>x-oss-hash-crc64ecma</ExposeHeader></CORSRule></CORSConfiguration>",
    "lifecycle": "<LifecycleConfiguration><Rule><ID>a</ID><Prefix></Prefix><Status>Enabled</Status><AbortMultipartUpload><Days>7</Days></AbortMultipartUpload></Rule></LifecycleConfiguration>",
    "encryption": "<ServerSideEncryptionRule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></ServerSideEncryptionRule>",
    "referer": "<RefererConfiguration><AllowEmptyReferer>true</AllowEmptyReferer><RefererList></RefererList></RefererConfiguration>",
    "list-type": f"<ListBucketResult><Name>team-uploads-{ACCOUNT}</Name><IsTruncated>false</IsTruncated></ListBucketResult>",
}
"""What OSS answers, after its documentation."""
UNBLOCKED = OF_UPLOADS["publicAccessBlock"].replace("true", "false")


def test_a_sound_account_is_seen_whole(project: Path, capsys: pytest.CaptureFixture[str], cloud: HTTPServer) -> None:
    secret = new_secret()
    serve_what_is_shipped(cloud, project, secret)
    code, said, _ = run(project, capsys, "--strict", **CREDENTIALS, **NAMES, AccessKeySecret=secret, JWT_SECRET=secret)
    assert (code, said.splitlines()[0]) == (0, f"{ALL} checks made, 0 not made; 0 faults.")
    assert (secret in said, "drift" in said) == (False, False)


def test_a_setting_that_is_live_and_not_here_is_named_without_its_value(
    project: Path, capsys: pytest.CaptureFixture[str], cloud: HTTPServer
) -> None:
    live_secret, secret = new_secret(), new_secret()
    serve_what_is_shipped(cloud, project, live_secret)
    code, said, _ = run(project, capsys, **CREDENTIALS, **NAMES, AccessKeySecret=secret, JWT_SECRET=secret)
    assert (code, "  drift: Live: The function differs from s.yaml in JWT_SECRET.\n" in said) == (0, True)
    assert (live_secret in said, secret in said) == (False, False)


def test_code_that_was_exchanged_in_the_account_is_a_fault(
    project: Path, capsys: pytest.CaptureFixture[str], cloud: HTTPServer
) -> None:
    secret = new_secret()
    serve_what_is_shipped(cloud, project, secret, {"handler": "evil.handler", "layers": [{"arn": "l", "size": 1}]})
    code, said, _ = run(project, capsys, **CREDENTIALS, **NAMES, AccessKeySecret=secret, JWT_SECRET=secret)
    assert (code, fault_lines(said)) == (
        1,
        [
            f"configuration: Live: {whose} differs from s.yaml in handler, layers."
            for whose in ("The function", "The callback function")
        ],
    )


@pytest.mark.parametrize(("region", "asked"), [("ap-southeast-1", ["ap-southeast-1"]), ("x@evil.example/", [])])
def test_the_buckets_are_looked_for_where_oss_region_says(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, region: str, asked: list[str]
) -> None:
    text = (project / "s.yaml").read_text(encoding="utf-8")
    (project / "s.yaml").unlink()
    (project / "s.yaml").write_text(
        text.replace("OSS_REGION: ${vars.region}", f"OSS_REGION: {region}"), encoding="utf-8"
    )
    regions: list[str] = []

    def client(_: object, region: str) -> None:
        regions.append(region)
        raise OSError("no further")

    monkeypatch.setattr(oss_client, "client", client)
    with contextlib.suppress(OSError):
        run(project, capsys, **CREDENTIALS, **NAMES, AccessKeySecret=new_secret())
    assert regions == asked


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"app.js": "1" * 32}, "has another app.js than what lies here."),
        ({"config.json": "1" * 32, "index.html": "2" * 32}, "has another config.json, index.html than what lies here."),
        ({"app.js": ""}, "lacks app.js."),
        ({"evil.js": "1" * 32, "app-0A1B2C3D.js": "2" * 32}, "has evil.js, which is not of the page."),
    ],
)
def test_a_page_that_was_changed_in_the_account_is_a_fault(
    project: Path, capsys: pytest.CaptureFixture[str], cloud: HTTPServer, changed: dict[str, str], fault: str
) -> None:
    cloud.expect_request(f"/team-site-{ACCOUNT}/", query_string=Asks("list-type")).respond_with_data(
        page_list(project, **changed), content_type="application/xml"
    )
    secret = new_secret()
    serve_what_is_shipped(cloud, project, secret)
    code, said, _ = run(project, capsys, **CREDENTIALS, **NAMES, AccessKeySecret=secret, JWT_SECRET=secret)
    assert (code, fault_lines(said)) == (1, [f"page-files: The page's live bucket team-site-{ACCOUNT} {fault}"])


def test_a_page_that_sends_people_elsewhere_is_a_fault(
    project: Path, capsys: pytest.CaptureFixture[str], cloud: HTTPServer
) -> None:
    rule = "<Redirect><RedirectType>External</RedirectType><HostName>evil.example</HostName></Redirect>"
    rules = f"<RoutingRules><RoutingRule>{rule}</RoutingRule></RoutingRules></WebsiteConfiguration>"
    cloud.expect_request(f"/team-site-{ACCOUNT}/", query_string=Asks("website")).respond_with_data(
        WEBSITE.replace("</WebsiteConfiguration>", rules), content_type="application/xml"
    )
    secret = new_secret()
    serve_what_is_shipped(cloud, project, secret)
    code, said, _ = run(project, capsys, **CREDENTIALS, **NAMES, AccessKeySecret=secret, JWT_SECRET=secret)
    where = f"The page's live bucket team-site-{ACCOUNT}"
    assert (code, fault_lines(said)) == (1, [f"site-website: {where} has 1 rule that may send requests elsewhere."])


def test_a_right_that_was_added_in_the_account_is_a_fault(
    project: Path, capsys: pytest.CaptureFixture[str], cloud: HTTPServer
) -> None:
    more = {"Effect": "Allow", "Action": "ram:CreateAccessKey", "Resource": "*"}
    secret = new_secret()
    serve_what_is_shipped(cloud, project, secret, **{"team-sign": more})
    code, said, _ = run(project, capsys, **CREDENTIALS, **NAMES, AccessKeySecret=secret, JWT_SECRET=secret)
    assert (code, fault_lines(said)) == (1, ["grants: Live: The role team-sign may do ram:CreateAccessKey on *."])


@pytest.mark.parametrize(
    ("oss_code", "reason"),
    [
        ("InvalidAccessKeyId", "OSS says InvalidAccessKeyId"),
        (
            "\x1b",
            "The answer is not what OSS sends (does something else answer in its place, such as a proxy?)",
        ),
        (
            "NoSuchBucket",
            f"There is no such bucket (the upload bucket team-uploads-{ACCOUNT} and the page's bucket team-site-{ACCOUNT}): it is not deployed yet, or NAME, REGION or AccountID is another's",
        ),
    ],
)
def test_credentials_that_are_refused_everywhere_fail(
    project: Path, capsys: pytest.CaptureFixture[str], cloud: HTTPServer, oss_code: str, reason: str
) -> None:
    cloud.expect_request(re.compile("/team-.*")).respond_with_data(
        f"<Error><Code>{oss_code}</Code></Error>",
        404 if oss_code == "NoSuchBucket" else 403,
        content_type="application/xml",
    )
    cloud.expect_request(re.compile(".*")).respond_with_json({"Code": "InvalidAccessKeyId.NotFound"}, status=404)
    secret = new_secret()
    code, said, _ = run(project, capsys, **CREDENTIALS, **NAMES, AccessKeySecret=secret, JWT_SECRET=secret)
    assert (code, said.splitlines()[0]) == (
        3,
        f"{ALL - len(LIVE) + 1} checks made, {len(LIVE) - 1} not made; 0 faults.",
    )
    assert (f"  {reason}:\n" in said, secret in said) == (True, False)


@pytest.mark.parametrize("left_out", ["site", "callback"])
def test_credentials_that_are_refused_everywhere_fail_however_little_is_declared(
    project: Path, capsys: pytest.CaptureFixture[str], cloud: HTTPServer, left_out: str
) -> None:
    text = (project / "s.yaml").read_text(encoding="utf-8")
    less = re.sub(rf"(?ms)^  {left_out}:\n    component: .*?(?=^  sign:|^# Without)", "", text)
    less = re.sub(r"\*(hidden|functionDeployed)\b", "[]", less)
    (project / "s.yaml").unlink()
    (project / "s.yaml").write_text(less, encoding="utf-8")
    refused = "<Error><Code>InvalidAccessKeyId</Code></Error>"
    cloud.expect_request(re.compile("/team-.*")).respond_with_data(refused, 403, content_type="application/xml")
    cloud.expect_request(re.compile(".*")).respond_with_json({"Code": "InvalidAccessKeyId.NotFound"}, status=404)
    secret = new_secret()
    argv = ["--skip", "extra-resources"]
    code, said, _ = run(project, capsys, *argv, **CREDENTIALS, **NAMES, AccessKeySecret=secret, JWT_SECRET=secret)
    assert (left_out in declared.read(project, NAMES, ACCOUNT).resources, fault_lines(said), code) == (False, [], 3)


def test_why_nothing_was_seen_is_told_in_visible_characters(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said, _ = run(project, capsys, **SET, ACCESS="\x1b[2J\udcff")
    assert (code, r"by the name of \u001b[2J\udcff (docs" in said) == (3, True)


NOTHING = "<Error><Code>NoSuchBucket</Code></Error>"


def take_away(cloud: HTTPServer, *names: str) -> None:
    """Buckets and functions that do not exist."""
    for name in names:
        cloud.expect_request(re.compile(f"/{name}/")).respond_with_data(NOTHING, 404, content_type="application/xml")
        path = re.compile(f"/2023-03-30/functions/{name}(/triggers)?")
        cloud.expect_request(path).respond_with_json({"Code": "FunctionNotFound"}, status=404)


@pytest.mark.parametrize(
    ("names", "fault"),
    [
        ([f"team-uploads-{ACCOUNT}"], f"The upload bucket team-uploads-{ACCOUNT} is not there, though the function team-sign is."),
        ([f"team-site-{ACCOUNT}"], f"The page's bucket team-site-{ACCOUNT} is not there, though the function team-sign is."),
        (["team-sign"], "The function team-sign is not there, though the callback function team-callback is."),
        (["team-callback"], "The callback function team-callback is not there, though the function team-sign is."),
        (
            ["team-sign", "team-callback", f"team-site-{ACCOUNT}"],
            f"The function team-sign and the callback function team-callback and the page's bucket team-site-{ACCOUNT} are not there, though the role team-sign is.",
        ),
    ],
)  # fmt: skip
def test_a_deployment_of_which_a_part_does_not_exist_is_a_fault(
    project: Path, capsys: pytest.CaptureFixture[str], cloud: HTTPServer, names: list[str], fault: str
) -> None:
    take_away(cloud, *names)
    secret = new_secret()
    serve_what_is_shipped(cloud, project, secret)
    code, said, _ = run(project, capsys, **CREDENTIALS, **NAMES, AccessKeySecret=secret, JWT_SECRET=secret)
    assert (code, fault_lines(said)) == (1, [f"existence: {fault}"])


def test_a_role_that_does_not_exist_is_a_fault(
    project: Path, capsys: pytest.CaptureFixture[str], cloud: HTTPServer
) -> None:
    of_role = {"RoleName": "team-upload"}
    cloud.expect_request("/", query_string=of_role).respond_with_json({"Code": "EntityNotExist.Role"}, status=404)
    secret = new_secret()
    serve_what_is_shipped(cloud, project, secret)
    code, said, _ = run(project, capsys, **CREDENTIALS, **NAMES, AccessKeySecret=secret, JWT_SECRET=secret)
    assert (code, fault_lines(said)) == (
        1,
        ["existence: The role team-upload is not there, though the function team-sign is."],
    )


def test_a_deployment_of_which_nothing_exists_is_not_deployed_yet(
    project: Path, capsys: pytest.CaptureFixture[str], cloud: HTTPServer
) -> None:
    take_away(cloud, f"team-uploads-{ACCOUNT}", f"team-site-{ACCOUNT}", "team-sign", "team-callback")
    cloud.expect_request("/").respond_with_json({"Code": "EntityNotExist.Role"}, status=404)
    secret = new_secret()
    code, said, _ = run(project, capsys, **CREDENTIALS, **NAMES, AccessKeySecret=secret, JWT_SECRET=secret)
    assert (code, said.splitlines()[0]) == (
        3,
        f"{ALL - len(LIVE) + 2} checks made, {len(LIVE) - 2} not made; 0 faults.",
    )


def unseen_line(said: str) -> str:
    """Returns what is said at the end."""
    return said.splitlines()[-1]


DENIED = "<Error><Code>AccessDenied</Code></Error>"


@pytest.mark.parametrize("kind", [("the upload bucket", "uploads"), ("the page's bucket", "site")])
@pytest.mark.parametrize("shown", ["", "policy"])
def test_a_bucket_that_is_refused_may_be_another_accounts_and_fails(
    project: Path, capsys: pytest.CaptureFixture[str], cloud: HTTPServer, kind: tuple[str, str], shown: str
) -> None:
    secret, name = new_secret(), f"team-{kind[1]}-{ACCOUNT}"
    asked = [each for each in (*OF_UPLOADS, "policy", "website") if each != shown]
    for each in asked:  # who took the name may show the rest
        cloud.expect_request(f"/{name}/", query_string=Asks(each)).respond_with_data(
            DENIED, 403, content_type="application/xml"
        )
    serve_what_is_shipped(cloud, project, secret)
    code, said, _ = run(project, capsys, **CREDENTIALS, **NAMES, AccessKeySecret=secret, JWT_SECRET=secret)
    reason = f"\n  OSS says AccessDenied for {kind[0]} {name}: the name is taken by another account, or the bucket is in another region, or you may not read it:\n"
    assert (code, fault_lines(said), reason in said) == (3, [], True)
    assert unseen_line(said) == f"The credentials do not show {kind[0]} {name}: whether that is sound is not known."


ELSEWHERE = (
    "<Error><Code>AccessDenied</Code><Message>The bucket you are attempting to access must be addressed using the "
    "specified endpoint. Please send all future requests to this endpoint.</Message></Error>",
    "<Error><Code>InvalidArgument</Code><Message>no</Message><EC>0002-00000228</EC></Error>",
)


@pytest.mark.parametrize("answer", ELSEWHERE)
def test_a_bucket_in_another_region_is_said_to_be_there(
    project: Path, capsys: pytest.CaptureFixture[str], cloud: HTTPServer, answer: str
) -> None:
    for each in (*OF_UPLOADS, "policy", "website"):
        cloud.expect_request("/team-files/", query_string=Asks(each)).respond_with_data(
            answer, 403, content_type="application/xml"
        )
    secret = new_secret()
    serve_what_is_shipped(cloud, project, secret)
    existing = {"UPLOAD_BUCKET": "team-files"}
    _, said, _ = run(project, capsys, **CREDENTIALS, **NAMES, **existing, AccessKeySecret=secret, JWT_SECRET=secret)
    assert "\n  The bucket is in another region: set REGION to its own:\n" in said
    assert unseen_line(said) == (
        "The credentials do not show the upload bucket team-files: whether that is sound is not known."
    )


def test_one_refusal_by_a_bucket_of_this_account_is_said_as_such(
    project: Path, capsys: pytest.CaptureFixture[str], cloud: HTTPServer
) -> None:
    cloud.expect_request(f"/team-uploads-{ACCOUNT}/", query_string=Asks("versioning")).respond_with_data(
        DENIED, 403, content_type="application/xml"
    )
    secret = new_secret()
    serve_what_is_shipped(cloud, project, secret)
    code, said, _ = run(project, capsys, **CREDENTIALS, **NAMES, AccessKeySecret=secret, JWT_SECRET=secret)
    assert (code, "\n  OSS says AccessDenied:\n    versioning\n" in said) == (0, True)


def test_a_function_that_is_refused_fails(project: Path, capsys: pytest.CaptureFixture[str], cloud: HTTPServer) -> None:
    cloud.expect_request("/2023-03-30/functions/team-sign").respond_with_json({"Code": "AccessDenied"}, status=403)
    secret = new_secret()
    serve_what_is_shipped(cloud, project, secret)
    sees = {**CREDENTIALS, **NAMES, "AccessKeySecret": secret, "JWT_SECRET": secret}
    code, said, _ = run(project, capsys, **sees)
    line = "The credentials do not show the function team-sign: whether that is sound is not known."
    assert (code, unseen_line(said)) == (3, line)
    assert run(project, capsys, "--only", "versioning", **sees)[0] == 0


def test_a_proxy_that_answers_for_the_services_shows_nothing(
    project: Path, capsys: pytest.CaptureFixture[str], cloud: HTTPServer
) -> None:
    cloud.expect_request(re.compile(".*")).respond_with_data("<html>Sign in</html>", content_type="text/html")
    secret = new_secret()
    code, said, _ = run(project, capsys, **CREDENTIALS, **NAMES, AccessKeySecret=secret, JWT_SECRET=secret)
    assert (code, said.splitlines()[0], "no answer" in said) == (
        3,
        f"{ALL - len(LIVE) + 1} checks made, {len(LIVE) - 1} not made; 0 faults.",
        False,
    )


def test_without_a_network_credentials_fail(
    project: Path, capsys: pytest.CaptureFixture[str], cloud: HTTPServer
) -> None:
    cloud.stop()
    secret = new_secret()
    code, said, _ = run(project, capsys, **CREDENTIALS, **NAMES, AccessKeySecret=secret, JWT_SECRET=secret)
    cloud.start()
    assert (code, said.splitlines()[0]) == (3, f"{ALL - len(LIVE)} checks made, {len(LIVE)} not made; 0 faults.")


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
    assert f"\n{ALL} checks made, 0 not made; 1 fault.\n" in page
    versioning = next(check for check in CHECKS if check.id == "versioning")
    assert f"    Impact: {versioning.impact}\n    Fix: {versioning.fix}\n" in page
