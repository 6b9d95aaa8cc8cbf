"""The floor: the same bytes of work as the function's, by hand, with nothing checked, chosen or logged."""

from __future__ import annotations

import base64
import hmac
import json
import secrets
from dataclasses import dataclass
from typing import Any

from row import NotMeasured

# Prepared once, which is the least that it can cost: `json.dumps` with separators makes an encoder at every call.
_encode = json.JSONEncoder(separators=(",", ":")).encode


@dataclass(frozen=True)
class Floor:
    """Answers one event with a body of the size that the function's has, its signing key at hand."""

    event: bytes
    post_policy: Any
    """The document that is encoded and signed."""
    payload: Any
    form: dict[str, str]
    """The part of the payload that holds the policy and its signature."""
    signature: str
    """What the signature is called there."""
    key: bytes

    @classmethod
    def of(cls, event: bytes, body: str) -> Floor:
        """The floor under the function's answer `body` to `event`. Raises NotMeasured if it is not the same work."""
        payload = json.loads(body)
        form = payload if "policy" in payload else payload["uploads"][0]["fields"]
        signature = "signature" if form is payload else "x-oss-signature"
        policy = form["policy"]
        floor = cls(event, json.loads(base64.b64decode(policy)), payload, form, signature, secrets.token_bytes(32))
        if len(floor.answer()) != len(body) or form["policy"] != policy:
            raise NotMeasured("the floor does not make what the function makes")
        return floor

    def answer(self) -> str:
        """The body of the answer."""
        members = json.loads(self.event)
        body = base64.b64decode(members["body"]) if members["isBase64Encoded"] else members["body"]
        if body:
            json.loads(body)
        policy = base64.b64encode(_encode(self.post_policy).encode()).decode()
        self.form["policy"] = policy
        self.form[self.signature] = hmac.digest(self.key, policy.encode(), "sha256").hex()
        return _encode(self.payload)
