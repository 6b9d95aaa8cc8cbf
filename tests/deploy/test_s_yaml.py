"""s.yaml through the real Serverless Devs, with stand-ins for the components: what each is asked for, and in which order."""

from __future__ import annotations

import base64
import json
import re
import secrets
from pathlib import Path
from typing import Any

import pytest
import yaml

from support import fc_models
from support.deployed_cloud import DeployedCloud
from support.scratch import ACCOUNT, PROJECT, SCHEMA, Scratch
from support.upload_bucket import Bucket

SITE = f"https://oss-direct-upload-site-{ACCOUNT}.oss-cn-hongkong.aliyuncs.com"
UPLOADS = f"https://oss-direct-upload-uploads-{ACCOUNT}.oss-cn-hongkong.aliyuncs.com"

DEPLOYED = ["infra deploy", "callback deploy", "sign deploy", "site deploy"]
REMOVED = ["callback remove", "sign remove", "site remove", "infra remove"]
CALLBACK_URL = "https://oss-direct-upload-callback-abcdefghij.cn-hongkong.fcapp.run"
DOMAINS = {
    "SIGN_DOMAIN": "sign.example.com",
    "SIGN_CERTIFICATE": "1-cn-hangzhou",
    "SITE_DOMAIN": "upload.example.com",
    "UPLOAD_DOMAIN": "files.example.com",
}


def parameters(**others: str) -> dict[str, str]:
    return {
        "Account": ACCOUNT,
        "SignRole": "oss-direct-upload-sign",
        "UploadRole": "oss-direct-upload-upload",
        "CallbackRole": "oss-direct-upload-callback",
        "UploadBucket": f"oss-direct-upload-uploads-{ACCOUNT}",
        "OwnUploadBucket": f"oss-direct-upload-uploads-{ACCOUNT}",
        "UploadPrefix": "uploads",
        "Origins": SITE,
        "KeepDays": "0",
        "ContentCheck": "off",
        "SiteBucket": f"oss-direct-upload-site-{ACCOUNT}",
        "LogProject": f"oss-direct-upload-{ACCOUNT}",
        "LogStore": "sign",
        "CallbackLogStore": "callback",
        "LogDays": "30",
        "AlertEmail": "none",
        "AlertKind": "none",
        "AlertUrl": "none",
        **others,
    }


def environment(scratch: Scratch, **others: str) -> dict[str, str]:
    return {
        "OSS_BUCKET": f"oss-direct-upload-uploads-{ACCOUNT}",
        "OSS_REGION": "cn-hongkong",
        "OSS_STS_ROLE_ARN": f"acs:ram::{ACCOUNT}:role/oss-direct-upload-upload",
        "ALLOWED_ORIGINS": SITE,
        "UPLOAD_URL": UPLOADS,
        "UPLOAD_PREFIX": "uploads",
        "AUTH": "jwt",
        "JWT_SECRET": scratch.environ["JWT_SECRET"],
        "CALLBACK_URL": CALLBACK_URL,
        **others,
    }


def callback(**settings: str) -> dict[str, Any]:
    return {
        "region": "cn-hongkong",
        "functionName": "oss-direct-upload-callback",
        "description": "Is called by OSS when a file has arrived",
        "runtime": "python3.12",
        "code": "./build/callback",
        "handler": "index.handler",
        "instanceLifecycleConfig": {"initializer": {"handler": "index.initialize", "timeout": 10}},
        "role": f"acs:ram::{ACCOUNT}:role/oss-direct-upload-callback",
        "cpu": 0.5,
        "memorySize": 512,
        "diskSize": 512,
        "timeout": 10,
        "instanceConcurrency": 1,
        "internetAccess": True,
        "concurrencyConfig": {"reservedConcurrency": 20},
        "logConfig": {
            "project": f"oss-direct-upload-{ACCOUNT}",
            "logstore": "callback",
            "enableRequestMetrics": True,
            "enableInstanceMetrics": False,
            "logBeginRule": "DefaultRegex",
        },
        "environmentVariables": {
            "OSS_BUCKET": f"oss-direct-upload-uploads-{ACCOUNT}",
            "OSS_REGION": "cn-hongkong",
            "UPLOAD_URL": f"https://oss-direct-upload-uploads-{ACCOUNT}.oss-cn-hongkong.aliyuncs.com",
            "UPLOAD_PREFIX": "uploads",
            **settings,
        },
        "triggers": [
            {
                "triggerName": "http",
                "triggerType": "http",
                "triggerConfig": {"authType": "anonymous", "disableURLInternet": False, "methods": ["POST"]},
            }
        ],
    }


