"""The routes of multipart uploads: begun here, sent by the browser in parts, completed here. Loaded when first used.

No post policy guards an upload in parts. So type, name and key are settled where it begins; a part's URL fits one
length; and before an upload is completed its parts are counted and measured.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from direct_upload.authorize import Grant
from direct_upload.errors import InvalidSize, PartsMissing, TooLarge, UploadGone
from direct_upload.multipart import Begun, Multipart, Parts
from direct_upload.multipart_client import Oss, Part
from direct_upload.settings import Settings
from direct_upload.upload import MAX_NAME, percent_encoded, upload
from fc_http.errors import BadRequest, NotFound, Refused
from fc_http.event import Request, parse_json
from fc_http.http_client import Answer
from fc_http.invocation import Call
from oss_protocol import presigned_url
from oss_protocol.credentials import Credentials

MOST_URLS = 20
"""Parts per request."""

LENGTH = "content-length"
"""Signed with a part's URL: a browser sends it by itself, and OSS takes a body of no other length."""


class MultipartRoutes:
    """Answers requests about multipart uploads."""

    def __init__(
        self,
        multipart: Multipart,
        settings: Settings,
        *,
        grant: Callable[[Request, Call], Grant],
        kept: Callable[[Call], Credentials],
        random_hex: Callable[[int], str],
    ) -> None:
        """`grant` authorises, and `kept` gives the upload role's credentials; `random_hex(n)` n random bytes in hex."""
        self._multipart = multipart
        self._settings = settings
        self._grant = grant
        self._kept = kept
        self._random_hex = random_hex

    def respond(self, request: Request, call: Call) -> object:
        """The payload of the answer. Raises Refused."""
        grant = self._grant(request, call)
        body = parse_json(request.body)
        if not isinstance(body, dict):
            raise BadRequest("The body must be a JSON object.")
        if request.path == "/multipart":
            return self._begin(body, grant, call)
        begun = Begun.from_ticket(body.get("ticket"), self._multipart.secrets, grant.subject, call.now)
        call.logged["bytes"] = begun.size
        match request.path:
            case "/multipart/parts":
                return self._urls(body, begun, call)
            case "/multipart/list":
                return self._list(begun, call)
            case "/multipart/complete":
                return self._complete(begun, call)
            case "/multipart/abort":
                return self._abort(begun, call)
        raise NotFound

    def _begin(self, body: dict[str, Any], grant: Grant, call: Call) -> object:
        asked = upload(body, grant, taken=set(), random_hex=self._random_hex)
        if asked.size == 0:
            raise InvalidSize("An empty file has no parts. Send it with a form: POST /sign.")
        call.logged["bytes"] = asked.size
        name = percent_encoded(asked.filename, MAX_NAME)
        begun = Begun(
            key=asked.key,
            upload_id=self._oss(call).initiate(asked.key, content_type=asked.content_type, filename=name),
            size=asked.size,
            content_type=asked.content_type,
            filename=name,
            subject=grant.subject,
            begin=int(call.now),
        )
        ticket, end = begun.ticket(self._multipart.secrets[0], call.now)
        parts = begun.parts
        return {
            "ticket": ticket,
            "key": begun.key,
            "content_type": begun.content_type,
            "part_size": parts.size,
            "parts": parts.last,
            "expires_at": _instant(end),
        }

    def _urls(self, body: dict[str, Any], begun: Begun, call: Call) -> object:
        numbers = _numbers(body.get("parts"), begun.parts)
        credentials = self._kept(call)
        life = int(min(self._settings.life_of(begun.parts.size), credentials.expiration - call.now))
        return {
            "parts": [self._url(number, begun, credentials, call.now, life) for number in numbers],
            "expires_at": _instant(int(call.now) + life),
            "ticket": self._renewed(begun, call),
        }

    def _url(self, number: int, begun: Begun, credentials: Credentials, now: float, life: int) -> dict[str, object]:
        length = begun.parts.length(number)
        url = presigned_url.url(
            "PUT",
            self._settings.upload_url,
            begun.key,
            bucket=self._settings.bucket,
            region=self._settings.region,
            access_key_id=credentials.access_key_id,
            access_key_secret=credentials.access_key_secret,
            security_token=credentials.security_token,
            now=now,
            expires=life,
            query=[("partNumber", str(number)), ("uploadId", begun.upload_id)],
            headers={LENGTH: str(length)},
            additional=[LENGTH],
        )
        return {"number": number, "size": length, "url": url}

    def _list(self, begun: Begun, call: Call) -> object:
        arrived = self._oss(call).parts(begun)
        return {
            "parts": [{"number": part.number, "size": part.size} for part in arrived],
            "ticket": self._renewed(begun, call),
        }

    def _complete(self, begun: Begun, call: Call) -> object:
        oss = self._oss(call)
        arrived = oss.parts(begun)
        if _is_too_large(arrived, begun.parts):
            oss.abort(begun)
            raise TooLarge("A part is larger than was declared. The upload was aborted.")
        if missing := _missing(arrived, begun.parts):
            raise PartsMissing(missing[:MOST_URLS])
        return self._told(begun, oss.complete(begun, arrived, self._callback(begun, call.now)), call)

    def _callback(self, begun: Begun, now: float) -> Mapping[str, str]:
        """What makes OSS call back when it has made the object."""
        if self._settings.callback is None:
            return {}
        return self._settings.callback.headers(
            key=begun.key, size=begun.size, content_type=begun.content_type, subject=begun.subject, form_ends=now
        )

    def _told(self, begun: Begun, answer: Answer, call: Call) -> object:
        """The stored fact: as the callback function found it, else as it was settled and measured here."""
        if self._settings.callback and answer.status == 200 and (said := _said(answer)):
            return said
        fact = begun.fact(answer.headers.get("etag", "").strip('"'))
        if self._settings.callback:
            call.report(event="callback_failed", key=begun.key)
        else:
            call.report(event="stored", bucket=self._settings.bucket, **fact, subject=begun.subject)
        told = {"webhook_delivered": False} if self._settings.callback else {}
        return {"stored": fact, "request_id": call.request_id, **told}

    def _abort(self, begun: Begun, call: Call) -> object:
        try:
            self._oss(call).abort(begun)
        except UploadGone:
            call.report(event="already_aborted", key=begun.key)
        return {}

    def _renewed(self, begun: Begun, call: Call) -> str:
        return begun.ticket(self._multipart.secrets[0], call.now)[0]

    def _oss(self, call: Call) -> Oss:
        return Oss(
            self._kept(call),
            address=self._multipart.bucket_url,
            bucket=self._settings.bucket,
            region=self._settings.region,
            now=call.now,
            report=call.report,
        )


