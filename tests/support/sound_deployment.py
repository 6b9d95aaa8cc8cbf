"""A sound deployment as doctor sees it, to be spoilt."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from deploy.cors_rules import CorsRule
from deploy.declared import Deployment
from deploy.doctor.checks import examine
from deploy.doctor.context import Context
from deploy.doctor.live_bucket import BucketConfig, LiveBuckets, Website
from deploy.doctor.live_certificates import LiveCertificate
from deploy.doctor.live_resource import LiveResource
from deploy.lifecycle_rules import ExpiryRule
from support.factories import NOON
from support.tokens import new_secret

ACCOUNT = "1234567890123456"
SITE = f"https://odu-site-{ACCOUNT}.oss-cn-hongkong.aliyuncs.com"
UPLOADS = f"odu-uploads-{ACCOUNT}"
SITE_BUCKET = f"odu-site-{ACCOUNT}"
SIGN_ROLE, UPLOAD_ROLE, CALLBACK_ROLE = "odu-sign", "odu-upload", "odu-callback"

PLACE = f"acs:oss:*:{ACCOUNT}:{UPLOADS}/uploads/*"
"""Where uploads go, as rights name it."""

MAY_BECOME = f"acs:ram:*:{ACCOUNT}:role/{UPLOAD_ROLE}"
"""The role that the signing function assumes, as rights name it."""

BUCKET_URL = f"https://{UPLOADS}.oss-cn-hongkong.aliyuncs.com"
DAY = 24 * 3600

DEFAULT_DECISIONS = ["kept-for-ever", "site-domain", "sign-domain"]
"""What is left to decide when nothing but the defaults is set."""


def role(name: str, trusts: dict[str, list[str]], **grants: str) -> dict[str, Any]:
    """Returns a role of a template, whose one policy allows each action (`_` for `:`) on one resource."""
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
    """Returns the resources of a sound template."""
    cors = {"AllowedOrigin": [SITE], "AllowedMethod": ["POST", "PUT"], "AllowedHeader": ["*"], "ExposeHeader": ["ETag"]}
    return {
        "SignRole": role(
            SIGN_ROLE,
            {"Service": ["fc.aliyuncs.com"]},
            sts_AssumeRole=f"acs:ram:*:{ACCOUNT}:role/{UPLOAD_ROLE}",
            log_PostLogStoreLogs=f"acs:log:*:{ACCOUNT}:project/odu/logstore/sign",
        ),
        "UploadRole": role(
            UPLOAD_ROLE,
            {"RAM": [arn(SIGN_ROLE)]},
            **dict.fromkeys(
                ("oss_PutObject", "oss_AbortMultipartUpload", "oss_ListParts"),
                f"acs:oss:*:{ACCOUNT}:{UPLOADS}/uploads/*",
            ),
        ),
        "CallbackRole": role(
            CALLBACK_ROLE,
            {"Service": ["fc.aliyuncs.com"]},
            oss_GetObject=f"acs:oss:*:{ACCOUNT}:{UPLOADS}/uploads/*",
            log_PostLogStoreLogs=f"acs:log:*:{ACCOUNT}:project/odu/logstore/callback",
        ),
        "Uploads": {
            "Type": "ALIYUN::OSS::Bucket",
            "Properties": {
                "BucketName": UPLOADS,
                "AccessControl": "private",
                "BlockPublicAccess": True,
                "CORSConfiguration": {"ResponseVary": True, "CORSRule": [cors]},
                "LifecycleConfiguration": {
                    "Rule": [{"Prefix": "", "Status": "Enabled", "AbortMultipartUpload": {"Days": 7}}]
                },
            },
        },
        "Site": {
            "Type": "ALIYUN::OSS::Bucket",
            "Properties": {
                "BucketName": SITE_BUCKET,
                "AccessControl": "private",
                "WebsiteConfigurationV2": {
                    "IndexDocument": {"Suffix": "index.html"},
                    "ErrorDocument": {"Key": "404.html", "HttpStatus": "404"},
                },
            },
        },
        "Log": {"Type": "ALIYUN::SLS::Project", "Properties": {"Name": "odu"}},
        "Lines": logstore("Log.Name", "sign"),
        "LinesIndex": logstore("Log.Name", "Lines.LogstoreName", kind="Index"),
        "CallbackLines": logstore("odu", "callback"),
        "Charts": {"Type": "ALIYUN::SLS::Dashboard", "Properties": {"ProjectName": "odu", "DashboardName": "uploads"}},
    }


def alert(**notification: Any) -> dict[str, Any]:
    """Returns an alert of a template."""
    configuration = {"NotificationList": [notification]}
    return {"Type": "ALIYUN::SLS::Alert", "Properties": {"Project": "odu", "Detail": {"Configuration": configuration}}}


def logstore(project: str, name: str, kind: str = "Logstore") -> dict[str, Any]:
    """Returns a logstore of a template, or its index."""
    return {"Type": f"ALIYUN::SLS::{kind}", "Properties": {"ProjectName": project, "LogstoreName": name}}


def function() -> dict[str, Any]:
    """Returns the props of a sound function."""
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
            "AUTH": "jwt",
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
    """Returns the props of a sound callback function."""
    return {
        "region": "cn-hongkong",
        "functionName": "odu-callback",
        "role": arn(CALLBACK_ROLE),
        "logConfig": {"project": "odu", "logstore": "callback"},
        "environmentVariables": {
            "OSS_BUCKET": UPLOADS,
            "OSS_REGION": "cn-hongkong",
            "UPLOAD_PREFIX": "uploads",
            "WEBHOOK_URL": "",
        },
        "triggers": [
            {
                "triggerName": "http",
                "triggerType": "http",
                "triggerConfig": {"authType": "anonymous", "methods": ["POST"]},
            }
        ],
    }


def rule_for(
    *origins: str,
    methods: tuple[str, ...] = ("POST", "PUT"),
    exposed: tuple[str, ...] = ("ETag",),
    headers: tuple[str, ...] = ("*",),
) -> CorsRule:
    """Returns a live CORS rule that is as the template's except for this."""
    return CorsRule(origins, methods, exposed, headers)