def function(scratch: Scratch) -> dict[str, Any]:
    return {
        "region": "cn-hongkong",
        "functionName": "oss-direct-upload-sign",
        "description": "Signs forms with which browsers upload to OSS",
        "runtime": "python3.12",
        "code": "./build/sign",
        "handler": "index.handler",
        "instanceLifecycleConfig": {"initializer": {"handler": "index.initialize", "timeout": 15}},
        "role": f"acs:ram::{ACCOUNT}:role/oss-direct-upload-sign",
        "cpu": 1,
        "memorySize": 1024,
        "diskSize": 512,
        "timeout": 10,
        "instanceConcurrency": 1,
        "internetAccess": True,
        "concurrencyConfig": {"reservedConcurrency": 20},
        "logConfig": {
            "project": f"oss-direct-upload-{ACCOUNT}",
            "logstore": "sign",
            "enableRequestMetrics": True,
            "enableInstanceMetrics": False,
            "logBeginRule": "DefaultRegex",
        },
        "environmentVariables": environment(scratch),
        "triggers": [
            {
                "triggerName": "http",
                "triggerType": "http",
                "triggerConfig": {
                    "authType": "anonymous",
                    "disableURLInternet": False,
                    "methods": ["GET", "POST", "OPTIONS"],
                },
            }
        ],
    }


def test_what_the_components_are_asked_for(scratch: Scratch) -> None:
    scratch.ok("deploy", "-y")
    asked = [(call["component"], call["command"], call["resource"], call["props"]) for call in scratch.calls()]
    assert asked == [
        (
            "ros",
            "deploy",
            "infra",
            {
                "region": "cn-hongkong",
                "name": "oss-direct-upload",
                "endpoint": scratch.environ["ROS_ENDPOINT"],
                "template": str(scratch.folder / "deploy" / "ros.yaml"),
                "parameters": parameters(),
            },
        ),
        ("fc3", "deploy", "callback", callback()),
        ("fc3", "deploy", "sign", function(scratch)),
        (
            "site",
            "deploy",
            "site",
            {
                "folder": str(scratch.folder / "web"),
                "bucket": f"oss-direct-upload-site-{ACCOUNT}",
                "region": "cn-hongkong",
                "function": "https://oss-direct-upload-sign-abcdefghij.cn-hongkong.fcapp.run",
                "upload": UPLOADS,
                "domain": "",
                "title": "",
                "logo": "",
                "accent": "",
                "footer": "",
                "profile": "",
            },
        ),
    ]


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ({"timeOut": 10}, "CreateFunctionInput.timeOut is unknown"),
        ({"logConfig": {"logStore": "sign"}}, "CreateFunctionInput.logConfig.logStore is unknown"),
        ({"memorySize": "512"}, "CreateFunctionInput.memory_size is of another type: '512'"),
        (
            {"environmentVariables": {"TTL": 300}},
            "CreateFunctionInput.environment_variables is of another type: {'TTL': 300}",
        ),
        ({"concurrencyConfig": {"reserved": 1}}, "PutConcurrencyInput.reserved is unknown"),
        ({"triggers": [{"triggerConfig": {"auth": "none"}}]}, "HTTPTriggerConfig.auth is unknown"),
        ({"triggers": [{"triggerConfig": {}, "name": "http"}]}, "CreateTriggerInput.name is unknown"),
    ],
)
def test_the_vendors_models_refuse(wrong: dict[str, Any], fault: str) -> None:
    assert fc_models.faults({"concurrencyConfig": {}, "triggers": [], **wrong}) == [fault]


