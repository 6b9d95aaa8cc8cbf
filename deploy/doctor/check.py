"""A check: its ID, what its finding means and how to fix it, beside the code that finds it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from deploy.doctor.context import Context
from localcloud.terminal import visible

Level = Literal["fault", "decision"]
"""A decision is no fault: only the owner can say whether it is meant."""

Find = Callable[[Context], Iterable[str]]


@dataclass(frozen=True)
class Check:
    """One thing that may be wrong."""

    id: str
    find: Find
    """Yields what is wrong, a sentence each."""
    level: Level
    impact: str
    """What follows from it."""
    fix: str
    live: str = ""
    """The live fact that it needs, one of `FACTS`; empty if it looks at what is declared alone."""
    also: str = ""
    """Another of these facts, without which it is made in part only."""
    declared: bool = True
    """Whether there is something to look at before anything is deployed."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong."""

    check: Check
    message: str

    def __str__(self) -> str:
        # Strangers may have named what is found: it is one line, whatever they wrote.
        return f"{self.check.id}: {visible(self.message)}\n  Impact: {self.check.impact}\n  Fix: {self.check.fix}"


def check(
    check_id: str,
    *,
    impact: str,
    fix: str,
    level: Level = "fault",
    live: str = "",
    also: str = "",
    declared: bool = True,
) -> Callable[[Find], Check]:
    """Makes a check of the function below, which finds what is wrong."""

    def make(find: Find) -> Check:
        return Check(check_id, find, level, impact, fix, live, also, declared)

    return make
