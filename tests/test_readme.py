"""The README is true: its tables are those of the code, its samples and its recipes run."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from direct_upload.errors import Refused
from given_tokens import bearer, new_secret
from localcloud.cloud import ROOT, Cloud
from oss_forms import elements, outcome
from test_chain import CONTENT, FOLDER_FORM, post, tutorial_fields

README = (ROOT / "README.md").read_text(encoding="utf-8")


def fenced(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table below a heading."""
    [table] = re.findall(rf"^#+ {heading}\n.*?\n\| --- .*?\n(.*?)\n(?!\|)", README, re.MULTILINE | re.DOTALL)
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in table.splitlines()]


def test_the_table_of_refusals_is_that_of_the_code() -> None:
    own = [kind for kind in Refused.__subclasses__() if kind.__module__ == Refused.__module__]
    kinds = sorted(own, key=lambda kind: kind.status)
    assert rows("Refusals") == [
        [str(kind.status), f"`{kind.code}`", (kind.__doc__ or "").splitlines()[0]] for kind in kinds
    ]


def test_the_table_of_settings_has_every_variable_that_is_read() -> None:
    rooms = ("settings", "environment")
    source = "".join((ROOT / f"functions/sign/direct_upload/{room}.py").read_text(encoding="utf-8") for room in rooms)
    told = [name for row in rows("Settings") for name in re.findall(r"`([A-Z_]+)`", row[0])]
    assert set(told) == set(re.findall(r'\bread\("([A-Z_]+)"', source))


def test_every_file_it_names_is_there() -> None:
    named = [
        path
        for path in re.findall(r"`([a-z_./…]+/[a-z_./]*)`", README)
        if not path.startswith(("/", "local-files", "build/"))
    ]
    rooms = "functions/sign/direct_upload/"
    assert [path for path in named if not (ROOT / path.replace("…/", rooms)).exists()] == []


def test_every_test_that_the_security_policy_names_is_there() -> None:
    security = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    named = re.findall(r"`([a-z0-9_/]+\.py)(?:::(\w+))?`", security)
    numbers = re.findall(r"T\d\d", security)
    assert numbers == [f"T{number:02}" for number in range(1, max(41, len(numbers) + 1))]
    for file, test in named:
        assert (
            f"def {test}(" in (ROOT / "tests" / file).read_text(encoding="utf-8")
            if test
            else (ROOT / "tests" / file).exists()
        )


def test_every_test_that_the_page_about_the_page_names_is_there() -> None:
    page = (ROOT / "docs" / "page.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:e2e|browsers|web)/[\w.]+)::([^`]+)`", page)
    assert len(named) > 30
    for file, test in named:
        source = (ROOT / "tests" / file).read_text(encoding="utf-8")
        assert (f"def {test}(" if file.endswith(".py") else test) in source, test


def test_every_make_target_it_names_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert set(re.findall(r"make ([a-z]+)", README)) <= set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    with Cloud(tmp_path / "files") as cloud:
        yield cloud
    cloud.check()


def shape(value: Any) -> Any:
    """Names and kinds, without the values that differ from run to run."""
    if isinstance(value, dict):
        return {name: shape(member) for name, member in value.items()}
    return [shape(member) for member in value] if isinstance(value, list) else type(value)


def test_the_curl_commands_store_a_file(cloud: Cloud, tmp_path: Path) -> None:
    [commands] = [block for block in fenced("sh") if "curl" in block]
    commands = re.sub("(?m)^FUNCTION=.*", f"FUNCTION={cloud.gateway.url}", commands)
    done = subprocess.run(["sh", "-c", commands], cwd=tmp_path, capture_output=True, text=True, timeout=30, check=True)  # noqa: S603, S607 - the README's own
    assert done.stdout.startswith("HTTP/1.1 200 OK"), done.stdout + done.stderr
    assert [each.path.read_bytes() for each in cloud.bucket.objects()] == [b"hello"]


