"""The route of the callback function: checks that a callback is from OSS, for a known form, and about a stored object.

Then it logs the object, and notifies the webhook.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from fc_http.errors import MethodNotAllowed, NotFound, StorageUnavailable
from fc_http.event import Request, parse_json
from fc_http.invocation import Invocation
from fc_http.runtime import Runtime
from oss_protocol import ticket
from oss_protocol.callback import CALLBACK_PATH, TICKET_PURPOSE
from oss_protocol.credentials import own_credentials
from upload_callback import webhook
from upload_callback.callback_signature import CallbackSignature, PublicKeys, load_verifier
from upload_callback.errors import NotStored, UnknownUpload
from upload_callback.settings import Settings
from upload_callback.stored_object import StoredObject, head_object

MAX_REMEMBERED = 1000
"""Events that an instance remembers to have sent, so that a repeated callback does not notify anybody again."""

_PROFILE = re.compile(r"[a-z][a-z0-9-]{0,31}")


class CallbackRoutes:
    """The callback function's application."""

    def __init__(self, settings: Settings, runtime: Runtime) -> None:
        self._settings = settings
        self._runtime = runtime
        self._keys = PublicKeys()
        self._notified: OrderedDict[str, None] = OrderedDict()

    def prepare(self, _: Invocation) -> None:
        """Loads what verifies signatures: OSS waits 5 seconds, a cold start included."""
        load_verifier()

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
        stored = self._head_object(claims["key"], invocation)
        if not _agrees(body, claims, stored):
            raise NotStored
        return self._notify(stored, claims, invocation)

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

    def _head_object(self, key: str, invocation: Invocation) -> StoredObject:
        own = own_credentials(invocation.context, self._runtime.environ)
        if own is None:
            reason = "the function has none of an execution role"
            invocation.log_event(event="no_credentials", reason=reason)
            raise StorageUnavailable
        return head_object(key, self._settings, own, invocation.now)

    def _notify(self, stored: StoredObject, claims: Mapping[str, Any], invocation: Invocation) -> object:
        """Logs the event, notifies the webhook, and returns the payload. If the webhook is down, nothing is lost."""
        members: dict[str, object] = {
            "key": stored.key,
            "size": stored.size,
            "content_type": stored.content_type,
            "etag": stored.etag,
            "filename": stored.filename,
            **({"crc64": stored.crc64} if stored.crc64 else {}),
            **_labels(claims),
        }
        payload: dict[str, object] = {"stored": members, "request_id": invocation.request_id}
        hook = self._settings.webhook
        webhook_id = webhook.event_id(self._settings.bucket, stored.key, stored.etag)
        if webhook_id in self._notified:
            invocation.log_event(event="callback_repeated", id=webhook_id)
            return payload | ({"webhook_delivered": True} if hook else {})
        event = {"bucket": self._settings.bucket, **members, "subject": claims["subject"]}
        error = hook.send(event, webhook_id, invocation.now) if hook else None
        delivery = {"webhook_delivered": error is None} if hook else {}
        invocation.log_event(event="stored", id=webhook_id, **event, **delivery, webhook_error=error)
        if error is None:
            self._remember(webhook_id)
        return payload | delivery

    def _remember(self, webhook_id: str) -> None:
        self._notified[webhook_id] = None
        if len(self._notified) > MAX_REMEMBERED:
            self._notified.popitem(last=False)


def _labels(claims: Mapping[str, Any]) -> dict[str, object]:
    """Returns the names that the signing function gave the upload: its profile, and its slot of a counted link."""
    return {name: claims[name] for name in ("profile", "slot") if name in claims}


def _are_sound(labels: Mapping[str, object]) -> bool:
    profile, slot = labels.get("profile", "default"), labels.get("slot", 1)
    return isinstance(profile, str) and bool(_PROFILE.fullmatch(profile)) and type(slot) is int and slot >= 1


def _agrees(body: dict[str, Any], claims: Mapping[str, Any], stored: StoredObject) -> bool:
    """Returns whether OSS's callback, the form's ticket and the bucket say the same."""
    etag = str(body.get("etag")).strip('"')
    return (
        (stored.size, stored.content_type) == (claims["size"], claims["content_type"])
        and (stored.size, stored.content_type) == (body.get("size"), body.get("mimeType"))
        and stored.etag.upper() == etag.upper()
    )
