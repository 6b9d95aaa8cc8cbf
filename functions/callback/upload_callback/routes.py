"""The route of the callback function: checks that a callback is from OSS, for a known form, and about a stored object.

Then it looks into the object, if that is switched on, logs the object, notifies the webhook, and makes an address at
which the object can be downloaded, if that is switched on.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from fc_http.errors import MethodNotAllowed, NotFound, StorageUnavailable
from fc_http.event import Request, parse_json
from fc_http.invocation import Invocation
from fc_http.runtime import Runtime
from oss_protocol import ticket
from oss_protocol.callback import CALLBACK_PATH, PROFILE_NAME, TICKET_PURPOSE
from oss_protocol.credentials import OwnCredentials, own_credentials
from upload_callback import webhook
from upload_callback.callback_signature import CallbackSignature, PublicKeys, load_verifier
from upload_callback.download_url import DownloadUrls
from upload_callback.errors import NotStored, TypeMismatch, UnknownUpload
from upload_callback.settings import ContentCheck, Settings
from upload_callback.stored_object import BucketClient, BucketFailed, StoredObject

if TYPE_CHECKING:
    from upload_callback.content_check import Contents

MAX_REMEMBERED = 1000
"""Events that an instance remembers to have sent, so that a repeated callback does not notify anybody again."""


class CallbackRoutes:
    """The callback function's application."""

    def __init__(self, settings: Settings, runtime: Runtime) -> None:
        self._settings = settings
        self._runtime = runtime
        self._keys = PublicKeys()
        self._download_urls = DownloadUrls(settings, runtime.clock())
        self._notified: OrderedDict[str, None] = OrderedDict()

    def prepare(self, _: Invocation) -> None:
        """Loads what verifies signatures and looks into files: OSS waits 5 seconds, a cold start included."""
        load_verifier()
        if self._settings.content_check is not ContentCheck.OFF:
            load_comparison()

    def handle(self, request: Request, invocation: Invocation) -> object:
        """Returns the payload of the response, which OSS hands to the browser. Raises ApiError."""
        if request.path != CALLBACK_PATH:
            raise NotFound
        if request.method != "POST":
            raise MethodNotAllowed("POST")
        signature = CallbackSignature.from_request(request, self._settings.key_origin)
        body = parse_json(request.body)
        # Before the key is fetched: without a valid ticket nobody makes this function send a request.
        claims = self._verify_ticket(body, invocation.now)
        self._keys.verify(signature)
        own = self._own_credentials(invocation)
        bucket = BucketClient(self._settings, own, invocation.now, self._runtime.clock)
        stored = bucket.look_up(claims["key"])
        if not _agrees(body, claims, stored):
            raise NotStored
        contents = self._check_contents(bucket, stored, invocation)
        payload = self._notify(stored, claims, contents, invocation)
        if self._settings.content_check is ContentCheck.DELETE and contents.get("type_matches") is False:
            return payload  # it is deleted, or was to be
        if "slot" in claims:
            return payload  # once it is moved away, another holder's file may be at that address
        # The address is a credential: it is in no event and no line of the log.
        return payload | self._download_urls.create(stored, own, now=invocation.now, ticket_end=claims["end"])

    def _verify_ticket(self, body: Any, now: float) -> dict[str, Any]:
        """Returns what the form was for. Raises UnknownUpload."""
        if not isinstance(body, dict) or body.get("bucket") != self._settings.bucket:
            raise UnknownUpload
        try:
            claims = ticket.verify(str(body.get("ticket")), TICKET_PURPOSE, self._settings.secrets, now)
        except ValueError:
            raise UnknownUpload from None
        if body.get("object") != claims["key"] or not claims["key"].startswith(f"{self._settings.prefix}/"):
            raise UnknownUpload
        if not _are_sound(_labels(claims)):
            raise UnknownUpload
        return claims

    def _own_credentials(self, invocation: Invocation) -> OwnCredentials:
        own = own_credentials(invocation.context, self._runtime.environ)
        if own is None:
            reason = "the function has none of an execution role"
            invocation.log_event(event="no_credentials", reason=reason)
            raise StorageUnavailable
        return own

    def _check_contents(self, bucket: BucketClient, stored: StoredObject, invocation: Invocation) -> dict[str, object]:
        """Returns what the object's first bytes say, as members of the stored fact, and whether it was deleted.

        If the bucket does not let the function read or delete it, the object stays, and the log says why.
        """
        check = self._settings.content_check
        if check is ContentCheck.OFF:
            return {}
        members: dict[str, object] = {}
        try:
            head = bucket.read_head(stored)
            contents = load_comparison()(stored.content_type, head, is_encoded=stored.is_encoded)
            members = contents.to_json()
            if check is ContentCheck.DELETE and contents.type_matches is False:
                bucket.delete(stored.key)
                members["deleted"] = True
        except BucketFailed as error:
            invocation.log_event(event="content_check_failed", key=stored.key, reason=str(error), **members)
        return members

    def _notify(
        self, stored: StoredObject, claims: Mapping[str, Any], contents: Mapping[str, object], invocation: Invocation
    ) -> dict[str, object]:
        """Logs the event, notifies the webhook, and returns the payload. If the webhook is down, nothing is lost."""
        members: dict[str, object] = {
            "key": stored.key,
            "size": stored.size,
            "content_type": stored.content_type,
            "etag": stored.etag,
            "filename": stored.filename,
            **({"crc64": stored.crc64} if stored.crc64 else {}),
            **_labels(claims),
            **contents,
        }
        is_deleted = "deleted" in contents
        payload = _to_payload(members, invocation.request_id, is_deleted=is_deleted)
        hook = self._settings.webhook
        webhook_id = webhook.event_id(self._settings.bucket, stored.key, stored.etag, deleted=is_deleted)
        if webhook_id in self._notified:
            invocation.log_event(event="callback_repeated", id=webhook_id)
            return payload | ({"webhook_delivered": True} if hook else {})
        event = {"bucket": self._settings.bucket, **members, "subject": claims["subject"]}
        error = hook.send(event, webhook_id, invocation.now) if hook else None
        delivery = {"webhook_delivered": error is None} if hook else {}
        line = {"id": webhook_id, **event, **delivery, "webhook_error": error}
        if is_deleted:
            invocation.log_event(event="deleted", **line)
        else:
            invocation.log_event(event="stored", **line)
        if error is None:
            self._remember(webhook_id)
        return payload | delivery

    def _remember(self, webhook_id: str) -> None:
        self._notified[webhook_id] = None
        if len(self._notified) > MAX_REMEMBERED:
            self._notified.popitem(last=False)


