"""Tests multipart uploads: how a file is split, and which tickets are accepted."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given as given_random
from hypothesis import strategies as st

from direct_upload.errors import TicketExpired, TicketInvalid
from direct_upload.multipart import MultipartUpload, Parts
from fc_http.errors import ApiError
from oss_protocol import ticket
from support.factories import NOON, UPLOAD
from support.tokens import new_secret

MIB = 1024**2
DAY = 86_400
SECRET = new_secret()


@pytest.mark.parametrize(
    ("file_size", "size", "last", "length"),
    [
        (1, 8 * MIB, 1, 1),
        (8 * MIB, 8 * MIB, 1, 8 * MIB),
        (8 * MIB + 1, 8 * MIB, 2, 1),
        (8000 * MIB, 8 * MIB, 1000, 8 * MIB),
        (8000 * MIB + 1, 9 * MIB, 889, 8 * MIB + 1),
        (10**12, 954 * MIB, 1000, 10**12 - 999 * 954 * MIB),
    ],
)
def test_a_file_is_cut_into_at_most_a_thousand_parts(file_size: int, size: int, last: int, length: int) -> None:
    parts = Parts.split(file_size)
    assert (parts.size, parts.last, parts.length(parts.last)) == (size, last, length)


@given_random(st.integers(min_value=1, max_value=10**12))
def test_the_parts_are_the_file(file_size: int) -> None:
    parts = Parts.split(file_size)
    assert sum(parts.length(number) for number in range(1, parts.last + 1)) == file_size
    assert parts.last <= 1000
    assert all(parts.length(number) > 0 for number in (1, parts.last))


def test_a_ticket_says_what_was_begun() -> None:
    text, end = UPLOAD.ticket(SECRET, NOON + 5)
    assert end == NOON + 5 + DAY
    assert ticket.verify(text, "multipart", (SECRET,), NOON) == {
        "key": "uploads/alice/1.mp4",
        "upload_id": "0004B9894A22E5B1888A1E29F823AAAA",
        "size": 20 * MIB,
        "content_type": "video/mp4",
        "filename": "film%20%C3%BC.mp4",
        "subject": "alice",
        "begin": NOON,
        "end": end,
    }
    assert MultipartUpload.from_ticket(text, (new_secret(), SECRET), "alice", end - 1) == UPLOAD


def test_no_renewal_outlives_the_upload() -> None:
    assert UPLOAD.ticket(SECRET, NOON + 5.5 * DAY)[1] == NOON + 6 * DAY


@pytest.mark.parametrize("labels", [{}, {"profile": "photos"}, {"profile": "photos", "slot": 3}])
@pytest.mark.parametrize("sums", [{}, {"crc64": "0"}])
def test_what_is_stored_names_its_profile_its_slot_and_its_sum(labels: dict[str, Any], sums: dict[str, str]) -> None:
    assert UPLOAD._replace(**labels).to_stored("E", sums.get("crc64")) == {
        "key": "uploads/alice/1.mp4",
        "size": 20 * MIB,
        "content_type": "video/mp4",
        "etag": "E",
        "filename": "film ü.mp4",
        **labels,
        **sums,
    }


def of(secret: str = SECRET, purpose: str = "multipart") -> str:
    return ticket.sign({**UPLOAD._asdict(), "end": NOON + DAY}, purpose, secret)


@pytest.mark.parametrize(
    ("text", "subject", "now", "refusal"),
    [
        (of(), "bob", NOON, TicketInvalid),
        (of(new_secret()), "alice", NOON, TicketInvalid),
        (of(purpose="callback"), "alice", NOON, TicketInvalid),
        (of()[:-1], "alice", NOON, TicketInvalid),
        (None, "alice", NOON, TicketInvalid),
        ({"key": "x"}, "alice", NOON, TicketInvalid),
        (of(), "alice", NOON + DAY, TicketExpired),
    ],
    ids=["another's", "secret", "purpose", "cut", "none", "no text", "ended"],
)
def test_any_other_ticket_is_refused(text: object, subject: str, now: float, refusal: type[ApiError]) -> None:
    with pytest.raises(refusal):
        MultipartUpload.from_ticket(text, (SECRET,), subject, now)
