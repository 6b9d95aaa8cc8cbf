"""The webhook: notifies an address of the team's own server, as Standard Webhooks (version 1) describes it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from fc_http import http_client
from fc_http.http_client import USER_AGENT, RequestFailed
from fc_http.instants import format_time

SECRET_PREFIX = "whsec_"  # noqa: S105 - the beginning of every secret, in front of its base64

TIMEOUT_SECONDS = 1.5
"""Together with the requests to the bucket and for OSS's key, this is less than the 5 seconds that OSS waits."""

_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


@dataclass(frozen=True)
class Webhook:
    """An address that is notified of stored files."""

    url: str = field(repr=False)
    key: bytes = field(repr=False)

    def send(self, event: Mapping[str, object], webhook_id: str, now: float) -> str | None:
        """Sends an event once. Returns None if the receiver answered 2xx, else the error, safe to log.

        A file that was deleted is an event of another type, so that nobody takes it for stored. `now` is in seconds
        since the epoch. An event has the same id each time it is sent.
        """
        seconds = str(int(now))
        kind = "upload.deleted" if event.get("deleted") else "upload.stored"
        body = _encode({"type": kind, "timestamp": format_time(now), "data": event}).encode()
        mac = hmac.digest(self.key, f"{webhook_id}.{seconds}.".encode() + body, "sha256")
        headers = {
            "Content-Type": "application/json",
            "User-Agent": USER_AGENT,
            "webhook-id": webhook_id,
            "webhook-timestamp": seconds,
            "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
        }
        try:
            response = http_client.request(
                "POST", self.url, timeout_seconds=TIMEOUT_SECONDS, headers=headers, body=body, max_bytes=None
            )
        except RequestFailed as error:
            return str(error)
        return None if 200 <= response.status < 300 else f"status {response.status}"


def event_id(bucket: str, key: str, etag: str, *, deleted: bool = False) -> str:
    """Returns the id of the event that an object was stored, or that it was deleted."""
    what = f"{bucket}/{key}/{etag}" + ("\ndeleted" if deleted else "")
    return f"msg_{hashlib.sha256(what.encode()).hexdigest()[:32]}"
