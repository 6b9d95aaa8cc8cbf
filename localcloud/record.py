"""What is remembered of a request, and how it is shown: as a line of the log, and as JSON."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from localcloud.terminal import print_entry, visible

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Record:
    """What is remembered about one request: small, and without its body."""

    service: str
    method: str
    path: str
    status: int
    """0 where the connection was reset."""
    origin: str | None
    note: dict[str, object] = field(default_factory=dict)
    """What the stand-in noted about it, such as the operation, the key or the code of an error."""
    explanation: str = ""
    """For an error, what is wrong and how to fix it; for an accepted form, its warnings."""
    rule: str | None = None
    """For an error, the name of its rule in the rulebook."""


class Records:
    """The latest records, the oldest first. They can be read while other threads add to them."""

    def __init__(self, maxlen: int) -> None:
        self._latest: deque[Record] = deque(maxlen=maxlen)

    def __iter__(self) -> Iterator[Record]:
        """Returns an iterator over a copy, which is made in one step."""
        return iter(tuple(self._latest))

    def __len__(self) -> int:
        return len(self._latest)

    def __getitem__(self, index: int) -> Record:
        return self._latest[index]

    def append(self, record: Record) -> None:
        """Adds a record."""
        self._latest.append(record)

    def clear(self) -> None:
        """Deletes all records."""
        self._latest.clear()


def print_record(record: Record) -> None:
    """Prints one line per request, and its explanation below. Requests for the page's own files are not printed."""
    if record.service != "site":
        note = " ".join(f"{name}={value}" for name, value in record.note.items())
        line = visible(f"{record.service:<7} {record.method} {record.path} {record.status} {note}".rstrip())
        print_entry("\n".join(filter(None, (line, record.explanation))))


def describe_record(record: Record) -> dict[str, object]:
    """Returns one request as JSON: what was asked, the answer, and for a refusal the rule and the explanation."""
    about = {"service": record.service, "method": record.method, "path": record.path, "status": record.status}
    more = {"rule": record.rule, "explanation": record.explanation or None}
    return {**about, **record.note, **{name: text for name, text in more.items() if text}}
