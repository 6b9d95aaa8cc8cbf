"""OSS4-HMAC-SHA256, as OSS's "V4 signature for PostObject" describes it. Pure: text in, text out.

For requests other than forms, see `presigned_url`.
"""

from __future__ import annotations

import hmac
import time

VERSION = "OSS4-HMAC-SHA256"


def format_date(now: float) -> str:
    """Returns `yyyymmddThhmmssZ` in UTC, as x-oss-date is; it begins with the day. `now` is since the epoch."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))


def scope(day: str, region: str) -> tuple[str, str, str, str]:
    """Returns the credential scope of a signing key. `day` is `yyyymmdd` in UTC, `region` a region's ID."""
    return day, region, "oss", "aliyun_v4_request"


def credential(access_key_id: str, day: str, region: str) -> str:
    """Returns the form field x-oss-credential: the key's ID and its scope."""
    return "/".join((access_key_id, *scope(day, region)))


def signing_key(access_key_secret: str, day: str, region: str) -> bytes:
    """Returns the key that signs: the secret, hashed with each part of the scope in turn."""
    key = f"aliyun_v4{access_key_secret}".encode()
    for part in scope(day, region):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def sign(text: str, key: bytes) -> str:
    """Returns the signature, 64 lower-case hex digits.

    `text` is a post policy in base64, exactly as the form has it, or a string to sign.
    """
    return hmac.digest(key, text.encode(), "sha256").hex()
