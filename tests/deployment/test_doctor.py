"""`make doctor`: each check finds its fault, once; on the defaults it names only what the owner must decide."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
import time_machine
from alibabacloud_oss_v2.credentials import StaticCredentialsProvider
from pytest_httpserver import HTTPServer
from pytest_httpserver.httpserver import QueryMatcher
from werkzeug import Request, Response

import sentinels
from deploy import bucket, declared, doctor
from deploy.account import Account
from deploy.checks import CHECKS, Setup, examine
from deploy.declared import Deployment
from deploy.environment import dotenv, environment
from deploy.live import CorsRule, Live, UploadBucket, look_at
from given import NOON
from given_tokens import new_secret
from oss_forms import BUCKET, REGION, World

ACCOUNT = "1234567890123456"
SITE = f"https://odu-site-{ACCOUNT}.oss-cn-hongkong.aliyuncs.com"
UPLOADS = f"odu-uploads-{ACCOUNT}"
SIGN_ROLE, UPLOAD_ROLE, CALLBACK_ROLE = "odu-sign", "odu-upload", "odu-callback"

DEFAULT_DECISIONS = ["kept-for-ever", "site-domain", "sign-domain"]
"""What is left to decide when nothing but the defaults is set."""


def role(name: str, trusts: dict[str, list[str]], **grants: str) -> dict[str, Any]:
    """A role of a template, whose one policy allows each action (`_` for `:`) on one resource."""
    allowed = [
        {"Effect": "Allow", "Action": [action.replace("_", ":")], "Resource": [on]} for action, on in grants.items()
    ]
    return {
        "Type": "ALIYUN::RAM::Role",
        "Properties": {
            "RoleName": name,
            "AssumeRolePolicyDocument": {
                "Version": "1",
                "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": trusts}],
            },
            "Policies": [{"PolicyName": name, "PolicyDocument": {"Version": "1", "Statement": allowed}}],
        },
    }


def arn(name: str) -> str:
    return f"acs:ram::{ACCOUNT}:role/{name}"


def template() -> dict[str, Any]:
    """The resources of a sound template."""
    cors = {"AllowedOrigin": [SITE], "AllowedMethod": ["POST"], "AllowedHeader": ["*"], "ExposeHeader": ["ETag"]}
    return {
        "SignRole": role(
            SIGN_ROLE,
            {"Service": ["fc.aliyuncs.com"]},
            sts_AssumeRole=arn(UPLOAD_ROLE),
            log_PostLogStoreLogs=f"acs:log:*:{ACCOUNT}:project/odu/logstore/sign",
        ),
        "UploadRole": role(
            UPLOAD_ROLE, {"RAM": [arn(SIGN_ROLE)]}, oss_PutObject=f"acs:oss:*:{ACCOUNT}:{UPLOADS}/uploads/*"
        ),
        "CallbackRole": role(
            CALLBACK_ROLE,
            {"Service": ["fc.aliyuncs.com"]},
            oss_GetObject=f"acs:oss:*:{ACCOUNT}:{UPLOADS}/uploads/*",
        ),
        "Uploads": {
            "Type": "ALIYUN::OSS::Bucket",
            "Properties": {
                "BucketName": UPLOADS,
                "AccessControl": "private",
                "BlockPublicAccess": True,
                "CORSConfiguration": {"ResponseVary": True, "CORSRule": [cors]},
            },
        },
        "Site": {
            "Type": "ALIYUN::OSS::Bucket",
            "Properties": {"BucketName": f"odu-site-{ACCOUNT}", "AccessControl": "public-read"},
        },
    }


def function() -> dict[str, Any]:
    """The props of a sound function."""
    return {
        "region": "cn-hongkong",
        "functionName": "odu-sign",
        "runtime": "python3.12",
        "timeout": 10,
        "role": arn(SIGN_ROLE),
        "logConfig": {"project": "odu", "logstore": "sign"},
        "environmentVariables": {
            "OSS_BUCKET": UPLOADS,
            "OSS_REGION": "cn-hongkong",
            "OSS_STS_ROLE_ARN": arn(UPLOAD_ROLE),
            "ALLOWED_ORIGINS": SITE,
            "JWT_SECRET": new_secret(),
        },
        "triggers": [
            {
                "triggerName": "http",
                "triggerType": "http",
                "triggerConfig": {"authType": "anonymous", "methods": ["GET", "POST", "OPTIONS"]},
            }
        ],
    }


def callback() -> dict[str, Any]:
    """The props of a sound callback function."""
    return {
        "region": "cn-hongkong",
        "functionName": "odu-callback",
        "role": arn(CALLBACK_ROLE),
        "environmentVariables": {"OSS_BUCKET": UPLOADS, "OSS_REGION": "cn-hongkong", "UPLOAD_PREFIX": "uploads"},
        "triggers": [{"triggerType": "http", "triggerConfig": {"authType": "anonymous", "methods": ["POST"]}}],
    }


class Given:
    """A sound deployment, to be spoilt."""

    def __init__(self) -> None:
        self.environ: dict[str, str] = {}
        self.function = function()
        self.callback = callback()
        self.template = template()
        self.missing: tuple[str, ...] = ()
        self.live: Live | None = None
        self.account: Deployment | None = None

    @property
    def settings(self) -> dict[str, Any]:
        settings: dict[str, Any] = self.function["environmentVariables"]
        return settings

    @property
    def trigger(self) -> dict[str, Any]:
        trigger: dict[str, Any] = self.function["triggers"][0]["triggerConfig"]
        return trigger

    def switch_on(self, **settings: str) -> Given:
        """Callbacks, with what else is set for their function."""
        secret = new_secret()
        self.settings.update(CALLBACK="on", CALLBACK_URL="${resources.callback.output.url}", CALLBACK_SECRET=secret)
        self.callback["environmentVariables"].update({"CALLBACK_SECRET": secret, **settings})
        return self

    def properties(self, name: str) -> dict[str, Any]:
        properties: dict[str, Any] = self.template[name]["Properties"]
        return properties

    def statement(self, name: str) -> dict[str, Any]:
        statement: dict[str, Any] = self.properties(name)["Policies"][0]["PolicyDocument"]["Statement"][0]
        return statement

    def trust(self, name: str, **principal: list[str]) -> None:
        self.properties(name)["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] = principal

    def cors(self) -> dict[str, Any]:
        rule: dict[str, Any] = self.properties("Uploads")["CORSConfiguration"]["CORSRule"][0]
        return rule

    def findings(self) -> list[tuple[str, str]]:
        """The check's name and what it found."""
        resources = {"sign": {"props": self.function}, "callback": {"props": self.callback}}
        deployment = Deployment(resources, self.template, self.missing)
        found = examine(Setup(self.environ, deployment, self.live, self.account))
        return [(finding.check.name, finding.what) for finding in found]


