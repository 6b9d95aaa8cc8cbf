"""The house: imports point one way, pure rooms stay pure, and the stand-ins import nothing of what they judge."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ROOT / "functions" / "sign" / "direct_upload"

ORDER = [
    "errors log known_types ticket signature post_policy without_aiohttp sdk_session outside",
    "event environment callback presigned multipart content_types",
    "tokens",
    "settings",
    "call authorise",
    "upload",
    "credentials",
    "sts",
    "form oss",
    "app multipart_routes",
    "routes door",
]
"""From the outermost wall inwards; a room may import rooms of lines above its own."""

ARRIVAL = ROOT / "functions" / "callback" / "arrival"

ARRIVAL_ORDER = ["refusals", "webhook oss_signature", "settings", "stored", "arrivals"]

SHARED = {
    *("call", "callback", "credentials", "door", "environment", "errors", "event", "outside", "presigned", "ticket"),
}
"""Rooms of direct_upload in which the callback function lives as well."""

PURE = {
    "signature": {"__future__", "hmac"},
    "post_policy": {"__future__", "base64", "json", "collections.abc"},
    "ticket": {"__future__", "base64", "binascii", "collections.abc", "hmac", "json", "typing"},
    "presigned": {"__future__", "collections.abc", "direct_upload.signature", "hashlib", "time", "urllib.parse"},
}
WITH_A_SOCKET = {ROOMS / "sts.py", ROOMS / "sdk_session.py", ROOMS / "outside.py"}


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
                if node.module in ("direct_upload", "arrival")
                else {node.module or ""}
            )
    return found


def rooms(file: Path, house: str = "direct_upload") -> set[str]:
    return {name.split(".")[1] for name in imports(file) if name.startswith(f"{house}.")}


@pytest.mark.parametrize(("house", "order"), [(ROOMS, ORDER), (ARRIVAL, ARRIVAL_ORDER)])
def test_every_room_has_its_place(house: Path, order: list[str]) -> None:
    assert {name for line in order for name in line.split()} == {file.stem for file in house.glob("*.py")} - {
        "__init__"
    }


@pytest.mark.parametrize(
    ("house", "order", "line"),
    [(house, order, line) for house, order in ((ROOMS, ORDER), (ARRIVAL, ARRIVAL_ORDER)) for line in range(len(order))],
    ids=lambda value: value.name if isinstance(value, Path) else None,
)
def test_imports_point_one_way(house: Path, order: list[str], line: int) -> None:
    above = {name for earlier in order[:line] for name in earlier.split()}
    for room in order[line].split():
        assert rooms(house / f"{room}.py", house.name) <= above


def test_the_callback_function_shares_these_rooms_and_no_others() -> None:
    files = [*ARRIVAL.glob("*.py"), ARRIVAL.parent / "index.py"]
    assert {room for file in files for room in rooms(file)} == SHARED


def test_the_signing_function_knows_nothing_of_the_callback_function() -> None:
    assert {room for file in ROOMS.parent.rglob("*.py") for room in rooms(file, "arrival")} == set()


@pytest.mark.parametrize("room", PURE)
def test_pure_rooms_know_nothing_else(room: str) -> None:
    assert imports(ROOMS / f"{room}.py") == PURE[room]


def test_three_rooms_open_sockets() -> None:
    sdk = ("alibabacloud_", "darabonba", "Tea", "socket", "http", "urllib.request", "requests")
    assert {
        file
        for file in (*ROOMS.glob("*.py"), *ARRIVAL.glob("*.py"))
        if any(name.startswith(sdk) for name in imports(file))
    } == WITH_A_SOCKET


def test_only_the_doors_read_clock_environment_and_randomness() -> None:
    for file in (*ROOMS.glob("*.py"), *ARRIVAL.glob("*.py")):
        source = file.read_text(encoding="utf-8")
        for call in ("time.time(", "os.environ", "secrets.", "datetime.now", "utcnow", "random."):
            assert call not in source, f"{file.name} has {call}"


def test_the_stand_ins_import_nothing_of_what_they_judge() -> None:
    for file in (ROOT / "localcloud").rglob("*.py"):
        assert {
            name for name in imports(file) if name.split(".")[0] in ("index", "direct_upload", "arrival")
        } == set(), file.name
