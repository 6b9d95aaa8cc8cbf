"""Tests log lines."""

from __future__ import annotations

from fc_http.log_line import format_line
from support.factories import NOON


def test_a_line_begins_with_its_instant_in_utc_and_goes_on_in_json() -> None:
    assert format_line(NOON + 0.0625, event="request", status=200) == (
        '2024-11-24T12:00:00.062Z {"event":"request","status":200}'
    )


def test_what_is_none_is_left_out() -> None:
    assert format_line(NOON, event="request", code=None) == '2024-11-24T12:00:00.000Z {"event":"request"}'


def test_nothing_starts_a_new_line() -> None:
    assert format_line(NOON, path="/a\r\n2024-11-24T12:00:00.000Z forged\u2028\x85") == (
        r'2024-11-24T12:00:00.000Z {"path":"/a\r\n2024-11-24T12:00:00.000Z forged\u2028\u0085"}'
    )
