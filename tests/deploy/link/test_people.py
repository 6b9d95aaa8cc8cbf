"""The names in a CSV file: whatever a spreadsheet writes, and whatever people are called."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from deploy.link.people import read_people


def people(tmp_path: Path, content: bytes | str) -> list[str]:
    file = tmp_path / "people.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_people(file)


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ("Anna\nBen\n", ["Anna", "Ben"]),
        ("Anna\r\nBen", ["Anna", "Ben"]),
        ("Anna\rBen", ["Anna", "Ben"]),
        ("name\nAnna\n", ["Anna"]),
        ("Name\r\nAnna\r\n", ["Anna"]),
        ("姓名,电话\n张三,1\n", ["张三"]),
        ("mail,name\na@example.com,Anna\nb@example.com,Ben\n", ["Anna", "Ben"]),
        ("name;mail\nAnna;a@example.com\n", ["Anna"]),
        ("name\tmail\nAnna\ta@example.com\n", ["Anna"]),
        (b"\xef\xbb\xbfname\nAnna\n", ["Anna"]),
        (b"\xef\xbb\xbfAnna\n", ["Anna"]),
        ("\n  \nAnna\n\n,,\nBen\n\n", ["Anna", "Ben"]),
        ("Anna,\nBen,,\n", ["Anna", "Ben"]),
        ("  Anna \n", ["Anna"]),
        ('"Doe, Anna"\n"Ann ""A"" Lee"\n', ["Doe, Anna", 'Ann "A" Lee']),
        ('"Anna\nLee"\nBen\n', ["Anna\nLee", "Ben"]),
        ("=HYPERLINK(1)\n@x\n+1\n-1\n", ["=HYPERLINK(1)", "@x", "+1", "-1"]),
        ("\x1b[31mAnna\n", ["\x1b[31mAnna"]),
        ("Anna\nanna\n", ["Anna", "anna"]),
        ("x" * 255, ["x" * 255]),
    ],
)
def test_the_names_are_in_the_files_order(tmp_path: Path, content: bytes | str, names: list[str]) -> None:
    assert people(tmp_path, content) == names


UNCLEAR = (
    "which column has the names? Put a name with a comma into quotes, or begin the file with a line that names the "
    "columns, one of them: name"
)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("", "people.csv has no name in it: write one a line"),
        ("name\n\n", "people.csv has no name in it: write one a line"),
        (
            "Anna\n\nBen\nAnna\n",
            "people.csv, line 4: this name is in line 1 already: give two people two names, or their files lie together",
        ),
        (
            "name\nAnna\n Anna\n",
            "people.csv, line 3: this name is in line 2 already: give two people two names, or their files lie together",
        ),
        ("Doe, Anna\n", f"people.csv, line 1: {UNCLEAR}"),
        ("Anna\n,Ben\n", f"people.csv, line 2: {UNCLEAR}"),
        ("mail,name\na@example.com,\n", "people.csv, line 2: there is no name"),
        ("mail,name\na@example.com\n", "people.csv, line 2: there is no name"),
        ("x" * 256, "people.csv, line 1: a name has at most 255 characters, this one 256"),
        ('Anna\n"Ben', "people.csv, line 2: this is not CSV (unexpected end of data)"),
        ('"Anna" Lee\n', "people.csv, line 1: this is not CSV (',' expected after '\"')"),
        ("Jürgen\n".encode("latin-1"), "people.csv is not UTF-8: save it as CSV UTF-8"),
        ("Anna\n".encode("utf-16"), "people.csv is not UTF-8: save it as CSV UTF-8"),
        ("Anna\n".encode("utf-16-le"), "people.csv is not UTF-8: save it as CSV UTF-8"),
        ("x" * 1_000_001, "people.csv has more than 1,000,000 bytes: make several files of it"),
        (
            "A\nA\nB\nB\n",
            "people.csv, line 2: this name is in line 1 already: give two people two names, or their files lie together\n"
            "people.csv, line 4: this name is in line 3 already: give two people two names, or their files lie together",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, content: bytes | str, fault: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(fault)}$"):
        people(tmp_path, content)


def test_of_many_faults_ten_are_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"\nand 2 more$") as raised:
        people(tmp_path, "mail,name\n" + "a,\n" * 12)
    assert len(str(raised.value).splitlines()) == 11


@pytest.mark.parametrize(
    ("name", "fault"),
    [("gone.csv", "gone.csv cannot be read: No such file or directory"), ("", "cannot be read: Is a directory")],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str, fault: str) -> None:
    with pytest.raises(ValueError, match=f"{fault}$"):
        read_people(tmp_path / name)
