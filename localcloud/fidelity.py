"""`python -m localcloud.fidelity`: the refusals of the table in docs/localcloud.md, written anew from the rulebook."""

from __future__ import annotations

from pathlib import Path

from localcloud.explain import Rule, rules

PAGE = Path(__file__).parents[1] / "docs" / "localcloud.md"

BEGIN, END = "<!-- refusals: python -m localcloud.fidelity -->\n", "<!-- end of refusals -->"


def table() -> str:
    """One row for each refusal, in the rulebook's order."""
    head = "| operation | rule | answer | document | established | test |\n| --- | --- | --- | --- | --- | --- |\n"
    return head + "".join(map(_row, rules()))


def written(page: str) -> str:
    """The page with the table of today's rulebook. Raises ValueError if it has no place for one."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{PAGE.name} must have the lines {BEGIN.strip()} and {END}.")
    return before + begin + table() + end + after


def _row(rule: Rule) -> str:
    answer = f"{rule.status} `{rule.code}`" + (f" {rule.ec}" if rule.ec else "")
    established = f"our choice: {rule.chosen}" if rule.chosen else "yes"
    test = f"`{rule.test}`" if rule.test else "**none yet**"
    cells = (rule.operation, rule.rule, answer, rule.document, established, test)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
