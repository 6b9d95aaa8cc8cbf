"""Another thread, for tests of what threads do to one another."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager


@contextmanager
def doing_meanwhile(act: Callable[[], object]) -> Iterator[None]:
    """Has another thread do something again and again, and raises what it raises."""
    is_over = threading.Event()

    def repeat() -> None:
        while not is_over.is_set():
            act()

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # so that they meet
    with ThreadPoolExecutor(1) as pool:
        repeating = pool.submit(repeat)
        try:
            yield
        finally:
            sys.setswitchinterval(interval)
            is_over.set()
    repeating.result()
