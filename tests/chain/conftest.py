"""What the tests of the whole chain share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine

from support.factories import NOON


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """Yields a clock that stands at noon until the test moves it."""
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock
