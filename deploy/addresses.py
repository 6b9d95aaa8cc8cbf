"""Addresses to which tokens and keys may go."""

from __future__ import annotations

from urllib.parse import urlsplit


def is_safe(url: str) -> bool:
    """Whether nobody on the way reads what is sent there: https, or http to this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    here = host in ("127.0.0.1", "localhost") or host.endswith(".localhost")
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and here))


def safe_endpoint(endpoint: str) -> str:
    """Where OSS is, as the SDK takes it: a host alone means https. Raises ValueError where keys must not go there."""
    if "://" in endpoint and not is_safe(endpoint):
        raise ValueError(f"OSS's address must be https://…, not {endpoint.partition('://')[0]}://…: keys go there")
    return endpoint
