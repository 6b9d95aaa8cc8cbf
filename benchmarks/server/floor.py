"""The floor: the same bytes of work as the function's, by hand, with nothing checked, chosen or logged."""

from __future__ import annotations

import base64
import hmac
import json
import secrets
from dataclasses import dataclass
from typing import Any

from benchmarks.server.row import NotMeasured

# Prepared once, which is the least that it can cost: `json.dumps` with separators makes an encoder at every call.
_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


@dataclass(frozen=True)
class SignedForm:
    """One form in a payload: its policy is encoded and signed anew each time."""

    post_policy: Any
    """The document."""
    members: dict[str, str]
    """The part of the payload that holds the policy and its signature."""
    signature: str
    """What the signature is called there."""


@dataclass(frozen=True)
class Floor:
    """Answers one event with a body of the size that the function's has, its signing key at hand."""

    event: bytes
    payload: Any
    forms: tuple[SignedForm, ...]
    key: bytes

    @classmethod
    def of(cls, event: bytes, body: str) -> Floor:
        """Returns the floor under the function's answer `body` to `event`. Raises NotMeasured if it is not the same work."""
        payload = json.loads(body)
        if "policy" in payload:
            forms: tuple[SignedForm, ...] = (_signed_form(payload, "signature"),)
        else:
            forms = tuple(_signed_form(upload["fields"], "x-oss-signature") for upload in payload["uploads"])
        policies = [form.members["policy"] for form in forms]
        floor = cls(event, payload, forms, secrets.token_bytes(32))
        if len(floor.answer()) != len(body) or [form.members["policy"] for form in forms] != policies:
            raise NotMeasured("the floor does not make what the function makes")
        return floor

    def answer(self) -> str:
        """Returns the body of the answer."""
        members = json.loads(self.event)
        body = base64.b64decode(members["body"]) if members["isBase64Encoded"] else members["body"]
        if body:
            json.loads(body)
        for form in self.forms:
            policy = base64.b64encode(_encode(form.post_policy).encode()).decode()
            form.members["policy"] = policy
            form.members[form.signature] = hmac.digest(self.key, policy.encode(), "sha256").hex()
        return _encode(self.payload)


def _signed_form(members: dict[str, str], signature: str) -> SignedForm:
    return SignedForm(json.loads(base64.b64decode(members["policy"])), members, signature)