def test_the_link_commands_give_a_link_that_uploads(tmp_path: Path) -> None:
    [commands] = [block for block in fenced("sh") if "make link" in block]
    [flags] = re.findall(r"make link ARGS='(.*)'", commands)
    secret = new_secret()
    printed = subprocess.run(  # noqa: S603 - the README's own
        [sys.executable, "-m", "deploy.link", *flags.split()],
        cwd=ROOT,
        env=os.environ | {"JWT_SECRET": secret, "PYTHONPATH": "functions/sign"},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    ).stdout
    token = printed.strip().partition("#token=")[2]
    with Cloud(tmp_path, settings={"AUTH": "jwt", "JWT_SECRET": secret}) as cloud:
        file = {"filename": "a.png", "size": len(CONTENT), "content_type": "image/png"}
        answer = requests.post(f"{cloud.gateway.url}/sign", json={"files": [file]}, headers=bearer(token), timeout=10)
        [upload] = answer.json()["uploads"]
        assert post(upload["url"], upload["fields"]).status_code == 200
        assert upload["key"].startswith("uploads/alice/")
    cloud.check()


def test_the_sample_request_is_answered_as_shown(cloud: Cloud) -> None:
    request, shown = map(json.loads, fenced("json"))
    answer = requests.post(f"{cloud.gateway.url}/sign", json=request, timeout=10).json()
    assert shape(answer) == shape(shown)
    [ours], [theirs] = answer["uploads"], shown["uploads"]
    assert list(ours["fields"]) == list(theirs["fields"])
    for name in ("key", "success_action_status", "x-oss-content-type", "x-oss-meta-filename", "Content-Disposition"):
        assert ours["fields"][name] == theirs["fields"][name]


def with_recipe(text: str, tmp_path: Path) -> Cloud:
    """A cloud whose function has been changed as a recipe says."""
    code = tmp_path / "functions" / "sign"
    shutil.copytree(ROOT / "functions" / "sign", code)
    [diff] = [diff for diff in fenced("diff") if text in diff]
    [file] = re.findall(r"^\+\+\+ b/(.*)$", diff, re.MULTILINE)
    lines = diff.partition("@@\n")[2].splitlines(keepends=True)
    old, new = ("".join(line[1:] for line in lines if line[0] in kept) for kept in (" -", " +"))
    source = (tmp_path / file).read_text(encoding="utf-8")
    assert source.count(old) == 1
    (tmp_path / file).write_text(source.replace(old, new), encoding="utf-8")
    return Cloud(tmp_path / "files", code=code)


def test_recipe_only_some_types_and_sizes(tmp_path: Path) -> None:
    [command] = [line for block in fenced("sh") for line in block.splitlines() if line.startswith("CONTENT_TYPES=")]
    settings = dict(word.split("=", 1) for word in command.removesuffix(" make dev").split())
    with Cloud(tmp_path, settings=settings) as cloud:
        form = requests.get(cloud.gateway.url + FOLDER_FORM, timeout=10).json()
        fields = tutorial_fields(form, "a")
        assert (form["content_types"], form["max_size"]) == (["image/png", "image/jpeg"], 10_000_000)
        assert outcome(post(form["host"], fields, content_type="text/html")) == (403, "AccessDenied", "0006-00000227")
        assert outcome(post(form["host"], fields, b"x" * 10_000_001)) == (400, "EntityTooLarge", "0006-00000003")
        assert post(form["host"], fields).status_code == 200
    cloud.check()


def test_recipe_another_answer_of_oss(tmp_path: Path) -> None:
    with with_recipe('"201"', tmp_path) as cloud:
        form = requests.get(cloud.gateway.url + FOLDER_FORM, timeout=10).json()
        fields = tutorial_fields(form, "a.png")
        assert outcome(post(form["host"], fields)) == (403, "AccessDenied", "0006-00000227")
        created = post(form["host"], fields | {"success_action_status": "201"})
        assert (created.status_code, elements(created)["Key"]) == (201, form["dir"] + "a.png")
    cloud.check()


def test_recipe_some_value_forbidden(tmp_path: Path) -> None:
    with with_recipe("not-in", tmp_path) as cloud:
        form = requests.get(cloud.gateway.url + FOLDER_FORM, timeout=10).json()
        fields = tutorial_fields(form, "a.png")
        refused = post(form["host"], fields | {"Cache-Control": "no-cache"})
        assert outcome(refused) == (403, "AccessDenied", "0006-00000227")
        assert post(form["host"], fields | {"Cache-Control": "max-age=60"}).status_code == 200
        assert [each.path.read_bytes() for each in cloud.bucket.objects()] == [CONTENT]
    cloud.check()
