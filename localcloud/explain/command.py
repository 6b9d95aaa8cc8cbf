"""`python -m localcloud explain`: takes an error of OSS (XML) or STS (JSON), an EC or a Code, and explains it."""

from __future__ import annotations

import argparse
import errno
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from localcloud.explain.explain import explain, read_fields
from localcloud.explain.rulebook import ErrorResponse, find_rules
from localcloud.terminal import report_user_errors, visible

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str]) -> int:
    """Explains one error. Returns the exit code: 0; 1 if it is not in the rulebook; 2 for wrong arguments."""
    options = _parser().parse_args(arguments)
    with report_user_errors() as outcome:
        error = ErrorResponse.parse(_read_error(options.error))
        fields = read_fields(_read_text(options.form)) if options.form else {}
        for line in explain(error, fields, options.size).split("\n"):
            print(visible(line))
        outcome.exit_code = 0 if find_rules(error) else 1
    return outcome.exit_code


def _read_error(text: str) -> str:
    if text == "-":
        return sys.stdin.buffer.read().decode(errors="replace")
    try:
        return _read_text(Path(text)) if Path(text).is_file() else text
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        return text  # an answer that was pasted in place of a file's name


def _read_text(path: Path) -> str:
    """Returns what a file has; where it is not UTF-8, what remains of it is not JSON either."""
    return path.read_text(encoding="utf-8", errors="replace")


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
