"""Multipart uploads: what is set for them, how a file is cut into parts, and the ticket that an upload goes by. Pure.

Nothing about an upload is kept here between two requests: what is to be known of it travels in its ticket.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import unquote

from direct_upload.errors import TicketExpired, TicketInvalid
from oss_protocol import ticket

PURPOSE = "multipart"
"""Of the tickets."""

LIFE = 24 * 3600
"""Seconds that a ticket is good for; answers about parts renew it."""

LONGEST = 6 * 24 * 3600
"""Seconds after its beginning in which an upload must be completed: OSS clears the parts away a day later."""

MEBIBYTE = 1024**2

LEAST_PART = 8 * MEBIBYTE
"""Bytes: what a lost connection costs at most. OSS takes parts from 100 KB to 5 GB."""

MOST_PARTS = 1000
"""OSS takes 10,000, and lists 1,000 at a time."""


@dataclass(frozen=True)
class Multipart:
    """What is set for multipart uploads."""

    least: int
    """Bytes: from this size on the page sends a file in parts."""
    secrets: tuple[str, ...] = field(repr=False)
    """What tickets are sealed with: the first; the second is still taken."""
    bucket_url: str
    """Where the function itself asks OSS, without a slash at its end."""


class Parts(NamedTuple):
    """How a file is cut: all parts are `size` bytes long but the last."""

    file_size: int
    size: int

    @classmethod
    def of(cls, file_size: int) -> Parts:
        """At most MOST_PARTS, each a whole number of mebibytes; sizes in bytes."""
        whole = -(-file_size // (MOST_PARTS * MEBIBYTE)) * MEBIBYTE
        return cls(file_size, max(LEAST_PART, whole))

    @property
    def last(self) -> int:
        """The number of the last one; they are numbered from 1."""
        return -(-self.file_size // self.size)

    def length(self, number: int) -> int:
        """Bytes of one part."""
        return min(self.size, self.file_size - (number - 1) * self.size)


class Begun(NamedTuple):
    """A multipart upload that has begun; with it what its ticket says."""

    key: str
    upload_id: str
    size: int
    """Bytes of the whole file."""
    content_type: str
    filename: str
    """Percent-encoded, as it is stored."""
    subject: str
    begin: int
    """Seconds since the epoch."""

    def ticket(self, secret: str, now: float) -> tuple[str, int]:
        """Sealed anew, and its end in seconds since the epoch."""
        end = min(int(now) + LIFE, self.begin + LONGEST)
        return ticket.sealed({**self._asdict(), "end": end}, PURPOSE, secret), end

    @classmethod
    def from_ticket(cls, text: object, secrets: tuple[str, ...], subject: str, now: float) -> Begun:
        """What a ticket says, if it is one of ours and of this subject. Raises TicketInvalid, TicketExpired."""
        try:
            claims: Mapping[str, Any] = ticket.opened(str(text), PURPOSE, secrets, now)
        except ticket.Ended:
            raise TicketExpired from None
        except ValueError:
            raise TicketInvalid from None
        begun = cls(**{name: claims[name] for name in cls._fields})
        if begun.subject != subject:
            raise TicketInvalid
        return begun

    def fact(self, etag: str) -> dict[str, object]:
        """What is stored once it is completed, as the callback function tells it of a form."""
        return {
            "key": self.key,
            "size": self.size,
            "content_type": self.content_type,
            "etag": etag,
            "filename": unquote(self.filename),
        }

    @property
    def parts(self) -> Parts:
        """How the file is cut."""
        return Parts.of(self.size)
