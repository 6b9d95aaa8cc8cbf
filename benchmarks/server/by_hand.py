"""The least that the first form of a new instance can cost: one AssumeRole and one form, with the standard library alone.

A program of its own (`cold` runs it): the event on standard input, the answer's body on standard output. It does the same
work as the function's package, by hand: nothing is checked, nothing is tried again, nothing fits another case.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import sys
import time
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote, urlencode, urlsplit


def assume_role() -> dict[str, str]:
    """Returns the role's credentials, as STS names them; signed as "V3 request structure and signature" has it."""
    sts = urlsplit(os.environ["STS_ENDPOINT"]).netloc
    bucket = os.environ["OSS_BUCKET"]
    statement = {"Effect": "Allow", "Action": "oss:PutObject", "Resource": f"acs:oss:*:*:{bucket}/uploads/*"}
    query = urlencode(
        {
            "DurationSeconds": 3600,
            "Policy": json.dumps({"Version": "1", "Statement": [statement]}, separators=(",", ":")),
            "RoleArn": os.environ["OSS_STS_ROLE_ARN"],
            "RoleSessionName": "sign",
        },
        quote_via=quote,
        safe="",
    )
    digest = hashlib.sha256().hexdigest()
    headers = {
        "host": sts,
        "x-acs-accesskey-id": os.environ["ALIBABA_CLOUD_ACCESS_KEY_ID"],
        "x-acs-action": "AssumeRole",
        "x-acs-content-sha256": digest,
        "x-acs-date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "x-acs-security-token": os.environ["ALIBABA_CLOUD_SECURITY_TOKEN"],
        "x-acs-signature-nonce": secrets.token_hex(16),
        "x-acs-version": "2015-04-01",
    }
    names = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    canonical = "\n".join(["POST", "/", query, lines, names, digest])
    text = f"ACS3-HMAC-SHA256\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.digest(os.environ["ALIBABA_CLOUD_ACCESS_KEY_SECRET"].encode(), text.encode(), "sha256").hex()
    who = f"Credential={headers['x-acs-accesskey-id']},SignedHeaders={names},Signature={signature}"
    connection = HTTPConnection(sts, timeout=10)
    connection.request("POST", f"/?{query}", headers={**headers, "Authorization": f"ACS3-HMAC-SHA256 {who}"})
    credentials: dict[str, str] = json.load(connection.getresponse())["Credentials"]
    return credentials


def form(file: dict[str, Any], credentials: dict[str, str]) -> dict[str, Any]:
    """Returns the exact form for one file of the event."""
    now = time.time()
    date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    ends = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now + 600))
    bucket, region = os.environ["OSS_BUCKET"], os.environ["OSS_REGION"]
    scope = (date[:8], region, "oss", "aliyun_v4_request")
    name = quote(file["filename"], safe="")
    fields = {
        "key": f"uploads/anonymous/{file['id']}.png",
        "success_action_status": "200",
        "x-oss-forbid-overwrite": "true",
        "x-oss-content-type": file["content_type"],
        "x-oss-meta-filename": name,
        "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
        "x-oss-signature-version": "OSS4-HMAC-SHA256",
        "x-oss-credential": "/".join((credentials["AccessKeyId"], *scope)),
        "x-oss-date": date,
        "x-oss-security-token": credentials["SecurityToken"],
    }
    conditions = [
        {"bucket": bucket},
        ["content-length-range", file["size"], file["size"]],
        ["in", "$content-type", [file["content_type"], "image/x-png", "application/octet-stream"]],
        *(["eq", f"${name}", value] for name, value in fields.items()),
    ]
    document = json.dumps({"expiration": f"{ends}.000Z", "conditions": conditions}, separators=(",", ":"))
    policy = base64.b64encode(document.encode()).decode()
    return {
        "method": "POST",
        "url": f"https://{bucket}.oss-{region}.aliyuncs.com",
        "fields": {**fields, "policy": policy, "x-oss-signature": _sign(policy, credentials["AccessKeySecret"], scope)},
        "key": fields["key"],
        "expires_at": f"{ends}Z",
    }


def _sign(policy: str, access_key_secret: str, scope: tuple[str, ...]) -> str:
    key = f"aliyun_v4{access_key_secret}".encode()
    for part in scope:
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, policy.encode(), "sha256").hex()


def main() -> None:
    """Reads one event, and prints one answer."""
    event = json.load(sys.stdin)
    [file] = json.loads(event["body"])["files"]
    print(json.dumps({"uploads": [form(file, assume_role())]}, separators=(",", ":")))


if __name__ == "__main__":
    main()
