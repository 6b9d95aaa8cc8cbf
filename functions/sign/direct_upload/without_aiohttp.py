"""Imports the vendor's SDK without aiohttp, which only its asynchronous half uses: a third of what the import costs.

The SDK names a few of aiohttp's classes while it is imported, in annotations; a placeholder gives it names. The package
leaves aiohttp out, with all that only aiohttp needs (deploy/build/dependencies.py). To have it back: ENABLED = False.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

ENABLED = True

NAME = "aiohttp"


class Placeholder(ModuleType):
    """Has every name that is asked of it, each a class of its own that can do nothing."""

    def __init__(self) -> None:
        super().__init__(NAME)
        self.asked: set[str] = set()
        """What the SDK took; a test knows what it may be."""

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        self.asked.add(name)
        return type(name, (), {})


@contextmanager
def without_aiohttp() -> Iterator[Placeholder | None]:
    """Within it, an import of aiohttp gets a placeholder; not where aiohttp itself has been imported already."""
    if not ENABLED or NAME in sys.modules:
        yield None
        return
    placeholder = sys.modules[NAME] = Placeholder()
    try:
        yield placeholder
    finally:
        # Whoever else of this process wants aiohttp is to get it.
        del sys.modules[NAME]
