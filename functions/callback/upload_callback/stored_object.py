"""What the bucket holds under a key: asked of the bucket itself, whatever the callback says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from fc_http import http_client
from fc_http.errors import StorageUnavailable
from fc_http.http_client import Unreachable
from oss_protocol import presigned_url
from oss_protocol.credentials import OwnCredentials
from upload_callback.errors import NotStored
from upload_callback.settings import Settings

SECONDS = 1.5

URL_LIFE = 60
"""Seconds."""


@dataclass(frozen=True)
class Stored:
    """An object of the bucket."""

    key: str
    size: int
    """Bytes."""
    content_type: str
    etag: str
    """As OSS writes it, without quotation marks."""
    filename: str
    """As the user knows it."""


def stored(key: str, settings: Settings, own: OwnCredentials, now: float) -> Stored:
    """HeadObject, with the function's own credentials. Raises NotStored, StorageUnavailable."""
    url = presigned_url.url(
        "HEAD",
        settings.bucket_url,
        key,
        bucket=settings.bucket,
        region=settings.region,
        access_key_id=own.access_key_id,
        access_key_secret=own.access_key_secret,
        security_token=own.security_token,
        now=now,
        expires=URL_LIFE,
    )
    try:
        answer = http_client.ask("HEAD", url, seconds=SECONDS)
    except Unreachable:
        raise StorageUnavailable from None
    if answer.status == 404:
        raise NotStored
    if answer.status != 200:
        raise StorageUnavailable
    return _described(key, answer.headers)


def _described(key: str, headers: Mapping[str, str]) -> Stored:
    length = headers.get("content-length", "")
    if not re.fullmatch("[0-9]{1,19}", length):
        raise StorageUnavailable
    return Stored(
        key=key,
        size=int(length),
        content_type=headers.get("content-type", ""),
        etag=headers.get("etag", "").strip('"'),
        filename=unquote(headers.get("x-oss-meta-filename", "")),
    )
