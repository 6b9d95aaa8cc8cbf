"""What CONTRIBUTING.md says of CI and of the editor is what their files say."""

from __future__ import annotations

import json
import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_ci_runs_the_two_commands_on_both_runtimes() -> None:
    workflow = yaml.safe_load(text_of(".github/workflows/ci.yml"))
    steps = workflow["jobs"]["test"]["steps"]
    [pythons] = [step["with"]["python-version"].split() for step in steps if "setup-python" in step.get("uses", "")]
    runtimes = re.findall(r'^RUNTIMES="([\d. ]+)"', text_of("tools/setup.sh"), re.MULTILINE)
    assert [step["run"] for step in steps if "run" in step] == ["make check", "make test"]
    assert [sorted(pythons)] == [sorted(runtime.split()) for runtime in runtimes]


def test_editors_and_tools_have_one_length_of_line() -> None:
    editor = re.findall(r"^max_line_length = (\d+)$", text_of(".editorconfig"), re.MULTILINE)
    ruff = re.findall(r"^line-length = (\d+)$", text_of("pyproject.toml"), re.MULTILINE)
    assert editor == ruff == [str(json.loads(text_of("biome.json"))["formatter"]["lineWidth"])]
