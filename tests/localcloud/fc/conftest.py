"""What the tests of the stand-in for Function Compute share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from support.fc_function import Ask, Function, asker


@pytest.fixture
def function(tmp_path: Path) -> Function:
    return Function(tmp_path / "code")


@pytest.fixture
def serve(function: Function) -> Iterator[Callable[..., Ask]]:
    """Writes the function, starts a gateway, and gives what asks it. It must have nothing to complain of at the end."""
    with ExitStack() as stack:

        def start(source: str, **more: Any) -> Ask:
            function.write(source)
            gateway = function.gateway(**more)
            stack.callback(gateway.check)
            stack.enter_context(gateway)
            return asker(gateway)

        yield start
