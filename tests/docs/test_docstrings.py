"""A function's docstring is a sentence that begins with a verb in the third person. See CONTRIBUTING.md."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

CODE = ("benchmarks", "deploy", "functions", "localcloud", "tools", "tests/support", "vectors", "conftest.py")

NO_VERBS = ("As", "Bytes", "Its", "This")
"""First words that end in -s, and are other parts of speech."""


def begins_with_a_verb(docstring: str) -> bool:
    """Returns whether the first word may be one in the third person.

    What a constructor takes, `name` first, is as good: its class says what it does.
    """
    word = re.split(r"[\s,.;:]", docstring, maxsplit=1)[0]
    return word.startswith("`") or (word.endswith("s") and word[0].isupper() and word not in NO_VERBS)


@pytest.mark.parametrize("docstring", ["Returns it.", "Goes on.", "`now` is in seconds.", "Stops, and waits."])
def test_a_sentence_is_known(docstring: str) -> None:
    assert begins_with_a_verb(docstring)


@pytest.mark.parametrize("docstring", ["Return it.", "The name.", "Bytes of it.", "s.yaml of a folder.", "409."])
def test_a_fragment_is_not_taken_for_one(docstring: str) -> None:
    assert not begins_with_a_verb(docstring)


def test_every_docstring_of_a_function_begins_with_a_verb() -> None:
    listed = subprocess.run(["git", "ls-files", "-z", *CODE], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603, S607
    found = {
        f"{file}:{node.lineno}": docstring
        for file in listed.stdout.split("\0")
        if file.endswith(".py")
        for node in ast.walk(ast.parse((ROOT / file).read_bytes()))
        if isinstance(node, ast.FunctionDef) and (docstring := ast.get_docstring(node))
    }
    assert len(found) > 500
    assert {place: text for place, text in found.items() if not begins_with_a_verb(text)} == {}
