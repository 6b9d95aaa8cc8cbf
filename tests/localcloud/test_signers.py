"""The signers in other languages, in examples/: each assumes the role over http, signs a form, and posts it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from localcloud.dev.cloud import ROOT
from localcloud.standalone import Options, OssCloud
from support import sentinels

SIGNERS = ROOT / "examples" / "signers"

COMMANDS = {
    "signer.mjs": ("node",),
    "Signer.java": ("java",),
    "signer.go": ("go", "run"),
    "signer.php": ("php",),
}
"""What runs each of them. Only Node.js is on every machine that runs the tests."""


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OssCloud]:
    with OssCloud(tmp_path_factory.mktemp("cloud"), Options(region="cn-hangzhou")) as cloud:
        sentinels.keep_secret(cloud.access_key_secret)
        yield cloud
    cloud.check()


def run(name: str, folder: Path, environ: dict[str, str]) -> str:
    command = COMMANDS[name]
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not on this machine")
    done = subprocess.run(  # noqa: S603 - the project's own
        [*command, str(SIGNERS / name)],
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_a_signer_stores_a_file(cloud: OssCloud, tmp_path: Path, name: str) -> None:
    cloud.reset()
    assert run(name, tmp_path, cloud.environ) == "204 \n"
    assert cloud.read("uploads/hello.txt") == b"hello"
    assert [record.note.get("operation", record.service) for record in cloud.requests] == ["sts", "PostObject"]


def test_a_signer_that_signs_for_another_region_is_refused(cloud: OssCloud, tmp_path: Path) -> None:
    cloud.reset()
    answer = run("signer.mjs", tmp_path, {**cloud.environ, "OSS_REGION": "cn-beijing"})
    assert answer.split(" ")[0] in ("400", "403")
    assert cloud.bucket.objects() == []


def test_every_signer_is_run() -> None:
    assert {path.name for path in SIGNERS.iterdir()} == set(COMMANDS)
