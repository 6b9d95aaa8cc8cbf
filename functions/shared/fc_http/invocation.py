"""One invocation: its time, its context, and what it writes into the log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fc_http import log_line


@dataclass
class Invocation:
    """One invocation of a function."""

    now: float
    """Seconds since the epoch. Everything that the invocation does happens at this instant."""
    context: Any
    """Function Compute's context."""
    write: Callable[[str], object]
    log_fields: dict[str, object] = field(default_factory=dict)
    """The members of the log line that ends the invocation."""

    @property
    def request_id(self) -> str | None:
        """Returns the id that Function Compute gave the request."""
        return getattr(self.context, "request_id", None)

    def log_event(self, **fields: object) -> None:
        """Writes a log line with these members and the request's id."""
        self.write(log_line.format_line(self.now, request_id=self.request_id, **fields))
