"""A stand-in for an identity provider on loopback: discovery, keys and tokens as OpenID Connect describes them.

It asks nobody to sign in: it issues a token with the claims that a request names. On request it rotates its keys, and
answers for its two documents as a fault switch says. The sign-in of a real provider is that provider's own.
"""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Response

from localcloud.fault_switches import check_mode
from localcloud.oidc.keys import SigningKey
from localcloud.stand_in import ConnectionReset, StandIn, note, stall

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from werkzeug.wrappers import Request

    from localcloud.fault_switches import Faults

CONFIGURATION, KEYS = "/.well-known/openid-configuration", "/keys"

TOKEN_TTL_SECONDS = 12 * 3600

HUGE_BYTES = 2_000_000

INVALID_DOCUMENTS = {
    "html": ("<html><body>Sign in</body></html>", "text/html"),
    "list": ("[]", "application/json"),
    "huge": (" " * HUGE_BYTES, "application/json"),
}
"""Documents with status 200 that are none, by fault switch."""


class IdentityProvider(StandIn):
    """One issuer, whose name is its address. It publishes its newest two keys, and signs with the newest."""

    service = "oidc"

    def __init__(self, clock: Callable[[], float], faults: Faults, *, audience: str, port: int = 0) -> None:
        super().__init__(clock, port=port)
        self.faults = faults
        self.audience = audience
        self._keys = [SigningKey("key-1")]
        self._number = 1
        self._lock = threading.Lock()
        self._routes = {
            ("GET", CONFIGURATION): self._configuration,
            ("GET", KEYS): self._key_set,
            ("POST", "/token"): self._issue,
            ("POST", "/rotate"): self._rotate,
            ("POST", "/mode"): self._set_mode,
        }

    def handle(self, request: Request) -> Response:
        """Answers one request, errors included."""
        route = self._routes.get((request.method, request.path))
        if route is None:
            return _json_response({"error": "not_found"}, 404)
        if request.method == "POST" and "Origin" in request.headers:
            # Any page in the developer's browser could otherwise rotate the keys.
            return _json_response({"error": "access_denied", "error_description": "Not for web pages."}, 403)
        if request.method == "GET":
            self.stopping.wait(self.faults.oidc_latency)
            if (response := self._spoil_if_switched(request)) is not None:
                return response
        try:
            return _json_response(route(request))
        except (ValueError, RecursionError) as error:
            return _json_response({"error": "invalid_request", "error_description": str(error)}, 400)

    def token(self, /, **claims: Any) -> str:
        """Returns a token for alice with these claims. A claim that is None is left out."""
        now = int(self.clock())
        usual = {"iss": self.url, "aud": self.audience, "sub": "alice", "iat": now, "exp": now + TOKEN_TTL_SECONDS}
        return self._keys[-1].sign({name: value for name, value in (usual | claims).items() if value is not None})

    def rotate(self) -> str:
        """Signs with a new key from now on; the key before it is still published. Returns the new key's name."""
        with self._lock:
            self._number += 1
            self._keys = [self._keys[-1], SigningKey(f"key-{self._number}")]
            return self._keys[-1].kid

    def _configuration(self, _: Request) -> dict[str, Any]:
        other = self.faults.oidc_mode == "other_issuer"
        keys = "http://keys.example.com/keys" if self.faults.oidc_mode == "http_keys" else self.url + KEYS
        return {
            "issuer": "https://id.example.com" if other else self.url,
            "jwks_uri": keys,
            "token_endpoint": f"{self.url}/token",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def _key_set(self, _: Request) -> dict[str, Any]:
        return {"keys": [] if self.faults.oidc_mode == "no_keys" else [key.jwk() for key in self._keys]}

    def _issue(self, request: Request) -> dict[str, Any]:
        claims = json.loads(request.get_data() or b"{}")
        if not isinstance(claims, dict):
            raise ValueError('Send the claims as a JSON object, such as {"sub":"alice"}.')  # noqa: TRY004 - outside input
        note(request, sub=claims.get("sub", "alice"))
        return {"access_token": self.token(**claims), "token_type": "Bearer", "expires_in": TOKEN_TTL_SECONDS}

    def _rotate(self, request: Request) -> dict[str, Any]:
        kid = self.rotate()
        note(request, kid=kid)
        return {"kid": kid}

    def _set_mode(self, request: Request) -> dict[str, Any]:
        mode = request.get_data().decode(errors="replace").strip()
        check_mode("oidc_mode", mode)
        self.faults.oidc_mode = mode
        note(request, mode=mode)
        return {"mode": mode}

    def _spoil_if_switched(self, request: Request) -> Response | None:
        mode = self.faults.oidc_mode
        if mode == "down":
            raise ConnectionReset
        if mode == "stall":
            raise stall(request, self.stopping)
        if mode == "fail":
            return _json_response({"error": "server_error"}, 500)
        if mode == "redirect":
            return Response(status=302, headers={"Location": f"{self.url}/elsewhere"})
        if mode == "trickle":
            return Response(self._trickle(), headers={"Content-Length": "60000"}, content_type="application/json")
        if mode in INVALID_DOCUMENTS:
            text, content_type = INVALID_DOCUMENTS[mode]
            return Response(text, content_type=content_type)
        return None

    def _trickle(self) -> Iterator[bytes]:
        while not self.stopping.wait(0.05):
            yield b" "


def _json_response(document: object, status: int = 200) -> Response:
    return Response(json.dumps(document), status, content_type="application/json")
