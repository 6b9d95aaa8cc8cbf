"""The webhook: tells an address of the team's own what was stored, as Standard Webhooks (version 1) describes it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from fc_http import http_client
from fc_http.http_client import Unreachable

PREFIX = "whsec_"
"""Begins a secret, in front of its base64."""

SECONDS = 1.5
"""For the receiver's whole answer: with the key's and the bucket's time it stays within OSS's 5."""

_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


@dataclass(frozen=True)
class Webhook:
    """Whom to tell."""

    url: str = field(repr=False)
    key: bytes = field(repr=False)

    def send(self, fact: Mapping[str, object], webhook_id: str, now: float) -> str | None:
        """Tell a stored fact in one try. None if the receiver took it (2xx), else why not, fit for a log.

        `now` is in seconds since the epoch. The same fact has the same id however often it is told.
        """
        stamp = str(int(now))
        happened = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))
        body = _encode({"type": "upload.stored", "timestamp": happened, "data": fact}).encode()
        mac = hmac.digest(self.key, f"{webhook_id}.{stamp}.".encode() + body, "sha256")
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "oss-direct-upload",
            "webhook-id": webhook_id,
            "webhook-timestamp": stamp,
            "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
        }
        try:
            answer = http_client.ask("POST", self.url, seconds=SECONDS, headers=headers, body=body, limit=None)
        except Unreachable as fault:
            return str(fault)
        return None if 200 <= answer.status < 300 else f"status {answer.status}"


def id_of(bucket: str, key: str, etag: str) -> str:
    """The id of a stored fact: the same each time it is told."""
    return f"msg_{hashlib.sha256(f'{bucket}/{key}/{etag}'.encode()).hexdigest()[:32]}"
