"""What the ROS template makes: every resource whole, against what is listed here and nothing else."""

from __future__ import annotations

import copy
import json
import subprocess
from typing import Any

import pytest

from support.ros_template import PARAMETERS, SHIPPED, Resources, Template
from support.scratch import PROJECT

KEYS = [
    {"Name": "message", "Type": "text", "IncludeChinese": True, "EnableAnalytics": True},
    {"Name": "isColdStart", "Type": "text", "EnableAnalytics": True},
    {"Name": "hasFunctionError", "Type": "text", "EnableAnalytics": True},
    {"Name": "durationMs", "Type": "double", "EnableAnalytics": True},
]
"""What may be counted by: the log service counts by no field without an index of its own."""

RESOURCES: Resources = {
    "FunctionRole": {
        "Type": "ALIYUN::RAM::Role",
        "Properties": {
            "RoleName": "team-sign",
            "Description": "What the signing function of OSS Direct Upload runs as",
            "AssumeRolePolicyDocument": {
                "Version": "1",
                "Statement": [
                    {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": ["fc.aliyuncs.com"]}}
                ],
            },
            "Policies": [
                {
                    "PolicyName": "team-sign",
                    "PolicyDocument": {
                        "Version": "1",
                        "Statement": [
                            {
                                "Effect": "Allow",
                                "Action": ["sts:AssumeRole"],
                                "Resource": ["acs:ram:*:1234567890123456:role/team-upload"],
                            },
                            {
                                "Effect": "Allow",
                                "Action": ["log:PostLogStoreLogs"],
                                "Resource": ["acs:log:*:1234567890123456:project/team-1234567890123456/logstore/sign"],
                            },
                        ],
                    },
                }
            ],
        },
    },
    "PutRole": {
        "Type": "ALIYUN::RAM::Role",
        "Properties": {
            "RoleName": "team-upload",
            "Description": "What a form of OSS Direct Upload may do",
            "MaxSessionDuration": 3600,
            "AssumeRolePolicyDocument": {
                "Version": "1",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Action": "sts:AssumeRole",
                        "Principal": {"RAM": ["acs:ram::1234567890123456:role/team-sign"]},
                    }
                ],
            },
            "Policies": [
                {
                    "PolicyName": "team-upload",
                    "PolicyDocument": {
                        "Version": "1",
                        "Statement": [
                            {
                                "Effect": "Allow",
                                "Action": ["oss:PutObject", "oss:AbortMultipartUpload", "oss:ListParts"],
                                "Resource": ["acs:oss:*:1234567890123456:team-uploads-1234567890123456/in/here/*"],
                            }
                        ],
                    },
                }
            ],
        },
    },
    "CallbackFunctionRole": {
        "Type": "ALIYUN::RAM::Role",
        "Properties": {
            "RoleName": "team-callback",
            "Description": "What the callback function of OSS Direct Upload runs as",
            "AssumeRolePolicyDocument": {
                "Version": "1",
                "Statement": [
                    {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": ["fc.aliyuncs.com"]}}
                ],
            },
            "Policies": [
                {
                    "PolicyName": "team-callback",
                    "PolicyDocument": {
                        "Version": "1",
                        "Statement": [
                            {
                                "Effect": "Allow",
                                "Action": ["oss:GetObject"],
                                "Resource": ["acs:oss:*:1234567890123456:team-uploads-1234567890123456/in/here/*"],
                            },
                            {
                                "Effect": "Allow",
                                "Action": ["log:PostLogStoreLogs"],
                                "Resource": [
                                    "acs:log:*:1234567890123456:project/team-1234567890123456/logstore/callback"
                                ],
                            },
                        ],
                    },
                }
            ],
        },
    },
    "Log": {
        "Type": "ALIYUN::SLS::Project",
        "Properties": {"Name": "team-1234567890123456", "Description": "Log of OSS Direct Upload"},
    },
    "Lines": {
        "Type": "ALIYUN::SLS::Logstore",
        "Properties": {
            "ProjectName": "team-1234567890123456",
            "LogstoreName": "sign",
            "ShardCount": 1,
            "AutoSplit": True,
            "MaxSplitShard": 8,
            "TTL": 30,
        },
    },
    "LinesIndex": {
        "Type": "ALIYUN::SLS::Index",
        "Properties": {
            "ProjectName": "team-1234567890123456",
            "LogstoreName": "sign",
            "FullTextIndex": {
                "Enable": True,
                "CaseSensitive": False,
                "IncludeChinese": True,
                "Delimiter": ", '\";=()[]{}?@&<>/:\n\t\r",
            },
            "KeyIndices": KEYS,
        },
    },
    "CallbackLines": {
        "Type": "ALIYUN::SLS::Logstore",
        "Properties": {
            "ProjectName": "team-1234567890123456",
            "LogstoreName": "callback",
            "ShardCount": 1,
            "AutoSplit": True,
            "MaxSplitShard": 8,
            "TTL": 30,
        },
    },
    "CallbackLinesIndex": {
        "Type": "ALIYUN::SLS::Index",
        "Properties": {
            "ProjectName": "team-1234567890123456",
            "LogstoreName": "callback",
            "FullTextIndex": {
                "Enable": True,
                "CaseSensitive": False,
                "IncludeChinese": True,
                "Delimiter": ", '\";=()[]{}?@&<>/:\n\t\r",
            },
            "KeyIndices": KEYS,
        },
    },
    "Uploads": {
        "Type": "ALIYUN::OSS::Bucket",
        "Properties": {
            "BucketName": "team-uploads-1234567890123456",
            "AccessControl": "private",
            "BlockPublicAccess": True,
            "DeletionForce": False,
            "CORSConfiguration": {
                "ResponseVary": True,
                "CORSRule": [
                    {
                        "AllowedOrigin": ["https://upload.example.com", "https://app.example.com"],
                        "AllowedMethod": ["POST", "PUT"],
                        "ExposeHeader": ["ETag", "x-oss-request-id", "x-oss-ec", "x-oss-hash-crc64ecma"],
                        "MaxAgeSeconds": 600,
                    }
                ],
            },
            "LifecycleConfiguration": {
                "Rule": [
                    {
                        "ID": "abandoned-parts",
                        "Prefix": "",
                        "Status": "Enabled",
                        "AbortMultipartUpload": {"Days": 7},
                    }
                ]
            },
        },
    },
    "Site": {
        "Type": "ALIYUN::OSS::Bucket",
        "Properties": {
            "BucketName": "team-site-1234567890123456",
            "AccessControl": "private",
            "BlockPublicAccess": False,
            "DeletionForce": False,
            "WebsiteConfigurationV2": {
                "IndexDocument": {"Suffix": "index.html"},
                "ErrorDocument": {"Key": "404.html", "HttpStatus": "404"},
            },
        },
    },
}


