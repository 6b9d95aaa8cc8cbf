"""Provides the signing function, with an STS that answers what a test wants."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from direct_upload import sts
from direct_upload.routes import Routes
from direct_upload.settings import Settings
from fc_http.app import App
from fc_http.environment import listed_origins
from fc_http.invocation import Invocation
from fc_http.runtime import Runtime
from oss_protocol.credentials import Credentials, OwnCredentials
from support import factories
from support.factories import NOON

OWN = {
    "ALIBABA_CLOUD_ACCESS_KEY_ID": "STS.own",
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "own-secret",
    "ALIBABA_CLOUD_SECURITY_TOKEN": "own-token",
}
FILE = {"filename": "a.png", "size": 7, "content_type": "image/png", "id": "0f8fad5b-d9cb-469f-a165-70867728950e"}


class Function:
    """The signing function, with an STS that answers what a test wants."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, profiles: Mapping[str, Any] | None = None, **more: str) -> None:
        self.credentials = factories.credentials()
        self.fault: Exception | None = None
        self.sessions: list[str] = []
        self.lines: list[str] = []
        self.ended = 0
        self.now = NOON
        monkeypatch.setattr(sts, "role_assumer", lambda settings: self.assume_role)
        environ = factories.ENVIRON | more
        settings = Settings.from_environ(environ, json.dumps(profiles or {}).encode())
        # The instance is an hour old.
        runtime = Runtime(OWN, lambda: NOON - 3600, lambda n: "ab" * n, self.lines.append, self.end_instance)
        self.routes = Routes(settings, runtime)
        self.app = App(self.routes.handle, runtime, allowed_origins=listed_origins(environ))

    def assume_role(self, own: OwnCredentials, session: str) -> Credentials:
        self.sessions.append(session)
        if self.fault:
            raise self.fault
        return self.credentials

    def end_instance(self) -> None:
        self.ended += 1

    def request(self, method: str, path: str, **more: Any) -> Any:
        return self.app.handle(factories.event(method, path, **more), factories.context(), now=self.now)

    def prepare(self) -> None:
        """Does what the initializer does in a new instance."""
        self.routes.prepare(Invocation(self.now, factories.context(), self.lines.append))

    def log_events(self, *events: str) -> list[Any]:
        """Returns the log's lines of these events, without what every line has."""
        lines = [json.loads(line[25:]) for line in self.lines]
        return [
            {name: line[name] for name in line if name != "request_id"} for line in lines if line["event"] in events
        ]

    def sign(self, *files: Any) -> Any:
        response = self.request("POST", "/sign", body=json.dumps({"files": files}))
        return response["statusCode"], json.loads(response["body"])

    def error(self, *args: Any, **more: Any) -> tuple[int, str]:
        """Returns the status and the code of a response that is an error."""
        response = self.request(*args, **more)
        return response["statusCode"], json.loads(response["body"])["error"]["code"]


Make = Callable[..., Function]