SEEN = UploadBucket("The live bucket b", versioning="", public_access_blocked=True, acl="private")

Spoil = Callable[[Given], object]

SEEDS: list[tuple[str, Spoil, str]] = [
    ("missing", lambda g: setattr(g, "missing", ("JWT_SECRET",)), "s.yaml asks for JWT_SECRET, which is not set."),
    ("settings", lambda g: g.settings.update(EXPIRES_IN="5"), "EXPIRES_IN must be 60 to 3000 seconds, not '5'."),
    ("settings", lambda g: g.settings.update(LOCAL="on"), "LOCAL is for laptops only: remove it from the function's environment."),
    ("prefix", lambda g: g.settings.update(UPLOAD_PREFIX=""), "UPLOAD_PREFIX is set, and empty: the function takes `uploads` then."),
    ("prefix", lambda g: g.settings.update(UPLOAD_PREFIX="../up"), "UPLOAD_PREFIX must be a relative path of letters, digits and . _ - such as uploads, not '../up'."),
    ("origins", lambda g: g.settings.update(ALLOWED_ORIGINS="*"), "ALLOWED_ORIGINS must list exact origins such as https://app.example.com, not '*'."),
    ("origins", lambda g: g.settings.update(ALLOWED_ORIGINS=f"{SITE},null"), "ALLOWED_ORIGINS must list exact origins such as https://app.example.com, not 'null'."),
    ("origins", lambda g: g.settings.update(ALLOWED_ORIGINS=f"https://a.example/page,{SITE}"), "ALLOWED_ORIGINS must list exact origins such as https://app.example.com, not 'https://a.example/page'."),
    ("jwt", lambda g: g.settings.update(JWT_SECRET="short"), "JWT_SECRET must have at least 32 bytes; make one with: openssl rand -hex 32."),
    ("jwt", lambda g: g.settings.update(JWT_SECRET="changeme" * 8), "JWT_SECRET has fewer than 10 different characters: nobody made that at random."),
    ("identity", lambda g: g.settings.pop("JWT_SECRET"), "Neither JWT_SECRET nor JWT_JWKS is set."),
    ("jwt", lambda g: g.settings.update(JWT_JWKS="{}"), "JWT_SECRET and JWT_JWKS are both set: remove one."),
    ("prefix", lambda g: g.settings.update(UPLOAD_PREFIX="uploads/"), "UPLOAD_PREFIX ends in a slash: the roles' rights are made of it and another one."),
    ("auth", lambda g: g.settings.update(AUTH="none"), "AUTH is none."),
    ("environment-size", lambda g: g.settings.update(NOTE="x" * 4096), "The function's environment has {size} bytes, of 4,096."),
    ("environment-strings", lambda g: g.settings.update(EXPIRES_IN=600), "EXPIRES_IN in s.yaml is not a string, but int."),
    ("methods", lambda g: g.trigger.update(methods=["GET", "POST"]), "The trigger's methods lack OPTIONS."),
    ("auth-type", lambda g: g.trigger.update(authType="function"), "The trigger's authType is function."),
    ("auth-type", lambda g: g.trigger.pop("authType"), "The trigger's authType is not stated."),
    ("timeout", lambda g: g.function.pop("timeout"), "The function's timeout is not stated: it is 3 seconds then."),
    ("timeout", lambda g: g.function.update(timeout=3), "The function's timeout is 3 seconds."),
    ("log", lambda g: g.function.pop("logConfig"), "The function has no logConfig: a deployment switches its log off."),
    ("log", lambda g: g.function.update(logConfig="auto"), "The function's logConfig is auto: a project and a logstore that no removal takes away."),
    ("role", lambda g: g.function.update(role="auto"), "The function's role is auto."),
    ("role", lambda g: g.function.update(role=arn("another")), f"The function's role {arn('another')} is none of the template's."),
    ("runtime", lambda g: g.function.update(runtime="python3.11"), "The runtime is python3.11; this function is for python3.12 or python3.10."),
    ("runtime", lambda g: g.function.update(region="ap-southeast-1"), "Function Compute has no python3.12 in ap-southeast-1."),
    ("grants", lambda g: g.statement("SignRole").update(Resource=["*"]), f"The role {SIGN_ROLE} may reach *."),
    ("grants", lambda g: g.statement("SignRole").update(Action=["sts:*"]), f"The role {SIGN_ROLE} may do sts:*."),
    ("grants", lambda g: g.statement("UploadRole")["Resource"].append(f"acs:oss:*:{ACCOUNT}:{UPLOADS}/*"), f"The role {UPLOAD_ROLE} may reach acs:oss:*:{ACCOUNT}:{UPLOADS}/*."),
    ("grants", lambda g: g.statement("UploadRole")["Resource"].append(f"acs:oss:*:*:{UPLOADS}/uploads/*"), f"The role {UPLOAD_ROLE} may reach acs:oss:*:*:{UPLOADS}/uploads/*."),
    ("grants", lambda g: g.statement("UploadRole")["Resource"].append(f"acs:oss:*::{UPLOADS}/uploads/*"), f"The role {UPLOAD_ROLE} may reach acs:oss:*::{UPLOADS}/uploads/*."),
    ("grants", lambda g: g.properties("SignRole").update(PolicyAttachments={"System": ["AliyunSTSAssumeRoleAccess"]}), f"The role {SIGN_ROLE} has AliyunSTSAssumeRoleAccess attached."),
    ("trust", lambda g: g.trust("UploadRole", RAM=[f"acs:ram::{ACCOUNT}:root"]), f"The role {UPLOAD_ROLE} trusts acs:ram::{ACCOUNT}:root."),
    ("trust", lambda g: g.trust("UploadRole", RAM=["*"]), f"The role {UPLOAD_ROLE} trusts *."),
    ("trust", lambda g: g.trust("SignRole", Service=["fc.aliyuncs.com", "ecs.aliyuncs.com"]), f"The role {SIGN_ROLE} trusts ecs.aliyuncs.com."),
    ("upload-right", lambda g: g.settings.update(UPLOAD_PREFIX="inbox"), f"The upload role {UPLOAD_ROLE} may not put objects at {UPLOADS}/inbox/*."),
    ("bucket", lambda g: g.properties("Uploads").update(BucketName="another"), f"The template has no bucket {UPLOADS}, which OSS_BUCKET names."),
    ("versioning", lambda g: g.properties("Uploads").update(VersioningConfiguration={"Status": "Suspended"}), "The bucket Uploads of the template has versioning Suspended."),
    ("versioning", lambda g: setattr(g, "live", Live(replace(SEEN, versioning="Enabled"))), "The live bucket b has versioning Enabled."),
    ("public-access", lambda g: g.properties("Uploads").pop("BlockPublicAccess"), "The bucket Uploads of the template does not block public access."),
    ("public-access", lambda g: setattr(g, "live", Live(replace(SEEN, public_access_blocked=False))), "The live bucket b does not block public access."),
    ("acl", lambda g: g.properties("Uploads").update(AccessControl="public-read"), "The bucket Uploads of the template is public-read."),
    ("acl", lambda g: setattr(g, "live", Live(replace(SEEN, acl="public-read-write"))), "The live bucket b is public-read-write."),
    ("cors-wide", lambda g: g.cors().update(AllowedOrigin=["*"]), "The bucket Uploads of the template lets pages of * read its answers."),
    ("cors-wide", lambda g: setattr(g, "live", Live(replace(SEEN, cors=(CorsRule(("https://*.example.com", SITE), ("POST",)),)))), "The live bucket b lets pages of https://*.example.com read its answers."),
    ("cors", lambda g: g.cors().update(AllowedMethod=["PUT"]), f"The bucket Uploads of the template has no CORS rule that lets {SITE} post."),
    ("cors", lambda g: setattr(g, "live", Live(replace(SEEN, cors=()))), f"The live bucket b has no CORS rule that lets {SITE} post."),
    ("domains", lambda g: g.environ.update(UPLOAD_DOMAIN="https://up.example.com"), "UPLOAD_DOMAIN must be a domain alone, such as upload.example.com, not 'https://up.example.com'."),
    ("page-origin", lambda g: g.environ.update(SITE_DOMAIN="up.example.com"), "https://up.example.com, where SITE_DOMAIN puts the page, is not in ALLOWED_ORIGINS."),
    ("keep-days", lambda g: g.environ.update(KEEP_DAYS="a month"), "KEEP_DAYS must be a whole number of days, or 0, not 'a month'."),
    ("endpoint-forbidden", lambda g: setattr(g, "live", Live(SEEN, endpoint_forbidden=True)), "OSS answers PublicEndpointForbidden at the bucket's default domain."),
    ("clock", lambda g: setattr(g, "live", Live(SEEN, skew=-901.0)), "This machine's clock is 901 seconds behind OSS's."),
    ("clock", lambda g: setattr(g, "live", Live(SEEN, skew=61.0)), "This machine's clock is 61 seconds ahead of OSS's."),
    ("large-files", lambda g: g.settings.update(MAX_SIZE="5GB"), "MAX_SIZE is 5GB, and no form lives longer than 3,000 seconds: the largest file needs a line of 1,667 KB a second."),
    ("settings", lambda g: (g.switch_on(), g.settings.update(CALLBACK_URL="http://cb.example.com")), "CALLBACK_URL must be https://host without a path, not 'http://cb.example.com'."),
    ("settings", lambda g: (g.switch_on(), g.settings.update(FOLDER_FORMS="on")), "FOLDER_FORMS cannot be on while CALLBACK is: whoever had one could leave it out."),
    ("callback", lambda g: g.switch_on(CALLBACK_SECRET=""), "CALLBACK_SECRET is missing."),
    ("callback", lambda g: g.switch_on(WEBHOOK_URL="https://app.example.com/"), "WEBHOOK_SECRET is missing."),
    ("callback-agreement", lambda g: g.switch_on(CALLBACK_SECRET=new_secret()), "The two functions differ in CALLBACK_SECRET."),
    ("callback-agreement", lambda g: g.switch_on(OSS_REGION="cn-hangzhou"), "The two functions differ in OSS_REGION."),
    ("callback-trigger", lambda g: (g.switch_on(), g.callback["triggers"][0]["triggerConfig"].update(authType="function")), "The callback function's authType is function."),
    ("callback-trigger", lambda g: (g.switch_on(), g.callback["triggers"][0]["triggerConfig"].update(methods=["GET"])), "The callback function's methods lack POST."),
    ("callback-right", lambda g: (g.switch_on(), g.statement("CallbackRole").update(Action=["oss:PutObject"])), f"The callback function's role {CALLBACK_ROLE} may not look at objects at {UPLOADS}/uploads/*."),
    ("webhook", lambda g: g.callback["environmentVariables"].update(WEBHOOK_URL="https://app.example.com/"), "WEBHOOK_URL is set, and CALLBACK is not on."),
    ("trust", lambda g: g.trust("CallbackRole", Service=["ecs.aliyuncs.com"]), f"The role {CALLBACK_ROLE} trusts ecs.aliyuncs.com."),
    ("upload-domain", lambda g: g.settings.update(OSS_REGION="cn-hangzhou"), "UPLOAD_DOMAIN is not set, and cn-hangzhou is on the mainland."),
]  # fmt: skip
"""For each check a fault or more that it alone finds, and its words."""


