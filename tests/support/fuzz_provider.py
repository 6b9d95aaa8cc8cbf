"""Makes documents that no identity provider would publish, and has the function read its keys from them."""

from __future__ import annotations

import json
import random
from typing import Any
from unittest.mock import patch

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from direct_upload.discovery import DiscoveryFailed, KeySet, fetch_keys
from direct_upload.tokens import Issuer
from fc_http import http_client
from fc_http.errors import ApiError
from fc_http.http_client import Response
from support import tokens

ISSUER = "https://id.example.com"
CONFIGURATION_URL, KEYS_URL = f"{ISSUER}/.well-known/openid-configuration", f"{ISSUER}/keys"

EC = ECKey.generate_key("P-256", {"kid": "ec"})
PUBLIC = [EC.as_dict(private=False), RSAKey.generate_key(2048, {"kid": "rsa"}).as_dict(private=False)]
TOKEN = jwt.encode({"alg": "ES256", "kid": "ec"}, {"exp": 4_000_000_000, "iss": ISSUER, "aud": "a", "sub": "b"}, EC)

HOSTILE: list[Any] = [
    *(None, True, False, 0, -1, 1.5, 10**30, "", "\0", "\ud800", [], {}, [[]], [None] * 30, "x" * 5000),
    *(
        "RSA",
        "EC",
        "oct",
        "OKP",
        "P-256",
        "P-384",
        "RS256",
        "ES256",
        "none",
        "HS256",
        "sig",
        "enc",
        ["verify"],
        ["sign"],
    ),
    *("AQAB", "AQ", "====", tokens.b64(b"\1" * 32), tokens.b64(b"\xff" * 256), tokens.b64(b"\xff" * 8192)),
    *("http://127.0.0.1/keys", "https://evil.example/keys", "https://[", "file:///etc/passwd", "https://a:b@c/"),
    *(ISSUER, f"{ISSUER}/", KEYS_URL),
]


def spoil(rng: random.Random, document: Any) -> bytes:
    """Returns a document with some members replaced by hostile ones, or some bytes by any others."""
    tree = json.loads(json.dumps(document))
    for _ in range(rng.randrange(3)):
        place = rng.choice(
            [tree, *([member for member in tree["keys"] if isinstance(member, dict)] if "keys" in tree else [])]
        )
        place[rng.choice([*place, "d", "k", "use", "alg", "key_ops", "kid"])] = rng.choice(HOSTILE)
        if not isinstance(tree.get("keys", []), list):
            break
    text = json.dumps(tree).encode()
    if rng.random() < 0.2:
        begin = rng.randrange(len(text))
        text = text[:begin] + rng.choice([b"", rng.randbytes(3), b"[" * 2000, b'"']) + text[begin + rng.randrange(4) :]
    return text


def run(number: int, seed: int) -> dict[str, int]:
    """Has keys read from so many pairs of documents; returns how often they were read, and a token verified by them.

    Raises AssertionError for an address that is not the provider's own https, and whatever else goes wrong.
    """
    rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
    counts = {"read": 0, "verified": 0, "failed": 0}

    def request(_: str, url: str, **__: object) -> Response:
        assert url.startswith("https://"), url
        document = {"issuer": ISSUER, "jwks_uri": KEYS_URL} if url == CONFIGURATION_URL else {"keys": PUBLIC}
        return Response(200, {}, spoil(rng, document))

    with patch.object(http_client, "request", request):
        for _ in range(number):
            try:
                key_set = fetch_keys(ISSUER)
            except DiscoveryFailed:  # noqa: PERF203 - each is another one
                counts["failed"] += 1
            else:
                counts["read"] += 1
                counts["verified"] += _verifies(key_set)
    return counts


def _verifies(key_set: KeySet) -> bool:
    assert {key.algorithm for key in key_set.keys} <= {"RS256", "ES256"}
    try:
        claims = Issuer(ISSUER, "a", key_set.keys).verify(f"Bearer {TOKEN}")
    except ApiError:
        return False
    assert claims["sub"] == "b"
    return True
