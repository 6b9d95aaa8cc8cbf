"""A row of the table: one thing measured."""

from __future__ import annotations

from dataclasses import dataclass


class NotMeasured(Exception):  # noqa: N818 - says what became of a measurement
    """There is no number to print; the text says why."""


@dataclass(frozen=True)
class Row:
    """What was measured, and what it should be."""

    what: str
    measured: str
    target: str = "-"
    holds: bool | None = None
    """None where there is no target."""

    def __str__(self) -> str:
        verdict = {None: "-", True: "ok", False: "no"}[self.holds]
        return line(self.what, self.measured, self.target, verdict)

    @property
    def markdown(self) -> str:
        """A row of a table in Markdown."""
        verdict = {None: "", True: "yes", False: "no"}[self.holds]
        return f"| {self.what.strip()} | {self.measured} | {self.target.replace('-', '')} | {verdict} |"


def line(what: str, measured: str, target: str, verdict: str) -> str:
    """A line of the table."""
    return f"{what:<72} {measured:>9}  {target:<8}  {verdict}"
