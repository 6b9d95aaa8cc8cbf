"""The function's own requests to OSS: begins a multipart upload, lists its parts, completes or aborts it.

Follows OSS's InitiateMultipartUpload, ListParts, CompleteMultipartUpload and AbortMultipartUpload. Each is one request
to a presigned URL, through `http_client`. The vendor's OSS SDK would do the same, and would make a cold start slower
than all of this function's own code does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from direct_upload.errors import AlreadyStored, UploadGone
from direct_upload.multipart import MAX_PARTS, MultipartUpload
from direct_upload.upload import filename_headers
from fc_http import http_client
from fc_http.errors import ApiError, StorageUnavailable
from fc_http.http_client import RequestFailed, Response
from oss_protocol import presigned_url
from oss_protocol.credentials import Credentials
from oss_protocol.presigned_url import Parameters

TIMEOUT_SECONDS = 2

COMPLETION_TIMEOUT_SECONDS = 7
"""OSS may wait 5 seconds of it for the callback function. Function Compute waits 10 seconds for this one."""

MAX_RESPONSE_BYTES = 1024 * 1024
"""A list of MAX_PARTS parts takes a quarter of it."""

URL_TTL_SECONDS = 60

FORBID_OVERWRITE = {"x-oss-forbid-overwrite": "true"}

API_ERRORS: Mapping[str, type[ApiError]] = {"FileAlreadyExists": AlreadyStored, "NoSuchUpload": UploadGone}
"""The codes of OSS that concern the uploader. All others are for the site's owner to fix, and are logged."""


class Part(NamedTuple):
    """A part that OSS has received."""

    number: int
    """From 1."""
    size: int
    """Bytes."""
    etag: str
    """As OSS writes it."""
    crc64: str | None = None
    """CRC-64 of its bytes (ECMA-182), in decimal, if OSS names it."""


class OssClient:
    """Sends requests to the bucket at one instant, with one set of credentials."""

    def __init__(
        self,
        credentials: Credentials,
        *,
        address: str,
        bucket: str,
        region: str,
        now: float,
        log_event: Callable[..., None],
    ) -> None:
        """`address` is the bucket's, `now` in seconds since the epoch; `log_event(**fields)` gets OSS's errors."""
        self._credentials = credentials
        self._address = address
        self._bucket = bucket
        self._region = region
        self._now = now
        self._log_event = log_event

    def initiate(self, key: str, *, content_type: str, filename: str) -> str:
        """Returns the id of a new multipart upload.

        Its type, its name (percent-encoded) and that it overwrites nothing are final from here on.
        Raises AlreadyStored, StorageUnavailable.
        """
        headers = {"Content-Type": content_type, **filename_headers(filename), **FORBID_OVERWRITE}
        response = self._request("POST", key, [("uploads", None)], headers=headers)
        return _text(self._parse(response, "InitiateMultipartUploadResult"), "UploadId")

    def list_parts(self, upload: MultipartUpload) -> list[Part]:
        """Returns the parts that OSS has received, in order of number. Raises UploadGone, StorageUnavailable."""
        query = [("max-parts", str(MAX_PARTS)), ("uploadId", upload.upload_id)]
        root = self._parse(self._request("GET", upload.key, query), "ListPartsResult")
        return [
            Part(
                _number(part, "PartNumber"), _number(part, "Size"), _text(part, "ETag"), part.findtext("HashCrc64ecma")
            )
            for part in root.iterfind("Part")
        ]

    def complete(self, upload: MultipartUpload, parts: list[Part], headers: Mapping[str, str]) -> Response:
        """Makes the object of these parts, and returns OSS's response.

        `headers` may ask for a callback, whose response OSS then hands on; a 203 says that the object is stored and the
        callback failed. Raises AlreadyStored, UploadGone, StorageUnavailable.
        """
        elements = "".join(
            f"<Part><PartNumber>{part.number}</PartNumber><ETag>{escape(part.etag)}</ETag></Part>" for part in parts
        )
        response = self._request(
            "POST",
            upload.key,
            [("uploadId", upload.upload_id)],
            headers={**headers, **FORBID_OVERWRITE},
            body=f"<CompleteMultipartUpload>{elements}</CompleteMultipartUpload>".encode(),
            timeout_seconds=COMPLETION_TIMEOUT_SECONDS,
        )
        if not headers:
            self._parse(response, "CompleteMultipartUploadResult")
        return response

    def abort(self, upload: MultipartUpload) -> None:
        """Deletes the parts. Raises UploadGone, StorageUnavailable."""
        self._request("DELETE", upload.key, [("uploadId", upload.upload_id)])

    def _request(
        self,
        method: str,
        key: str,
        query: Parameters,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> Response:
        url = self._presign(method, key, query, headers)
        try:
            response = http_client.request(
                method, url, timeout_seconds=timeout_seconds, headers=headers, body=body, max_bytes=MAX_RESPONSE_BYTES
            )
        except RequestFailed as error:
            self._log_event(event="storage_unreachable", reason=str(error))
            raise StorageUnavailable from None
        if not 200 <= response.status <= 299:
            self._raise_error(response)
        return response

    def _presign(self, method: str, key: str, query: Parameters, headers: Mapping[str, str] | None) -> str:
        return presigned_url.presign(
            method,
            self._address,
            key,
            bucket=self._bucket,
            region=self._region,
            access_key_id=self._credentials.access_key_id,
            access_key_secret=self._credentials.access_key_secret,
            security_token=self._credentials.security_token,
            now=self._now,
            expires=URL_TTL_SECONDS,
            query=query,
            headers=headers,
        )

    def _parse(self, response: Response, name: str) -> ET.Element:
        """Returns the document if its root has this name. Raises StorageUnavailable for any other."""
        root = _parse_xml(response)
        if root is None or root.tag != name:
            self._log_event(event="storage_unreachable", reason=f"the response is not a {name}")
            raise StorageUnavailable
        return root

    def _raise_error(self, response: Response) -> None:
        """Raises the error that OSS's code stands for. Only the code is logged: OSS's messages quote the request."""
        code = _error_code(response)
        if error := API_ERRORS.get(code):
            raise error
        oss_request_id = response.headers.get("x-oss-request-id")
        self._log_event(event="storage_refused", status=response.status, code=code, oss_request_id=oss_request_id)
        raise StorageUnavailable


def _parse_xml(response: Response) -> ET.Element | None:
    """Returns None if the body is not XML. A ValueError or LookupError comes from an unknown encoding."""
    try:
        return ET.fromstring(response.body)  # noqa: S314 - OSS's own, over TLS, and of limited length
    except (ET.ParseError, ValueError, LookupError):
        return None


def _text(element: ET.Element, name: str) -> str:
    text = element.findtext(name)
    if not text:
        raise StorageUnavailable
    return text


def _number(element: ET.Element, name: str) -> int:
    text = _text(element, name)
    if not re.fullmatch("[0-9]{1,19}", text):
        raise StorageUnavailable
    return int(text)


def _error_code(response: Response) -> str:
    root = _parse_xml(response)
    return root.findtext("Code") or "" if root is not None else ""
