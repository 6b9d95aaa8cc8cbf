"""What becomes of each setting: s.yaml through the real Serverless Devs, with stand-ins for the components."""

from __future__ import annotations

import base64
import re
import secrets
from typing import Any

import pytest

from support import fc_models
from support.default_props import callback, function, parameters
from support.scratch import ACCOUNT, PROJECT, Scratch


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


def test_everything_that_s_yaml_reads_from_the_environment_is_in_the_example() -> None:
    read = set(re.findall(r"env\('(\w+)'", (PROJECT / "s.yaml").read_text() + (PROJECT / "s.domain.yaml").read_text()))
    shown = set(re.findall(r"^#? ?([A-Z_]+)=", (PROJECT / ".env.example").read_text(), re.MULTILINE))
    # Where the cloud is, the word to delete, and a secret, are nothing to copy.
    assert read - shown == {"ROS_ENDPOINT", "DELETE_FILES", "JWT_SECRET", "CALLBACK_SECRET", "MULTIPART_SECRET"}
    assert shown - read == {"ACCESS"}