@pytest.mark.thorough
def test_deployed_twice_and_removed_twice(scratch: Scratch) -> None:
    """Each deployment builds, and the second asks for the same as the first."""
    for command in ("deploy", "deploy", "remove", "remove"):
        scratch.ok(command, "-y")
    assert scratch.order() == DEPLOYED + DEPLOYED + REMOVED + REMOVED
    calls = scratch.calls()
    assert (calls[:4], scratch.builds()) == (calls[4:8], 2)


@pytest.mark.thorough
def test_a_failed_build_deploys_nothing(scratch: Scratch) -> None:
    (scratch.folder / "Makefile").write_text("build:\n\t@exit 3\n")
    assert (scratch.s("deploy", "-y").exit_code, scratch.order()) == (101, [])


def test_a_failed_function_publishes_no_page(scratch: Scratch, cloud: DeployedCloud) -> None:
    cloud.put(refuse={"sign": ["CreateFunction"]})
    assert (scratch.s("deploy", "-y").exit_code, scratch.order()) == (
        101,
        ["infra deploy", "callback deploy", "sign deploy"],
    )


@pytest.mark.thorough
def test_a_stack_that_could_not_be_made_is_said_to_be_dead(scratch: Scratch, cloud: DeployedCloud) -> None:
    """The component takes a dead stack for one that has not changed."""
    cloud.put(refuse={"infra": ["CreateStack"]})
    said = [scratch.s("deploy", "-y") for _ in range(2)]
    assert ([done.exit_code for done in said], scratch.order()) == ([101, 101], ["infra deploy"])
    dead = (
        "The stack oss-direct-upload is in the state CREATE_ROLLBACK_COMPLETE: its creation failed, and it is dead. Set "
        "right what its events say, run `make remove`, then `make deploy`."
    )
    assert [done.said.count(dead) for done in said] == [1, 1]


@pytest.mark.thorough
def test_a_function_whose_cap_is_refused_is_closed(scratch: Scratch, cloud: DeployedCloud) -> None:
    """The component makes the function, opens it, and caps it last."""
    cloud.put(refuse={"sign": ["PutConcurrencyConfig"]})
    done = scratch.s("deploy", "-y")
    state = cloud.state()
    assert (done.exit_code, state["sign"]["triggers"], len(state["callback"]["triggers"])) == (101, [], 1)
    assert "To close it, these were deleted: its trigger http." in done.said


@pytest.mark.thorough
def test_who_answers_no_is_told_what_was_not_deployed(scratch: Scratch, cloud: DeployedCloud) -> None:
    cloud.put(answers={"callback": "no"})
    done = scratch.s("deploy", "-y")
    assert (done.exit_code, scratch.order()) == (101, ["infra deploy", "callback deploy"])
    assert "callback was not deployed, and nothing after it: you answered no." in done.said


@pytest.mark.thorough
def test_a_removal_that_removes_nothing_stops_and_can_be_run_again(scratch: Scratch, cloud: DeployedCloud) -> None:
    """The component swallows every error."""
    cloud.put_function("callback", "oss-direct-upload-callback")
    cloud.put_function("sign", "oss-direct-upload-sign")
    cloud.put(
        stack={"Status": "CREATE_COMPLETE", "outputs": {}}, domains={"sign.example.com": ["oss-direct-upload-sign"]}
    )
    codes = []
    for refused in ({"callback": ["DeleteFunction"]}, {"sign": ["DeleteCustomDomain"]}, {}):
        cloud.put(refuse=refused)
        codes.append(scratch.s("remove", "-y", "-t", "s.domain.yaml", **DOMAINS).exit_code)
    assert (codes, scratch.order()) == ([101, 101, 0], ["callback remove", "callback remove", "sign remove", *REMOVED])
    assert cloud.state() == {"refuse": {}, "domains": {}}