def template(**others: str) -> Template:
    return Template(SHIPPED, {**PARAMETERS, **others})


def test_what_is_made_and_nothing_else() -> None:
    """The charts have a test of their own."""
    made = template().resources()
    assert made.pop("Charts")["Type"] == "ALIYUN::SLS::Dashboard"
    assert made == RESOURCES


def test_alerts_are_made_for_somebody_alone() -> None:
    alerts = {"ServerErrors", "NoCredentials", "Throttling", "CallbackErrors", "MissedWebhooks"}
    for alerted in ({"AlertEmail": "ops@example.com"}, {"AlertKind": "wecom", "AlertUrl": "https://a.example/"}):
        assert template(**alerted).resources().keys() - template().resources().keys() == alerts


def test_uploads_may_end() -> None:
    assert template(KeepDays="7").resources()["Uploads"]["Properties"]["LifecycleConfiguration"] == {
        "Rule": [
            {
                "ID": "abandoned-parts-and-old-uploads",
                "Prefix": "",
                "Status": "Enabled",
                "AbortMultipartUpload": {"Days": 7},
                "Expiration": {"Days": 7},
            }
        ]
    }


def test_a_bucket_that_was_there_before_is_not_made() -> None:
    """So ROS removes and empties nothing of it. The roles' rights are for the prefix in it."""
    made = template(UploadBucket="team-files")
    others = {name: each for name, each in RESOURCES.items() if name != "Uploads"}
    own, existing = (f"{bucket}/in/here/*" for bucket in ("team-uploads-1234567890123456", "team-files"))
    resources = {name: each for name, each in made.resources().items() if name != "Charts"}
    assert resources == json.loads(json.dumps(others).replace(own, existing))
    assert made.outputs()["UploadBucket"] == "team-files"


