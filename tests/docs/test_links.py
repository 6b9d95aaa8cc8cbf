"""What the documents point at exists: links with their anchors, files, make targets, tests."""

from __future__ import annotations

import re
import subprocess
import unicodedata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

DOCUMENTS = sorted(
    file.relative_to(ROOT).as_posix()
    for file in (
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("vectors/*.md"),
        *ROOT.glob(".github/**/*.md"),
    )
)

FOLDERS = "benchmarks|deploy|docs|examples|functions|localcloud|tests|tools|vectors|web"


def text_of(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def without_code(text: str) -> str:
    return re.sub(r"^ *```.*?^ *```", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors(text: str) -> set[str]:
    """Returns the anchors that GitHub makes of headings."""
    found = set()
    for heading in re.findall(r"^#+ (.*)$", without_code(text), re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        kept = "".join(each for each in plain if each in " -_" or unicodedata.category(each)[0] in "LN")
        found.add(kept.replace(" ", "-"))
    return found


def links(text: str) -> list[str]:
    return re.findall(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"", without_code(text))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_somewhere(document: str) -> None:
    broken = []
    for link in map("".join, links(text_of(document))):
        if re.match(r"https?://", link):
            continue
        path, _, anchor = link.partition("#")
        target = (ROOT / document).parent / path if path else ROOT / document
        if not target.exists() or (anchor and anchor not in anchors(target.read_text(encoding="utf-8"))):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_it_names_is_there(document: str) -> None:
    """Names without a folder, and names of tests, are looked up where people would."""
    paths = re.findall(rf"`((?:{FOLDERS})/[\w./-]*)(?:::[^`]*)?`", text_of(document))
    assert [path for path in paths if not (ROOT / path).exists() and not (ROOT / "tests" / path).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_make_target_it_names_is_there(document: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", text_of("Makefile"), re.MULTILINE))
    text = text_of(document)
    code = re.findall(r"`([^`\n:]*)`", without_code(text)) + re.findall(
        r"^ *```sh\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL
    )
    named = {name for each in code for name in re.findall(r"(?<![\w-])make ([a-z][a-z-]*)", each)}
    assert named - targets == set()


@pytest.mark.parametrize("document", ["SECURITY.md", "CONTRIBUTING.md", "docs/page.md", "docs/performance.md"])
def test_every_test_it_names_is_there(document: str) -> None:
    named = re.findall(r"`(?:tests/)?([\w./]+\.(?:py|js))::([^`]+)`", text_of(document))
    assert named
    missing = []
    for file, test in named:
        source = (ROOT / "tests" / file).read_text(encoding="utf-8") if (ROOT / "tests" / file).exists() else ""
        if (f"def {test}(" if file.endswith(".py") else test) not in source:
            missing.append(f"{file}::{test}")
    assert missing == []


def test_every_test_file_that_the_security_policy_names_is_there() -> None:
    named = re.findall(r"`([a-z0-9_/]+\.py)(?:::\w+)?`", text_of("SECURITY.md"))
    assert [file for file in named if not (ROOT / "tests" / file).exists()] == []


def test_threats_are_numbered_without_a_gap() -> None:
    numbers = re.findall(r"^\| T(\d\d) ", text_of("SECURITY.md"), re.MULTILINE)
    assert numbers == [f"{number:02}" for number in range(1, max(56, len(numbers)) + 1)]


def test_the_index_lists_every_document() -> None:
    index = text_of("docs/index.md")
    pages = [file.relative_to(ROOT / "docs").as_posix() for file in (ROOT / "docs").glob("**/*.md")]
    assert [page for page in pages if page != "index.md" and f"({page})" not in index] == []


def test_the_tree_in_the_architecture_is_that_of_the_files() -> None:
    """Every folder with code or documents in it, and no other; what tests keep as data is left out."""
    [tree] = re.findall(r"<!-- tree[^>]* -->\n```\n(.*?)```", text_of("docs/architecture.md"), re.DOTALL)
    path: list[str] = []
    shown = set()
    for line in tree.splitlines():
        [indent, name] = re.findall(r"^( *)(\S+)/", line)[0]
        path = [*path[: len(indent) // 2], name]
        shown.add("/".join(path))
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout  # noqa: S607
    folders = {
        folder.as_posix()
        for file in tracked.splitlines()
        for folder in Path(file).parents
        if folder.parts and not file.startswith(".")
    }
    left_out = re.compile(r"docs/screenshots|tests/(localcloud|deploy|sign|e2e)/.*")
    assert shown == {folder for folder in folders if not left_out.fullmatch(folder)}


def test_the_table_of_the_pages_modules_is_that_of_the_folder() -> None:
    """With what the page loads at once, by its static imports."""
    [table] = re.findall(r"<!-- modules[^>]* -->\n(.*?)<!-- /", text_of("docs/page.md"), re.DOTALL)
    rows = [row.split(" | ") for row in table.splitlines()[2:]]
    at_once = {
        name for files, _, when in rows if when.startswith("at once") for name in re.findall(r"`([\w-]+\.js)`", files)
    }
    listed = {name for files, *_ in rows for name in re.findall(r"`([\w-]+\.js)`", files)}
    assert listed == {file.name for file in (ROOT / "web").glob("*.js")}
    assert at_once == static_imports("app.js", set())


def static_imports(name: str, known: set[str]) -> set[str]:
    if name not in known:
        known.add(name)
        for imported in re.findall(
            r'^(?:import|export|\})(?:.*? from)? "\./([\w-]+\.js)";', text_of(f"web/{name}"), re.MULTILINE
        ):
            static_imports(imported, known)
    return known


def test_the_uploader_in_other_pages_is_documented_as_it_is() -> None:
    """Its members are those of the classes."""
    text = text_of("docs/frontend.md")
    for variable, module in (("queue", "queue"), ("signer", "signer"), ("upload", "files")):
        source = text_of(f"web/{module}.js")
        for member in re.findall(rf"`{variable}\.(?!js)(\w+)", text):
            assert re.search(rf"^ +(?:async |get |this\.)?{member}\b", source, re.MULTILINE), f"{variable}.{member}"


def commands(text: str) -> list[str]:
    """Returns code blocks without their comments, and code in sentences."""
    blocks = re.findall(r"^```(?:sh|js)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [re.sub(r" *# .*$", "", block, flags=re.MULTILINE) for block in blocks]


def test_both_readmes_have_the_same_commands_and_links() -> None:
    english, chinese = text_of("README.md"), text_of("README.zh-CN.md")
    code = r"`([^`\n]+)`"
    assert commands(english) == commands(chinese)
    assert sorted(map("".join, links(english)), key=str).count("README.zh-CN.md") == 1
    assert sorted({*map("".join, links(english))} - {"README.zh-CN.md"}) == sorted(
        {*map("".join, links(chinese))} - {"README.md"}
    )
    assert sorted({*re.findall(code, without_code(english))}) == sorted({*re.findall(code, without_code(chinese))})
    assert re.findall(r"^#+", english, re.MULTILINE) == re.findall(r"^#+", chinese, re.MULTILINE)
