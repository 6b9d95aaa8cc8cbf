"""The object under a key: the function looks it up in the bucket itself, whatever the callback says."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from fc_http import http_client
from fc_http.errors import StorageUnavailable
from fc_http.http_client import RequestFailed, Response
from oss_protocol import object_headers, presigned_url
from oss_protocol.credentials import OwnCredentials
from upload_callback.errors import NotStored
from upload_callback.settings import Settings

HEAD_BYTES = 4096
"""How much of an object is read: signatures of file types lie within it."""

READ_TIMEOUT_SECONDS = 1.5
"""For all that is read of an object, together."""

DELETE_TIMEOUT_SECONDS = 0.7

URL_TTL_SECONDS = 60


class BucketFailed(Exception):
    """The bucket did not do what it was asked for. The text says why, and is safe to log."""


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
    is_encoded: bool
    """Whether it has a Content-Encoding: browsers unpack it. No form of this project asks for one."""


class BucketClient:
    """Requests about one object, with the function's own credentials, each one attempt."""

    def __init__(self, settings: Settings, own: OwnCredentials, now: float, clock: Callable[[], float]) -> None:
        """`clock` says how much of the time is left."""
        self._settings = settings
        self._own = own
        self._now = now
        self._clock = clock
        self._began = clock()

    def look_up(self, key: str) -> StoredObject:
        """Returns what OSS says about an object (HeadObject). Raises NotStored, StorageUnavailable."""
        try:
            response = self._request("HEAD", key, self._time_left())
        except RequestFailed:
            raise StorageUnavailable from None
        if response.status == 404:
            raise NotStored
        if response.status != 200:
            raise StorageUnavailable
        return _parse_headers(key, response.headers)

    def read_head(self, stored: StoredObject) -> bytes:
        """Returns the first bytes of an object (GetObject). Raises NotStored if it is another by now, BucketFailed."""
        last = min(stored.size, HEAD_BYTES) - 1
        if last < 0:
            return b""
        # OSS ignores a range that ends beyond the object, and answers with all of it.
        headers = {"Range": f"bytes=0-{last}", "If-Match": f'"{stored.etag}"'}
        try:
            response = self._request("GET", stored.key, self._time_left(), headers)
        except RequestFailed as error:
            raise BucketFailed(str(error)) from None
        if response.status in (404, 412):
            raise NotStored
        if response.status not in (200, 206) or len(response.body) != last + 1:
            raise BucketFailed(f"status {response.status}")
        return response.body

    def delete(self, key: str) -> None:
        """Deletes an object (DeleteObject). Raises BucketFailed if OSS does not say that it has."""
        try:
            response = self._request("DELETE", key, DELETE_TIMEOUT_SECONDS)
        except RequestFailed as error:
            raise BucketFailed(str(error)) from None
        if response.status != 204:
            raise BucketFailed(f"status {response.status}")

    def _time_left(self) -> float:
        return READ_TIMEOUT_SECONDS - max(0.0, self._clock() - self._began)

    def _request(
        self, method: str, key: str, timeout_seconds: float, headers: Mapping[str, str] | None = None
    ) -> Response:
        if timeout_seconds <= 0:
            raise RequestFailed("no time left")
        url = presigned_url.presign(
            method,
            self._settings.bucket_url,
            key,
            bucket=self._settings.bucket,
            region=self._settings.region,
            access_key_id=self._own.access_key_id,
            access_key_secret=self._own.access_key_secret,
            security_token=self._own.security_token,
            now=self._now,
            expires=URL_TTL_SECONDS,
        )
        return http_client.request(method, url, timeout_seconds=timeout_seconds, headers=headers)


def _parse_headers(key: str, headers: Mapping[str, str]) -> StoredObject:
    length = headers.get("content-length", "")
    if not re.fullmatch("[0-9]{1,19}", length):
        raise StorageUnavailable
    return StoredObject(
        key=key,
        size=int(length),
        content_type=headers.get("content-type", ""),
        etag=headers.get("etag", "").strip('"'),
        filename=unquote(headers.get(object_headers.FILENAME, "")),
        crc64=headers.get(object_headers.CRC64),
        is_encoded=headers.get("content-encoding", "identity") != "identity",
    )
