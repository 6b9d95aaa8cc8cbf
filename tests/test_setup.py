"""tools/setup.sh: one command of a checkout at a time, nothing half-made counts, and every package comes by a hash.

And conftest.py, which says what is not set up.
"""

from __future__ import annotations

import importlib.util
import json
import os
import runpy
import select
import shutil
import signal
import subprocess
import sys
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from localcloud.dev.cloud import ROOT

PATIENCE = 60
"""Seconds to wait, at most, for what ought to happen at once."""

MINOR = "{}.{}".format(*sys.version_info)
SETTING_UP = f"Setting up Python {MINOR} in .venv/{MINOR}\n"
JAVASCRIPT = "Setting up the JavaScript tools in node_modules\n"
WAITING = "Another command is setting up; waiting\n"

PYTHON = f"""#!/bin/sh
# Makes environments whose pip writes down what it is asked for; if HOLD is set, it waits while it does so.
[ "$1 $2" = "-m venv" ] || exec {sys.executable} -S "$@"
echo '["venv"]' >>calls
rm -rf "$4"
mkdir -p "$4/bin"
cp "$PIP" "$4/bin/python"
[ -z "${{HOLD:-}}" ] || {{ echo begun >begun; read -r _ <release; }}
"""

PIP = f"""#!{sys.executable} -IS
# pip, as a Python runs it, and the uv that it installs.
import json, os, pathlib, shutil, sys
program = pathlib.Path(sys.argv[0])
words = sys.argv[1:] if program.name == "uv" else sys.argv[3:]
if sys.argv[1] == "tests/support/chromium.py":
    sys.exit()
if words[0] == "config":
    print(*(f"{{name}}={{value!r}}" for name, value in json.loads(os.environ.get("SETTINGS", "{{}}")).items()), sep="\\n")
    sys.exit()
lists = [pathlib.Path(words[place + 1]).read_text() for place, word in enumerate(words) if word == "-r"]
with open("calls", "a") as calls:
    calls.write(json.dumps([*words, *lists]) + "\\n")
if program.name == "uv":
    names = {{"UV_DEFAULT_INDEX", "SSL_CERT_FILE"}} & os.environ.keys()
    pathlib.Path("environ").write_text(json.dumps({{name: os.environ[name] for name in names}}))
if words[0] == "venv":
    python = pathlib.Path(words[-1]) / "bin" / "python"
    python.parent.mkdir(parents=True)
    shutil.copy(program, python)
if any(word.endswith("/uv.txt") for word in words):
    shutil.copy(program, program.with_name("uv"))
"""

NPM = """#!/bin/sh
echo "[\\"npm\\", \\"$*\\"]" >>calls
mkdir -p node_modules
"""

TOOLS = "pip==26.3 \\\n    --hash=sha256:aa\nsetuptools==84.2.1 \\\n    --hash=sha256:bb\n"
UV = "uv==0.13.9 \\\n    --hash=sha256:22\n"
WHEEL = f"six==1.17.0 \\\n    --hash=sha256:cc\n    --hash=sha256:dd\n{UV}"
SOURCE = "oss2==2.19.1 ; python_version < '4' \\\n    --hash=sha256:ee\n"
TESTS = "pytest-xdist==3.8.0 \\\n    --hash=sha256:ff\n"
LINTERS = "ruff==0.17.6 \\\n    --hash=sha256:11\n"


