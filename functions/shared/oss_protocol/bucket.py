"""A bucket: its name, its region, the prefix of its keys, and its addresses."""

from __future__ import annotations

import re


def bucket_name(text: str) -> str:
    """A bucket's name. Raises ValueError."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", text):
        raise ValueError(f"must be a bucket's name alone (3 to 63 of a-z, 0-9 and -), not {text!r}")
    return text


def region_id(text: str) -> str:
    """A region's ID. Raises ValueError."""
    if text.startswith("oss-"):
        raise ValueError(f"must be the region's ID: {text.removeprefix('oss-')}, not {text}")
    if not re.fullmatch(r"[a-z]{2,}(-[a-z0-9]+)+", text):
        raise ValueError(f"must be a region's ID such as cn-hangzhou, not {text!r}")
    return text


def key_prefix(text: str) -> str:
    """The first part of every key, without a slash at its end. Raises ValueError."""
    path = text.removesuffix("/")
    parts = path.split("/")
    if not re.fullmatch(r"[A-Za-z0-9._/-]{1,200}", path) or any(part in ("", ".", "..") for part in parts):
        raise ValueError(f"must be a relative path of letters, digits and . _ - such as uploads, not {text!r}")
    return path


def internal_url(bucket: str, region: str) -> str:
    """The address within the region: its traffic is free, and open to accounts that may not use the public one."""
    return f"https://{bucket}.oss-{region}-internal.aliyuncs.com"
