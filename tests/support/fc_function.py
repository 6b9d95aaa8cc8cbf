"""A function's folder, and the stand-in's gateway in front of it."""

from __future__ import annotations

import http.client
import json
import math
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any

from localcloud.fc.gateway import Gateway
from localcloud.ram.identities import Identity
from support.oss_world import ACCOUNT, REGION, Clock

INITIALIZE = "\ndef initialize(context):\n    pass\n"


def new_role() -> Identity:
    return Identity(
        access_key_id=f"STS.{secrets.token_hex(12)}",
        access_key_secret=secrets.token_urlsafe(30),
        security_token=secrets.token_urlsafe(60),
        arn=f"acs:ram::{ACCOUNT}:assumed-role/function/fc",
        expiration=math.inf,
        policies=(),
    )


@dataclass
class Function:
    """A function's folder, and the gateway in front of it."""

    code: Path
    role: Identity = field(default_factory=new_role)
    environment: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.code.mkdir()

    def write(self, source: str, name: str = "index.py") -> None:
        """Writes a module, with an initializer that does nothing unless it has its own."""
        source = dedent(source)
        (self.code / name).write_text(source if "def initialize" in source else source + INITIALIZE, encoding="utf-8")

    def edit(self, source: str) -> None:
        """Writes index.py again, with a time one nanosecond later: an editor may be as fast as that."""
        before = (self.code / "index.py").stat().st_mtime_ns
        self.write(source)
        os.utime(self.code / "index.py", ns=(before + 1, before + 1))

    def gateway(self, **more: Any) -> Gateway:
        options: dict[str, Any] = {
            "handler": "index.handler",
            "initializer": "index.initialize",
            "methods": ("GET", "POST", "OPTIONS"),
            "function_name": "sign",
            "region": REGION,
            "account_id": ACCOUNT,
            "environment": lambda: self.environment,
            "role": lambda: self.role,
            "log": self.lines.append,
        }
        return Gateway(Clock(), (self.code,), **options | more)


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: str

    def json(self) -> Any:
        return json.loads(self.body)


Ask = Callable[..., Answer]


def asker(gateway: Gateway) -> Ask:
    def ask(
        method: str = "GET", target: str = "/", body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        connection = http.client.HTTPConnection(gateway.host, gateway.port, timeout=60)
        try:
            connection.request(method, target, body, headers or {})
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read().decode())
        finally:
            connection.close()

    return ask


ECHO = """
    def handler(event, context):
        assert isinstance(event, bytes)
        return event
"""


COUNTING = """
    calls = 0
    def handler(event, context):
        global calls
        calls += 1
        return {"statusCode": 200, "body": str(calls)}
"""