@dataclass
class Checkout:
    """A folder with set-up in it, on a machine whose only Python and npm are our own."""

    folder: Path

    def begin(self, what: str = "run", **environ: str) -> subprocess.Popen[str]:
        path = os.pathsep.join([str(self.folder / "bin"), "/usr/bin", "/bin"])
        return subprocess.Popen(  # noqa: S603 - our own command
            [self.folder / "tools" / "setup.sh", what],
            env={"PATH": path, "PIP": str(self.folder / "bin" / "pip.py"), **environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, what: str = "run", **environ: str) -> tuple[int | None, str]:
        """Returns exit code, and what was said on standard error."""
        with self.begin(what, **environ) as process:
            _, said = process.communicate(timeout=PATIENCE)
        return process.returncode, said

    def calls(self) -> list[list[str]]:
        file = self.folder / "calls"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def environ_of_uv(self) -> dict[str, str]:
        """Returns the index and the certificates that uv was given."""
        written: dict[str, str] = json.loads((self.folder / "environ").read_text())
        return written

    def environments(self) -> int:
        """Returns how many times an environment was begun."""
        return self.calls().count(["venv"])


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    files = {
        f"bin/python{MINOR}": PYTHON,
        "bin/pip.py": PIP,
        "bin/npm": NPM,
        "requirements-run.txt": WHEEL + SOURCE,
        "requirements-test.txt": WHEEL + SOURCE + TESTS,
        "requirements-dev.txt": WHEEL + SOURCE + TESTS + LINTERS,
        "requirements-mutants.txt": WHEEL,
        "package-lock.json": "{}",
        "deploy/build/requirements.txt": TOOLS,
        "deploy/build/source-only.txt": "# by hand\noss2\n",
    }
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        path.chmod(0o755)
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "setup.sh", tmp_path / "tools")
    for name in ("begun", "release"):
        os.mkfifo(tmp_path / name)
    return Checkout(tmp_path)


def wait_until_begun(checkout: Checkout) -> None:
    begun = os.open(checkout.folder / "begun", os.O_RDWR)
    try:
        assert select.select([begun], [], [], PATIENCE)[0]
    finally:
        os.close(begun)


def release(checkout: Checkout) -> None:
    end = os.open(checkout.folder / "release", os.O_RDWR)
    os.write(end, b"\n")


def test_of_two_at_once_the_second_waits_and_finds_all_done(checkout: Checkout) -> None:
    with checkout.begin(HOLD="1") as first:
        wait_until_begun(checkout)
        with checkout.begin() as second:
            assert second.stderr
            said = second.stderr.readline()
            release(checkout)
            assert (said, second.communicate(timeout=PATIENCE)[1]) == (WAITING, "")
        assert first.communicate(timeout=PATIENCE)[1] == SETTING_UP
    assert (first.returncode, second.returncode, checkout.environments()) == (0, 0, 1)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_what_was_interrupted_is_begun_anew_and_holds_nobody_up(checkout: Checkout, how: signal.Signals) -> None:
    with checkout.begin(HOLD="1") as first:
        wait_until_begun(checkout)
        os.killpg(first.pid, how)
        assert first.wait(PATIENCE) != 0
    assert checkout.run() == (0, SETTING_UP)
    assert checkout.environments() == 2


def test_what_is_whole_is_left_alone(checkout: Checkout) -> None:
    assert checkout.run() == (0, SETTING_UP)
    before = checkout.calls()
    assert (checkout.run(), checkout.calls()) == ((0, ""), before)


@pytest.mark.parametrize(
    "name", ["requirements-run.txt", "deploy/build/requirements.txt", "deploy/build/source-only.txt"]
)
def test_what_was_made_by_another_lock_is_made_anew(checkout: Checkout, name: str) -> None:
    checkout.run()
    with (checkout.folder / name).open("a", encoding="utf-8") as file:
        file.write("# another\n")
    assert checkout.run() == (0, SETTING_UP)


def test_an_environment_whose_python_has_gone_is_made_anew(checkout: Checkout) -> None:
    checkout.run()
    python = checkout.folder / ".venv" / MINOR / "bin" / "python"
    python.unlink()
    python.symlink_to("/nowhere/python")
    assert checkout.run() == (0, SETTING_UP)


def test_all_comes_by_a_hash_and_only_what_is_named_is_built(checkout: Checkout) -> None:
    assert checkout.run() == (0, SETTING_UP)
    uv = ["--require-hashes", "--no-deps", "--no-compile", "--only-binary", ":all:", "-r", f".venv/{MINOR}/uv.txt"]
    assert checkout.calls() == [
        ["venv"],
        ["install", *uv, "--disable-pip-version-check", "--no-input", UV],
        *installed_by_uv(MINOR),
    ]


