"""An instance of a function: its code, loaded by its handler string, with modules and an environment of its own.

It runs in this process, so that a debugger and a test can look into it. Its modules, environment, standard output and
`os._exit` take the place of the process's own for each invocation.
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

INHERITED_VARIABLES = ("PATH", "HOME", "TMPDIR", "TZ", "LANG")
"""The only variables of this process that an instance gets: no proxies, no credentials, no settings."""

_process_state_lock = threading.Lock()
"""Modules and environment belong to the whole process: one instance at a time may replace them."""


@contextmanager
def release_process_state() -> Iterator[None]:
    """Releases the process-wide state while the active instance waits, so that another instance can run.

    The other instance puts back what it replaced before this one goes on.
    """
    _process_state_lock.release()
    try:
        yield
    finally:
        _process_state_lock.acquire()


class InstanceExited(BaseException):
    """The function has ended its process: the request gets no response, the next one a new instance."""


class Instance:
    """One instance; like Function Compute's, it handles one request at a time."""

    def __init__(
        self, code: tuple[Path, ...], handler: str, environment: Mapping[str, str], log: Callable[[str], None]
    ) -> None:
        """`handler` is `module.function`, found in the folders `code`, which a package has merged into one; `log`
        is called with each line that the function prints.

        Raises what importing the handler raises.
        """
        self._code = code
        self._log = _LineStream(log)
        inherited = {name: os.environ[name] for name in INHERITED_VARIABLES if name in os.environ}
        self._environment = inherited | dict(environment)
        self._modules: dict[str, ModuleType] = {}
        with self._activate():
            importlib.invalidate_caches()
            self._handler = _import_function(handler)

    def initialize(self, initializer: str, context: Any) -> None:
        """Runs the initializer. Raises what it raises."""
        with self._activate():
            _import_function(initializer)(context)

    def invoke(self, event: bytes, context: Any) -> Any:
        """Returns the handler's response. Raises what the handler raises, and InstanceExited."""
        with self._activate():
            return self._handler(event, context)

    @contextmanager
    def _activate(self) -> Iterator[None]:
        """Replaces the process's modules, environment and path by the instance's."""
        with ExitStack() as stack:
            stack.enter_context(_process_state_lock)
            # Another object, not other contents: other threads may be reading the process's own.
            stack.enter_context(patch.object(os, "environ", self._environment))
            stack.enter_context(patch.object(sys, "path", [*map(str, self._code), *sys.path]))
            stack.enter_context(patch.object(os, "_exit", _exit))
            # Compiled files compare sources by size and second, and would hide a quick edit.
            stack.enter_context(patch.object(sys, "dont_write_bytecode", True))
            stack.enter_context(redirect_stdout(self._log))
            stack.enter_context(self._own_modules())
            yield

    @contextmanager
    def _own_modules(self) -> Iterator[None]:
        others = self._remove_own_modules()
        sys.modules.update(self._modules)
        try:
            yield
        finally:
            self._modules = self._remove_own_modules()
            sys.modules.update(others)

    def _remove_own_modules(self) -> dict[str, ModuleType]:
        """Removes and returns every module that has the name of one in the code folders."""
        own = {path.stem for folder in self._code for path in folder.iterdir()}
        # A copy: other threads import meanwhile.
        names = [name for name in list(sys.modules) if name.partition(".")[0] in own]
        return {name: sys.modules.pop(name) for name in names}


class _LineStream(io.TextIOBase):
    """A text stream that passes on whole lines."""

    def __init__(self, log: Callable[[str], None]) -> None:
        self._log = log
        self._unfinished_line = ""

    def write(self, text: str) -> int:
        """Writes text; an unfinished line waits for its end."""
        *lines, self._unfinished_line = (self._unfinished_line + text).split("\n")
        for line in lines:
            self._log(line)
        return len(text)


def _import_function(handler: str) -> Callable[..., Any]:
    module, _, name = handler.rpartition(".")
    function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return function


def _exit(status: int) -> NoReturn:
    raise InstanceExited(status)