@pytest.mark.parametrize(
    ("words", "environ", "why"),
    [
        (("deploy",), {}, "without a terminal nobody can answer. Add -y, or use make."),
        (("remove", "-y", "--debug"), {"DEBUG": "true"}, "with DEBUG and --debug, secrets are printed"),
        pytest.param(
            ("info",),
            {"ENV_FILE": ".env.staging"},
            "ENV_FILE is read by make alone",
            marks=pytest.mark.thorough,
        ),
    ],
)
def test_what_would_change_nothing_or_print_secrets_is_refused(
    scratch: Scratch, words: tuple[str, ...], environ: dict[str, str], why: str
) -> None:
    done = scratch.s(*words, **environ)
    assert (done.exit_code, scratch.order(), scratch.builds()) == (101, [], 0)
    assert f"Nothing was done: {why}" in done.said


def test_the_preview_leaves_two_things_to_the_deployment(scratch: Scratch) -> None:
    shown = json.loads(scratch.ok("preview", "-o", "json", "--silent"))
    left = re.findall(r"\$\{[^}]*\}", json.dumps(shown["resources"]))
    assert left == ["${resources.callback.output.url.system_url}", "${resources.sign.output.url.system_url}"]


def test_verify(scratch: Scratch) -> None:
    if not SCHEMA.exists():
        pytest.skip("the schema of the component fc3 is not here: s.yaml was not checked against it")
    assert "passed" in scratch.ok("verify")


def test_a_property_of_the_wrong_type_is_refused(scratch: Scratch) -> None:
    if not SCHEMA.exists():
        pytest.skip("the schema of the component fc3 is not here: not checked that s.yaml has it enforced")
    file = scratch.folder / "s.yaml"
    file.write_text(file.read_text().replace("memorySize: 1024", "memorySize: much"))
    assert (scratch.s("deploy", "-y").exit_code == 0, scratch.order()) == (False, [])


SECRETS = {
    "CALLBACK_SECRET": secrets.token_hex(32),
    "MULTIPART_SECRET": secrets.token_hex(32),
    "WEBHOOK_URL": f"https://app.example.com/{secrets.token_hex(8)}",
    "WEBHOOK_SECRET": f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}",
    "ALERT_URL": f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={secrets.token_hex(8)}",
}

SET = {
    "NAME": "team",
    "REGION": "ap-southeast-1",
    "RUNTIME": "python3.10",
    "SITE_DOMAIN": "upload.example.com",
    "UPLOAD_DOMAIN": "files.example.com",
    "ALLOWED_ORIGINS": "https://upload.example.com,https://app.example.com",
    "UPLOAD_PREFIX": "in/here",
    "MAX_SIZE": "5MB",
    "CONTENT_TYPES": "image/png",
    "EXPIRES_IN": "900",
    "FOLDER_FORMS": "off",
    "CALLBACK": "on",
    "CALLBACK_SECRET": SECRETS["CALLBACK_SECRET"],
    "CONTENT_CHECK": "report",
    "DOWNLOAD_URL_EXPIRES_IN": "600",
    "MULTIPART_THRESHOLD": "2MB",
    "MULTIPART_SECRET": SECRETS["MULTIPART_SECRET"],
    "WEBHOOK_KIND": "standard",
    "WEBHOOK_LANGUAGE": "zh-CN",
    "WEBHOOK_URL": SECRETS["WEBHOOK_URL"],
    "WEBHOOK_SECRET": SECRETS["WEBHOOK_SECRET"],
    "ALERT_KIND": "wecom",
    "ALERT_URL": SECRETS["ALERT_URL"],
    "JWT_ISSUER": "us",
    "JWT_AUDIENCE": "you",
    "KEEP_DAYS": "7",
    "LOG_DAYS": "3",
    "PAGE_TITLE": "Our files",
    "PAGE_LOGO": "data:image/svg+xml,%3Csvg/%3E",
    "PAGE_ACCENT": "#0a58ca",
    "PAGE_FOOTER": "Ask us",
    "PAGE_PROFILE": "photos",
}