def installed_by_uv(minor: str, more: str = "") -> list[list[str]]:
    """Returns the calls that fill an environment with the tools, what is built with them, and all else."""
    folder = f".venv/{minor}"
    install = ["pip", "install", "--python", f"{folder}/bin/python", "--require-hashes", "--no-deps"]
    wheels, sources = ["--only-binary", ":all:"], ["--no-binary", ":all:", "--no-build-isolation", "--no-cache"]
    return [
        [*install, *wheels, "-r", "deploy/build/requirements.txt", TOOLS],
        [*install, *sources, "-r", f"{folder}/sources.txt", SOURCE],
        [*install, *wheels, "-r", f"{folder}/wheels.txt", WHEEL + more],
    ]


def test_another_python_of_function_compute_is_set_up_by_the_first_ones_uv(checkout: Checkout) -> None:
    for minor in ("3.12", "3.10"):
        python = checkout.folder / "bin" / f"python{minor}"
        python.write_text(PYTHON.replace("exec", "exit 0 #"), encoding="utf-8")
        python.chmod(0o755)
    code, said = checkout.run("test")
    assert (code, said.splitlines()[-1]) == (0, "Setting up Python 3.10 in .venv/3.10")
    place = ["--python", str(checkout.folder / "bin" / "python3.10"), ".venv/3.10"]
    assert checkout.calls()[-4:] == [["venv", "--quiet", "--clear", *place], *installed_by_uv("3.10", TESTS)]


@pytest.mark.parametrize(
    ("settings", "environ"),
    [
        ({}, {}),
        ({"global.index-url": "https://a.example/simple"}, {"UV_DEFAULT_INDEX": "https://a.example/simple"}),
        (
            {"global.index-url": "https://a.example/simple", ":env:.index-url": "https://b.example/simple"},
            {"UV_DEFAULT_INDEX": "https://b.example/simple"},
        ),
        ({"global.cert": "/a.pem"}, {"SSL_CERT_FILE": "/a.pem"}),
    ],
)
def test_a_mirror_and_a_certificate_set_for_pip_count(
    checkout: Checkout, settings: dict[str, str], environ: dict[str, str]
) -> None:
    assert checkout.run(SETTINGS=json.dumps(settings)) == (0, SETTING_UP)
    assert checkout.environ_of_uv() == environ


def test_a_mirror_set_for_uv_counts_before_that_of_pip(checkout: Checkout) -> None:
    settings = json.dumps({"global.index-url": "https://a.example/simple"})
    checkout.run(SETTINGS=settings, UV_DEFAULT_INDEX="https://b.example/simple")
    assert checkout.environ_of_uv() == {"UV_DEFAULT_INDEX": "https://b.example/simple"}


@pytest.mark.parametrize(("what", "lists"), [("unit", [WHEEL + TESTS]), ("mutants", [WHEEL + TESTS + LINTERS, WHEEL])])
def test_what_is_there_stays_and_what_is_missing_is_added(checkout: Checkout, what: str, lists: list[str]) -> None:
    checkout.run()
    before = len(checkout.calls())
    assert checkout.run(what)[0] == 0
    added = checkout.calls()[before:]
    assert (["venv"] in added, [call[-1] for call in added if call[-2].endswith("/wheels.txt")]) == (False, lists)
    assert checkout.run() == (0, "")


def test_what_a_lock_no_longer_names_goes_though_the_command_does_not_need_that_lock(checkout: Checkout) -> None:
    checkout.run("unit")
    with (checkout.folder / "requirements-test.txt").open("a", encoding="utf-8") as file:
        file.write("# another\n")
    assert checkout.run() == (0, "")
    assert checkout.run("unit") == (0, SETTING_UP)
    assert checkout.environments() == 2


def test_a_part_that_fails_fails_the_set_up_and_is_begun_anew(checkout: Checkout) -> None:
    npm = checkout.folder / "bin" / "npm"
    npm.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    assert checkout.run("deploy")[0] == 1
    npm.write_text(NPM, encoding="utf-8")
    assert checkout.run("deploy") == (0, JAVASCRIPT)


def test_it_says_how_far_it_is(checkout: Checkout) -> None:
    pip = checkout.folder / "bin" / "pip.py"
    says = r"""
if program.name == "uv":
    print("Resolved 3 packages in 3ms\nDownloading playwright (46.6MiB)\n Downloaded playwright\n + six==1.17.0")
"""
    pip.write_text(PIP + says, encoding="utf-8")
    assert checkout.run() == (0, SETTING_UP + f"  Python {MINOR}: playwright (46.6MiB)\n" * 3)


