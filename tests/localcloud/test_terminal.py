"""What any command prints: visible characters and line ends."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path

import pytest

from localcloud.dev.cloud import ROOT
from localcloud.terminal import guard_output, indent_further_lines, print_entry, visible

SEEN = {
    "plain words": "plain words",
    "Köln 上海 😀 \\ \"": "Köln 上海 😀 \\ \"",
    "\x1b]0;mine\x07": "\\u001b]0;mine\\u0007",
    "\r\n\t\b\x7f": "\\r\\n\\t\\b\\u007f",
    "\x9b2J\x85": "\\u009b2J\\u0085",
    "\u202ecod.exe\u202c": "\\u202ecod.exe\\u202c",
    "\u2066\u2069\u200e\u200f\u061c": "\\u2066\\u2069\\u200e\\u200f\\u061c",
    "\u2028\u2029\u200b\ufeff": "\\u2028\\u2029\\u200b\\ufeff",
    "\ud800": "\\ud800",
    "\U000e0041": "\\udb40\\udc41",
}  # fmt: skip


@pytest.mark.parametrize("text", SEEN, ids=ascii)
def test_what_is_not_seen_is_escaped(text: str) -> None:
    assert visible(text) == SEEN[text]


def test_further_lines_stand_apart() -> None:
    assert indent_further_lines("Traceback\n\x1b[A\nfc GET / 200\n") == (
        "Traceback\n        \\u001b[A\n        fc GET / 200\n"
    )  # fmt: skip


PRINTS = """
import sys
from localcloud.terminal import guard_output
guard_output()
print("\\x1b[2J", "\\ud800", "ü", end="\\r\\n")
print("\\u202e", file=sys.stderr)
raise ValueError("\\x1b]0;mine\\x07")
"""


@pytest.mark.parametrize(("encoding", "umlaut"), [("utf-8", "ü"), ("ascii", "\\xfc")])
def test_a_guarded_process_prints_nothing_else(encoding: str, umlaut: str) -> None:
    ended = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-c", PRINTS],
        cwd=ROOT,
        env={"PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
    )
    out, err = ended.stdout.decode(), ended.stderr.decode()
    assert (ended.returncode, out) == (1, f"\\u001b[2J \\ud800 {umlaut}\\r\n")
    assert err.splitlines()[0] == "\\u202e"
    assert err.splitlines()[-1] == "ValueError: \\u001b]0;mine\\u0007"


@pytest.mark.parametrize("line_by_line", [False, True], ids=["PYTHONUNBUFFERED", "by default"])
def test_each_line_is_there_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line_by_line: bool) -> None:
    """As Python opens standard error: with PYTHONUNBUFFERED it writes through to the file itself, else line by line."""
    with (tmp_path / "log").open("wb", buffering=-1 if line_by_line else 0) as file:
        stream = io.TextIOWrapper(file, "utf-8", line_buffering=line_by_line, write_through=not line_by_line)
        monkeypatch.setattr(sys, "stderr", stream)
        monkeypatch.setattr(sys, "stdout", None)
        guard_output()
        print_entry("oss GET / 403")
        assert (tmp_path / "log").read_bytes() == b"oss GET / 403\n"


COMMANDS = sorted(
    file.relative_to(ROOT).as_posix()
    for folder in ("deploy", "localcloud")
    for file in (ROOT / folder).rglob("*.py")
    # Two write files and print nothing; of the other make build prints the last line.
    if file.name not in ("docs.py", "fidelity.py", "first_request.py")
    and '__name__ == "__main__"' in file.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_guarded(command: str) -> None:
    source = (ROOT / command).read_text(encoding="utf-8")
    assert re.search(r'^if __name__ == "__main__":\n    guard_output\(\)\n', source, re.MULTILINE)
