"""What reaches a terminal: characters that people see and line ends.

A terminal obeys some characters (ESC, CR, those of C1) and shows text in another order after others (U+202E). They come
from anybody: in a path, a key, a header, a file's name, an answer of a server.
"""

from __future__ import annotations

import io
import json
import os
import sys


def visible(text: str) -> str:
    """The text, with each character that is not seen written as JSON escapes it: a line of JSON stays what it is."""
    return text if text.isprintable() else "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)


def set_apart(text: str) -> str:
    """The text for a log of many voices: its further lines stand apart, so that none looks like another's first."""
    return "\n        ".join(visible(line) for line in text.rstrip("\n").split("\n")) + "\n"


def guard_output() -> None:
    """Make standard output and error print visible characters and line ends only, whatever is written to them.

    Where nobody reads on (`| head`), the command goes on to its end without a word: it may have to tidy up.
    """
    # A stream that was closed before the start is None, and print says nothing to it.
    sys.stdout, sys.stderr = (_VisibleText(stream) if stream else stream for stream in (sys.stdout, sys.stderr))


class _VisibleText(io.TextIOWrapper):
    def __init__(self, stream: object) -> None:
        assert isinstance(stream, io.TextIOWrapper)  # noqa: S101 - for the type checker: a process begins with such
        encoding, by_line = stream.encoding, stream.line_buffering
        super().__init__(stream.detach(), encoding, "backslashreplace", line_buffering=by_line)

    def write(self, text: str) -> int:
        try:
            super().write("\n".join(visible(line) for line in text.split("\n")))
        except BrokenPipeError:
            self._nobody_reads()
        return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except BrokenPipeError:
            self._nobody_reads()

    def _nobody_reads(self) -> None:
        """What is still to come, and what waits in the buffer, goes nowhere."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())
        os.close(nowhere)
