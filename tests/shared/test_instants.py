"""Tests instants: as text, and whether they are still to come."""

from __future__ import annotations

import pytest

from fc_http.instants import format_milliseconds, format_time, is_ahead
from support.factories import NOON


@pytest.mark.parametrize(
    ("instant", "seconds", "milliseconds"),
    [
        (NOON, "2024-11-24T12:00:00Z", "2024-11-24T12:00:00.000Z"),
        (NOON + 0.9375, "2024-11-24T12:00:00Z", "2024-11-24T12:00:00.937Z"),
        (0, "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"),
    ],
)
def test_an_instant_is_written_in_utc(instant: float, seconds: str, milliseconds: str) -> None:
    assert (format_time(instant), format_milliseconds(instant)) == (seconds, milliseconds)


@pytest.mark.parametrize(
    ("instant", "expected"), [(NOON - 1, False), (NOON, False), (NOON + 1, True), (NOON + 60, True), (NOON + 61, False)]
)
def test_what_is_too_far_ahead_was_set_by_a_clock_that_has_been_set_back(instant: float, expected: bool) -> None:
    assert is_ahead(instant, NOON, 60) is expected
