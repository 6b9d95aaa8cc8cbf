"""Addresses to which tokens and keys may go."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_HERE = re.compile(r"127\.0\.0\.1|([a-z0-9-]+\.)*localhost")
"""This machine. Names below localhost are, too (RFC 6761, 6.3): the stand-ins have their buckets and pages there."""


def is_safe(url: str) -> bool:
    """Tells whether nobody on the way reads what is sent there: https, or http to this machine.

    Without what programs read differently: a user's name, a backslash, blanks, characters that are not seen.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if not url.isprintable() or " " in url or "\\" in url or "@" in parts.netloc:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and bool(_HERE.fullmatch(host))))


def safe_endpoint(endpoint: str, service: str = "OSS") -> str:
    """Returns an endpoint for the SDK: a host alone means https. Raises ValueError if keys must not go there."""
    if "://" in endpoint and not is_safe(endpoint):
        scheme = endpoint.partition("://")[0]
        but = "with a host alone" if scheme.lower() == "https" else f"not {scheme}://…"
        raise ValueError(f"{service}'s address must be https://…, {but}: keys go there")
    return endpoint
