"""One invocation on its way through the rooms: its instant, its context, and what the log will say of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fc_http import log


@dataclass
class Call:
    """One invocation on its way through the rooms."""

    now: float
    """Seconds since the epoch; the only instant of this request."""
    context: Any
    """Function Compute's."""
    write: Callable[[str], None]
    logged: dict[str, object] = field(default_factory=dict)
    """What the log line about the request will say."""

    @property
    def request_id(self) -> str | None:
        """Function Compute's id of this request."""
        return getattr(self.context, "request_id", None)

    def report(self, **facts: object) -> None:
        """Write a log line about something that happened on the way."""
        self.write(log.line(self.now, request_id=self.request_id, **facts))
