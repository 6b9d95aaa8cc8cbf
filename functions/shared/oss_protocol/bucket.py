"""A bucket: its name, its region, the prefix of its keys, and its addresses."""

from __future__ import annotations

import re

MAX_PREFIX_LENGTH = 200
"""Characters. After it come a profile, a subject, a link and a slot, of at most 235 bytes together."""


DEFAULT_KEY_PREFIX = "uploads"


def parse_bucket_name(text: str) -> str:
    """Returns the text if it is the name of a bucket. Raises ValueError."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", text):
        raise ValueError(f"must be a bucket's name alone (3 to 63 of a-z, 0-9 and -), not {text!r}")
    return text


def parse_region(text: str) -> str:
    """Returns the text if it is the ID of a region. Raises ValueError."""
    if text.startswith("oss-"):
        raise ValueError(f"must be the region's ID: {text.removeprefix('oss-')}, not {text}")
    if not re.fullmatch(r"[a-z]{2,}(-[a-z0-9]+)+", text):
        raise ValueError(f"must be a region's ID such as cn-hangzhou, not {text!r}")
    return text


def parse_key_prefix(text: str) -> str:
    """Returns the first part of every key, without the slash at its end. Raises ValueError."""
    path = text.removesuffix("/")
    parts = path.split("/")
    if len(path) > MAX_PREFIX_LENGTH:
        raise ValueError(
            f"must have at most {MAX_PREFIX_LENGTH} characters, so that every key fits into the 1,023 bytes of OSS: "
            f"it has {len(path)}"
        )
    if not re.fullmatch(r"[A-Za-z0-9._/-]+", path) or any(part in ("", ".", "..") for part in parts):
        raise ValueError(f"must be a relative path of letters, digits and . _ - such as uploads, not {text!r}")
    return path


def public_url(bucket: str, region: str) -> str:
    """Returns the address that browsers use, where no domain of its own is bound to the bucket."""
    return f"https://{bucket}.oss-{region}.aliyuncs.com"


def internal_url(bucket: str, region: str) -> str:
    """Returns the address within the region.

    Traffic to it is free, and accounts that may not use the bucket's public address may use this one.
    """
    return f"https://{bucket}.oss-{region}-internal.aliyuncs.com"
