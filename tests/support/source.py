"""The files that the project tracks, and the statements in those of Python."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from localcloud.dev.cloud import ROOT


@cache
def _list_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S607
    return [ROOT / name for name in listed.stdout.split("\0") if name]


def tracked_files(*endings: str) -> list[Path]:
    """Returns those whose names end so, and that are there."""
    return [file for file in _list_files() if file.name.endswith(endings) and file.exists()]


@cache
def statements_at_top(file: Path) -> list[ast.stmt]:
    """Returns the statements of a file of Python, which is parsed once."""
    return ast.parse(file.read_bytes()).body


@cache
def statements(file: Path) -> list[ast.AST]:
    """Returns all statements of a file, wherever in it, and none of the expressions, which are ten times as many."""
    return list(_statements(statements_at_top(file)))


def _statements(body: Sequence[ast.AST]) -> Iterator[ast.AST]:
    for node in body:
        yield node
        for inner in ("body", "orelse", "finalbody", "handlers", "cases"):
            yield from _statements(getattr(node, inner, ()))
