"""A real browser, the whole cloud behind it, and what must hold in every test: no CSP violation, no fault of the page."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from localcloud.dev.cloud import Cloud, CloudOptions
from support import chromium, minified_page

if importlib.util.find_spec("playwright") is None:
    raise SystemExit("Playwright, with which these tests drive a browser, is missing. To install it: make test")

from playwright.sync_api import Browser, BrowserContext, Dialog, Page, expect, sync_playwright

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
    with Cloud(tmp_path / "files", CloudOptions(page=page_folder)) as cloud:
        yield cloud
    cloud.check()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = new_context(browser)
    yield context
    context.close()


def new_context(browser: Browser) -> BrowserContext:
    context = browser.new_context(service_workers="block")
    context.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    return context


@pytest.fixture(scope="module")
def tabs(browser: Browser) -> Iterator[list[Page]]:
    """Provides the page that tests of a file use one after another: a new one takes more than twice the CPU time."""
    pages: list[Page] = []
    yield pages
    for page in pages:
        page.context.close()


@pytest.fixture
def page(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tabs: list[Page]) -> Iterator[Page]:
    """Provides a page where nothing is open.

    A test that leaves behind what the next address does not end, such as an init script, asks for `context` too: its
    page is its own.
    """
    if "context" in request.fixturenames:
        page = request.getfixturevalue("context").new_page()
        page.add_init_script(WATCH_FOR_VIOLATIONS)
        with without_faults(page):
            yield page
        return
    page = tabs.pop() if tabs else open_tab(request.getfixturevalue("browser"))
    failures = request.session.testsfailed
    try:
        with without_faults(page), monkeypatch.context() as patch:
            for owner, name in ((page, "add_init_script"), (page, "on"), (page, "once"), (page.clock, "install")):
                patch.setattr(owner, name, refuse_lasting_change)
            yield page
        if request.session.testsfailed == failures:
            leave(page)
            tabs.append(page)
    finally:
        if not tabs:
            page.context.close()


def open_tab(browser: Browser) -> Page:
    page = new_context(browser).new_page()
    page.add_init_script(WATCH_FOR_VIOLATIONS)
    return page


def refuse_lasting_change(*_: object, **__: object) -> None:
    raise AssertionError("This would last until the next test: ask for the fixture `context`, too.")


def leave(page: Page) -> None:
    """Ends what is open in the page, also where it asks before it is left, and what it has stored."""
    page.evaluate("() => { try { localStorage.clear(); sessionStorage.clear(); } catch { /* of no site */ } }")
    page.unroute_all()
    page.on("dialog", accept)
    page.goto("about:blank")
    page.remove_listener("dialog", accept)


def accept(dialog: Dialog) -> None:
    dialog.accept()


@contextmanager
def without_faults(page: Page) -> Iterator[None]:
    """Asserts that meanwhile no script of the page fails, and that it keeps its policy."""
    faults: list[str] = []

    def keep(fault: object) -> None:
        faults.append(str(fault))

    page.on("pageerror", keep)
    yield
    page.remove_listener("pageerror", keep)
    assert (faults, page.evaluate("window.violations")) == ([], [])