def _numbers(asked: object, parts: Parts) -> list[int]:
    """Raises BadRequest for what are not 1 to MOST_URLS different numbers of parts."""
    numbers = asked if isinstance(asked, list) else []
    fit = [number for number in numbers if type(number) is int and 1 <= number <= parts.last]
    if not 1 <= len(numbers) <= MOST_URLS or len(set(fit)) < len(numbers):
        raise BadRequest(f"parts must be 1 to {MOST_URLS} different numbers from 1 to {parts.last}.")
    return fit


def _is_too_large(arrived: list[Part], parts: Parts) -> bool:
    return any(part.number > parts.last or part.size > parts.length(part.number) for part in arrived)


def _missing(arrived: list[Part], parts: Parts) -> list[int]:
    """The numbers of parts that are not there whole."""
    sizes = {part.number: part.size for part in arrived}
    return [number for number in range(1, parts.last + 1) if sizes.get(number) != parts.length(number)]


def _said(answer: Answer) -> dict[str, Any] | None:
    """What the callback function answered; None where the answer is not one of its own."""
    try:
        said = parse_json(answer.body)
    except Refused:
        return None
    return said if isinstance(said, dict) and isinstance(said.get("stored"), dict) else None


def _instant(seconds: int) -> str:
    """ISO 8601 in UTC, whole seconds."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