@pytest.mark.parametrize(("check", "spoil", "what"), SEEDS)
def test_a_fault_is_found_once_and_by_its_check_alone(check: str, spoil: Spoil, what: str) -> None:
    given = Given()
    spoil(given)
    size = sum(len(name) + len(str(value)) for name, value in given.settings.items())
    found = [finding for finding in given.findings() if finding[0] not in DEFAULT_DECISIONS]
    assert found == [(check, what.format(size=f"{size:,}"))]


def test_callbacks_that_are_on_and_sound_are_no_fault() -> None:
    given = Given()
    given.switch_on()
    assert [name for name, _ in given.findings()] == DEFAULT_DECISIONS


def test_every_check_has_a_seeded_fault() -> None:
    assert {check.name for check in CHECKS} == {check for check, _, _ in SEEDS} | set(DEFAULT_DECISIONS)


def test_on_the_defaults_only_what_the_owner_must_decide_is_named() -> None:
    assert [name for name, _ in Given().findings()] == DEFAULT_DECISIONS
    assert [check.name for check in CHECKS if check.decide] == [
        "auth",
        "identity",
        "large-files",
        *DEFAULT_DECISIONS,
        "upload-domain",
    ]


def test_what_is_decided_is_not_named_again() -> None:
    given = Given()
    given.environ = {"SITE_DOMAIN": "up.example.com", "SIGN_DOMAIN": "sign.example.com", "KEEP_DAYS": "30"}
    given.settings["ALLOWED_ORIGINS"] = "https://up.example.com"
    given.cors()["AllowedOrigin"] = ["https://up.example.com"]
    assert given.findings() == []


