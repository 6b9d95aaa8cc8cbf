"""The house: imports point one way, pure rooms stay pure, and the stand-ins import nothing of what they judge."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ROOT / "functions" / "sign" / "direct_upload"

ORDER = [
    "errors log content_types",
    "event tokens",
    "settings",
    "call authorise",
    "upload",
    "credentials",
    "sts",
    "signature post_policy",
    "form",
    "app routes",
]
"""From the outermost wall inwards; a room may import rooms of lines above its own."""

PURE = {"signature": {"__future__", "hmac"}, "post_policy": {"__future__", "base64", "json", "collections.abc"}}
WITH_A_SOCKET = {"sts"}


def imports(file: Path) -> set[str]:
    """Every module a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: import by full name"
            found |= (
                {f"{node.module}.{name.name}" for name in node.names}
                if node.module == "direct_upload"
                else {node.module or ""}
            )
    return found


def rooms(file: Path) -> set[str]:
    return {name.split(".")[1] for name in imports(file) if name.startswith("direct_upload.")}


def test_every_room_has_its_place() -> None:
    assert {name for line in ORDER for name in line.split()} == {file.stem for file in ROOMS.glob("*.py")} - {
        "__init__"
    }


@pytest.mark.parametrize("line", range(len(ORDER)), ids=lambda line: ORDER[line])
def test_imports_point_one_way(line: int) -> None:
    above = {name for earlier in ORDER[:line] for name in earlier.split()}
    for room in ORDER[line].split():
        assert rooms(ROOMS / f"{room}.py") <= above


@pytest.mark.parametrize("room", PURE)
def test_pure_rooms_know_nothing_else(room: str) -> None:
    assert imports(ROOMS / f"{room}.py") == PURE[room]


def test_only_one_room_opens_a_socket() -> None:
    sdk = ("alibabacloud_", "darabonba", "Tea", "socket", "http", "urllib.request", "requests")
    assert {
        file.stem for file in ROOMS.glob("*.py") if any(name.startswith(sdk) for name in imports(file))
    } == WITH_A_SOCKET


def test_only_the_door_reads_clock_environment_and_randomness() -> None:
    for file in ROOMS.glob("*.py"):
        source = file.read_text(encoding="utf-8")
        for call in ("time.time(", "os.environ", "secrets.", "datetime.now", "utcnow", "random."):
            assert call not in source, f"{file.name} has {call}"


def test_the_stand_ins_import_nothing_of_what_they_judge() -> None:
    for file in (ROOT / "localcloud").rglob("*.py"):
        assert {name for name in imports(file) if name.split(".")[0] in ("index", "direct_upload")} == set(), file.name
