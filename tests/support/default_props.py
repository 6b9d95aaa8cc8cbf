"""What the components are asked for when nothing but the defaults is set."""

from __future__ import annotations

from typing import Any

from support.scratch import ACCOUNT, Scratch

SITE = f"https://oss-direct-upload-site-{ACCOUNT}.oss-cn-hongkong.aliyuncs.com"


UPLOADS = f"https://oss-direct-upload-uploads-{ACCOUNT}.oss-cn-hongkong.aliyuncs.com"


CALLBACK_URL = "https://oss-direct-upload-callback-abcdefghij.cn-hongkong.fcapp.run"


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
