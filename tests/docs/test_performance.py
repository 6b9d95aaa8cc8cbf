"""docs/performance.md: its tables are what `make bench` writes, and say what their numbers say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks.server.row import Row
from benchmarks.server.table import END, HEADS, Table, begin

PAGE = (Path(__file__).parents[2] / "docs" / "performance.md").read_text(encoding="utf-8")

NAMES = ["numbers", "machine", "shares", "stages", "cores"]


def rows(name: str) -> list[tuple[str, ...]]:
    """Returns the cells of a table of the page, without its head."""
    text = PAGE.split(f"<!-- make bench: {name} -->\n")[1].split("<!-- /make bench -->")[0]
    return [tuple(line.removeprefix("| ").removesuffix(" |").split(" | ")) for line in text.splitlines()[2:]]


def test_the_page_has_these_tables_and_no_others() -> None:
    assert re.findall(r"^<!-- make bench: (.*) -->$", PAGE, re.MULTILINE) == NAMES
    assert sorted(HEADS) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_table_has_the_shape_that_the_script_gives_it(name: str) -> None:
    table = Table(name, rows(name))
    assert table.rows
    assert {len(row) for row in table.rows} == {len(HEADS[name])}
    assert table.put_into(PAGE) == PAGE


def test_a_table_takes_the_place_of_the_one_of_its_name() -> None:
    page = f"a\n{begin('stages')}old\n{END}b\n{begin('machine')}other\n{END}c\n"
    assert Table("stages", [("x", "1%")]).put_into(page) == (
        "a\n<!-- make bench: stages -->\n"
        "| the first form of a new instance | of its CPU |\n| --- | --- |\n| x | 1% |\n"
        "<!-- /make bench -->\nb\n<!-- make bench: machine -->\nother\n<!-- /make bench -->\nc\n"
    )


def test_a_table_needs_its_place() -> None:
    with pytest.raises(ValueError, match="not enough values"):
        Table("stages", [("x", "1%")]).put_into("a page without markers")


@pytest.mark.parametrize("row", [row for row in rows("numbers") if row[2]], ids=lambda row: row[0])
def test_a_verdict_is_that_of_its_number(row: tuple[str, ...]) -> None:
    _, measured, target, holds = row
    sign, bound = re.fullmatch(r"(<=|>=|<)? ?([\d.]+).*", target).groups()  # type: ignore[union-attr]
    number, limit = float(re.match(r"[\d.]+", measured)[0]), float(bound)  # type: ignore[index]
    verdict = {"<=": number <= limit, ">=": number >= limit, "<": number < limit, None: number == limit}[sign]
    assert holds == ("yes" if verdict else "no")


@pytest.mark.parametrize(
    ("number", "target", "measured", "holds"),
    [
        (1.5049, "<= 1.5x", "1.50x", True),
        (1.505001, "<= 1.5x", "1.51x", False),
        (45.0, ">= 45x", "45.00x", True),
        (44.99, ">= 45x", "44.99x", False),
        (64.0, "< 64x", "64.00x", False),
        (7.0, "<= 7 MB", "7.00x", True),
        (7.0, "-", "7.00x", None),
    ],
)
def test_a_number_is_judged_as_it_is_written(number: float, target: str, measured: str, holds: bool | None) -> None:
    assert Row.of("it", number, "{:.2f}x", target) == Row("it", measured, target, holds)


@pytest.mark.parametrize("row", rows("cores"), ids=lambda row: row[0])
def test_the_cost_is_what_the_price_list_makes_of_the_time(row: tuple[str, ...]) -> None:
    """CU = vCPU seconds + 0.15 for a GB second + 75 for 10,000 calls; a warm form counts as 2.5 ms."""
    setting, first, cold, _, million = row
    vcpu, memory = setting.removesuffix(" MB").split(", ", 1)
    each_second = float(vcpu) + 0.15 * int(memory.replace(",", "")) / 1024
    seconds = float(first.removesuffix(" s"))
    assert cold == f"{each_second * seconds + 0.0075:.2f}"
    assert million == f"{(each_second * 0.0025 + 0.0075) * 1_000_000:,.0f}"


def test_the_function_gets_what_the_page_says() -> None:
    declared = (Path(__file__).parents[2] / "s.yaml").read_text(encoding="utf-8")
    assert ("one core and 1,024 MB" in PAGE, "cpu: 1\n      memorySize: 1024\n" in declared) == (True, True)


def test_every_optimisation_can_be_switched_off_where_the_page_says() -> None:
    root = Path(__file__).parents[2]
    switches = re.findall(r"`([\w/]+\.py)`, `(\w+)` \|", PAGE)
    assert switches
    missing = []
    for file, name in switches:
        [path] = [path for path in (root / file, *root.glob(f"functions/*/{file}")) if path.exists()] or [None]
        if path is None or not re.search(rf"\b{name}\b", path.read_text(encoding="utf-8")):
            missing.append(f"{file}: {name}")
    assert missing == []
