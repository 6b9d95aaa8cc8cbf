"""A function's docstring is a sentence that begins with a verb in the third person. See CONTRIBUTING.md."""

from __future__ import annotations

import ast
import re

import pytest

from localcloud.dev.cloud import ROOT
from support.source import statements, tracked_files

NO_VERBS = ("As", "Bytes", "Failures", "Its", "Ratios", "Seconds", "This")
"""First words that end in -s, and are other parts of speech."""


def begins_with_a_verb(docstring: str) -> bool:
    """Returns whether the first word may be one in the third person."""
    word = re.split(r"[\s,.;:]", docstring, maxsplit=1)[0]
    return word.endswith("s") and word[0].isupper() and word not in NO_VERBS


@pytest.mark.parametrize("docstring", ["Returns it.", "Goes on.", "Stops, and waits."])
def test_a_sentence_is_known(docstring: str) -> None:
    assert begins_with_a_verb(docstring)


@pytest.mark.parametrize(
    "docstring", ["Return it.", "The name.", "Bytes of it.", "s.yaml of a folder.", "409.", "`now` is in seconds."]
)
def test_a_fragment_is_not_taken_for_one(docstring: str) -> None:
    assert not begins_with_a_verb(docstring)


def documented_functions() -> dict[str, tuple[ast.FunctionDef | ast.AsyncFunctionDef, str]]:
    """Returns functions and their docstrings, by place: not tests, which say what is so, nor constructors."""
    return {
        f"{file.relative_to(ROOT)}:{node.lineno}": (node, docstring)
        for file in tracked_files(".py")
        for node in statements(file)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and not node.name.startswith(("test_", "__init__"))
        and (docstring := ast.get_docstring(node))
    }


def test_every_docstring_of_a_function_begins_with_a_verb() -> None:
    found = documented_functions()
    assert len(found) > 500
    assert {place: text for place, (_, text) in found.items() if not begins_with_a_verb(text)} == {}


def test_what_returns_nothing_does_not_say_that_it_returns_something() -> None:
    """Say what it does instead: adds, stores, waits until."""
    assert {
        place: text
        for place, (node, text) in documented_functions().items()
        if text.startswith("Returns ") and isinstance(node.returns, ast.Constant) and node.returns.value is None
    } == {}
