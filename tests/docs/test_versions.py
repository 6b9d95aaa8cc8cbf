"""Tests that every place that names the project's version names the same one."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from support.factories import VERSION

NUMBER = r"(\d+\.\d+\.\d+)"
PLACES = {
    "functions/shared/fc_http/version.py": rf'^VERSION = "{NUMBER}"$',
    "deploy/publish.yaml": rf"^Version: {NUMBER}$",
    "pyproject.toml": rf'^version = "{NUMBER}"$',
    "localcloud/pyproject.toml": rf'^version = "{NUMBER}"$',
    "localcloud/CHANGELOG.md": rf"^## {NUMBER} — ",
}


@pytest.mark.parametrize(("file", "pattern"), PLACES.items(), ids=PLACES)
def test_the_version_is_that_of_the_changelog(file: str, pattern: str) -> None:
    assert re.findall(pattern, Path(file).read_text(encoding="utf-8"), re.MULTILINE)[:1] == [VERSION]


def test_the_packages_of_the_page_and_its_examples_have_it_too() -> None:
    package = json.loads(Path("web/package.json").read_text(encoding="utf-8"))
    examples = [json.loads(file.read_text(encoding="utf-8")) for file in Path("examples").glob("*/package.json")]
    needed = [example["dependencies"]["oss-direct-upload"] for example in examples]
    assert (package["version"], needed) == (VERSION, [VERSION] * 3)