def load_comparison() -> Callable[..., Contents]:
    """Returns the function that compares a type with the first bytes of a file.

    Imported lazily: it loads a library, and most deployments look into no file.
    """
    from upload_callback.content_check import compare  # noqa: PLC0415

    return compare


def _to_payload(members: Mapping[str, object], request_id: str | None, *, is_deleted: bool) -> dict[str, object]:
    """Returns the response. A browser must not take what was deleted for stored, so it finds that elsewhere."""
    if is_deleted:
        return {**TypeMismatch().to_json(request_id=request_id), "deleted": members}
    return {"stored": members, "request_id": request_id}


def _labels(claims: Mapping[str, Any]) -> dict[str, object]:
    """Returns the names that the signing function gave the upload: its profile, and its slot of a counted link."""
    return {name: claims[name] for name in ("profile", "slot") if name in claims}


def _are_sound(labels: Mapping[str, object]) -> bool:
    profile, slot = labels.get("profile", "default"), labels.get("slot", 1)
    return isinstance(profile, str) and bool(PROFILE_NAME.fullmatch(profile)) and type(slot) is int and slot >= 1


def _agrees(body: dict[str, Any], claims: Mapping[str, Any], stored: StoredObject) -> bool:
    """Returns whether OSS's callback, the form's ticket and the bucket say the same."""
    etag = str(body.get("etag")).strip('"')
    return (
        (stored.size, stored.content_type) == (claims["size"], claims["content_type"])
        and (stored.size, stored.content_type) == (body.get("size"), body.get("mimeType"))
        and stored.etag.upper() == etag.upper()
    )
