"""Tickets: what one function of this project tells another, through hands that can read it and cannot change it.

A ticket is `<claims>.<mac>`, both base64url without padding: JSON, and HMAC-SHA256 over a word for what the ticket is
for, a line feed and the text of the claims. Pure.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Mapping
from typing import Any

MAX_TICKET = 4096
"""Characters; what is longer is none of ours."""

_encode = json.JSONEncoder(separators=(",", ":")).encode


def sealed(claims: Mapping[str, object], purpose: str, secret: str) -> str:
    """The ticket. `claims` must have `end`, from which on it is void, in seconds since the epoch."""
    text = _base64url(_encode(claims).encode())
    return f"{text}.{_base64url(_mac(text, purpose, secret))}"


class Ended(ValueError):  # noqa: N818 - a state of the ticket
    """The ticket is one of ours, and void by now."""


def opened(ticket: str, purpose: str, secrets: tuple[str, ...], now: float) -> dict[str, Any]:
    """The claims of a ticket sealed for this purpose with one of the secrets, and not yet void. Raises ValueError, and
    of one that has ended Ended."""
    if len(ticket) > MAX_TICKET or not ticket.isascii():
        raise ValueError("not a ticket")
    text, _, mac = ticket.rpartition(".")
    macs = [_base64url(_mac(text, purpose, secret)) for secret in secrets]
    # Compared as text, so that no other spelling of the same bytes passes.
    if not any(hmac.compare_digest(mac, ours) for ours in macs):
        raise ValueError("not a ticket of ours")
    claims: dict[str, Any] = json.loads(_decoded(text))
    if now >= claims["end"]:
        raise Ended("the ticket has ended")
    return claims


def _mac(text: str, purpose: str, secret: str) -> bytes:
    return hmac.digest(secret.encode(), f"{purpose}\n{text}".encode(), "sha256")


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        raise ValueError("not base64url") from None
