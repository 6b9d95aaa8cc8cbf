"""`python -m localcloud.explain.docs`: writes what is generated from the rulebook.

It writes the table of errors in docs/localcloud.md, and web/owner-explanations.json, from which the page explains them.
"""

from __future__ import annotations

import json
from pathlib import Path

from localcloud.explain.rulebook import Rule, rules

DOCS_FILE = Path(__file__).parents[2] / "docs" / "localcloud.md"
PAGE_RULES_FILE = Path(__file__).parents[2] / "web" / "owner-explanations.json"

BEGIN, END = "<!-- refusals: python -m localcloud.explain.docs -->\n", "<!-- end of refusals -->"


def render_docs(text: str) -> str:
    """Returns docs/localcloud.md with a new table. Raises ValueError if it has no place for one."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{DOCS_FILE.name} has no place for the table. Add the lines {BEGIN.strip()} and {END}.")
    return before + begin + _table() + end + after


def render_page_rules() -> str:
    """Returns a rule for each error that a form can meet, as JSON; those with an EC or a message come first."""
    page_rules = [rule for rule in rules() if rule.status != 501 and {"all", "PostObject"} & _operations(rule)]
    page_rules.sort(key=lambda rule: (rule.ec is None, rule.message is None))
    members = [{"code": rule.code, "ec": rule.ec, "message": rule.message, "text": rule.text()} for rule in page_rules]
    entries = [{name: value for name, value in entry.items() if value} for entry in members]
    return json.dumps(entries, ensure_ascii=False, indent=4) + "\n"


def _operations(rule: Rule) -> set[str]:
    return {operation.removesuffix(" with callback") for operation in rule.operation.split(", ")}


def _table() -> str:
    """Returns one row for each rule, in the rulebook's order."""
    head = "| operation | what is wrong | response | document | established | test |\n"
    head += "| --- | --- | --- | --- | --- | --- |\n"
    return head + "".join(map(_row, rules()))


def _row(rule: Rule) -> str:
    response = f"{rule.status} `{rule.code}`" + (f" {rule.ec}" if rule.ec else "")
    established = f"our choice: {rule.our_choice}" if rule.our_choice else "yes"
    test = f"`{rule.test}`" if rule.test else "**none yet**"
    cells = (rule.operation, rule.finding, response, rule.document, established, test)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


if __name__ == "__main__":
    DOCS_FILE.write_text(render_docs(DOCS_FILE.read_text(encoding="utf-8")), encoding="utf-8")
    PAGE_RULES_FILE.write_text(render_page_rules(), encoding="utf-8")
