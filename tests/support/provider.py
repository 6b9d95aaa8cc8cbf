"""Provides an identity provider in place of the network: it publishes keys, rotates them, and goes down."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from fc_http import http_client
from fc_http.http_client import RequestFailed, Response
from support import sentinels
from support.function import Function
from support.tokens import claims

ISSUER = "https://id.example.com/team"
CONFIGURATION_URL = "https://id.example.com/team/.well-known/openid-configuration"
KEYS_URL = "https://keys.example.com/team.json?v=1"
ONE_ATTEMPT = [CONFIGURATION_URL, KEYS_URL]

SETTINGS = {"AUTH": "jwt", "JWT_ISSUER": ISSUER, "JWT_AUDIENCE": "uploads"}


def json_response(document: object, status: int = 200) -> Response:
    return Response(status, {}, json.dumps(document).encode())


class Provider:
    """Publishes the newest two of its keys, and signs with the newest."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.keys: list[Any] = []
        self.requests: list[str] = []
        self.is_down = False
        self.configuration: Any = {"issuer": ISSUER, "jwks_uri": KEYS_URL}
        self.more_members: list[Any] = []
        self.before_answer: Callable[[], object] = lambda: None
        self.rotate()
        monkeypatch.setattr(http_client, "request", self.request)

    def rotate(self, kind: type[ECKey] | type[RSAKey] = ECKey) -> None:
        """Begins to sign with a new key, at once."""
        kid = f"key-{len(self.keys)}"
        key = ECKey.generate_key("P-256", {"kid": kid}) if kind is ECKey else RSAKey.generate_key(2048, {"kid": kid})
        self.keys.append(key)

    def request(self, method: str, url: str, *, timeout_seconds: float, headers: Any, max_bytes: int) -> Response:
        self.requests.append(url)
        assert (method, timeout_seconds, headers["Accept"], max_bytes) == ("GET", 2, "application/json", 65536)
        self.before_answer()
        if self.is_down:
            raise RequestFailed("ConnectionRefusedError")
        members = [key.as_dict(private=False) for key in self.keys[-2:]]
        return json_response(
            {CONFIGURATION_URL: self.configuration, KEYS_URL: {"keys": members + self.more_members}}[url]
        )

    def token(self, key: Any = None, header: dict[str, Any] | None = None, **changed: Any) -> str:
        """Returns a token for alice, signed by the newest key, or by this one."""
        key = key or self.keys[-1]
        algorithm = "ES256" if isinstance(key, ECKey) else "RS256"
        whole = {"alg": algorithm, "kid": key.kid} | (header or {})
        made = jwt.encode(whole, claims(**{"iss": ISSUER, "aud": "uploads"} | changed), key, algorithms=[algorithm])
        sentinels.keep_secret(made.rpartition(".")[2])
        return made

    def verdict(self, function: Function, token: str) -> str:
        """Returns what the function thinks of a token: its subject, or the code of the error."""
        headers = {"Authorization": f"Bearer {token}"}
        answer = json.loads(function.request("GET", "/limits", headers=headers)["body"])
        verdict: str = answer["error"]["code"] if "error" in answer else answer["subject"]
        return verdict
