"""The corridor of a callback: from OSS, for a form of ours, of an object that is there; then it is told on."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from fc_http.errors import MethodNotAllowed, NotFound, StorageUnavailable
from fc_http.event import Request, parse_json
from fc_http.invocation import Call
from oss_protocol import ticket
from oss_protocol.callback import PATH, PURPOSE
from oss_protocol.credentials import own_credentials
from upload_callback import webhook
from upload_callback.callback_signature import PublicKeys, Signed, load
from upload_callback.errors import NotOurUpload, NotStored
from upload_callback.settings import Settings
from upload_callback.stored_object import Stored, stored

REMEMBERED = 1000
"""Facts of which an instance remembers that they were told: a replay tells nobody again."""


class Arrivals:
    """Answers what OSS calls."""

    def __init__(self, settings: Settings, *, environ: Mapping[str, str]) -> None:
        """`environ` is read when credentials are needed, never before."""
        self._settings = settings
        self._environ = environ
        self._keys = PublicKeys()
        self._told: OrderedDict[str, None] = OrderedDict()

    def prepare(self, _: Call) -> None:
        """Load what verifies signatures: OSS waits 5 seconds, a cold start included."""
        load()

    def respond(self, request: Request, call: Call) -> object:
        """The payload of the answer, which OSS hands to the browser. Raises Refused."""
        if request.path != PATH:
            raise NotFound
        if request.method != "POST":
            raise MethodNotAllowed("POST")
        signed = Signed.of(request, self._settings.key_origin)
        told = parse_json(request.body)
        # Before the key is fetched: whoever has no ticket of ours makes this function call nobody.
        claims = self._claims(told, call.now)
        self._keys.verify(signed)
        found = self._found(claims["key"], call)
        if not _agree(told, claims, found):
            raise NotStored
        return self._tell(found, claims["subject"], call)

    def _claims(self, told: Any, now: float) -> dict[str, Any]:
        """What the form was for. Raises NotOurUpload."""
        if not isinstance(told, dict) or told.get("bucket") != self._settings.bucket:
            raise NotOurUpload
        try:
            claims = ticket.opened(str(told.get("ticket")), PURPOSE, self._settings.secrets, now)
        except ValueError:
            raise NotOurUpload from None
        if told.get("object") != claims["key"] or not claims["key"].startswith(f"{self._settings.prefix}/"):
            raise NotOurUpload
        return claims

    def _found(self, key: str, call: Call) -> Stored:
        own = own_credentials(call.context, self._environ)
        if own is None:
            call.report(event="no_credentials", reason="the function has none of an execution role")
            raise StorageUnavailable
        return stored(key, self._settings, own, call.now)

    def _tell(self, found: Stored, subject: str, call: Call) -> object:
        """Log the fact, send it on, say how that went. Where the webhook is down nothing is lost: the log has it."""
        fact = {
            "bucket": self._settings.bucket,
            "key": found.key,
            "size": found.size,
            "content_type": found.content_type,
            "etag": found.etag,
            "filename": found.filename,
            "subject": subject,
        }
        webhook_id = webhook.id_of(self._settings.bucket, found.key, found.etag)
        answer = {name: fact[name] for name in ("key", "size", "content_type", "etag", "filename")}
        payload: dict[str, object] = {"stored": answer, "request_id": call.request_id}
        if webhook_id in self._told:
            call.report(event="callback_repeated", id=webhook_id)
            return payload | ({"webhook_delivered": True} if self._settings.webhook else {})
        why = self._settings.webhook.send(fact, webhook_id, call.now) if self._settings.webhook else None
        told = {"webhook_delivered": why is None} if self._settings.webhook else {}
        call.report(event="stored", id=webhook_id, **fact, **told, webhook_error=why)
        if why is None:
            self._told[webhook_id] = None
            if len(self._told) > REMEMBERED:
                self._told.popitem(last=False)
        return payload | told


def _agree(told: dict[str, Any], claims: Mapping[str, Any], found: Stored) -> bool:
    """Whether what OSS tells, what the form was for, and what the bucket holds are one."""
    etag = str(told.get("etag")).strip('"')
    return (
        (found.size, found.content_type) == (claims["size"], claims["content_type"])
        and (found.size, found.content_type) == (told.get("size"), told.get("mimeType"))
        and found.etag.upper() == etag.upper()
    )
