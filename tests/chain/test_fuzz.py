"""Runs a slice of `make fuzz`, the same one each time."""

from __future__ import annotations

import pytest

from support import fuzz, fuzz_provider

pytestmark = pytest.mark.any_python


def test_three_thousand_unsound_events_are_answered_soundly() -> None:
    counts = fuzz.run(3000, seed=1)
    assert sum(counts.values()) == 3000
    # The slice is worth something only if some events get far.
    assert {200, 400, 401, 403, 404, 405, 409} <= set(counts)


def test_two_thousand_unsound_documents_of_a_provider_are_read_soundly() -> None:
    counts = fuzz_provider.run(2000, seed=1)
    assert counts["read"] + counts["failed"] == 2000
    assert min(counts.values()) > 100