def check_everything_set(scratch: Scratch) -> None:
    assert scratch.props("infra")["parameters"] == {
        "Account": ACCOUNT,
        "SignRole": "team-sign",
        "UploadRole": "team-upload",
        "CallbackRole": "team-callback",
        "UploadBucket": f"team-uploads-{ACCOUNT}",
        "OwnUploadBucket": f"team-uploads-{ACCOUNT}",
        "UploadPrefix": "in/here",
        "Origins": "https://upload.example.com,https://app.example.com",
        "KeepDays": "7",
        "ContentCheck": "report",
        "SiteBucket": f"team-site-{ACCOUNT}",
        "LogProject": f"team-{ACCOUNT}",
        "LogStore": "sign",
        "CallbackLogStore": "callback",
        "LogDays": "3",
        "AlertEmail": "none",
        "AlertKind": "wecom",
        "AlertUrl": SECRETS["ALERT_URL"],
    }
    assert scratch.props("sign") == {
        **function(scratch),
        "region": "ap-southeast-1",
        "functionName": "team-sign",
        "runtime": "python3.10",
        "role": f"acs:ram::{ACCOUNT}:role/team-sign",
        "logConfig": {**function(scratch)["logConfig"], "project": f"team-{ACCOUNT}"},
        "environmentVariables": {
            "OSS_BUCKET": f"team-uploads-{ACCOUNT}",
            "OSS_REGION": "ap-southeast-1",
            "OSS_STS_ROLE_ARN": f"acs:ram::{ACCOUNT}:role/team-upload",
            "ALLOWED_ORIGINS": "https://upload.example.com,https://app.example.com",
            "UPLOAD_URL": "https://files.example.com",
            "UPLOAD_PREFIX": "in/here",
            "MAX_SIZE": "5MB",
            "CONTENT_TYPES": "image/png",
            "EXPIRES_IN": "900",
            "FOLDER_FORMS": "off",
            "CALLBACK": "on",
            "CALLBACK_SECRET": SECRETS["CALLBACK_SECRET"],
            "CONTENT_CHECK": "report",
            "DOWNLOAD_URL_EXPIRES_IN": "600",
            "MULTIPART_THRESHOLD": "2MB",
            "MULTIPART_SECRET": SECRETS["MULTIPART_SECRET"],
            "CALLBACK_URL": "https://team-callback-abcdefghij.ap-southeast-1.fcapp.run",
            "AUTH": "jwt",
            "JWT_SECRET": scratch.environ["JWT_SECRET"],
            "JWT_ISSUER": "us",
            "JWT_AUDIENCE": "you",
        },
    }
    assert scratch.props("callback") == {
        **callback(),
        "region": "ap-southeast-1",
        "functionName": "team-callback",
        "runtime": "python3.10",
        "role": f"acs:ram::{ACCOUNT}:role/team-callback",
        "logConfig": {**callback()["logConfig"], "project": f"team-{ACCOUNT}"},
        "environmentVariables": {
            "OSS_BUCKET": f"team-uploads-{ACCOUNT}",
            "OSS_REGION": "ap-southeast-1",
            "UPLOAD_PREFIX": "in/here",
            "CALLBACK_SECRET": SECRETS["CALLBACK_SECRET"],
            "WEBHOOK_KIND": "standard",
            "WEBHOOK_LANGUAGE": "zh-CN",
            "WEBHOOK_URL": SECRETS["WEBHOOK_URL"],
            "WEBHOOK_SECRET": SECRETS["WEBHOOK_SECRET"],
            "CONTENT_CHECK": "report",
            "DOWNLOAD_URL_EXPIRES_IN": "600",
            "UPLOAD_URL": "https://files.example.com",
        },
    }
    assert scratch.props("site") == {
        "folder": str(scratch.folder / "web"),
        "bucket": f"team-site-{ACCOUNT}",
        "region": "ap-southeast-1",
        "function": "https://team-sign-abcdefghij.ap-southeast-1.fcapp.run",
        "upload": "https://files.example.com",
        "domain": "upload.example.com",
        "title": "Our files",
        "logo": "data:image/svg+xml,%3Csvg/%3E",
        "accent": "#0a58ca",
        "footer": "Ask us",
        "profile": "photos",
    }


