"""A row of the table: one thing measured."""

from __future__ import annotations

import re
from dataclasses import dataclass


class NotMeasured(Exception):
    """There is no number to print; the text says why."""


@dataclass(frozen=True)
class Row:
    """What was measured, and what it should be."""

    what: str
    measured: str
    target: str = "-"
    holds: bool | None = None
    """None where there is no target."""

    @classmethod
    def of(cls, what: str, number: float, written: str, target: str = "-") -> Row:
        """Returns a row whose verdict is that of the number as it is written (`{:.2f}x`), by a target such as `<= 2.5x`."""
        measured = written.format(number)
        if target == "-":
            return cls(what, measured)
        sign, bound = target.split(maxsplit=1)
        shown, limit = leading(measured), leading(bound)
        return cls(what, measured, target, {"<=": shown <= limit, ">=": shown >= limit, "<": shown < limit}[sign])

    def __str__(self) -> str:
        verdict = {None: "-", True: "ok", False: "no"}[self.holds]
        return line(self.what, self.measured, self.target, verdict)

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """Returns the row in docs/performance.md."""
        verdict = {None: "", True: "yes", False: "no"}[self.holds]
        return self.what.strip(), self.measured, "" if self.target == "-" else self.target, verdict


def leading(text: str) -> float:
    """Returns the number that a text begins with."""
    [number] = re.findall(r"^\d+(?:\.\d+)?", text)
    return float(number)


def line(what: str, measured: str, target: str, verdict: str) -> str:
    """Returns a line of the table."""
    return f"{what:<72} {measured:>9}  {target:<8}  {verdict}"
