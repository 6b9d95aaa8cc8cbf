"""The upload callback: which address OSS calls when it has stored a file, and what it sends there.

Follows OSS's "Callback". OSS's own signature on that call proves only that OSS made it, and the owner of any bucket can
make OSS call this address. So each form has a ticket that says what the form is for, and OSS sends the ticket along.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from typing import Any

from oss_protocol import ticket

CALLBACK_PATH = "/stored"
"""The path at the callback function that OSS calls. It has no query: Function Compute does not hand on queries as they
were sent."""

TICKET_PURPOSE = "callback"

PROFILE_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
"""Of a profile that a ticket, an event or the owner's profiles.json names."""

GRACE_SECONDS = 3600
"""How long a ticket outlives its form: a post that began in time may still be running when the form has expired."""

# OSS fills the variables in, and puts the quotation marks around those that are text.
_BODY = (
    '{"bucket":${bucket},"object":${object},"etag":${etag},"size":${size},"mimeType":${mimeType},"ticket":${x:ticket}}'
)

_encode = json.JSONEncoder(separators=(",", ":")).encode


@dataclass(frozen=True)
class Callback:
    """The settings for callbacks."""

    url: str
    """The callback function's address, without a path."""
    secrets: tuple[str, ...] = field(repr=False)
    """The first signs tickets; both verify them."""

    def fields(
        self,
        *,
        key: str,
        size: int,
        content_type: str,
        subject: str,
        form_ends: float,
        profile: str | None = None,
        slot: int | None = None,
    ) -> dict[str, str]:
        """Returns the form fields that make OSS call.

        `size` is in bytes, `form_ends` in seconds since the epoch.
        """
        claims: dict[str, object] = {"key": key, "size": size, "content_type": content_type, "subject": subject}
        claims |= {name: value for name, value in (("profile", profile), ("slot", slot)) if value is not None}
        claims["end"] = int(form_ends) + GRACE_SECONDS
        parameters = {
            "callbackUrl": self.url + CALLBACK_PATH,
            "callbackBody": _BODY,
            "callbackBodyType": "application/json",
            "callbackSNI": True,
        }
        return {
            "callback": base64.b64encode(_encode(parameters).encode()).decode(),
            "x:ticket": ticket.sign(claims, TICKET_PURPOSE, self.secrets[0]),
        }

    def headers(self, **upload: Any) -> dict[str, str]:
        """Returns the same as headers, for CompleteMultipartUpload. The arguments are those of `fields`."""
        fields = self.fields(**upload)
        variables = _encode({"x:ticket": fields["x:ticket"]})
        return {
            "x-oss-callback": fields["callback"],
            "x-oss-callback-var": base64.b64encode(variables.encode()).decode(),
        }
