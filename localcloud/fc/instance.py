"""An instance of a function: its code loaded by its handler string, in surroundings of its own.

It lives in this process, so that a debugger and a test can look into it; its modules, its environment, its standard
output and its way to end the process are swapped in for each call, and out again.
"""

from __future__ import annotations

import importlib
import io
import os
import sys
import threading
from contextlib import ExitStack, contextmanager, redirect_stdout
from typing import TYPE_CHECKING, Any, NoReturn
from unittest.mock import patch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from types import ModuleType

KEPT_VARIABLES = ("PATH", "HOME", "TMPDIR", "TZ", "LANG")
"""What an instance's environment has of ours: no proxies, no credentials, no settings."""

_surroundings = threading.Lock()
"""Modules and environment are the whole process's: one instance at a time may have them its way."""


@contextmanager
def lent() -> Iterator[None]:
    """While the instance that has the surroundings waits for what happens in here, others may have them in its place.

    They put back what they found before it goes on.
    """
    _surroundings.release()
    try:
        yield
    finally:
        _surroundings.acquire()


class InstanceExited(BaseException):
    """The function has ended its process: the request gets no reply, the next one a new instance."""


class Instance:
    """One instance; like Function Compute's, it answers one request at a time."""

    def __init__(
        self, code: tuple[Path, ...], handler: str, environment: Mapping[str, str], log: Callable[[str], None]
    ) -> None:
        """`handler` is `module.function`, found in the folders `code`, which a package has merged into one; `log`
        takes each line that the function prints.

        Raises what importing the handler raises.
        """
        self._code = code
        self._log = _Lines(log)
        self._environment = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ} | dict(
            environment
        )
        self._modules: dict[str, ModuleType] = {}
        with self._swapped_in():
            importlib.invalidate_caches()
            self._handler = self._found(handler)

    def initialize(self, initializer: str, context: Any) -> None:
        """Run the initializer. Raises what it raises."""
        with self._swapped_in():
            self._found(initializer)(context)

    def answer(self, event: bytes, context: Any) -> Any:
        """The handler's reply. Raises what the handler raises, and InstanceExited."""
        with self._swapped_in():
            return self._handler(event, context)

    def _found(self, handler: str) -> Callable[..., Any]:
        module, _, function = handler.rpartition(".")
        found: Callable[..., Any] = getattr(importlib.import_module(module), function)
        return found

    @contextmanager
    def _swapped_in(self) -> Iterator[None]:
        """The function's own modules, environment and path, in place of whatever this process has."""
        with ExitStack() as stack:
            stack.enter_context(_surroundings)
            stack.enter_context(patch.dict(os.environ, self._environment, clear=True))
            stack.enter_context(patch.object(sys, "path", [*map(str, self._code), *sys.path]))
            stack.enter_context(patch.object(os, "_exit", _exit))
            # A compiled file tells sources apart by their size and second: it would hide a quick edit.
            stack.enter_context(patch.object(sys, "dont_write_bytecode", True))
            stack.enter_context(redirect_stdout(self._log))
            stack.enter_context(self._own_modules())
            yield

    @contextmanager
    def _own_modules(self) -> Iterator[None]:
        others = self._take_out()
        sys.modules.update(self._modules)
        try:
            yield
        finally:
            self._modules = self._take_out()
            sys.modules.update(others)

    def _take_out(self) -> dict[str, ModuleType]:
        """Remove every module that has the name of one in the code folders."""
        own = {path.stem for folder in self._code for path in folder.iterdir()}
        names = [name for name in sys.modules if name.partition(".")[0] in own]
        return {name: sys.modules.pop(name) for name in names}


class _Lines(io.TextIOBase):
    """A text stream that hands on whole lines."""

    def __init__(self, log: Callable[[str], None]) -> None:
        self._log = log
        self._begun = ""

    def write(self, text: str) -> int:
        """Take text; a line that has not ended waits for its end."""
        *lines, self._begun = (self._begun + text).split("\n")
        for line in lines:
            self._log(line)
        return len(text)


def _exit(status: int) -> NoReturn:
    raise InstanceExited(status)
