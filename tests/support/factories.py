"""Provides what tests begin with: an instant, settings, credentials, events."""

from __future__ import annotations

import base64
import json
import re
import secrets
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from direct_upload.multipart import MultipartUpload
from direct_upload.profiles import Profile
from direct_upload.settings import Settings
from fc_http.errors import InvalidSettings
from oss_protocol.credentials import Credentials
from support import sentinels

NOON = 1_732_449_600.0
"""2024-11-24T12:00:00Z, in seconds since the epoch."""

ORIGIN = "https://app.example.com"

ENVIRON = {
    "OSS_BUCKET": "team-uploads",
    "OSS_REGION": "cn-hangzhou",
    "OSS_STS_ROLE_ARN": "acs:ram::1234567890123456:role/oss-upload",
    "ALLOWED_ORIGINS": f"{ORIGIN},https://www.example.com:8443",
    "AUTH": "none",
}
"""The required settings."""


_CHANGELOG = Path(__file__).parents[2] / "CHANGELOG.md"
VERSION = re.findall(r"^## (\d+\.\d+\.\d+) — ", _CHANGELOG.read_text(encoding="utf-8"), re.MULTILINE)[0]
"""The newest version that the changelog describes."""


def credentials(*, expiration: float = NOON + 3600, token_bytes: int = 600) -> Credentials:
    """Returns random credentials of the upload role."""
    made = Credentials(
        access_key_id=f"STS.{secrets.token_hex(12)}",
        access_key_secret=secrets.token_urlsafe(32),
        security_token=secrets.token_urlsafe(token_bytes),
        expiration=expiration,
    )
    sentinels.keep_secret(made.access_key_secret)
    sentinels.keep_out_of_logs(made.security_token)
    return made


def event(
    method: str,
    path: str,
    *,
    body: str | bytes = "",
    origin: str | None = ORIGIN,
    headers: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
) -> bytes:
    """Returns an HTTP event of Function Compute, as its documentation shows one, with bytes in base64 and text as text."""
    text = body if isinstance(body, str) else base64.b64encode(body).decode()
    return json.dumps(
        {
            "version": "v1",
            "rawPath": path,
            "body": text,
            "isBase64Encoded": isinstance(body, bytes) or not body,
            "headers": {"Host": "example.com", **({"Origin": origin} if origin else {}), **(headers or {})},
            "queryParameters": query or {},
            "requestContext": {
                "accountId": "1234567890123456",
                "domainName": "sign-abc.cn-hangzhou.fcapp.run",
                "domainPrefix": "sign-abc",
                "requestId": "1-67431580-0123456789ab",
                "time": "2024-11-24T12:00:00Z",
                "timeEpoch": "1732449600000",
                "http": {
                    "method": method,
                    "path": path,
                    "protocol": "HTTP/1.1",
                    "sourceIp": "203.0.113.7",
                    "userAgent": "test",
                },
            },
        }
    ).encode()


def context(**more: Any) -> Any:
    """Returns a context as python3.12 has it, without credentials."""
    return SimpleNamespace(
        request_id="1-67431580-0123456789ab", function=SimpleNamespace(name="oss-direct-upload-sign"), **more
    )


def faults(environ: dict[str, str]) -> tuple[str, ...]:
    with pytest.raises(InvalidSettings) as caught:
        Settings.from_environ(environ)
    return caught.value.faults


PROFILE = Profile("default", 1000, {"image/png": "png"}, 600, folder_forms=True, callback=False, multipart=False)

UPLOAD = MultipartUpload(
    key="uploads/alice/1.mp4",
    upload_id="0004B9894A22E5B1888A1E29F823AAAA",
    size=20 * 2**20,
    content_type="video/mp4",
    filename="film%20%C3%BC.mp4",
    subject="alice",
    begin=int(NOON),
)
