"""How the owner's commands are run: no file in the folder is run instead of a module, and `| head` ends none of them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.scratch import PROJECT

STRANGE = "raise SystemExit('a file of the folder was run')\n"
"""What an uploaded file may hold."""

MODULES = ["argparse", "requests", "yaml", "json", "site", "sitecustomize", "usercustomize", "deploy", "index", "pip"]


def recipe(target: str) -> list[str]:
    """Returns the command of a target of the Makefile, without its set-up."""
    text = (PROJECT / "Makefile").read_text(encoding="utf-8")
    variables = dict(re.findall(r"^([A-Z]+) := (.*)$", text, re.MULTILINE))
    (lines,) = re.findall(rf"^{target}: ## .*\n((?:\t.*\n?)+)", text, re.MULTILINE)
    command = lines.splitlines()[-1].strip().removeprefix("@exec ")
    for _ in range(2):
        command = re.sub(r"\$\(([A-Z]+)\)", lambda match: variables.get(match[1], ""), command)
    words = command.split()
    assert words[0] == ".venv/default/bin/python"
    return [sys.executable, *words[1:]]


OWNERS = ["link", "build", "deploy", "remove", "doctor", "smoke", "files", "replay", "dev", "cloud", "invoke"]


@pytest.mark.parametrize("target", OWNERS)
def test_every_command_is_run_isolated(target: str) -> None:
    assert recipe(target)[1:3] == ["-I", "tools/run.py"]


def hostile(folder: Path) -> Path:
    """Returns a project into which strangers have put modules, beside its own."""
    for name in ("deploy", "functions", "localcloud", "tools", "s.yaml", "web", "vectors"):
        (folder / name).symlink_to(PROJECT / name)
    (folder / "tools").unlink()
    (folder / "tools").mkdir()
    (folder / "tools" / "run.py").write_text((PROJECT / "tools" / "run.py").read_text(encoding="utf-8"))
    for name in MODULES:
        (folder / f"{name}.py").write_text(STRANGE)
    return folder


@pytest.mark.parametrize(
    "target",
    [
        *(pytest.param(each, marks=pytest.mark.thorough) for each in ("link", "smoke", "replay")),
        "doctor",
        "files",
        "cloud",
    ],
)
def test_no_module_in_the_folder_is_run(tmp_path: Path, target: str) -> None:
    folder = hostile(tmp_path)
    done = subprocess.run(  # noqa: S603 - the Makefile's own
        [*recipe(target), "--help"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(folder), "HOME": str(folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "a file of the folder was run" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout


def head(command: list[str], folder: Path, given: str = "", **environ: str) -> tuple[int, str]:
    """Runs a command whose output nobody reads; its exit code, and what it says on standard error."""
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(  # noqa: S603 - our own
            command,
            cwd=PROJECT,
            env={"PATH": os.environ["PATH"], "HOME": str(folder), **environ},
            input=given,
            stdout=write,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=120,
        )
    finally:
        os.close(write)
    return done.returncode, done.stderr


LINK = ["--who", "a", "--until", "1d", "--page", "https://p.example/"]


@pytest.mark.parametrize(
    ("target", "arguments", "code"),
    [("doctor", [], 1), ("link", LINK, 0), ("files", ["--help"], 0), ("smoke", ["--help"], 0), ("invoke", [], 0)],
)
def test_where_nobody_reads_a_command_ends_as_it_would(
    tmp_path: Path, target: str, arguments: list[str], code: int
) -> None:
    settings = {"AccountID": "1234567890123456", "NAME": "NOT A NAME", "JWT_SECRET": "0" * 32}
    ended, said = head([*recipe(target), *arguments], tmp_path, **settings)
    assert (ended, re.findall("Traceback|BrokenPipe|Exception", said)) == (code, [])
