"""A server of pytest-httpserver that stops at once: its own waits half a second for it, in each test."""

from __future__ import annotations

from pytest_httpserver import HTTPServer


class QuickServer(HTTPServer):
    """Serves until it is stopped."""

    def thread_target(self) -> None:
        assert self.server is not None
        self.server.serve_forever(poll_interval=0.01)