@pytest.mark.parametrize("program", ["python", "uv"])
def test_what_an_installer_says_is_shown_when_it_fails_and_not_before(checkout: Checkout, program: str) -> None:
    pip = checkout.folder / "bin" / "pip.py"
    fails = (
        f"if program.name == {program!r}:\n    print('WARNING: a')\n    sys.exit('error: no such package\\nhint: b')\n"
    )
    pip.write_text(PIP + fails, encoding="utf-8")
    assert checkout.run() == (1, SETTING_UP + "error: no such package\nhint: b\n")


def test_without_a_network_it_says_so(checkout: Checkout) -> None:
    says = """
if words[0] == "install" and program.name != "uv":
    for left in (1, 0):
        print(f"WARNING: Retrying (Retry(total={left})) after connection broken by 'Name or service not known': /simple/uv/")
    sys.exit("ERROR: No matching distribution found for uv")
"""
    (checkout.folder / "bin" / "pip.py").write_text(PIP + says, encoding="utf-8")
    why = "The package index does not answer: 'Name or service not known': /simple/uv/\n"
    assert checkout.run() == (1, f"{SETTING_UP}{why}ERROR: No matching distribution found for uv\n")


def test_no_package_of_npm_runs_a_script_of_its_own(checkout: Checkout) -> None:
    code, said = checkout.run("deploy")
    assert (code, sorted(said.splitlines(keepends=True))) == (0, sorted([SETTING_UP, JAVASCRIPT]))
    assert [call for call in checkout.calls() if call[0] == "npm"] == [
        ["npm", "ci --ignore-scripts --loglevel=error --no-audit --no-fund --no-update-notifier"]
    ]


def test_nobody_but_set_up_and_make_lock_installs_anything() -> None:
    files = [ROOT / "Makefile", *(ROOT / "tools").iterdir(), *(ROOT / "deploy").rglob("*.*js")]
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    assert [line for line in lines if "pip install" in line or "npm install" in line or "npm i " in line] == [
        line
        for line in (ROOT / "tools" / "setup.sh").read_text(encoding="utf-8").splitlines()
        if "    pip install" in line or '/bin/uv" pip install' in line
    ]


def test_the_documents_leave_what_is_locked_to_set_up() -> None:
    """What npm ci installs by itself runs scripts, and set-up does not know of it: it installs all of it again."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    assert [page.name for page in pages if "npm ci" in page.read_text(encoding="utf-8")] == []


# What is not set up.

CONFTEST = ROOT / "conftest.py"


def test_without_the_tests_packages_one_line_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit) as refused:
        runpy.run_path(str(CONFTEST))
    assert refused.value.args == (
        "The packages that the tests import are missing. To install them: make test-unit, or make test",
    )


@pytest.mark.parametrize(
    ("nothing_missing", "outcome"), [(False, pytest.skip.Exception), (True, pytest.fail.Exception)]
)
def test_without_what_it_needs_a_test_is_skipped_or_fails_where_nothing_may_be_missing(
    nothing_missing: bool, outcome: type[BaseException]
) -> None:
    conftest = runpy.run_path(str(CONFTEST))
    conftest["NEEDS"]["browser"] = (lambda: False, "To install it: make test")
    item = SimpleNamespace(
        get_closest_marker={"browser": True}.get, config=SimpleNamespace(getoption=lambda option: nothing_missing)
    )
    with pytest.raises(outcome, match=r"^To install it: make test$"):
        conftest["pytest_runtest_setup"](item)


@pytest.mark.parametrize(("program", "begins"), [("/usr/bin/python3", True), ("tools/setup.sh", True), ("git", False)])
def test_where_no_processes_are_wanted_a_test_is_skipped_when_it_begins_one(program: str, *, begins: bool) -> None:
    conftest = runpy.run_path(str(CONFTEST))
    with (
        pytest.raises(pytest.skip.Exception, match=r"^It begins a process\. To run it: make test$")
        if begins
        else nullcontext()
    ):
        conftest["skip_process"]("subprocess.Popen", (program, [], None, None))
