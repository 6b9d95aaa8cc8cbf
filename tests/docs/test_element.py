"""docs/reference/element.md has all that pages can use of <oss-upload>, and nothing else."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

TEXT = (ROOT / "docs" / "reference" / "element.md").read_text(encoding="utf-8")

CALLED_BY_BROWSERS = re.compile(r"constructor|\w+Callback|observedAttributes|formAssociated")


def web(*names: str) -> str:
    return "\n".join((ROOT / "web" / f"{name}.js").read_text(encoding="utf-8") for name in names)


def read_table(table: str, pattern: str) -> list[str]:
    """Returns what the first column has in code, in order."""
    [rows] = re.findall(rf"<!-- {table}[^>]* -->\n(.*?)<!-- /{table}", TEXT, re.DOTALL)
    firsts = " ".join(row.split("|")[1] for row in rows.splitlines()[2:])
    return sorted({*re.findall(rf"`({pattern})", firsts)})


def attributes() -> set[str]:
    [observed] = re.findall(r"observedAttributes = \[(.*?)\]", web("element"), re.DOTALL)
    read = re.findall(r'(?:get|has)Attribute\("([\w-]+)"\)', web("attributes"))
    return {*re.findall(r'"([\w-]+)"', observed), *read, "disabled"}


def members() -> set[str]:
    source = web("element")
    methods = re.findall(r"^    (?:async |get )?(\w+)\(.*\) \{$", source, re.MULTILINE)
    fields = re.findall(r"^    (\w+)(?: = .*)?;?$", source, re.MULTILINE)
    every = {*methods, *fields} - {"token", "if", "for", "while", "switch"}
    return {name for name in every if not CALLED_BY_BROWSERS.fullmatch(name)}


def events() -> set[str]:
    return set(re.findall(r'#dispatch\("(\w+)"', web("events")))


def properties() -> set[str]:
    return set(re.findall(r"--oss-upload-[a-z-]+", web("style", "look")))


def parts() -> set[str]:
    source = web("template", "rows", "download", "summary", "list-filter", "request", "failure-report", "question")
    return {part for value in re.findall(r'part: ["`]([\w -]+)', source) for part in value.split()}


@pytest.mark.parametrize(
    ("table", "pattern", "expected"),
    [
        ("attributes", r"[\w-]+", attributes()),
        ("members", r"\w+", members()),
        ("events", r"\w+", events()),
        ("properties", r"--[\w-]+", properties()),
        ("parts", r"[\w-]+", parts()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_reference_has_all_that_there_is_and_no_more(table: str, pattern: str, expected: set[str]) -> None:
    assert len(expected) > 4
    assert read_table(table, pattern) == sorted(expected)


def static_imports(module: str, known: set[str]) -> set[str]:
    if module not in known:
        known.add(module)
        for imported in re.findall(r'^(?:import|export|\}).*"\./([\w-]+)\.js";', web(module), re.MULTILINE):
            static_imports(imported, known)
    return known


def size(modules: set[str]) -> int:
    """Returns kilobytes."""
    return round(sum(len(gzip.compress(web(module).encode(), 9)) for module in modules) / 1000)


def test_the_packages_size_is_what_its_readme_says() -> None:
    readme = (ROOT / "web" / "README.md").read_text(encoding="utf-8")
    [said] = re.findall(r"<!-- size.*?\n\n", readme, re.DOTALL)
    at_once = static_imports("element", set())
    after = static_imports("selection", set())
    sizes = size(at_once), size(after - at_once), size(static_imports("package", set()))
    numbers = [int(number) for number in re.findall(r" (\d+)(?=[ .,])", said)]
    assert [abs(number - measured) <= 1 for number, measured in zip(numbers, sizes, strict=True)] == [True] * 3
