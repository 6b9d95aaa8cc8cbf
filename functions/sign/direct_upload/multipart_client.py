"""OSS, asked by the function itself: a multipart upload begun, its parts listed, completed or aborted.

Follows OSS's InitiateMultipartUpload, ListParts, CompleteMultipartUpload and AbortMultipartUpload. Each is one request
to a presigned URL, through `outside`: the vendor's OSS SDK would do the same, and costs a cold start more than all of
this function's own code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from direct_upload.errors import AlreadyStored, UploadGone
from direct_upload.multipart import MOST_PARTS, Begun
from direct_upload.upload import name_headers
from fc_http import http_client
from fc_http.errors import Refused, StorageUnavailable
from fc_http.http_client import Answer, Unreachable
from oss_protocol import presigned_url
from oss_protocol.credentials import Credentials
from oss_protocol.presigned_url import Parameters

SECONDS = 2
"""For an answer."""

COMPLETION_SECONDS = 7
"""For that of a completion: in it OSS may wait 5 seconds for whom it calls back. Function Compute waits 10 in all."""

MAX_ANSWER = 1024 * 1024
"""Bytes: a list of MOST_PARTS parts takes a quarter of it."""

URL_LIFE = 60
"""Seconds."""

NOT_OVERWRITTEN = {"x-oss-forbid-overwrite": "true"}

REFUSALS: Mapping[str, type[Refused]] = {"FileAlreadyExists": AlreadyStored, "NoSuchUpload": UploadGone}
"""What OSS's codes mean to whoever uploads; all others are the site's to mend, and logged."""


class Part(NamedTuple):
    """A part that has arrived."""

    number: int
    """From 1."""
    size: int
    """Bytes."""
    etag: str
    """As OSS writes it."""


class Oss:
    """The bucket, asked with one set of credentials at one instant."""

    def __init__(
        self,
        credentials: Credentials,
        *,
        address: str,
        bucket: str,
        region: str,
        now: float,
        report: Callable[..., None],
    ) -> None:
        """`address` is the bucket's, `now` in seconds since the epoch; `report(**facts)` hears what OSS refuses."""
        self._credentials = credentials
        self._address = address
        self._bucket = bucket
        self._region = region
        self._now = now
        self._report = report

    def initiate(self, key: str, *, content_type: str, filename: str) -> str:
        """The id of a new multipart upload. Type, name (percent-encoded) and that nothing is overwritten settle here.

        Raises AlreadyStored, StorageUnavailable.
        """
        headers = {"Content-Type": content_type, **name_headers(filename), **NOT_OVERWRITTEN}
        answer = self._ask("POST", key, [("uploads", None)], headers=headers)
        return _text(self._parsed(answer, "InitiateMultipartUploadResult"), "UploadId")

    def parts(self, begun: Begun) -> list[Part]:
        """What has arrived so far, in order of number. Raises UploadGone, StorageUnavailable."""
        query = [("max-parts", str(MOST_PARTS)), ("uploadId", begun.upload_id)]
        listed = self._parsed(self._ask("GET", begun.key, query), "ListPartsResult")
        return [
            Part(_number(part, "PartNumber"), _number(part, "Size"), _text(part, "ETag"))
            for part in listed.iterfind("Part")
        ]

    def complete(self, begun: Begun, parts: list[Part], headers: Mapping[str, str]) -> Answer:
        """Make the object of these parts; `headers` may ask for a callback, whose answer is then OSS's: a 203 says that
        the object is stored, and nobody was told.

        Raises AlreadyStored, UploadGone, StorageUnavailable.
        """
        listed = "".join(
            f"<Part><PartNumber>{part.number}</PartNumber><ETag>{escape(part.etag)}</ETag></Part>" for part in parts
        )
        body = f"<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>".encode()
        query = [("uploadId", begun.upload_id)]
        sent = {**headers, **NOT_OVERWRITTEN}
        answer = self._ask("POST", begun.key, query, headers=sent, body=body, seconds=COMPLETION_SECONDS)
        if not headers:
            self._parsed(answer, "CompleteMultipartUploadResult")
        return answer

    def abort(self, begun: Begun) -> None:
        """Throw its parts away. Raises UploadGone, StorageUnavailable."""
        self._ask("DELETE", begun.key, [("uploadId", begun.upload_id)])

    def _ask(
        self,
        method: str,
        key: str,
        query: Parameters,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        seconds: float = SECONDS,
    ) -> Answer:
        url = presigned_url.url(
            method,
            self._address,
            key,
            bucket=self._bucket,
            region=self._region,
            access_key_id=self._credentials.access_key_id,
            access_key_secret=self._credentials.access_key_secret,
            security_token=self._credentials.security_token,
            now=self._now,
            expires=URL_LIFE,
            query=query,
            headers=headers,
        )
        try:
            answer = http_client.ask(method, url, seconds=seconds, headers=headers, body=body, limit=MAX_ANSWER)
        except Unreachable as fault:
            self._report(event="storage_unreachable", reason=str(fault))
            raise StorageUnavailable from None
        if not 200 <= answer.status <= 299:
            self._refuse(answer)
        return answer

    def _parsed(self, answer: Answer, name: str) -> ET.Element:
        """The document that an answer is to be. Raises StorageUnavailable for any other: half of it is not known."""
        root = _root(answer)
        if root is None or root.tag != name:
            self._report(event="storage_unreachable", reason=f"the answer is no {name}")
            raise StorageUnavailable
        return root

    def _refuse(self, answer: Answer) -> None:
        """Raise what the answer means. Only the code is logged: messages quote what was sent."""
        code = _code(answer)
        if refusal := REFUSALS.get(code):
            raise refusal
        oss_request_id = answer.headers.get("x-oss-request-id")
        self._report(event="storage_refused", status=answer.status, code=code, oss_request_id=oss_request_id)
        raise StorageUnavailable


def _root(answer: Answer) -> ET.Element | None:
    """None for what is no XML; a ValueError or LookupError is an encoding that nobody can read."""
    try:
        return ET.fromstring(answer.body)  # noqa: S314 - OSS's own, over TLS, and of bounded length
    except (ET.ParseError, ValueError, LookupError):
        return None


def _text(element: ET.Element, name: str) -> str:
    found = element.findtext(name)
    if not found:
        raise StorageUnavailable
    return found


def _number(element: ET.Element, name: str) -> int:
    found = _text(element, name)
    if not re.fullmatch("[0-9]{1,19}", found):
        raise StorageUnavailable
    return int(found)


def _code(answer: Answer) -> str:
    root = _root(answer)
    return root.findtext("Code") or "" if root is not None else ""
