"""Tests of tools/test.sh: no file of tests is left out, and none is run twice."""

from __future__ import annotations

import re
import subprocess
from collections import Counter

import pytest

from localcloud.dev.cloud import ROOT

LINES = 'eval "$(sed -n "/^without()/,/^$/p" tools/test.sh)"; printf "%s\\n" "$page"'
"""A program of the shell that prints the lines which tools/test.sh runs in a process each; others follow."""


def run(program: str) -> str:
    command = ["bash", "-c", program]
    return subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout  # noqa: S603


@pytest.mark.thorough
@pytest.mark.node_modules
@pytest.mark.parametrize("others", ['"$others" "$functions"', '"$unit" tests/chain'])
def test_each_file_of_tests_is_in_one_line(others: str) -> None:
    read = ".venv/default/bin/python -m pytest --collect-only -qq"
    found = "".join(run(f"{read} {line}") for line in run(f"{LINES} {others}").splitlines())
    expected = {str(file.relative_to(ROOT)) for file in ROOT.glob("tests/**/test_*.py")}
    in_browsers = {file for file in expected if file.startswith("tests/browsers/")}
    assert Counter(re.findall(r"^(tests/.*): [0-9]+$", found, re.MULTILINE)) == Counter(expected - in_browsers)