def test_every_setting_from_the_environment_in_the_shape_of_the_vendors_models(scratch: Scratch) -> None:
    (scratch.folder / "profiles.json").write_text('{"photos": {}}')
    scratch.ok("deploy", "-y", **SET)
    check_everything_set(scratch)
    assert fc_models.faults(scratch.props("sign")) == []


@pytest.mark.thorough
def test_every_setting_from_the_file_env(scratch: Scratch) -> None:
    (scratch.folder / "profiles.json").write_text('{"photos": {}}')
    (scratch.folder / ".env").write_text("".join(f'{name}="{text}"\n' for name, text in SET.items()))
    scratch.ok("deploy", "-y")
    check_everything_set(scratch)


@pytest.mark.thorough
def test_an_empty_setting_counts_as_absent(scratch: Scratch) -> None:
    scratch.ok("deploy", "-y", **dict.fromkeys(SET, ""))
    assert (scratch.props("infra")["parameters"], scratch.props("sign")) == (parameters(), function(scratch))


@pytest.mark.thorough
def test_without_identity(scratch: Scratch) -> None:
    del scratch.environ["JWT_SECRET"]
    scratch.ok("deploy", "-y", AUTH="none")
    environ = scratch.props("sign")["environmentVariables"]
    assert {name: environ[name] for name in environ if name.startswith(("AUTH", "JWT"))} == {"AUTH": "none"}


@pytest.mark.thorough
def test_what_is_printed_hides_the_secrets(scratch: Scratch) -> None:
    scratch.environ |= {"CALLBACK": "on", "MULTIPART_THRESHOLD": "2MB", "ALERT_KIND": "wecom", **SECRETS}
    for said in (scratch.ok("deploy", "-y"), scratch.ok("info"), scratch.ok("info", "-o", "json", "--silent")):
        shown = [name for name in ("JWT_SECRET", *SECRETS) if scratch.environ[name] in said]
        assert shown == []
        assert "(hidden)" in said


@pytest.mark.thorough
def test_a_webhook_without_callbacks_stops_the_deployment(scratch: Scratch) -> None:
    done = scratch.s("deploy", "-y", WEBHOOK_URL="https://app.example.com/")
    assert "- WEBHOOK_URL is set, and CALLBACK is not on: set CALLBACK=on, or leave WEBHOOK_URL out" in done.said


def test_all_that_is_not_set_right_stops_before_anything_is_made(scratch: Scratch) -> None:
    (scratch.folder / "profiles.json").write_text('{"photos": {"keep_days": 30, "multipart": true}}')
    wrong = {
        "JWT_SECRET": "",
        "MAX_SIZE": "much",
        "KEEP_DAYS": "7",
        "CALLBACK": "on",
        "CALLBACK_SECRET": "short",
        "WEBHOOK_URL": "https://app.example.com/",
    }
    done = scratch.s("deploy", "-y", **wrong)
    assert (done.exit_code, scratch.order()) == (101, [])
    said = (
        "Set these right in .env (see .env.example) or profiles.json:",
        "- MAX_SIZE must be",
        "`make deploy` writes a random JWT_SECRET into .env.",
        "- CALLBACK_SECRET must have at least 32 bytes",
        "- WEBHOOK_SECRET is missing",
        "- photos.multipart in profiles.json cannot be true without MULTIPART_THRESHOLD",
    )
    assert [each for each in said if each not in done.said] == []


@pytest.mark.thorough
def test_a_page_that_cannot_be_published_stops_before_anything_is_made(scratch: Scratch) -> None:
    (scratch.folder / "web" / "id_rsa").write_text("x")
    done = scratch.s("deploy", "-y")
    assert (done.exit_code, scratch.order()) == (101, [])
    assert "id_rsa is settings or keys" in done.said


@pytest.mark.thorough
def test_a_wrong_domain_of_the_page_stops_before_anything_is_made(scratch: Scratch) -> None:
    done = scratch.s("deploy", "-y", SITE_DOMAIN="https://up.example.com")
    assert (done.exit_code, scratch.order()) == (101, [])
    assert "- SITE_DOMAIN must be a domain alone" in done.said
    assert "ALLOWED_ORIGINS" not in done.said


