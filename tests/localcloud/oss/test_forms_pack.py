"""The known-answer pack: its file is today's, its signatures are computed by two others, and our stand-in agrees."""

from __future__ import annotations

import calendar
import json
import subprocess
import time
from typing import Any

import pytest

from localcloud.dev.cloud import ROOT
from support.forms_pack import FILE, IDENTITY, text
from support.oss_world import File, OssWorld, outcome, post

PACK = json.loads(FILE.read_text(encoding="utf-8"))


def test_the_file_is_what_is_made_today() -> None:
    assert FILE.read_text(encoding="utf-8") == text(), (
        "run PYTHONPATH=.:tests .venv/default/bin/python tests/support/forms_pack.py"
    )


def test_every_form_has_a_name_of_its_own() -> None:
    names = [form["name"] for form in PACK["forms"]]
    assert len(set(names)) == len(names) >= 60


@pytest.mark.node_modules
@pytest.mark.parametrize("form", PACK["forms"], ids=lambda form: form["name"])
def test_the_stand_in_gives_the_verdict(world: OssWorld, form: dict[str, Any]) -> None:
    world.add(IDENTITY)
    world.clock.now = calendar.timegm(time.strptime(form["now"], "%Y-%m-%dT%H:%M:%S.000Z"))
    file = File(b"x" * form["file"]["size"], "a.txt", form["file"]["content_type"])
    answer = post(world, [tuple(field) for field in form["fields"]], file)
    expected = form["expected"]
    assert outcome(answer) == (expected["status"], expected.get("code"), expected.get("ec"))


def test_node_computes_the_same_signatures() -> None:
    ran = subprocess.run(["node", "vectors/check.mjs"], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S607
    count = len(PACK["forms"]) + 3
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, f"{count} of {count} signatures are the same\n", "")
