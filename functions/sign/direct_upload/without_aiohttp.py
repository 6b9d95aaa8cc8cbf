"""Imports the vendor's SDK without aiohttp, which only its asynchronous half uses: a third of the import's cost.

While it is imported, the SDK takes a few classes of aiohttp for annotations; a placeholder provides them. The package
leaves out aiohttp, and all that only aiohttp needs (deploy/build/dependencies.py). ENABLED = False brings it back.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

ENABLED = True

NAME = "aiohttp"


class Placeholder(ModuleType):
    """Provides a class that does nothing for every name."""

    def __init__(self) -> None:
        super().__init__(NAME)
        self.names: set[str] = set()
        """The names that the SDK took; a test lists those that it may take."""

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        self.names.add(name)
        return type(name, (), {})


@contextmanager
def without_aiohttp() -> Iterator[Placeholder | None]:
    """Makes imports of aiohttp get a placeholder, unless aiohttp itself has been imported already."""
    if not ENABLED or NAME in sys.modules:
        yield None
        return
    placeholder = sys.modules[NAME] = Placeholder()
    try:
        yield placeholder
    finally:
        # Later imports in this process get aiohttp itself.
        del sys.modules[NAME]