@pytest.mark.parametrize(
    ("check", "rights"),
    [("off", ["oss:GetObject"]), ("report", ["oss:GetObject"]), ("delete", ["oss:GetObject", "oss:DeleteObject"])],
)
def test_the_callback_function_may_delete_only_where_it_is_to(check: str, rights: list[str]) -> None:
    expected = copy.deepcopy(RESOURCES)
    role = expected["CallbackFunctionRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][0]
    role["Action"] = rights
    made = template(ContentCheck=check).resources()
    assert {name: each for name, each in made.items() if name != "Charts"} == expected


def test_the_outputs_hold_no_secret() -> None:
    assert template().outputs() == {
        "UploadBucket": "team-uploads-1234567890123456",
        "SiteBucket": "team-site-1234567890123456",
    }


SOUND: list[dict[str, str]] = [
    {"AlertEmail": "ops@example.com,it@example.com"},
    {"KeepDays": "7", "AlertKind": "feishu", "AlertUrl": "https://a.example/"},
]

REFUSALS = [
    ("Uploads", "BlockPublicAcces", True, "rendered as"),
    ("Uploads", "BlockPublicAccess", "yes", "should be a boolean"),
    ("Uploads", "AccessControl", "public", "doesn't exist in"),
    ("Uploads", "CORSConfiguration", {"CORSRule": "all"}, "should be a list"),
    ("PutRole", "MaxSessionDuration", "3600", "should be a number"),
    ("Lines", "TTL", "30", "should be a number"),
    ("Log", "Name", None, "required"),
    ("Charts", "Charts", "all", "should be a list"),
    ("Throttling", "Detail", {"Name": "throttling"}, "required"),
]


def with_property(resource: str, name: str, value: Any) -> Resources:
    resources = copy.deepcopy(template(AlertEmail="ops@example.com").resources())
    resources[resource]["Properties"][name] = value
    return resources


@pytest.fixture(scope="module")
def faults() -> list[list[str]]:
    """Returns what the vendor's own classes find in each template, asked once: to load them takes a second."""
    templates = [template(**parameters).resources() for parameters in SOUND]
    templates += [with_property(resource, name, value) for resource, name, value, _ in REFUSALS]
    done = subprocess.run(  # noqa: S603 - the script is ours
        ["node", str(PROJECT / "tests" / "deploy" / "ros_validators.mjs")],  # noqa: S607 - whichever is on PATH
        input=json.dumps(templates),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=120,
    )
    found: list[list[str]] = json.loads(done.stdout)
    return found


@pytest.mark.node_modules
def test_the_vendors_validators_find_nothing(faults: list[list[str]]) -> None:
    assert faults[: len(SOUND)] == [[]] * len(SOUND)


@pytest.mark.node_modules
@pytest.mark.parametrize("number", range(len(REFUSALS)), ids=[f"{row[0]}-{row[1]}" for row in REFUSALS])
def test_the_vendors_validators_refuse(faults: list[list[str]], number: int) -> None:
    resource, _, _, said = REFUSALS[number]
    (found,) = faults[len(SOUND) + number]
    assert found.startswith(f"{resource}: ")
    assert said in found


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Account", "*"),
        ("SignRole", "Team"),
        ("UploadRole", "*"),
        ("CallbackRole", "*"),
        ("UploadBucket", "*"),
        ("OwnUploadBucket", "*"),
        ("UploadPrefix", "*"),
        ("UploadPrefix", "uploads/"),
        ("UploadPrefix", ""),
        ("SiteBucket", "Team"),
        ("LogProject", "*"),
        ("LogStore", "*"),
        ("CallbackLogStore", "*"),
        ("KeepDays", "-1"),
        ("LogDays", "0"),
        ("AlertEmail", "ops"),
        ("AlertEmail", "ops@example.com,"),
        ("AlertKind", "slack"),
        ("AlertUrl", "http://a.example/"),
        ("ContentCheck", "Delete"),
    ],
)
def test_a_parameter_that_would_widen_or_break_something_is_refused(name: str, text: str) -> None:
    with pytest.raises(ValueError, match=name):
        template(**{name: text})
