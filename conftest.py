"""What the tests need that not every set-up has: where it is missing they are left out, and one line says why.

It stands in this folder because it is read before tests/conftest.py, which imports packages that may be missing.
"""

from __future__ import annotations

import gc
import importlib.util
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent

if not all(importlib.util.find_spec(name) for name in ("hypothesis", "joserfc", "time_machine")):
    raise SystemExit("The packages that the tests import are missing. To install them: make test-unit, or make test")

HAS_PLAYWRIGHT = importlib.util.find_spec("playwright") is not None
WITH_A_BROWSER = ("e2e", "browsers")
"""Folders whose tests drive one."""


@cache
def has_browser() -> bool:
    """Returns whether a browser is there, and what drives it."""
    finder = [sys.executable, str(ROOT / "tests" / "support" / "chromium.py")]
    return HAS_PLAYWRIGHT and subprocess.run(finder, capture_output=True, check=False).returncode == 0  # noqa: S603


@cache
def has_node_modules() -> bool:
    """Returns whether the JavaScript tools are there."""
    return (ROOT / "node_modules" / ".lock").exists()


NEEDS: dict[str, tuple[Callable[[], bool], str]] = {
    "browser": (has_browser, "A browser, or Playwright to drive it, is missing. To install both: make test"),
    "node_modules": (
        has_node_modules,
        "Serverless Devs and other JavaScript tools are missing. To install them: make test",
    ),
}
"""By the name of a marker: whether what it stands for is there, and what to say where it is not."""

BY_FIXTURE = {
    "browser": "browser",
    "scratch": "node_modules",
    "node": "node_modules",
    "ali_oss": "node_modules",
    "sign_package": "registry",
}


QUICK_PROGRAMS = {"curl", "git", "openssl"}
"""Those that take milliseconds."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the options with which nothing may be left out, or no test begins a process."""
    parser.addoption("--nothing-missing", action="store_true", help="fail, rather than skip, where set-up is missing")
    parser.addoption("--no-processes", action="store_true", help="skip each test that begins a process")


BEGINS_PROCESS = "It begins a process. To run it: make test"


def skip_process(event: str, arguments: tuple[Any, ...]) -> None:
    """Skips the test that begins a process. An audit hook."""
    if event == "subprocess.Popen" and Path(os.fsdecode(arguments[0])).name not in QUICK_PROGRAMS:
        pytest.skip(BEGINS_PROCESS)


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """Counts those tests, without a line for each."""
    is_one = report.skipped and BEGINS_PROCESS in str(report.longrepr)
    return ("that begin processes left out", "s", "") if is_one else None


def pytest_configure(config: pytest.Config) -> None:
    """Has Ctrl-C end what tests start, even in the background of a shell script, which ignores it for all below."""
    if config.getoption("--no-processes"):
        sys.addaudithook(skip_process)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # What is read here stays to the end. To search it for garbage, again and again, takes a fifth of the time.
    gc.disable()


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leaves out, without Playwright, the folders whose modules import it."""
    return True if not HAS_PLAYWRIGHT and collection_path.name in WITH_A_BROWSER else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what needs set-up."""
    for item in items:
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker("any_python")
        names = {BY_FIXTURE[name] for name in getattr(item, "fixturenames", ()) if name in BY_FIXTURE}
        names |= {"browser"} if item.path.parent.name in WITH_A_BROWSER else set()
        # Their page is made smaller first.
        names |= {"node_modules"} if item.path.parent.name == "e2e" else set()
        for name in names:
            item.add_marker(name)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leaves a test out whose set-up is missing."""
    for name, (is_there, cure) in NEEDS.items():
        if item.get_closest_marker(name) and not is_there():
            (pytest.fail if item.config.getoption("--nothing-missing") else pytest.skip)(cure)


def pytest_collection_finish() -> None:
    """Has the collector of garbage search what comes from now on."""
    gc.freeze()
    gc.enable()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says what was not even read; where nothing may be missing, such a run has no tests, and fails."""
    if not HAS_PLAYWRIGHT and not terminalreporter.config.getoption("--nothing-missing"):
        terminalreporter.write_line(f"Not tested: the page in a browser. {NEEDS['browser'][1]}")
