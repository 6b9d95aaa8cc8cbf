"""`python -m localcloud explain`: takes an error of OSS (XML) or STS (JSON), an EC or a Code, and explains it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from localcloud.explain.explain import explain, read_fields
from localcloud.explain.rulebook import ErrorResponse, find_rules
from localcloud.terminal import report_user_errors, visible

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str]) -> int:
    """Explain one error. Returns the exit code: 0; 1 if it is not in the rulebook; 2 for wrong arguments."""
    options = _parser().parse_args(arguments)
    with report_user_errors() as outcome:
        error = ErrorResponse.parse(_read_error(options.error))
        fields = read_fields(options.form.read_text(encoding="utf-8")) if options.form else {}
        print(visible(explain(error, fields, options.size)))
        outcome.exit_code = 0 if find_rules(error) else 1
    return outcome.exit_code


def _read_error(text: str) -> str:
    if text == "-":
        return sys.stdin.read()
    path = Path(text)
    return path.read_text(encoding="utf-8") if path.is_file() else text


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m localcloud explain",
        description="Explain an error of OSS or STS: what is wrong, and how to fix it.",
    )
    parser.add_argument(
        "error", help="an EC, a Code, a file that contains the response (XML or JSON), or - for standard input"
    )
    parser.add_argument(
        "--form", type=Path, metavar="FILE", help="the signer's response, the form's fields, or its policy"
    )
    parser.add_argument("--size", type=int, metavar="BYTES", help="the size of the file that was sent")
    return parser
