"""Multipart uploads: their settings, how a file is split into parts, and the ticket of an upload. Pure.

The function stores nothing about an upload between two requests: the upload's ticket carries what it must know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import unquote

from direct_upload.errors import TicketExpired, TicketInvalid
from oss_protocol import ticket

TICKET_PURPOSE = "multipart"

TICKET_TTL_SECONDS = 24 * 3600
"""Responses about parts renew the ticket."""

MAX_UPLOAD_SECONDS = 6 * 24 * 3600
"""In this time an upload must be completed: a day later OSS clears its parts away."""

MEBIBYTE = 1024**2

MIN_PART_SIZE = 8 * MEBIBYTE
"""Bytes: what a lost connection costs at most. OSS takes parts from 100 KB to 5 GB."""

MAX_PARTS = 1000
"""OSS takes 10,000, and lists 1,000 at a time."""


@dataclass(frozen=True)
class MultipartSettings:
    """The settings for multipart uploads."""

    threshold: int
    """Bytes: the page sends a file of this size, or a larger one, in parts."""
    secrets: tuple[str, ...] = field(repr=False)
    """The first signs tickets; both verify them."""
    bucket_url: str
    """The address at which the function itself reaches OSS, without a slash at its end."""


class Parts(NamedTuple):
    """How a file is split: every part has `size` bytes, except the last."""

    file_size: int
    size: int

    @classmethod
    def split(cls, file_size: int) -> Parts:
        """Splits a file into at most MAX_PARTS parts, each a whole number of mebibytes."""
        size = -(-file_size // (MAX_PARTS * MEBIBYTE)) * MEBIBYTE
        return cls(file_size, max(MIN_PART_SIZE, size))

    @property
    def last(self) -> int:
        """Returns the number of the last part. The first has number 1."""
        return -(-self.file_size // self.size)

    def length(self, number: int) -> int:
        """Returns the bytes of one part."""
        return min(self.size, self.file_size - (number - 1) * self.size)


class MultipartUpload(NamedTuple):
    """A multipart upload, as its ticket describes it."""

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
    profile: str | None = None
    slot: int | None = None
    """Of a counted link."""

    def ticket(self, secret: str, now: float) -> tuple[str, int]:
        """Returns a new ticket, and its end in seconds since the epoch."""
        end = min(int(now) + TICKET_TTL_SECONDS, self.begin + MAX_UPLOAD_SECONDS)
        claims = {name: value for name, value in self._asdict().items() if value is not None}
        return ticket.sign({**claims, "end": end}, TICKET_PURPOSE, secret), end

    @classmethod
    def from_ticket(cls, text: object, secrets: tuple[str, ...], subject: str, now: float) -> MultipartUpload:
        """Returns the upload of a ticket that this service issued to this subject.

        Raises TicketInvalid, TicketExpired.
        """
        try:
            claims: Mapping[str, Any] = ticket.verify(str(text), TICKET_PURPOSE, secrets, now)
        except ticket.TicketExpired:
            raise TicketExpired from None
        except ValueError:
            raise TicketInvalid from None
        upload = cls(**{name: claims[name] for name in cls._fields if name in claims})
        if upload.subject != subject:
            raise TicketInvalid
        return upload

    def to_stored(self, etag: str, crc64: str | None) -> dict[str, object]:
        """Returns what the completion's response says of the object, in the words of the callback function."""
        labels = {"crc64": crc64, "profile": self.profile, "slot": self.slot}
        return {
            "key": self.key,
            "size": self.size,
            "content_type": self.content_type,
            "etag": etag,
            "filename": unquote(self.filename),
            **{name: label for name, label in labels.items() if label is not None},
        }

    @property
    def parts(self) -> Parts:
        """Returns how the file is split."""
        return Parts.split(self.size)
