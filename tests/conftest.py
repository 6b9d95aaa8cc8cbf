"""Provides what all tests share."""

from __future__ import annotations

import os
import ssl
import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis.internal.conjecture import providers

from direct_upload.authorize import Grant, anybody
from direct_upload.settings import Settings
from fc_http import app, log_line
from fc_http.errors import ApiError
from localcloud.dev.cloud import ROOT, Cloud, CloudOptions
from localcloud.fc import gateway
from localcloud.ram.identities import Identities
from support import factories, sentinels
from support.checkout import refuse_owners_files
from support.function import Function, Make

hypothesis_settings.register_profile("repeatable", derandomize=True, deadline=None)
hypothesis_settings.register_profile("quick", derandomize=True, deadline=None, max_examples=30)  # of 100
hypothesis_settings.load_profile("repeatable")


def pytest_configure(config: pytest.Config) -> None:
    """Has Hypothesis not read the code for constants to try, in the quick profile: under coverage it takes 7 seconds."""
    if config.getoption("hypothesis_profile") == "quick":
        constants = providers._local_constants
        providers._get_local_constants = lambda: constants


# The vendor's SDK would send loopback requests through a proxy, whatever NO_PROXY says.
for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
    os.environ.pop(name, None)

_trust_authorities = ssl.SSLContext.set_default_verify_paths
_CERTIFICATES_OF_MACHINE = os.environ.get("SSL_CERT_FILE")


def _trust_named_authorities(self: ssl.SSLContext) -> None:
    if os.environ.get("SSL_CERT_FILE") != _CERTIFICATES_OF_MACHINE:
        _trust_authorities(self)


# The vendor's SDK reads the machine's 140 authorities for each client, even for http. That takes as long as most tests,
# and nothing beyond this machine is asked here: only what a test names is trusted.
ssl.SSLContext.set_default_verify_paths = _trust_named_authorities  # type: ignore[method-assign]


sys.addaudithook(refuse_owners_files)


@pytest.fixture
def settings() -> Settings:
    return Settings.from_environ(factories.ENVIRON)


@pytest.fixture
def grant(settings: Settings) -> Grant:
    return anybody(settings).grant(None, {})


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Make:
    return lambda **more: Function(monkeypatch, **more)


@pytest.fixture
def function(make: Make) -> Function:
    return make()


@pytest.fixture(scope="session")
def page_folder() -> Path:
    """Provides the page as it is."""
    return ROOT / "web"


@pytest.fixture
def cloud_with(tmp_path: Path, page_folder: Path) -> Iterator[Callable[..., Cloud]]:
    """Provides a function that makes a cloud with other settings than the usual ones, and another look of the page."""
    clouds: list[Cloud] = []

    def make(look: dict[str, str] | None = None, **settings: str) -> Cloud:
        cloud = Cloud(tmp_path / "files", CloudOptions(settings=settings, page=page_folder, page_look=look or {}))
        clouds.append(cloud)
        cloud.start()
        return cloud

    yield make
    for cloud in clouds:
        cloud.stop()
        cloud.check()


def watch(place: Any, name: str, look: Callable[[Any], None]) -> None:
    """Has `look` called with everything that a function returns, in every test."""
    function = getattr(place, name)

    def wrapper(*arguments: Any, **named: Any) -> Any:
        result = function(*arguments, **named)
        look(result)
        return result

    setattr(place, name, wrapper)


# Each log line, response and error of the function is searched for every secret made so far.
watch(log_line, "format_line", sentinels.search_log)
watch(app, "create_response", sentinels.search_answer)
watch(ApiError, "to_json", sentinels.search_log)
# The stand-in for the gateway loads its own copy of the function's modules: there, its responses are searched.
watch(gateway, "http_response", lambda response: sentinels.search_answer(response.get_data(as_text=True)))
watch(Identities, "add_session", sentinels.keep_identity)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Searches what a test wrote to its outputs and to loggers, too."""
    report = yield
    if not report.sections:
        return report
    try:
        sentinels.search_log("".join(content for name, content in report.sections if name.startswith("Captured")))
    except AssertionError as found:
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid}: in what was written, {found}"
    return report
