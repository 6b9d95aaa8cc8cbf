"""Tables: on the terminal as they are measured, and between their markers in docs/performance.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

HEADS = {
    "numbers": ("what", "measured", "target", "holds"),
    "shares": ("a warm answer, in shares", "folder form", "exact form", "20 exact forms"),
    "stages": ("the first form of a new instance", "of its CPU"),
    "cores": ("vCPU and memory", "until the first form", "CU of that", "a warm form", "CU of a million of them"),
    "machine": ("measured on", "day"),
}
"""Each table's name in the page, and what stands above its columns."""

END = "<!-- /make bench -->\n"


@dataclass(frozen=True)
class Table:
    """What was measured, in words."""

    name: str
    """One of HEADS."""
    rows: Sequence[tuple[str, ...]]

    @property
    def head(self) -> tuple[str, ...]:
        """Returns what stands above the columns."""
        return HEADS[self.name]

    def __str__(self) -> str:
        widths = [max(map(len, column)) for column in zip(self.head, *self.rows, strict=True)]
        lines = (zip(row, widths, strict=True) for row in (self.head, *self.rows))
        return "".join(f"{'  '.join(cell.ljust(width) for cell, width in line).rstrip()}\n" for line in lines)

    @property
    def markdown(self) -> str:
        """Returns the table between its markers."""
        rows = (self.head, ("---",) * len(self.head), *self.rows)
        return begin(self.name) + "".join(f"| {' | '.join(row)} |\n" for row in rows) + END

    def put_into(self, page: str) -> str:
        """Returns the page with this table where another of its name was. Raises ValueError where there is no such place."""
        before, rest = page.split(begin(self.name))
        return before + self.markdown + rest.split(END, 1)[1]


def begin(name: str) -> str:
    """Returns the line above a table."""
    return f"<!-- make bench: {name} -->\n"
