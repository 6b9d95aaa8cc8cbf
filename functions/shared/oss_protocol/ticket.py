"""Tickets: what one function of this project says to another through clients, who can read it and cannot change it.

A ticket is `<claims>.<mac>`, both base64url without padding: JSON, and HMAC-SHA256 over the ticket's purpose, a line
feed and the text of the claims. Pure.
"""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Mapping
from typing import Any

MAX_TICKET_LENGTH = 4096
"""Characters. No ticket of this project is longer."""

_encode = json.JSONEncoder(separators=(",", ":")).encode


def sign(claims: Mapping[str, object], purpose: str, secret: str) -> str:
    """Returns a ticket. `claims` must have `end`, the second since the epoch from which the ticket is void."""
    text = _base64url(_encode(claims).encode())
    return f"{text}.{_base64url(_mac(text, purpose, secret))}"


class TicketExpired(ValueError):
    """The ticket is genuine, and is void by now."""


def verify(ticket: str, purpose: str, secrets: tuple[str, ...], now: float) -> dict[str, Any]:
    """Returns the claims of a ticket that one of the secrets signed for this purpose.

    Raises TicketExpired if it is void by now, and ValueError for any other text.
    """
    if len(ticket) > MAX_TICKET_LENGTH or not ticket.isascii():
        raise ValueError("not a ticket")
    text, _, mac = ticket.rpartition(".")
    macs = [_base64url(_mac(text, purpose, secret)) for secret in secrets]
    # They are compared as text, so that no other spelling of the same bytes passes.
    if not any(hmac.compare_digest(mac, expected) for expected in macs):
        raise ValueError("not a ticket of this service")
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=="))  # Python takes more padding than needed
    if now >= claims["end"]:
        raise TicketExpired("the ticket has expired")
    return claims


def _mac(text: str, purpose: str, secret: str) -> bytes:
    return hmac.digest(secret.encode(), f"{purpose}\n{text}".encode(), "sha256")


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
