"""What a link is good for, in words."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from deploy.link.summary import describe_end, describe_files, describe_size


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1 KB"),
        (1024, "1.024 KB"),
        (10_000_000, "10 MB"),
        (20_500_000, "20.5 MB"),
        (1_999_999_999, "1.999 GB"),
        (10**12, "1 TB"),
    ],
)
def test_a_size_is_never_more_than_it_is(size: int, words: str) -> None:
    assert describe_size(size) == words


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (None, "any number of files of at most 7 bytes"),
        (1, "1 file of at most 7 bytes"),
        (5, "5 files of at most 7 bytes"),
        (1000, "1,000 files of at most 7 bytes"),
    ],
)
def test_how_many_files(count: int | None, words: str) -> None:
    assert describe_files(count, 7) == words


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        ("2026-12-05T00:00", "Friday 4 December (UTC)"),
        ("2026-12-04T18:30", "Friday 4 December, 18:30 UTC"),
        ("2027-01-01T00:00", "Thursday 31 December (UTC)"),
        ("2027-01-01T00:01", "Friday 1 January 2027, 00:01 UTC"),
    ],
)
def test_the_end_of_a_day_is_that_day(ends: str, words: str) -> None:
    now = datetime(2026, 11, 29, tzinfo=timezone.utc)
    assert describe_end(datetime.fromisoformat(f"{ends}+00:00"), now) == words