def test_a_function_at_a_domain_of_its_own_is_deployed(scratch: Scratch) -> None:
    scratch.ok("deploy", "-y", "-t", "s.domain.yaml", **DOMAINS)
    assert scratch.props("sign") == {
        **function(scratch),
        "environmentVariables": environment(
            scratch, ALLOWED_ORIGINS="https://upload.example.com", UPLOAD_URL="https://files.example.com"
        ),
        "customDomain": {
            "domainName": "sign.example.com",
            "protocol": "HTTPS",
            "certConfig": {"certId": "1"},
            "route": {"path": "/*", "qualifier": "LATEST", "methods": ["GET", "POST", "OPTIONS"]},
        },
    }
    site = scratch.props("site")
    assert (site["function"], site["upload"], site["domain"]) == (
        "https://sign.example.com",
        "https://files.example.com",
        "upload.example.com",
    )
    assert scratch.order() == DEPLOYED


@pytest.mark.thorough
def test_profiles_become_lifecycle_rules_and_everything_can_still_be_removed(scratch: Scratch, bucket: Bucket) -> None:
    (scratch.folder / "profiles.json").write_text('{"photos": {"keep_days": 30}}')
    said = scratch.ok("deploy", "-y", UPLOAD_PREFIX="in/here")
    [rule] = re.findall(r"<Rule>.*?</Rule>", bucket.lifecycle)
    assert "Files of the profile photos are deleted after 30 days." in said
    assert rule == (
        "<Rule><ID>oss-direct-upload-keep-days-photos</ID><Prefix>in/here/~photos/</Prefix><Status>Enabled</Status>"
        "<Expiration><Days>30</Days></Expiration></Rule>"
    )
    scratch.ok("remove", "-y")
    assert scratch.order() == DEPLOYED + REMOVED


EXISTING = {"UPLOAD_BUCKET": "team-files", "UPLOAD_PREFIX": "in/here"}
CMS = "<CORSRule><AllowedOrigin>https://cms.example.com</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule>"


def test_a_bucket_that_was_there_before_is_used_and_left_as_it_was(scratch: Scratch, bucket: Bucket) -> None:
    bucket.cors = before = f"<CORSConfiguration>{CMS}</CORSConfiguration>"
    bucket.info = {"Owner": f"<ID>{ACCOUNT}</ID>"}
    bucket.files = files = {("cms/a.png", "null"): 5}
    scratch.ok("deploy", "-y", **EXISTING)
    assert scratch.props("infra")["parameters"] == parameters(UploadBucket="team-files", UploadPrefix="in/here")
    own = {"OSS_BUCKET": "team-files", "UPLOAD_PREFIX": "in/here"}
    url = {"UPLOAD_URL": "https://team-files.oss-cn-hongkong.aliyuncs.com"}
    assert scratch.props("sign")["environmentVariables"] == environment(scratch, **own, **url)
    assert scratch.props("callback")["environmentVariables"] == {"OSS_REGION": "cn-hongkong", **own, **url}
    assert scratch.props("site")["upload"] == url["UPLOAD_URL"]
    assert (CMS in bucket.cors, f"<AllowedOrigin>{SITE}</AllowedOrigin>" in bucket.cors) == (True, True)
    said = scratch.ok("remove", "-y", **EXISTING)
    assert "The bucket team-files stays, with all its files" in said
    assert (bucket.cors, bucket.lifecycle, bucket.files, scratch.order()) == (before, "", files, DEPLOYED + REMOVED)


@pytest.mark.thorough
def test_a_bucket_that_cannot_be_used_stops_before_anything_is_made(scratch: Scratch, bucket: Bucket) -> None:
    bucket.info = {"Owner": "<ID>42</ID>"}
    done = scratch.s("deploy", "-y", **EXISTING)
    assert (
        done.exit_code,
        scratch.order(),
        f"- It belongs to the account 42, and this deployment to {ACCOUNT}" in done.said,
    ) == (101, [], True)


