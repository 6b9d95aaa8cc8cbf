"""What commands print: lines for people, made of nothing but visible characters and line ends.

A terminal obeys some characters (ESC, CR, those of C1) and shows text in another order after others (U+202E). They can
come from anyone: in a path, a key, a header, the name of a file, a response of a server.
"""

from __future__ import annotations

import io
import json
import os
import signal
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def visible(text: str) -> str:
    """Returns the text with each invisible character escaped as in JSON, so that a line of JSON stays valid."""
    return text if text.isprintable() else "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)


def indent_further_lines(text: str) -> str:
    """Returns a log entry whose further lines are indented, so that none looks like the first line of another entry."""
    return "\n        ".join(visible(line) for line in text.rstrip("\n").split("\n")) + "\n"


def print_entry(text: str) -> None:
    """Prints a log entry in one write: requests end at the same time, and their lines must not mix."""
    sys.stderr.write(indent_further_lines(text))


@dataclass
class Outcome:
    """How a command ended."""

    exit_code: int = 0


@contextmanager
def report_user_errors() -> Iterator[Outcome]:
    """Prints errors that the user can fix, without a traceback, and sets exit code 2. Ctrl-C just ends it."""
    outcome = Outcome()
    # In the background of a shell script Ctrl-C is ignored, and SIGTERM is the way to end a command.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield outcome
    except KeyboardInterrupt:
        pass
    except Exception as error:
        # InvalidSettings is recognized by its name: the function's modules are its own, and nothing here imports them.
        if not isinstance(error, (ValueError, OSError)) and type(error).__name__ != "InvalidSettings":
            raise
        print(_describe(error), file=sys.stderr)
        outcome.exit_code = 2


def _describe(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename is not None:
        path = Path(str(error.filename))
        in_the_way = next((each for each in (*path.parents, path) if each.is_file()), None)
        if in_the_way and isinstance(error, (NotADirectoryError, FileExistsError)):
            return f"{in_the_way} is a file, where a folder is needed. Move it away, or name another folder."
        return f"Cannot use {error.filename}: {error.strerror}."
    return str(error)


def guard_output() -> None:
    """Makes standard output and error print visible characters and line ends only, whatever is written to them.

    If the reader of the output ends (`| head`), the command still runs to its end: it may have to clean up.
    """
    # A stream that was closed before the start is None; print ignores it.
    sys.stdout, sys.stderr = (_VisibleText(stream) if stream else stream for stream in (sys.stdout, sys.stderr))


class _VisibleText(io.TextIOWrapper):
    def __init__(self, stream: object) -> None:
        assert isinstance(stream, io.TextIOWrapper)  # noqa: S101 - for the type checker: a process begins with these
        encoding, by_line, at_once = stream.encoding, stream.line_buffering, stream.write_through
        super().__init__(stream.detach(), encoding, "backslashreplace", line_buffering=by_line, write_through=at_once)

    def write(self, text: str) -> int:
        try:
            super().write("\n".join(visible(line) for line in text.split("\n")))
        except BrokenPipeError:
            self._discard_output()
        return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except BrokenPipeError:
            self._discard_output()

    def _discard_output(self) -> None:
        """Sends the rest of the output, and what is buffered, to the null device."""
        null_device = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null_device, self.fileno())
        os.close(null_device)
