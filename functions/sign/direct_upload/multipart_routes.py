"""The routes of multipart uploads: the function begins and completes them, the browser sends the parts.

No post policy protects an upload in parts. So type, name and key are final when it begins; the URL of a part fits one
length; and before an upload is completed, its parts are counted and measured. Imported when first used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from direct_upload.authorize import Caller, Grant
from direct_upload.errors import InvalidSize, PartsMissing, TicketInvalid, TooLarge, UploadGone
from direct_upload.multipart import MultipartSettings, MultipartUpload, Parts
from direct_upload.multipart_client import OssClient, Part
from direct_upload.object_keys import ObjectKeys, gives_out
from direct_upload.settings import Settings
from direct_upload.upload import MAX_NAME_BYTES, check_upload, encode_filename
from fc_http.errors import ApiError, BadRequest, NotFound
from fc_http.event import Request, parse_json
from fc_http.http_client import Response
from fc_http.instants import format_time
from fc_http.invocation import Invocation
from oss_protocol import object_headers, presigned_url
from oss_protocol.credentials import Credentials

MAX_URLS = 20
"""Parts in one request."""

CONTENT_LENGTH = "content-length"
"""The URL of a part signs it: every browser sends it, and OSS takes a body of no other length."""


class MultipartRoutes:
    """Handles requests about multipart uploads."""

    def __init__(
        self,
        multipart: MultipartSettings,
        settings: Settings,
        *,
        authenticate: Callable[[Request, Invocation], Caller],
        get_credentials: Callable[[Invocation], Credentials],
        random_hex: Callable[[int], str],
    ) -> None:
        """`random_hex(n)` returns n random bytes as hexadecimal digits."""
        self._multipart = multipart
        self._settings = settings
        self._authenticate = authenticate
        self._get_credentials = get_credentials
        self._random_hex = random_hex

    def handle(self, request: Request, invocation: Invocation) -> object:
        """Returns the payload of the response. Raises ApiError."""
        caller = self._authenticate(request, invocation)
        body = parse_json(request.body)
        if not isinstance(body, dict):
            raise BadRequest("The body must be a JSON object.")
        if request.path == "/multipart":
            return self._begin(body, caller.grant(body.get("profile"), invocation.log_fields), invocation)
        secrets = self._multipart.secrets
        upload = MultipartUpload.from_ticket(body.get("ticket"), secrets, caller.subject, invocation.now)
        grant = caller.grant(upload.profile, invocation.log_fields)
        if not gives_out(grant, upload.key, upload.slot):
            raise TicketInvalid
        invocation.log_fields["bytes"] = upload.size
        match request.path:
            case "/multipart/parts":
                return self._sign_parts(body, upload, grant, invocation)
            case "/multipart/list":
                return self._list(upload, invocation)
            case "/multipart/complete":
                return self._complete(upload, grant, invocation)
            case "/multipart/abort":
                return self._abort(upload, invocation)
        raise NotFound

    def _begin(self, body: dict[str, Any], grant: Grant, invocation: Invocation) -> object:
        if not grant.profile.multipart:
            raise NotFound
        file = check_upload(body, grant, ObjectKeys(grant, [body], self._random_hex))
        if file.size == 0:
            raise InvalidSize("An empty file has no parts. Send it with a form: POST /sign.")
        invocation.log_fields["bytes"] = file.size
        name = encode_filename(file.filename, MAX_NAME_BYTES)
        oss = self._oss(invocation)
        upload = MultipartUpload(
            key=file.key,
            upload_id=oss.initiate(file.key, content_type=file.content_type, filename=name),
            size=file.size,
            content_type=file.content_type,
            filename=name,
            subject=grant.subject,
            begin=int(invocation.now),
            profile=grant.profile.label,
            slot=file.slot,
        )
        ticket, end = upload.ticket(self._multipart.secrets[0], invocation.now)
        return {
            "ticket": ticket,
            "key": upload.key,
            "content_type": upload.content_type,
            "part_size": upload.parts.size,
            "parts": upload.parts.last,
            "expires_at": format_time(end),
            **({} if upload.slot is None else {"slot": upload.slot}),
        }

    def _sign_parts(
        self, body: dict[str, Any], upload: MultipartUpload, grant: Grant, invocation: Invocation
    ) -> object:
        numbers = _parse_numbers(body.get("parts"), upload.parts)
        credentials = self._get_credentials(invocation)
        now = invocation.now
        lifetime = int(min(grant.profile.form_lifetime(upload.parts.size), credentials.expiration - now))
        return {
            "parts": [self._sign_part(number, upload, credentials, now, lifetime) for number in numbers],
            "expires_at": format_time(int(now) + lifetime),
            "ticket": self._renew_ticket(upload, invocation),
        }

    def _sign_part(
        self, number: int, upload: MultipartUpload, credentials: Credentials, now: float, lifetime: int
    ) -> dict[str, object]:
        length = upload.parts.length(number)
        url = presigned_url.presign(
            "PUT",
            self._settings.upload_url,
            upload.key,
            bucket=self._settings.bucket,
            region=self._settings.region,
            access_key_id=credentials.access_key_id,
            access_key_secret=credentials.access_key_secret,
            security_token=credentials.security_token,
            now=now,
            expires=lifetime,
            query=[("partNumber", str(number)), ("uploadId", upload.upload_id)],
            headers={CONTENT_LENGTH: str(length)},
            additional=[CONTENT_LENGTH],
        )
        return {"number": number, "size": length, "url": url}

    def _list(self, upload: MultipartUpload, invocation: Invocation) -> object:
        parts = self._oss(invocation).list_parts(upload)
        return {
            "parts": [
                {"number": part.number, "size": part.size, **({"crc64": part.crc64} if part.crc64 else {})}
                for part in parts
            ],
            "ticket": self._renew_ticket(upload, invocation),
        }

    def _complete(self, upload: MultipartUpload, grant: Grant, invocation: Invocation) -> object:
        oss = self._oss(invocation)
        parts = oss.list_parts(upload)
        if _is_too_large(parts, upload.parts):
            oss.abort(upload)
            raise TooLarge("A part is larger than was declared. The upload was aborted.")
        if missing := _missing_parts(parts, upload.parts):
            raise PartsMissing(missing[:MAX_URLS])
        headers = self._callback_headers(upload, invocation.now) if grant.profile.callback else {}
        response = oss.complete(upload, parts, headers)
        return self._to_payload(upload, response, invocation, has_callback=bool(headers))

    def _callback_headers(self, upload: MultipartUpload, now: float) -> Mapping[str, str]:
        """Returns the headers that make OSS call back when it has made the object."""
        if self._settings.callback is None:
            return {}
        return self._settings.callback.headers(
            key=upload.key,
            size=upload.size,
            content_type=upload.content_type,
            subject=upload.subject,
            profile=upload.profile,
            slot=upload.slot,
            form_ends=now,
        )

    def _to_payload(
        self, upload: MultipartUpload, response: Response, invocation: Invocation, *, has_callback: bool
    ) -> object:
        """Returns the callback function's payload if there is one, else the same from the upload's ticket."""
        if has_callback and response.status == 200 and (payload := _parse_callback_response(response)):
            return payload
        stored = upload.to_stored(
            response.headers.get("etag", "").strip('"'), response.headers.get(object_headers.CRC64)
        )
        if has_callback:
            invocation.log_event(event="callback_failed", key=upload.key)
        else:
            invocation.log_event(event="stored", bucket=self._settings.bucket, **stored, subject=upload.subject)
        delivery = {"webhook_delivered": False} if has_callback else {}
        return {"stored": stored, "request_id": invocation.request_id, **delivery}

    def _abort(self, upload: MultipartUpload, invocation: Invocation) -> object:
        try:
            self._oss(invocation).abort(upload)
        except UploadGone:
            invocation.log_event(event="already_aborted", key=upload.key)
        return {}

    def _renew_ticket(self, upload: MultipartUpload, invocation: Invocation) -> str:
        return upload.ticket(self._multipart.secrets[0], invocation.now)[0]

    def _oss(self, invocation: Invocation) -> OssClient:
        return OssClient(
            self._get_credentials(invocation),
            address=self._multipart.bucket_url,
            bucket=self._settings.bucket,
            region=self._settings.region,
            now=invocation.now,
            log_event=invocation.log_event,
        )


def _parse_numbers(value: object, parts: Parts) -> list[int]:
    """Returns 1 to MAX_URLS different numbers of parts. Raises BadRequest."""
    numbers = value if isinstance(value, list) else []
    fit = [number for number in numbers if type(number) is int and 1 <= number <= parts.last]
    if not 1 <= len(numbers) <= MAX_URLS or len(set(fit)) < len(numbers):
        raise BadRequest(f"parts must be 1 to {MAX_URLS} different numbers from 1 to {parts.last}.")
    return fit


def _is_too_large(received: list[Part], parts: Parts) -> bool:
    return any(part.number > parts.last or part.size > parts.length(part.number) for part in received)


def _missing_parts(received: list[Part], parts: Parts) -> list[int]:
    """Returns the numbers of the parts that OSS has not received, or not whole."""
    sizes = {part.number: part.size for part in received}
    return [number for number in range(1, parts.last + 1) if sizes.get(number) != parts.length(number)]


def _parse_callback_response(response: Response) -> dict[str, Any] | None:
    """Returns the callback function's payload, or None if the response is not one of that function."""
    try:
        payload = parse_json(response.body)
    except ApiError:
        return None
    if not isinstance(payload, dict) or not any(isinstance(payload.get(name), dict) for name in ("stored", "deleted")):
        return None
    return payload
