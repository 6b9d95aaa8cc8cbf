"""What the tests of the callback function share."""

from __future__ import annotations

from typing import Any

import pytest

from fc_http import http_client


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has the function wait longer than the 0.8 s that it has for a key: a busy machine may need more for anything."""
    request = http_client.request

    def request_patiently(*what: Any, timeout_seconds: float, **more: Any) -> http_client.Response:
        return request(*what, timeout_seconds=60, **more)

    monkeypatch.setattr(http_client, "request", request_patiently)
