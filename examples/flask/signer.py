"""A signer as Alibaba's tutorial writes it in Python, with Flask: it assumes a role, and signs a form for the browser.

It is here to be tested by test_signer.py, and is no pattern to follow: it lets anyone upload.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
from datetime import datetime, timedelta, timezone
from functools import reduce
from typing import Any

from alibabacloud_sts20150401.client import Client
from alibabacloud_sts20150401.models import AssumeRoleRequest
from alibabacloud_tea_openapi.utils_models import Config
from flask import Flask

app = Flask(__name__)


@app.get("/get_post_signature_for_oss_upload")
def sign_form() -> dict[str, Any]:
    """Returns where to post a form, and its fields."""
    credentials = assume_role()
    now = datetime.now(timezone.utc)
    scope = (f"{now:%Y%m%d}", os.environ["OSS_REGION"], "oss", "aliyun_v4_request")
    credential = "/".join((credentials.access_key_id, *scope))
    conditions = [
        {"bucket": os.environ["OSS_BUCKET"]},
        ["starts-with", "$key", "uploads/"],
        ["content-length-range", 1, 1000],
        {"x-oss-signature-version": "OSS4-HMAC-SHA256"},
        {"x-oss-credential": credential},
        {"x-oss-date": f"{now:%Y%m%dT%H%M%SZ}"},
        {"x-oss-security-token": credentials.security_token},
    ]
    expiration = f"{now + timedelta(minutes=10):%Y-%m-%dT%H:%M:%S.000Z}"
    document = json.dumps({"expiration": expiration, "conditions": conditions})
    policy = base64.b64encode(document.encode()).decode()
    key = reduce(hmac_sha256, scope, f"aliyun_v4{credentials.access_key_secret}".encode())
    fields = {
        "policy": policy,
        "x-oss-signature-version": "OSS4-HMAC-SHA256",
        "x-oss-credential": credential,
        "x-oss-date": f"{now:%Y%m%dT%H%M%SZ}",
        "x-oss-security-token": credentials.security_token,
        "x-oss-signature": hmac_sha256(key, policy).hex(),
    }
    return {"url": os.environ["OSS_ENDPOINT"], "fields": fields}


def assume_role() -> Any:
    """Returns temporary credentials of the upload role."""
    protocol, _, endpoint = os.environ["STS_ENDPOINT"].partition("://")
    config = Config(
        access_key_id=os.environ["OSS_ACCESS_KEY_ID"],
        access_key_secret=os.environ["OSS_ACCESS_KEY_SECRET"],
        endpoint=endpoint,
        protocol=protocol,
    )
    request = AssumeRoleRequest(role_arn=os.environ["OSS_STS_ROLE_ARN"], role_session_name="signer")
    return Client(config).assume_role(request).body.credentials


def hmac_sha256(key: bytes, text: str) -> bytes:
    """Returns one step of signature version 4."""
    return hmac.digest(key, text.encode(), hashlib.sha256)
