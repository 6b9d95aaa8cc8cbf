"""`python -m vectors.peers.docs`: writes docs/reference/peer-suites.md, the table of all rows."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vectors.peers.runner import read_suites

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FILE = Path(__file__).parents[2] / "docs" / "reference" / "peer-suites.md"

MARKS = {
    "same": "OSS's documents say what the peer says",
    "differs": "OSS's documents say otherwise, on the page that is named",
    "not established": "no page of OSS settles it; the page named is the one that would have to",
    "counterpart": "OSS has nothing of the kind; the row asks for what is nearest",
}

HEAD = """\
# Suites of peers

Other projects test forms, CORS, uploads in parts and session policies, too. This page has their cases, said in OSS's
words: what the peer expects, what OSS's documents establish, with a link to the page, and what the
[local cloud](../localcloud.md) answers.
`make test` runs every row. The rows are data in `vectors/peers/`, from which this page is made
(`python -m vectors.peers.docs`); [vectors/README.md](../../vectors/README.md) says how to run them against any other
endpoint. None has been run against the real service.

"""


def render() -> str:
    """Returns the page."""
    suites = read_suites()
    return HEAD + "".join(_legend(suites)) + "".join(map(_suite, suites.values()))


def _legend(suites: Mapping[str, Any]) -> Iterator[str]:
    """Yields the lines of what the marks mean, and how many rows have each."""
    names = [suite["peer"].partition(",")[0] for suite in suites.values()]
    yield f"| mark | meaning | {' | '.join(names)} |\n| --- | --- |{' --- |' * len(names)}\n"
    counts = [Counter(row["mark"] for row in suite["rows"]) for suite in suites.values()]
    for mark, meaning in MARKS.items():
        yield f"| {mark} | {meaning} | {' | '.join(str(count[mark]) for count in counts)} |\n"


def _suite(suite: Mapping[str, Any]) -> str:
    rows = "".join(map(_row, suite["rows"]))
    left_out = "".join(f"| {_escape(name)} | {_escape(why)} |\n" for name, why in suite["left_out"].items())
    return (
        f"\n## {suite['peer']}\n\n{suite['about']}\n\n[Source]({suite['source']})\n\n"
        "| case | what is sent | peer | OSS's documents | answer here | mark |\n"
        f"| --- | --- | --- | --- | --- | --- |\n{rows}\n"
        f"Not among the rows:\n\n| cases | why |\n| --- | --- |\n{left_out}"
    )


def _row(row: Mapping[str, Any]) -> str:
    established = {name: value for name, value in row["oss"].items() if name != "page"}
    oss = f"[{_answer(established) or 'nothing'}]({row['oss']['page']})"
    mark = " – ".join(filter(None, [row["mark"], row.get("why")]))
    cells = [row["sends"], _answer(row["peer"]), oss, _answer(row["ours"]), mark]
    return f"| `{row['case']}` | {' | '.join(map(_escape, cells))} |\n"


def _answer(answer: Mapping[str, Any]) -> str:
    """Returns an answer in a few words: status, Code, EC, and which headers it must have, or must not have."""
    code = [f"`{answer['code']}`"] if "code" in answer else []
    parts = [str(answer["status"])] if "status" in answer else ["refused"] if "refused" in answer else []
    parts += code + ([answer["ec"]] if "ec" in answer else [])
    headers = [
        f"no {name}" if value is None else f"{name}: {value}" for name, value in answer.get("headers", {}).items()
    ]
    return "; ".join(filter(None, [" ".join(parts), *headers]))


def _escape(text: str) -> str:
    """Returns a text as it shall be read, for a cell of a table."""
    return re.sub(r"[\\|*]", r"\\\g<0>", text.replace("{{prefix}}", "…/")).replace("<", "&lt;")


if __name__ == "__main__":
    FILE.write_text(render(), encoding="utf-8")