@pytest.mark.parametrize("url", ["https://uploads.example.com", "https://b.oss-cn-hangzhou.aliyuncs.com"])
def test_on_the_mainland_an_upload_domain_ends_the_warning_and_the_fault(url: str) -> None:
    given = Given()
    given.settings.update(OSS_REGION="cn-hangzhou", UPLOAD_URL=url)
    without = [name for name, _ in given.findings()]
    given.live = Live(SEEN, endpoint_forbidden=True)
    forbidden = [name for name, _ in given.findings()]
    expected = ([], []) if url.endswith("example.com") else (["upload-domain"], ["endpoint-forbidden"])
    assert tuple(sorted(set(names) - set(DEFAULT_DECISIONS)) for names in (without, forbidden)) == expected


def test_what_is_denied_is_not_granted() -> None:
    given = Given()
    policy = given.properties("UploadRole")["Policies"][0]["PolicyDocument"]
    policy["Statement"].append({"Effect": "Deny", "Action": ["*"], "Resource": ["*"]})
    assert [name for name, _ in given.findings()] == DEFAULT_DECISIONS


def test_what_could_not_be_seen_is_no_fault() -> None:
    given = Given()
    given.live = Live(UploadBucket("The live bucket b"))
    assert [name for name, _ in given.findings()] == DEFAULT_DECISIONS


