"""The people of `--many`: a CSV file with a name a line. A name is data, whatever it looks like to a program."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from direct_upload.authorize import MAX_SUBJECT

LARGEST = 1_000_000
"""Bytes of a file of names."""

AT_MOST = 10
"""Faults of a file that are printed."""

_HEADINGS = ("name", "姓名")
"""What the column of names may be called in a first line. Without such a line, the names are all that there is."""

_UNCLEAR = (
    "which column has the names? Put a name with a comma into quotes, or begin the file with a line that names the "
    "columns, one of them: name"
)


def read_people(file: Path) -> list[str]:
    """Returns the names in a CSV file, in its order. Raises ValueError with a line for each fault."""
    rows = list(_rows(file))
    column = _name_column(rows)
    first_lines: dict[str, int] = {}
    faults = []
    for line, cells in rows if column is None else rows[1:]:
        name = cells[column or 0] if len(cells) > (column or 0) else ""
        fault = _UNCLEAR if column is None and any(cells[1:]) else _fault(name, first_lines.get(name))
        faults += [f"{file.name}, line {line}: {fault}"] if fault else []
        first_lines.setdefault(name, line)
    if faults:
        more = [f"and {len(faults) - AT_MOST:,} more"] if len(faults) > AT_MOST else []
        raise ValueError("\n".join([*faults[:AT_MOST], *more]))
    if not first_lines:
        raise ValueError(f"{file.name} has no name in it: write one a line")
    return list(first_lines)


def _name_column(rows: list[tuple[int, list[str]]]) -> int | None:
    """Returns the column of the names by the first line; None if that has a name in it already."""
    headings = rows[0][1] if rows else []
    return next((column for column, cell in enumerate(headings) if cell.casefold() in _HEADINGS), None)


def _fault(name: str, first_line: int | None) -> str:
    """Returns what is wrong with a name; empty if nothing is. `first_line` has the same one, if any has."""
    if not name:
        return "there is no name"
    if len(name) > MAX_SUBJECT:
        return f"a name has at most {MAX_SUBJECT} characters, this one {len(name):,}"
    if first_line is not None:
        return f"this name is in line {first_line} already: give two people two names, or their files lie together"
    return ""


def _rows(file: Path) -> Iterator[tuple[int, list[str]]]:
    """Yields the lines that have something in them: the number of each, and its cells without blanks around them."""
    text = _text(file)
    first = next((line for line in text.splitlines() if line.strip()), "")
    # Where a comma stands in numbers, spreadsheets write a semicolon between cells.
    delimiter = next((each for each in ";\t" if each in first), ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if any(cells):
                yield reader.line_num, cells
    except csv.Error as fault:
        raise ValueError(f"{file.name}, line {reader.line_num}: this is not CSV ({fault})") from None


def _text(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            content = opened.read(LARGEST + 1)
    except OSError as fault:
        raise ValueError(f"{file.name or file} cannot be read: {fault.strerror}") from None
    if len(content) > LARGEST:
        raise ValueError(f"{file.name} has more than {LARGEST:,} bytes: make several files of it")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise ValueError(f"{file.name} is not UTF-8: save it as CSV UTF-8")
    return text
