"""No definition is named by a bare past participle: `sent` says neither what it does nor what it is. See CONTRIBUTING.md."""

from __future__ import annotations

import ast
import re

import pytest

from localcloud.dev.cloud import ROOT
from support.source import statements, tracked_files

IRREGULAR = (
    *("begun", "bent", "bound", "broken", "brought", "built", "bought", "caught", "chosen", "dealt", "done", "drawn"),
    *("driven", "eaten", "fallen", "fed", "felt", "found", "forgotten", "forbidden", "given", "gone", "got", "grown"),
    *("had", "heard", "held", "hidden", "kept", "known", "laid", "led", "lent", "lost", "made", "meant", "met"),
    *("paid", "said", "seen", "sent", "shown", "sold", "sought", "spelt", "spoken", "stood", "stolen", "struck"),
    *("sworn", "taken", "taught", "thought", "thrown", "told", "understood", "won", "worn", "written"),
)
"""Those that do not end in -ed, without those that are an infinitive or a noun as well: put, read, run, set, split."""

NO_PARTICIPLES = (
    "bed",
    "embed",
    "exceed",
    "feed",
    "indeed",
    "need",
    "proceed",
    "red",
    "seed",
    "shed",
    "speed",
    "succeed",
)
"""What ends in -ed and is another part of speech."""


def is_bare_participle(name: str) -> bool:
    """Returns whether the whole name is one: `_sent`, `Sent` and `#sent` are, `sent_at` and `isSent` are not."""
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+", name)
    word = words[0].lower() if len(words) == 1 else ""
    regular = word.endswith("ed") and word not in NO_PARTICIPLES
    return regular or word in IRREGULAR


@pytest.mark.parametrize("name", ["sent", "_sent", "Sent", "#asked", "signed", "__told__", "written"])
def test_a_bare_participle_is_known(name: str) -> None:
    assert is_bare_participle(name)


@pytest.mark.parametrize(
    "name", ["send", "sent_at", "isSent", "SentFile", "seed", "speed", "read", "embed", "stored_object"]
)
def test_another_name_is_not_taken_for_one(name: str) -> None:
    assert not is_bare_participle(name)


def python_definitions() -> list[tuple[str, str]]:
    """Returns place and name of each function, class and method."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return [
        (f"{file.relative_to(ROOT)}:{node.lineno}", node.name)
        for file in tracked_files(".py")
        for node in statements(file)
        if isinstance(node, kinds)
    ]


DEFINITIONS_IN_JAVASCRIPT = re.compile(
    r"""
    ^[ ]*(?:export[ ]+)?(?:default[ ]+)?(?:declare[ ]+)?(?:
        (?:async[ ]+)?function[* ]+(\w+)
        | (?:class|interface|type)[ ]+(\w+)
        | (?:const|let)[ ]+(\w+)[ ]=[ ](?:async[ ]+)?(?:function\b|class\b|\w+[ ]=>|\((?:.*=>.*)?$)
        | (?:static[ ]+|async[ ]+|get[ ]+|set[ ]+)*[*#]{0,2}(?!if\b|for\b|while\b|switch\b|catch\b|with\b)(\w+)\(.*\)[ ]\{$
        | \#?(\w+):?[ ]=?[ ]?(?:async[ ]+)?(?:function\b|\w+[ ]=>|\(.*\)[ ]=>).*
    )""",
    re.MULTILINE | re.VERBOSE,
)
"""Functions, classes, methods and types, as Biome formats them: that they are formatted so is checked elsewhere."""


def javascript_definitions() -> list[tuple[str, str]]:
    """Returns place and name of each function, class, method and type."""
    found = []
    for file in tracked_files(".js", ".mjs", ".cjs", ".ts", ".jsx", ".svelte", ".vue"):
        text = file.read_text(encoding="utf-8")
        for match in DEFINITIONS_IN_JAVASCRIPT.finditer(text):
            name = match[match.lastindex or 0]
            found.append(
                (f"{file.relative_to(ROOT)}:{text.count(chr(10), 0, match.start(match.lastindex or 0)) + 1}", name)
            )
    return found


def test_what_defines_something_in_javascript_is_known() -> None:
    source = """\
export async function one(a) {
class Two {
    async #three(a, b) {
    get four() {
const five = (a) => a;
const six = async (
    seven: (a) => a,
interface Eight {
    if (a) {
const value = other(a);
"""
    found = [match[match.lastindex or 0] for match in DEFINITIONS_IN_JAVASCRIPT.finditer(source)]
    assert found == ["one", "Two", "three", "four", "five", "six", "seven", "Eight"]


def bare(definitions: list[tuple[str, str]]) -> list[tuple[str, str]]:
    assert len(definitions) > 50
    return [(place, name) for place, name in definitions if is_bare_participle(name)]


def test_no_definition_in_python_is_named_by_a_bare_participle() -> None:
    assert bare(python_definitions()) == []


FORM_CONTROLS = {"disabled", "required"}
"""Properties that HTML gives every control of a form: <oss-upload> has them, too."""


def test_no_definition_in_javascript_is_named_by_a_bare_participle() -> None:
    found = bare(javascript_definitions())
    assert [
        place for place, name in found if not (place.startswith("web/attributes.js") and name in FORM_CONTROLS)
    ] == []
