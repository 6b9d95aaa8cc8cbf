"""The prose rules of CONTRIBUTING.md that a program can check, over all text that the project tracks."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]

FORBIDDEN = {
    r"\bwhoever\b": "say who it is: the holder, the caller, anyone who",
    r"\bof ours\b|\bof one's own\b": "say whose it is: this project's, your own",
    r"(?<!there )\bis none\b": "say what it is not: is not a ticket",
    r"\b(is|are|be) had\b": "obtain, get, be available at",
    r"\b(is|are|was|were|be|been)( not)? told\b": "notify, report, say to",
    r"\bmend(s|ed|ing)?\b": "fix",
    r"\bdear to\b": "expensive, slow to",
    r"\bbut that\b": "except that",
    r"\b(he|his|himself)\b": "they, their, themselves",
}
"""What is not written, and what is written instead. Each of these has been read as its opposite, or not understood."""

ANY_FORBIDDEN = re.compile("|".join(FORBIDDEN), re.IGNORECASE)

NOT_PROSE = re.compile(
    r"vectors/.*|package-lock\.json|.*\.(png|xml)|requirements.*\.txt|.*/requirements.*\.txt|tests/docs/test_prose\.py"
)


def tracked_texts() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S607
    return [name for name in listed.stdout.split("\0") if name and not NOT_PROSE.fullmatch(name)]


TEXTS = tracked_texts() if (ROOT / ".git").exists() else []


def findings(names: list[str]) -> list[str]:
    """Returns place, text and cure of everything in these files that is not written."""
    found = []
    for name in names:
        for number, line in enumerate((ROOT / name).read_text(encoding="utf-8").splitlines(), 1):
            # Python's own None is a word of the language.
            text = line.replace(" is None", "")
            for pattern, cure in FORBIDDEN.items() if ANY_FORBIDDEN.search(text) else ():
                if match := re.search(pattern, text, re.IGNORECASE):
                    found.append(f"{name}:{number}: {match[0]!r}: {cure}")
    return found


PLURAL = re.compile(
    r"\{(?![A-Z_]+\b)[^{}]+\} (days|hours|minutes|files|links|parts|types|lines|checks|rules|uploads|faults)\b"
)
"""A number before things of which there may be one; not a constant, which is larger."""


def test_of_one_thing_no_message_of_the_owners_commands_has_the_plural() -> None:
    """`number_of` writes both."""
    found = [
        f"{path.relative_to(ROOT)}:{number}: {match[0]}"
        for path in sorted((ROOT / "deploy").rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        for match in PLURAL.finditer(line)
    ]
    assert found == []


def test_no_text_has_words_that_the_prose_rules_exclude() -> None:
    assert findings(TEXTS) == []


def test_lines_of_documents_have_at_most_120_characters() -> None:
    """Tables, code, links that do not break, and pictures aside; in Chinese a line break would become a blank."""
    long = []
    for name in TEXTS:
        if name.endswith(".md") and name != "README.zh-CN.md":
            text = (ROOT / name).read_text(encoding="utf-8")
            prose = re.sub(
                r"^ *```.*?^ *```", lambda block: "\n" * block[0].count("\n"), text, flags=re.MULTILINE | re.DOTALL
            )
            long += [
                f"{name}:{number}"
                for number, line in enumerate(prose.splitlines(), 1)
                if len(line) > 120 and " " in line.strip("- ") and not line.lstrip().startswith(("|", "<img", "<!--"))
            ]
    assert long == []
