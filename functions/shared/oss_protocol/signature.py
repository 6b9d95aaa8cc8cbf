"""OSS4-HMAC-SHA256, as OSS's "V4 signature for PostObject" describes it. Pure: text in, text out.

For requests that are no form, see presigned.
"""

from __future__ import annotations

import hmac

VERSION = "OSS4-HMAC-SHA256"


def scope(day: str, region: str) -> tuple[str, str, str, str]:
    """The credential scope: what a signing key is good for. `day` is `yyyymmdd` in UTC, `region` a region's ID."""
    return day, region, "oss", "aliyun_v4_request"


def credential(access_key_id: str, day: str, region: str) -> str:
    """The form field x-oss-credential: whose key, and its scope."""
    return "/".join((access_key_id, *scope(day, region)))


def signing_key(access_key_secret: str, day: str, region: str) -> bytes:
    """The secret, folded over the scope part by part."""
    key = f"aliyun_v4{access_key_secret}".encode()
    for part in scope(day, region):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def signature(text: str, key: bytes) -> str:
    """64 lower-case hex digits over the base64 text of a post policy, exactly as it is sent, or a string to sign."""
    return hmac.digest(key, text.encode(), "sha256").hex()
