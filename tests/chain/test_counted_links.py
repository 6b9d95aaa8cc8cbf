"""Runs a slice of what `make fuzz` does with counted links, the same one each time."""

from __future__ import annotations

import pytest

from support import counted_link


@pytest.mark.any_python
def test_no_page_and_no_thief_gets_more_than_the_link_allows_and_no_page_says_what_is_not_so() -> None:
    steps, sizes = counted_link.run(250, derandomize=True)
    assert (steps > 100, {counted_link.SMALL, counted_link.LARGE} - sizes) == (True, set())
