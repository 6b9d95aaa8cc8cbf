"""What the tests share."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings as hypothesis_settings

import given
from direct_upload.authorise import Grant, authorise
from direct_upload.settings import Settings

hypothesis_settings.register_profile("repeatable", derandomize=True, deadline=None)
hypothesis_settings.load_profile("repeatable")

# The vendor's SDK would send loopback requests through a proxy, NO_PROXY or not.
for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
    os.environ.pop(name, None)


@pytest.fixture
def settings() -> Settings:
    return Settings.from_environ(given.ENVIRON)


@pytest.fixture
def grant(settings: Settings) -> Grant:
    return authorise(settings, None)
