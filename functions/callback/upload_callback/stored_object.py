"""The object under a key: the function looks it up in the bucket itself, whatever the callback says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from fc_http import http_client
from fc_http.errors import StorageUnavailable
from fc_http.http_client import RequestFailed
from oss_protocol import presigned_url
from oss_protocol.credentials import OwnCredentials
from upload_callback.errors import NotStored
from upload_callback.settings import Settings

TIMEOUT_SECONDS = 1.5

URL_TTL_SECONDS = 60


@dataclass(frozen=True)
class StoredObject:
    """An object of the bucket."""

    key: str
    size: int
    """Bytes."""
    content_type: str
    etag: str
    """As OSS writes it, without quotation marks."""
    filename: str
    """As the user sees it."""
    crc64: str | None
    """CRC-64 of its bytes (ECMA-182), in decimal, if OSS names it."""


def head_object(key: str, settings: Settings, own: OwnCredentials, now: float) -> StoredObject:
    """Looks an object up (HeadObject), with the function's own credentials. Raises NotStored, StorageUnavailable."""
    url = presigned_url.presign(
        "HEAD",
        settings.bucket_url,
        key,
        bucket=settings.bucket,
        region=settings.region,
        access_key_id=own.access_key_id,
        access_key_secret=own.access_key_secret,
        security_token=own.security_token,
        now=now,
        expires=URL_TTL_SECONDS,
    )
    try:
        response = http_client.request("HEAD", url, timeout_seconds=TIMEOUT_SECONDS)
    except RequestFailed:
        raise StorageUnavailable from None
    if response.status == 404:
        raise NotStored
    if response.status != 200:
        raise StorageUnavailable
    return _parse_headers(key, response.headers)


def _parse_headers(key: str, headers: Mapping[str, str]) -> StoredObject:
    length = headers.get("content-length", "")
    if not re.fullmatch("[0-9]{1,19}", length):
        raise StorageUnavailable
    return StoredObject(
        key=key,
        size=int(length),
        content_type=headers.get("content-type", ""),
        etag=headers.get("etag", "").strip('"'),
        filename=unquote(headers.get("x-oss-meta-filename", "")),
        crc64=headers.get("x-oss-hash-crc64ecma"),
    )
