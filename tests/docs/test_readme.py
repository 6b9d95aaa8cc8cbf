"""The samples of README and docs run."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from localcloud.dev.cloud import ROOT, Cloud, CloudOptions
from localcloud.dev.settings import SETTINGS
from localcloud.fault_switches import Faults
from support.chain import CONTENT, FOLDER_FORM, post, tutorial_fields
from support.checkout import untouched_checkout
from support.oss_world import elements, outcome
from support.tokens import bearer, new_secret, token

README = (ROOT / "README.md").read_text(encoding="utf-8")
HTTP_API = (ROOT / "docs" / "reference" / "http-api.md").read_text(encoding="utf-8")
TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
RECIPES = (ROOT / "docs" / "from-the-tutorial.md").read_text(encoding="utf-8")


def code_blocks(language: str, text: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def test_the_readme_has_at_most_120_lines() -> None:
    assert len(README.splitlines()) <= 120


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


@pytest.mark.node_modules
@pytest.mark.node_modules
def test_the_ten_lines_store_a_file(tmp_path: Path) -> None:
    """In Node.js, whose fetch, File and FormData are those of browsers."""
    [lines] = code_blocks("js", README)
    secret = new_secret()
    with Cloud(tmp_path, CloudOptions(settings={"AUTH": "jwt", "JWT_SECRET": secret})) as cloud:
        given = {"FUNCTION": cloud.gateway.url, "token": token(secret, exp=int(time.time()) + 600)}
        program = (
            'import { File } from "node:buffer";\n'
            + "".join(f"const {name} = {json.dumps(value)};\n" for name, value in given.items())
            + 'const file = new File(["hello"], "a.txt", { type: "text/plain" });\n'
            + lines
            + "console.log(stored.status);\n"
        )
        done = subprocess.run(  # noqa: S603 - the README's own
            ["node", "--input-type=module", "-e", program],  # noqa: S607
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert done.stdout == "200\n", done.stderr
        assert [each.path.read_bytes() for each in cloud.bucket.objects()] == [b"hello"]
    cloud.check()


def test_the_curl_commands_store_a_file(cloud: Cloud, tmp_path: Path) -> None:
    [commands] = [block for block in code_blocks("sh", HTTP_API) if "curl" in block]
    commands = re.sub("(?m)^FUNCTION=.*", f"FUNCTION={cloud.gateway.url}", commands)
    done = subprocess.run(["sh", "-c", commands], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)  # noqa: S603, S607 - the README's own
    assert done.stdout.startswith("HTTP/1.1 200 OK"), done.stdout + done.stderr
    assert [each.path.read_bytes() for each in cloud.bucket.objects()] == [b"hello"]


def test_the_tutorial_asks_for_a_form_where_its_make_dev_answers(cloud: Cloud) -> None:
    begin, request, *_ = code_blocks("sh", TUTORIAL)
    [port] = re.findall(r"^FUNCTION=http://127\.0\.0\.1:(\d+)$", request, re.MULTILINE)
    assert f"FUNCTION_PORT={port}" in begin.split()
    script = request.replace(port, str(cloud.gateway.port))
    printed = subprocess.run(["sh", "-ec", script], capture_output=True, check=True, timeout=60).stdout  # noqa: S603, S607 - the document's own
    assert json.loads(printed)["uploads"][0]["fields"]["x-oss-content-type"] == "text/plain"


def test_the_link_commands_give_a_link_that_uploads(tmp_path: Path) -> None:
    [commands] = [block for block in code_blocks("sh", TUTORIAL) if "make link" in block]
    [flags] = re.findall(r"make link ARGS='(.*)'", commands)
    secret = new_secret()
    printed = subprocess.run(  # noqa: S603 - the README's own
        [sys.executable, "-m", "deploy", "link", *flags.split()],
        cwd=untouched_checkout(),
        env=os.environ | {"JWT_SECRET": secret, "PYTHONPATH": "functions/shared:functions/sign"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    link_token = printed.strip().partition("#token=")[2]
    with Cloud(tmp_path, CloudOptions(settings={"AUTH": "jwt", "JWT_SECRET": secret})) as cloud:
        file = {"filename": "a.png", "size": len(CONTENT), "content_type": "image/png"}
        answer = requests.post(
            f"{cloud.gateway.url}/sign", json={"files": [file]}, headers=bearer(link_token), timeout=60
        )
        [upload] = answer.json()["uploads"]
        assert post(upload["url"], upload["fields"]).status_code == 200
        assert upload["key"].startswith("uploads/alice/")
    cloud.check()


def test_the_sample_request_is_answered_as_shown(cloud: Cloud) -> None:
    request, shown = map(json.loads, code_blocks("json", HTTP_API))
    answer = requests.post(f"{cloud.gateway.url}/sign", json=request, timeout=60).json()
    assert shape(answer) == shape(shown)
    [ours], [theirs] = answer["uploads"], shown["uploads"]
    assert list(ours["fields"]) == list(theirs["fields"])
    for name in ("key", "success_action_status", "x-oss-content-type", "x-oss-meta-filename", "Content-Disposition"):
        assert ours["fields"][name] == theirs["fields"][name]


def with_recipe(text: str, tmp_path: Path) -> Cloud:
    """Returns a cloud whose function has been changed as a recipe says."""
    code = tmp_path / "functions" / "sign"
    shutil.copytree(ROOT / "functions" / "sign", code)
    [diff] = [diff for diff in code_blocks("diff", RECIPES) if text in diff]
    [file] = re.findall(r"^\+\+\+ b/(.*)$", diff, re.MULTILINE)
    lines = diff.partition("@@\n")[2].splitlines(keepends=True)
    old, new = ("".join(line[1:] for line in lines if line[0] in kept) for kept in (" -", " +"))
    source = (tmp_path / file).read_text(encoding="utf-8")
    assert source.count(old) == 1
    (tmp_path / file).write_text(source.replace(old, new), encoding="utf-8")
    return Cloud(tmp_path / "files", CloudOptions(code=code))


def test_recipe_only_some_types_and_sizes(tmp_path: Path) -> None:
    [command] = [
        line for block in code_blocks("sh", RECIPES) for line in block.splitlines() if line.startswith("CONTENT_TYPES=")
    ]
    settings = dict(word.split("=", 1) for word in command.removesuffix(" make dev").split())
    with Cloud(tmp_path, CloudOptions(settings=settings)) as cloud:
        form = requests.get(cloud.gateway.url + FOLDER_FORM, timeout=60).json()
        fields = tutorial_fields(form, "a")
        assert (form["content_types"], form["max_size"]) == (["image/png", "image/jpeg"], 10_000_000)
        assert outcome(post(form["host"], fields, content_type="text/html")) == (403, "AccessDenied", "0006-00000227")
        assert outcome(post(form["host"], fields, b"x" * 10_000_001)) == (400, "EntityTooLarge", "0006-00000003")
        assert post(form["host"], fields).status_code == 200
    cloud.check()


def test_recipe_another_answer_of_oss(tmp_path: Path) -> None:
    with with_recipe('"201"', tmp_path) as cloud:
        form = requests.get(cloud.gateway.url + FOLDER_FORM, timeout=60).json()
        fields = tutorial_fields(form, "a.png")
        assert outcome(post(form["host"], fields)) == (403, "AccessDenied", "0006-00000227")
        created = post(form["host"], fields | {"success_action_status": "201"})
        assert (created.status_code, elements(created)["Key"]) == (201, form["dir"] + "a.png")
    cloud.check()


def test_recipe_some_value_forbidden(tmp_path: Path) -> None:
    with with_recipe("not-in", tmp_path) as cloud:
        form = requests.get(cloud.gateway.url + FOLDER_FORM, timeout=60).json()
        fields = tutorial_fields(form, "a.png")
        refused = post(form["host"], fields | {"Cache-Control": "no-cache"})
        assert outcome(refused) == (403, "AccessDenied", "0006-00000227")
        assert post(form["host"], fields | {"Cache-Control": "max-age=60"}).status_code == 200
        assert [each.path.read_bytes() for each in cloud.bucket.objects()] == [CONTENT]
    cloud.check()


DOCUMENTS = [file for folder in (ROOT, ROOT / "docs", ROOT / "docs" / "reference") for file in folder.glob("*.md")]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: file.name)
def test_the_fault_switches_in_its_commands_are_known(document: Path) -> None:
    for switches in re.findall(r"""(?:FAULTS=|--faults )["']([^"']+)["']""", document.read_text(encoding="utf-8")):
        Faults.parse(switches)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: file.name)
def test_the_variables_before_make_dev_are_known(document: Path) -> None:
    commands = re.findall(r"^(?:[A-Z_]+=\S+ )+make dev", document.read_text(encoding="utf-8"), re.MULTILINE)
    used = {name for command in commands for name in re.findall(r"(?:^| )([A-Z_]+)=", command)}
    provider = {"IDENTITY_PROVIDER", "IDENTITY_PROVIDER_PORT"}
    assert used <= {*SETTINGS, *provider, "PORT", "FUNCTION_PORT", "JSON", "FILES", "FAULTS"}
