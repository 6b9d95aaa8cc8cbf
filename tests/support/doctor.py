"""Runs `make doctor` in this process, and reads what it prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.doctor import command as doctor
from deploy.doctor.checks import CHECKS


def run(folder: Path, capsys: pytest.CaptureFixture[str], *argv: str, **environ: str) -> tuple[int, str, str]:
    """Returns the exit code, and what was printed for output and errors."""
    code = doctor.main(argv, environ, folder)
    said = capsys.readouterr()
    return code, said.out, said.err


LIVE = [check.id for check in CHECKS if check.live not in {"", "certificates"}]
"""The checks that need an account. A domain shows its certificate to everybody."""
ALL = sum(bool(check.live) + check.declared for check in CHECKS)


def fault_lines(said: str) -> list[str]:
    """Returns the faults that are printed."""
    faults = said.partition("\nFaults:\n")[2].partition("\n\n")[0]
    return [line.strip() for line in faults.splitlines() if line.startswith("  ") and line[2] != " "]