@pytest.mark.thorough
def test_another_bucket_than_the_deployments_stops_a_removal_before_anything_is_removed(
    scratch: Scratch, cloud: DeployedCloud
) -> None:
    cloud.put(stack={"Status": "CREATE_COMPLETE", "parameters": {"UploadBucket": "team-files"}})
    done = scratch.s("remove", "-y", DELETE_FILES="yes")
    assert (done.exit_code, scratch.order(), "Run it again with UPLOAD_BUCKET=team-files." in done.said) == (
        101,
        [],
        True,
    )


def test_users_files_stop_the_removal_before_anything_is_removed(scratch: Scratch, bucket: Bucket) -> None:
    bucket.files = {("uploads/a.png", "null"): 5}
    done = scratch.s("remove", "-y")
    assert (done.exit_code, scratch.order()) == (101, [])
    assert f"oss-direct-upload-uploads-{ACCOUNT} holds 1 file (5 bytes). Nothing was removed." in done.said
    assert "DELETE_FILES=yes make remove" in done.said


@pytest.mark.thorough
def test_users_files_stop_the_removal_of_the_stack_alone(scratch: Scratch, bucket: Bucket) -> None:
    bucket.files = {("uploads/a.png", "null"): 5}
    assert (scratch.s("infra", "remove", "-y").exit_code, scratch.order()) == (101, [])


def test_users_files_go_when_that_is_said(scratch: Scratch, bucket: Bucket) -> None:
    bucket.files, bucket.unfinished = {("uploads/a.png", "null"): 5}, [("uploads/b.png", "u1")]
    scratch.ok("remove", "-y", DELETE_FILES="yes")
    assert (bucket.files, bucket.unfinished, scratch.order()) == ({}, [], REMOVED)


@pytest.mark.thorough
def test_without_credentials_for_the_bucket_nothing_is_removed(scratch: Scratch, bucket: Bucket) -> None:
    bucket.refusal = "AccessDenied"
    done = scratch.s("remove", "-y")
    assert (done.exit_code, scratch.order()) == (101, [])
    assert "could not be seen. AccessDenied: no" in done.said


def test_temporary_credentials_reach_the_hooks_and_their_account_the_names(scratch: Scratch, bucket: Bucket) -> None:
    known = {name: scratch.environ.pop(name) for name in ("AccountID", "AccessKeyID", "AccessKeySecret")}
    given = {**known, "AccountID": "99999", "SecurityToken": "a-token"}
    scratch.environ["ci_serverless_devs_key"] = json.dumps(given)
    scratch.ok("deploy", "-y", "-a", "ci_serverless_devs_key")
    assert bucket.tokens == {"a-token"}
    assert scratch.props("infra")["parameters"]["UploadBucket"] == "oss-direct-upload-uploads-99999"


def test_everything_that_s_yaml_reads_from_the_environment_is_in_the_example() -> None:
    read = set(re.findall(r"env\('(\w+)'", (PROJECT / "s.yaml").read_text() + (PROJECT / "s.domain.yaml").read_text()))
    shown = set(re.findall(r"^#? ?([A-Z_]+)=", (PROJECT / ".env.example").read_text(), re.MULTILINE))
    # Where the cloud is, the word to delete, and a secret, are nothing to copy.
    assert read - shown == {"ROS_ENDPOINT", "DELETE_FILES", "JWT_SECRET", "CALLBACK_SECRET", "MULTIPART_SECRET"}
    assert shown - read == {"ACCESS"}


def test_the_components_of_the_vendor_are_the_known_ones() -> None:
    declared = yaml.safe_load((PROJECT / "s.yaml").read_text())["resources"]
    assert {name: resource["component"] for name, resource in declared.items()} == {
        "infra": "ros",
        "callback": "fc3@0.1.22",
        "sign": "fc3@0.1.22",
        "site": "${path('./deploy/site')}",
    }


def test_the_stand_ins_are_the_only_difference(scratch: Scratch) -> None:
    real, copy = (yaml.safe_load((folder / "s.yaml").read_text()) for folder in (PROJECT, scratch.folder))
    for name in ("infra", "callback", "sign"):
        assert Path(copy["resources"][name].pop("component")).exists()
        del real["resources"][name]["component"]
    assert copy == real
