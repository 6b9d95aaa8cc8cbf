"""The upload bucket, through the vendor's SDK and with the deployer's credentials."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import alibabacloud_oss_v2 as oss
from alibabacloud_oss_v2.credentials import StaticCredentialsProvider

_KEY_PAIRS = (
    ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN"),
    ("OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET", "OSS_SESSION_TOKEN"),
    ("AccessKeyID", "AccessKeySecret", "SecurityToken"),
)
"""As the vendor's SDKs spell them, that for OSS, and Serverless Devs."""

_JSON_VARIABLE = re.compile(r"\w+_serverless_devs_key")


def account_id(environ: Mapping[str, str]) -> str:
    """The deployer's account, as Serverless Devs takes it from the environment; empty where it is not told."""
    return environ.get("AccountID") or _of_serverless_devs(environ).get("AccountID", "")


def deployer(environ: Mapping[str, str]) -> StaticCredentialsProvider | None:
    """The deployer's credentials, where the environment has some."""
    for source in (_of_serverless_devs(environ), environ):
        for key_id, secret, token in _KEY_PAIRS:
            if source.get(key_id) and source.get(secret):
                return StaticCredentialsProvider(source[key_id], source[secret], source.get(token) or None)
    return None


def client(provider: StaticCredentialsProvider, region: str, endpoint: str = "") -> oss.Client:
    """A client for buckets of a region; `endpoint` is a custom domain's or a stand-in's `https://…`."""
    own_domain = not re.fullmatch(r"[\d.]+|localhost|.*\.aliyuncs\.com", urlsplit(endpoint).hostname or "localhost")
    return oss.Client(
        oss.Config(
            region=region,
            endpoint=endpoint or None,
            credentials_provider=provider,
            use_cname=own_domain,
            retry_max_attempts=2,
        )
    )


def refusal(fault: Exception) -> oss.exceptions.ServiceError | None:
    """What OSS answered, if that is why an operation failed; None if it did not get that far."""
    cause = fault.unwrap() if isinstance(fault, oss.exceptions.OperationError) else fault
    return cause if isinstance(cause, oss.exceptions.ServiceError) else None


def _of_serverless_devs(environ: Mapping[str, str]) -> dict[str, str]:
    """The JSON variable `NAME_serverless_devs_key`: the only form in which Serverless Devs takes a security token."""
    for name in sorted(environ):
        if _JSON_VARIABLE.fullmatch(name):
            try:
                told: Any = json.loads(environ[name])
            except ValueError:
                continue
            if isinstance(told, dict):
                return {key: str(value) for key, value in told.items()}
    return {}
