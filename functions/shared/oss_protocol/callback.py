"""The upload callback: whom OSS calls when a file has arrived, and what it is to say.

Follows OSS's "Callback". OSS's own signature on that call proves only that OSS made it, and anybody's bucket can make
OSS call us; so a ticket of ours goes with it, which says what this form was for.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any

from oss_protocol import ticket

PATH = "/stored"
"""What OSS calls, at the callback function's address. Without a query: Function Compute hands on none as it came."""

PURPOSE = "callback"
"""Of the tickets."""

GRACE = 3600
"""Seconds that a ticket outlives its form: a post begun in time may still be running when the form has ended."""

# OSS fills the variables in, and puts the quotation marks around those that are text.
_BODY = (
    '{"bucket":${bucket},"object":${object},"etag":${etag},"size":${size},"mimeType":${mimeType},"ticket":${x:ticket}}'
)

_encode = json.JSONEncoder(separators=(",", ":")).encode


@dataclass(frozen=True)
class Callback:
    """What is set for callbacks."""

    url: str
    """The callback function's address, without a path."""
    secrets: tuple[str, ...] = field(repr=False)
    """What tickets are sealed with: the first; the second is still taken."""

    def fields(self, *, key: str, size: int, content_type: str, subject: str, form_ends: float) -> dict[str, str]:
        """The form fields that make OSS call; `size` in bytes, `form_ends` in seconds since the epoch."""
        end = int(form_ends) + GRACE
        claims = {"key": key, "size": size, "content_type": content_type, "subject": subject, "end": end}
        how = {
            "callbackUrl": self.url + PATH,
            "callbackBody": _BODY,
            "callbackBodyType": "application/json",
            "callbackSNI": True,
        }
        return {
            "callback": base64.b64encode(_encode(how).encode()).decode(),
            "x:ticket": ticket.sealed(claims, PURPOSE, self.secrets[0]),
        }

    def headers(self, **upload: Any) -> dict[str, str]:
        """The same for CompleteMultipartUpload, which takes it in headers; what is given is as for `fields`."""
        fields = self.fields(**upload)
        variables = _encode({"x:ticket": fields["x:ticket"]})
        return {
            "x-oss-callback": fields["callback"],
            "x-oss-callback-var": base64.b64encode(variables.encode()).decode(),
        }
