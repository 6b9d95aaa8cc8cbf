"""Numbers of things, in words."""

from __future__ import annotations

import pytest

from deploy.counts import number_of


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 days"), (1, "1 day"), (2, "2 days"), (1000, "1,000 days"), (-1, "-1 days")]
)
def test_one_of_a_thing_is_no_plural(count: int, words: str) -> None:
    assert number_of(count, "day") == words