class SoundDeployment:
    """A sound deployment, to be spoilt."""

    def __init__(self) -> None:
        self.environ: dict[str, str] = {}
        self.function = function()
        self.callback = callback()
        self.template = template()
        self.missing: tuple[str, ...] = ()
        self.unread: tuple[str, ...] = ()
        self.profiles: bytes | None = None
        self.looked_for: tuple[LiveResource, ...] = ()
        self.resources: dict[str, Any] = {}
        self.props: dict[str, dict[str, str]] = {}
        self.parameters: dict[str, str] = {}
        self.not_visible: dict[str, str] = {}
        self.certificates: tuple[LiveCertificate, ...] = ()
        self.live: LiveBuckets | None = None
        self.account: Deployment | None = None

    @property
    def settings(self) -> dict[str, Any]:
        settings: dict[str, Any] = self.function["environmentVariables"]
        return settings

    @property
    def trigger(self) -> dict[str, Any]:
        trigger: dict[str, Any] = self.function["triggers"][0]["triggerConfig"]
        return trigger

    def switch_on(self, **settings: str) -> SoundDeployment:
        """Switches callbacks on, with what else is set for their function."""
        secret = new_secret()
        self.settings.update(CALLBACK="on", CALLBACK_URL="${resources.callback.output.url}", CALLBACK_SECRET=secret)
        self.callback["environmentVariables"].update({"CALLBACK_SECRET": secret, **settings})
        return self

    def state(self, resource: str, **props: str) -> SoundDeployment:
        """Adds props to a resource of s.yaml."""
        self.props.setdefault(resource, {}).update(props)
        return self

    def send_in_parts(self) -> SoundDeployment:
        """Switches multipart uploads on."""
        self.settings.update(MULTIPART_THRESHOLD="100MB", MULTIPART_SECRET=new_secret())
        return self

    def use_existing(self, **otherwise: str) -> SoundDeployment:
        """Lets uploads go to a bucket that was there before, so that the template makes none."""
        self.environ.update({"NAME": "odu", "UPLOAD_BUCKET": UPLOADS, "UPLOAD_PREFIX": "uploads", **otherwise})
        del self.template["Uploads"]
        return self

    @property
    def parts_rule(self) -> dict[str, Any]:
        rule: dict[str, Any] = self.properties("Uploads")["LifecycleConfiguration"]["Rule"][0]
        return rule

    def deploy(self, spoil: Callable[[SoundDeployment], object]) -> SoundDeployment:
        """Returns live functions and roles as they are declared, except for this."""
        there = copy.deepcopy(self)
        spoil(there)
        self.account = there.deployment
        return self

    def see(self, **seen: Any) -> None:
        """Sets a live upload bucket that is sound except for this."""
        self.live = LiveBuckets(replace(SEEN, **seen))

    def see_site(self, **seen: Any) -> None:
        """Sets a live bucket of the page that is sound except for this."""
        self.live = LiveBuckets(SEEN, site=replace(SEEN_SITE, **seen))

    def keep_a_month(self, *rules: ExpiryRule) -> None:
        """Sets KEEP_DAYS, and these rules in the live bucket."""
        self.environ["KEEP_DAYS"] = "30"
        self.see(expiry=rules)

    def with_profile(self, *rules: ExpiryRule, **members: object) -> SoundDeployment:
        """Adds a profile, and these rules in the live bucket."""
        self.profiles = json.dumps({"photos": members}).encode()
        self.see(expiry=rules)
        return self

    def notify(self, **notification: Any) -> None:
        """Sets ALERT_EMAIL, and an alert that notifies these."""
        self.parameters["AlertEmail"] = "a@b"
        self.template["More"] = alert(**notification)

    def allow(self, name: str, **statement: Any) -> None:
        """Adds a statement to a role's own policy."""
        self.statements(name).append({"Effect": "Allow", **statement})

    def properties(self, name: str) -> dict[str, Any]:
        properties: dict[str, Any] = self.template[name]["Properties"]
        return properties

    def statement(self, name: str) -> dict[str, Any]:
        return self.statements(name)[0]

    def statements(self, name: str) -> list[dict[str, Any]]:
        statements: list[dict[str, Any]] = self.properties(name)["Policies"][0]["PolicyDocument"]["Statement"]
        return statements

    def statements_of_trust(self, name: str) -> list[dict[str, Any]]:
        statements: list[dict[str, Any]] = self.properties(name)["AssumeRolePolicyDocument"]["Statement"]
        return statements

    def trust(self, name: str, **principal: list[str]) -> None:
        self.statements_of_trust(name)[0]["Principal"] = principal

    def cors(self) -> dict[str, Any]:
        rule: dict[str, Any] = self.properties("Uploads")["CORSConfiguration"]["CORSRule"][0]
        return rule

    @property
    def deployment(self) -> Deployment:
        resources = {
            "infra": {
                "component": "ros",
                "props": {
                    "parameters": {
                        "LogProject": "odu",
                        "LogStore": "sign",
                        "CallbackLogStore": "callback",
                        **self.parameters,
                    },
                    **self.props.get("infra", {}),
                },
            },
            "sign": {"component": "fc3@0.1.22", "props": self.function},
            "callback": {"component": "fc3@0.1.22", "props": self.callback},
            "site": {"component": "/up/deploy/site", "props": {"bucket": SITE_BUCKET, **self.props.get("site", {})}},
            **self.resources,
        }
        return Deployment(resources, self.template, self.missing)

    def findings(self) -> list[tuple[str, str]]:
        """Returns the check's name and what it found."""
        found = examine(
            Context(
                self.environ,
                self.deployment,
                self.live,
                self.account,
                resources=self.looked_for,
                not_visible=self.not_visible,
                unread=self.unread,
                profiles=self.profiles,
                certificates=self.certificates,
                now=NOON,
            )
        )
        return [(finding.check.id, finding.message) for finding in found]


SEEN = BucketConfig(
    "The live bucket b", versioning="", public_access_blocked=True, acl="private", owner=ACCOUNT, policy=""
)
SEEN_SITE = BucketConfig(
    "The page's live bucket s",
    public_access_blocked=False,
    acl="public-read",
    owner=ACCOUNT,
    policy="",
    website=Website("index.html", "404.html"),
)
