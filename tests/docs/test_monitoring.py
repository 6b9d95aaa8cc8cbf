"""docs/monitoring.md against the code, the template, and lines that the functions write."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from support.callback_world import OBJECT, CallbackWorld
from support.factories import NOON
from support.function import FILE, Make
from support.log_service import FIELDS, run_query
from support.ros_template import SHIPPED
from support.scratch import PROJECT

DOCS = (PROJECT / "docs" / "monitoring.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"```sql\n(.*?)```", DOCS, re.DOTALL)
TEMPLATE = SHIPPED["Resources"]


def table(heading: str) -> list[str]:
    """Returns the names in the first column of the table below a heading."""
    section = re.split(r"^## ", DOCS, flags=re.MULTILINE)
    [below] = [each for each in section if each.startswith(heading)]
    rows = re.findall(r"^\| ((?:`\w[\w.-]*`(?:, )?)+) \|", below, re.MULTILINE)
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row)]


def written_fields() -> set[str]:
    """Returns the members that the code names where it logs: those of events, and those of the line of a request."""
    found: set[str] = set()
    for path in (PROJECT / "functions").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("log_event", "format_line")):
                found |= {keyword.arg for keyword in node.keywords if keyword.arg}
            target = getattr(node, "target", None) or (getattr(node, "targets", None) or [None])[0]
            if target is not None and "log_fields" in ast.unparse(target):
                names = [*ast.walk(target), *(ast.walk(node.value) if isinstance(node, ast.AugAssign) else ())]
                found |= {
                    each.value for each in names if isinstance(each, ast.Constant) and isinstance(each.value, str)
                }
    return found


@pytest.fixture
def callback_lines(httpserver: HTTPServer) -> list[str]:
    """Returns what the callback function writes about a file whose webhook fails."""
    httpserver.expect_request("/hook").respond_with_data("", 500)
    world = CallbackWorld(httpserver, WEBHOOK_URL=httpserver.url_for("/hook"), WEBHOOK_SECRET=f"whsec_{'A' * 44}")
    world.serves_the_key()
    world.holds(OBJECT | {"x-oss-hash-crc64ecma": "9462167828911914984"})
    assert world.call(world.body(ticket=world.ticket(profile="photos", slot=1)))[0] == 200
    return world.lines


def test_every_field_of_the_log_is_in_the_table_and_no_other(callback_lines: list[str], httpserver: HTTPServer) -> None:
    httpserver.clear()
    world = CallbackWorld(httpserver, CONTENT_CHECK="delete")
    world.serves_the_key()
    world.call(world.holds_bytes(b"MZ" + bytes(100)))
    stored = {name for line in (*callback_lines, *world.lines) for name in json.loads(line[25:])}
    documented, written = {*table("The fields of the log")}, written_fields() | stored
    assert not written - documented, f"Add to docs/monitoring.md, The fields of the log: {written - documented}"
    assert not documented - written, f"No line of the log has {documented - written}, which docs/monitoring.md names"


def test_the_tables_have_the_charts_and_the_alerts_of_the_template() -> None:
    charts = [chart["title"] for chart in TEMPLATE["Charts"]["Properties"]["Charts"]]
    details = [each["Properties"].get("Detail") for each in TEMPLATE.values()]
    assert (table("The dashboard"), table("Alerts")) == (charts, [each["Name"] for each in details if each])


def test_a_query_names_only_fields_that_there_are() -> None:
    assert len(QUERIES) == 5
    members = {name for query in QUERIES for name in re.findall(r'"(\w+)":', query)}
    columns = {name for query in QUERIES for name in re.findall(r"\b(__\w+__|[a-z]+[A-Z]\w+|message)\b", query)}
    assert (members - set(table("The fields of the log")), columns - set(FIELDS)) == (set(), set())


def test_the_queries_find_what_they_say(make: Make, callback_lines: list[str]) -> None:
    function = make()
    function.sign(FILE)
    function.sign(FILE, {"filename": "a.png", "size": 7})
    function.sign({"filename": "a.png", "size": -1})
    lines = [{"__time__": int(NOON), "message": line} for line in (*function.lines, *callback_lines)]
    metrics = [{"__time__": int(NOON), "isColdStart": str(cold).lower(), "durationMs": ms} for cold, ms in CALLS]
    found = [run_query(query, [*lines, *metrics]) for query in QUERIES]
    one_request, people, refused, missed, slow = found
    assert {json.loads(record["message"][25:])["request_id"] for record in one_request} == {"1-67431580-0123456789ab"}
    assert people == [{"subject": "anonymous", "requests": 3, "files": 4, "bytes": 21}]
    assert refused == [{"subject": "anonymous", "reason": "invalid_size", "requests": 1}]
    assert missed == [
        {
            "time": "11-24 12:00",
            "key": "uploads/anonymous/0f8fad5b-d9cb-469f-a165-70867728950e.png",
            "error": "status 500",
        }
    ]
    assert slow == [{"hour": "11-24 12:00", "requests": 3, "cold_starts": 1, "slowest_ms": 900.0}]


CALLS: list[tuple[bool, float]] = [(True, 900.0), (False, 3.0), (False, 2.0)]


def test_every_setting_named_is_one_of_the_example() -> None:
    known = set(re.findall(r"^#? ?([A-Z_]+)=", (PROJECT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE))
    named: set[Any] = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)(?:=[^`]*)?`", DOCS))
    assert named - known == set()