# --- reading


S_YAML = """
edition: 3.0.0
vars:
  region: ${env('REGION', 'cn-hongkong')}
  name: ${env('NAME', 'odu')}
  uploads: ${vars.name}-uploads-${config('AccountID')}
  host: ${vars.name}.example.com
  origins: ${env('ALLOWED_ORIGINS', vars.origin)}
  origin: https://${env('SITE_DOMAIN', vars.host)}
resources:
  infra:
    component: ros
    props:
      region: ${vars.region}
      template: ${path('./deploy/ros.yaml')}
      parameters: {UploadBucket: "${vars.uploads}", KeepDays: "${env('KEEP_DAYS', '')}", Role: "${vars.name}-sign", Origins: "${vars.origins},https://b.example"}
  sign:
    component: fc3
    props:
      timeout: 10
      triggers: [{triggerType: http, triggerConfig: {methods: [GET]}}]
      environmentVariables:
        OSS_BUCKET: ${vars.uploads}
        ALLOWED_ORIGINS: ${vars.origins}
        JWT_SECRET: ${env('JWT_SECRET')}
  site:
    component: ${path('./deploy/site')}
    props: {function: "${resources.sign.output.url.system_url}"}
"""

ROS_YAML = """
ROSTemplateFormatVersion: '2015-09-01'
Parameters:
  UploadBucket: {Type: String}
  Role: {Type: String}
  KeepDays: {Type: String, Default: ''}
  Origins: {Type: CommaDelimitedList}
  Acl: {Type: String, Default: private}
Conditions:
  Keep: {'Fn::Not': [{'Fn::Equals': ['', {Ref: KeepDays}]}]}
Resources:
  Sign:
    Type: ALIYUN::RAM::Role
    Properties: {RoleName: !Ref Role}
  Uploads:
    Type: ALIYUN::OSS::Bucket
    Properties:
      BucketName: {Ref: UploadBucket}
      AccessControl: {Ref: Acl}
      CORSConfiguration: {CORSRule: [{AllowedOrigin: {Ref: Origins}}]}
      LifecycleConfiguration:
        'Fn::If': [Keep, {Rule: [{Expiration: {Days: {Ref: KeepDays}}}]}, {Ref: 'ALIYUN::NoValue'}]
      Tags: {Role: !GetAtt Sign.Arn, Of: !Sub '${UploadBucket}/${ALIYUN::AccountId}', By: {'Fn::Join': ['-', [a, {Ref: Role}]]}}
  Extra:
    Condition: Keep
    Type: ALIYUN::OSS::Domain
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "s.yaml").write_text(S_YAML, encoding="utf-8")
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "ros.yaml").write_text(ROS_YAML, encoding="utf-8")
    return tmp_path


def test_variables_of_s_yaml_are_filled_in_as_serverless_devs_does(folder: Path) -> None:
    read = declared.read(folder, {"NAME": "team", "REGION": "", "JWT_SECRET": "s"}, ACCOUNT)
    assert (read.resources["infra"]["props"]["region"], read.function["timeout"], read.function_environ) == (
        "cn-hongkong",
        10,
        {
            "OSS_BUCKET": f"team-uploads-{ACCOUNT}",
            "ALLOWED_ORIGINS": "https://team.example.com",
            "JWT_SECRET": "s",
        },
    )
    assert read.resources["site"]["props"] == {"function": "${resources.sign.output.url.system_url}"}
    assert read.resources["site"]["component"] == str(folder / "deploy" / "site")
    assert read.missing == ()


def test_a_variable_without_value_or_default_is_noted(folder: Path) -> None:
    assert declared.read(folder, {}, ACCOUNT).missing == ("JWT_SECRET",)


def test_parameters_and_functions_of_the_template_are_filled_in(folder: Path) -> None:
    template = declared.read(folder, {"NAME": "team"}, ACCOUNT).template
    assert template == {
        "Sign": {"Type": "ALIYUN::RAM::Role", "Properties": {"RoleName": "team-sign"}},
        "Uploads": {
            "Type": "ALIYUN::OSS::Bucket",
            "Properties": {
                "BucketName": f"team-uploads-{ACCOUNT}",
                "AccessControl": "private",
                "CORSConfiguration": {
                    "CORSRule": [{"AllowedOrigin": ["https://team.example.com", "https://b.example"]}]
                },
                "Tags": {
                    "Role": f"acs:ram::{ACCOUNT}:role/team-sign",
                    "Of": f"team-uploads-{ACCOUNT}/{ACCOUNT}",
                    "By": "a-team-sign",
                },
            },
        },
    }


def test_conditions_of_the_template_decide(folder: Path) -> None:
    template = declared.read(folder, {"KEEP_DAYS": "30"}, ACCOUNT).template
    assert template["Uploads"]["Properties"]["LifecycleConfiguration"] == {"Rule": [{"Expiration": {"Days": "30"}}]}
    assert set(template) == {"Sign", "Uploads", "Extra"}


def test_the_environment_goes_over_the_env_file(tmp_path: Path) -> None:
    text = "# settings\nA=1\nexport B = two words # of them\nC='# kept'\nD=\"x\"\nE=\nnot a variable\nF=a#b\n"
    (tmp_path / ".env").write_text(text, encoding="utf-8")
    assert environment({"A": "0"}, tmp_path) == {
        "A": "0",
        "B": "two words",
        "C": "# kept",
        "D": "x",
        "E": "",
        "F": "a#b",
    }


# --- the live bucket, through the vendor's SDK


REFUSED = "<Error><Code>{code}</Code><Message>no</Message><RequestId>1</RequestId><EC>0</EC></Error>"
SUBRESOURCES = {
    "versioning": "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>",
    "publicAccessBlock": "<PublicAccessBlockConfiguration><BlockPublicAccess>true</BlockPublicAccess></PublicAccessBlockConfiguration>",
    "acl": "<AccessControlPolicy><AccessControlList><Grant>private</Grant></AccessControlList></AccessControlPolicy>",
    "cors": "<CORSConfiguration><CORSRule><AllowedOrigin>https://a.example</AllowedOrigin><AllowedMethod>POST</AllowedMethod></CORSRule></CORSConfiguration>",
    "list-type": "<ListBucketResult><Name>b</Name></ListBucketResult>",
}
"""What OSS answers, after its documentation."""


def answer(httpserver: HTTPServer, **refused: str) -> None:
    """Let a server answer as a bucket does; `refused` are error codes by subresource."""
    for name, xml in SUBRESOURCES.items():
        code = refused.get(name.replace("-", "_"))
        httpserver.expect_request("/team-uploads/", query_string=Asks(name)).respond_with_data(
            REFUSED.format(code=code) if code else xml,
            status=403 if code else 200,
            content_type="application/xml",
            headers={"x-oss-request-id": "1"},
        )


class Asks(QueryMatcher):
    """Matches a query that has this name in it."""

    def __init__(self, name: str) -> None:
        self.name = name

    def get_comparing_values(self, request_query_string: bytes) -> tuple[bool, bool]:
        return self.name in parse_qs(request_query_string.decode(), keep_blank_values=True), True


def look(httpserver: HTTPServer, now: float = NOON) -> Live:
    environ = {"AccessKeyID": "LTAI" + secrets.token_hex(8), "AccessKeySecret": new_secret()}
    provider = bucket.deployer(environ)
    assert provider
    client = bucket.client(provider, "cn-hongkong", f"http://127.0.0.1:{httpserver.port}")
    with time_machine.travel(NOON, tick=False):  # the server's clock
        return look_at(client, "team-uploads", clock=lambda: now)


def test_the_live_bucket_is_seen_as_it_is(httpserver: HTTPServer) -> None:
    answer(httpserver)
    assert look(httpserver) == Live(
        UploadBucket(
            "The live bucket team-uploads", "Enabled", True, "private", (CorsRule(("https://a.example",), ("POST",)),)
        ),
        skew=0.0,
    )
    httpserver.check()


def test_a_closed_public_endpoint_is_seen_at_the_stand_in_and_the_cure_is_named(tmp_path: Path) -> None:
    world = World(tmp_path / "files")
    world.faults.oss_public_endpoint_forbidden = True
    with world.oss:
        provider = bucket.deployer(
            {"AccessKeyID": world.identity.access_key_id, "AccessKeySecret": world.identity.access_key_secret}
        )
        assert provider
        live = look_at(bucket.client(provider, REGION, world.oss.url), BUCKET, clock=world.clock)
    world.oss.check()
    environ = {"OSS_BUCKET": BUCKET, "OSS_REGION": REGION}
    found = examine(Setup(environ, declared.read(doctor.ROOT, environ, ACCOUNT), live))
    [finding] = [finding for finding in found if finding.check.name == "endpoint-forbidden"]
    assert "UPLOAD_DOMAIN" in finding.check.do


def test_what_the_deployer_may_not_see_is_named(httpserver: HTTPServer) -> None:
    answer(httpserver, versioning="AccessDenied", publicAccessBlock="AccessDenied", acl="AccessDenied")
    live = look(httpserver)
    assert (live.bucket.versioning, live.bucket.public_access_blocked, live.bucket.acl) == (None, None, None)
    assert live.unseen == (
        "its versioning (AccessDenied)",
        "its Block Public Access (AccessDenied)",
        "its ACL (AccessDenied)",
    )


def test_no_cors_rules_are_none_and_not_unknown(httpserver: HTTPServer) -> None:
    answer(httpserver, cors="NoSuchCORSConfiguration")
    live = look(httpserver)
    assert (live.bucket.cors, live.unseen) == ((), ())


def test_a_default_domain_that_is_closed_to_the_account_is_noticed(httpserver: HTTPServer) -> None:
    answer(httpserver, list_type="PublicEndpointForbidden")
    assert look(httpserver).endpoint_forbidden


@pytest.mark.parametrize(("ahead", "skew"), [(0.0, 0.0), (0.9, 0.0), (61.0, 60.0), (-61.0, -61.0)])
def test_the_clock_is_compared_with_osss_whole_seconds(httpserver: HTTPServer, ahead: float, skew: float) -> None:
    answer(httpserver)
    assert look(httpserver, NOON + ahead).skew == pytest.approx(skew)


# --- the live function and its roles, through the vendor's core SDK


def document(**statement: Any) -> str:
    """A policy as RAM tells it: text."""
    return json.dumps({"Version": "1", "Statement": [{"Effect": "Allow", **statement}]})


LIVE_FUNCTION = {
    "functionName": "odu-sign",
    "runtime": "python3.12",
    "timeout": 10,
    "role": arn(SIGN_ROLE),
    "logConfig": {"project": "odu", "logstore": "sign"},
    "environmentVariables": {"OSS_BUCKET": UPLOADS, "OSS_STS_ROLE_ARN": arn(UPLOAD_ROLE)},
}
LIVE_TRIGGER = {"authType": "anonymous", "methods": ["GET", "POST", "OPTIONS"]}
TRUSTED = {SIGN_ROLE: {"Service": ["fc.aliyuncs.com"]}, UPLOAD_ROLE: {"RAM": [arn(SIGN_ROLE)]}}
GRANTED = {
    SIGN_ROLE: document(Action="sts:AssumeRole", Resource=arn(UPLOAD_ROLE)),
    UPLOAD_ROLE: document(Action="oss:PutObject", Resource=f"acs:oss:*:{ACCOUNT}:{UPLOADS}/uploads/*"),
}


def serve(
    server: HTTPServer,
    function: Mapping[str, Any] = {},
    trigger: Mapping[str, Any] = {},
    trusted: Mapping[str, Any] = {},
    attached: str = "Custom",
) -> None:
    """Let a server answer as Function Compute and RAM do, with what is to be wrong."""
    path = "/2023-03-30/functions/odu-sign"
    config = json.dumps(LIVE_TRIGGER | dict(trigger))
    server.expect_request(path, method="GET").respond_with_json(LIVE_FUNCTION | dict(function))
    server.expect_request(f"{path}/triggers", method="GET").respond_with_json(
        {"triggers": [{"triggerName": "http", "triggerType": "http", "triggerConfig": config}]}
    )

    def ram(request: Request) -> Response:
        action, name = request.headers["x-acs-action"], request.args.get("RoleName") or request.args["PolicyName"]
        principal = (TRUSTED | dict(trusted))[name]
        trust = document(Action="sts:AssumeRole", Principal=principal)
        told = {
            "GetRole": {"Role": {"RoleName": name, "AssumeRolePolicyDocument": trust}},
            "ListPoliciesForRole": {"Policies": {"Policy": [{"PolicyName": name, "PolicyType": attached}]}},
            "GetPolicy": {"DefaultPolicyVersion": {"PolicyDocument": GRANTED[name]}},
        }
        return Response(json.dumps(told[action]), content_type="application/json")

    server.expect_request("/", method="POST").respond_with_handler(ram)


def seen(server: HTTPServer) -> tuple[Deployment | None, list[str]]:
    provider = StaticCredentialsProvider("STS.1", new_secret(), secrets.token_urlsafe(60))
    account = Account(provider, account_id=ACCOUNT, region="cn-hongkong", endpoint=f"http://127.0.0.1:{server.port}")
    return account.deployment("odu-sign")


@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        ({}, []),
        ({"function": {"timeout": 3}}, [("timeout", "Live: The function's timeout is 3 seconds.")]),
        ({"function": {"logConfig": {"project": ""}}}, [("log", "Live: The function has no logConfig: a deployment switches its log off.")]),
        ({"trigger": {"methods": ["GET", "POST"]}}, [("methods", "Live: The trigger's methods lack OPTIONS.")]),
        ({"trigger": {"authType": "function"}}, [("auth-type", "Live: The trigger's authType is function.")]),
        ({"trusted": {UPLOAD_ROLE: {"RAM": [f"acs:ram::{ACCOUNT}:root"]}}}, [("trust", f"Live: The role {UPLOAD_ROLE} trusts acs:ram::{ACCOUNT}:root.")]),
        ({"attached": "System"}, [
            ("grants", f"Live: The role {SIGN_ROLE} has {SIGN_ROLE} attached."),
            ("grants", f"Live: The role {UPLOAD_ROLE} has {UPLOAD_ROLE} attached."),
            ("upload-right", f"Live: The upload role {UPLOAD_ROLE} may not put objects at {UPLOADS}/uploads/*."),
        ]),
    ],
)  # fmt: skip
def test_the_live_function_and_its_roles_are_looked_at_alike(
    httpserver: HTTPServer, wrong: dict[str, Any], found: list[tuple[str, str]]
) -> None:
    serve(httpserver, **wrong)
    given = Given()
    given.account, unseen = seen(httpserver)
    assert ([each for each in given.findings() if each[0] not in DEFAULT_DECISIONS], unseen) == (found, [])


def test_a_function_that_is_not_there_is_no_fault(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/2023-03-30/functions/odu-sign").respond_with_json(
        {"Code": "FunctionNotFound", "Message": "function 'odu-sign' does not exist"}, status=404
    )
    assert seen(httpserver) == (None, ["the live function odu-sign (FunctionNotFound)"])


def test_a_role_that_the_deployer_may_not_see_is_named(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/", method="POST").respond_with_json(
        {"Code": "NoPermission", "Message": "no"}, status=403
    )
    serve(httpserver)
    given = Given()
    given.account, unseen = seen(httpserver)
    assert [name for name, _ in given.findings()] == DEFAULT_DECISIONS
    assert unseen == [f"the live role {SIGN_ROLE} (NoPermission)", f"the live role {UPLOAD_ROLE} (NoPermission)"]


# --- as it is run


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


@pytest.mark.parametrize(
    "names",
    [
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN"),
        ("OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET", "OSS_SESSION_TOKEN"),
        ("AccessKeyID", "AccessKeySecret", "SecurityToken"),
    ],
)
def test_credentials_are_taken_as_the_vendors_tools_spell_them(names: tuple[str, str, str]) -> None:
    values = ("LTAI" + secrets.token_hex(8), secrets.token_urlsafe(30), secrets.token_urlsafe(60))
    sentinels.keep_secret(values[1])
    provider = bucket.deployer(dict(zip(names, values, strict=True)))
    assert provider
    got = provider.get_credentials()
    assert (got.access_key_id, got.access_key_secret, got.security_token) == values


def test_the_json_variable_of_serverless_devs_goes_first_and_has_the_account() -> None:
    secret = new_secret()
    environ = {
        "AccessKeyID": "LTAI1",
        "AccessKeySecret": new_secret(),
        "default_serverless_devs_key": f'{{"AccountID":{ACCOUNT},"AccessKeyID":"STS.2","AccessKeySecret":"{secret}","SecurityToken":"t"}}',
    }
    provider = bucket.deployer(environ)
    assert provider
    assert (provider.get_credentials().access_key_id, provider.get_credentials().security_token) == ("STS.2", "t")
    assert bucket.account_id(environ) == ACCOUNT


@pytest.mark.parametrize("environ", [{}, {"AccessKeyID": "LTAI1"}, {"x_serverless_devs_key": "no JSON"}])
def test_half_credentials_are_none(environ: Mapping[str, str]) -> None:
    assert bucket.deployer(environ) is None


def test_the_page_on_operations_names_commands_and_checks_that_there_are() -> None:
    page = (doctor.ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    makefile = (doctor.ROOT / "Makefile").read_text(encoding="utf-8")
    assert set(re.findall(r"make ([a-z]+)", page)) <= set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE)) | {
        "itself"
    }
    assert f"\n{len(CHECKS)} checks, 1 fault.\n" in page
    versioning = next(check for check in CHECKS if check.name == "versioning")
    assert f"    So: {versioning.so}\n    Do: {versioning.do}\n" in page


# --- what is shipped


def test_on_the_shipped_defaults_only_what_the_owner_must_decide_is_named() -> None:
    environ = dotenv((doctor.ROOT / ".env.example").read_text(encoding="utf-8"))
    found = examine(Setup(environ, declared.read(doctor.ROOT, environ, ACCOUNT)))
    assert [finding.check.name for finding in found] == ["identity", *DEFAULT_DECISIONS]


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {
            "SITE_DOMAIN": "up.example.com",
            "UPLOAD_DOMAIN": "f.example.com",
            "KEEP_DAYS": "30",
            "NAME": "team",
            "REGION": "",
        },
        {"ALLOWED_ORIGINS": "https://a.example,https://b.example", "MAX_SIZE": "1GB", "AUTH": "none"},
    ],
)
def test_s_yaml_is_read_as_serverless_devs_reads_it(tmp_path: Path, environ: dict[str, str]) -> None:
    """Against `s preview` of the real CLI, offline, with a home of its own."""
    for name in ("s.yaml", "deploy", "web"):
        (tmp_path / name).symlink_to(doctor.ROOT / name)
    own = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "serverless_devs_config_home": str(tmp_path)}
    quiet = {"NODE_ENV": "test", "AccountID": ACCOUNT, "AccessKeyID": "LTAI1", "AccessKeySecret": "none"}
    done = subprocess.run(  # noqa: S603 - our own command
        [doctor.ROOT / "node_modules" / ".bin" / "s", "preview", "-o", "json", "--silent"],
        cwd=tmp_path,
        env={**own, **quiet, **environ},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    resolved = json.loads(done.stdout)["resources"]
    ours = declared.read(tmp_path, environ, ACCOUNT).resources
    assert {name: ours[name]["props"] for name in ours} == {name: resolved[name]["props"] for name in resolved}
