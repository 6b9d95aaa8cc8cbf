"""`python -m localcloud.explain.docs`: what is made from the rulebook, written anew.

The refusals of the table in docs/localcloud.md; and for the page what it shows of a refusal of the storage.
"""

from __future__ import annotations

import json
from pathlib import Path

from localcloud.explain.explain import Rule, rules

PAGE = Path(__file__).parents[2] / "docs" / "localcloud.md"
FOR_THE_PAGE = Path(__file__).parents[2] / "web" / "storage-errors.json"

BEGIN, END = "<!-- refusals: python -m localcloud.explain.docs -->\n", "<!-- end of refusals -->"


def table() -> str:
    """One row for each refusal, in the rulebook's order."""
    head = "| operation | finding | answer | document | established | test |\n| --- | --- | --- | --- | --- | --- |\n"
    return head + "".join(map(_row, rules()))


def written(page: str) -> str:
    """The page with the table of today's rulebook. Raises ValueError if it has no place for one."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{PAGE.name} must have the lines {BEGIN.strip()} and {END}.")
    return before + begin + table() + end + after


def for_the_page() -> str:
    """A rule for each refusal that a form can meet, those that tell more by their number or words first."""
    met = [rule for rule in rules() if rule.status != 501 and {"all", "PostObject"} & set(_operations(rule))]
    met.sort(key=lambda rule: (rule.ec is None, rule.message is None))
    told = [{"code": rule.code, "ec": rule.ec, "message": rule.message, "text": rule.text()} for rule in met]
    members = [{name: value for name, value in each.items() if value} for each in told]
    return json.dumps(members, ensure_ascii=False, indent=4) + "\n"


def _operations(rule: Rule) -> list[str]:
    return [operation.removesuffix(" with callback") for operation in rule.operation.split(", ")]


def _row(rule: Rule) -> str:
    answer = f"{rule.status} `{rule.code}`" + (f" {rule.ec}" if rule.ec else "")
    established = f"our choice: {rule.chosen}" if rule.chosen else "yes"
    test = f"`{rule.test}`" if rule.test else "**none yet**"
    cells = (rule.operation, rule.finding, answer, rule.document, established, test)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    FOR_THE_PAGE.write_text(for_the_page(), encoding="utf-8")
