"""A real browser, the whole cloud behind it, and what must hold in every test: no CSP violation, no fault of the page."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from localcloud.dev.cloud import Cloud
from support import chromium, minified_page

if importlib.util.find_spec("playwright") is None:
    raise SystemExit("Playwright, with which these tests drive a browser, is missing. To install it: make test")

from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

FLAGS = (
    *("--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--disable-quic"),
)

PATIENCE = 60_000
"""Milliseconds: as many browsers at a time as there are cores are slow."""

WATCH_FOR_VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => window.violations.push(event.violatedDirective));
"""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    path = chromium.find()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*FLAGS, *as_root])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def page_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Provides the page as a deployment publishes it, with the modules of the npm package's tarball: what users get."""
    return minified_page.write(tmp_path_factory.mktemp("page"))


@pytest.fixture
def cloud(tmp_path: Path, page_folder: Path) -> Iterator[Cloud]:
    with Cloud(tmp_path / "files", page=page_folder) as cloud:
        yield cloud
    cloud.check()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(service_workers="block")
    context.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.add_init_script(WATCH_FOR_VIOLATIONS)
    yield page
    violations = page.evaluate("window.violations")
    assert (faults, violations) == ([], [])
