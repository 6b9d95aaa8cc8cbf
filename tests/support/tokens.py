"""Makes tokens with other code than the function's: joserfc's, or the tests' own."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from typing import Any

from joserfc import jwt
from joserfc.jwk import OctKey

from support import sentinels
from support.factories import NOON

SELF = "oss-direct-upload"
HS256 = b'{"alg":"HS256"}'


def new_secret() -> str:
    """Returns a secret for HS256."""
    made = secrets.token_hex(32)
    sentinels.keep_secret(made)
    return made


def claims(**changed: Any) -> dict[str, Any]:
    """Returns the claims of a sound token, with these changes. Claims that are None are left out."""
    sound = {"iss": SELF, "aud": SELF, "sub": "alice", "exp": int(NOON) + 3600}
    return {name: value for name, value in (sound | changed).items() if value is not None}


def token(secret: str, header: dict[str, Any] | None = None, **changed: Any) -> str:
    """Returns a token signed with HS256 by joserfc."""
    made = jwt.encode({"alg": "HS256"} | (header or {}), claims(**changed), OctKey.import_key(secret))
    sentinels.keep_secret(made.rpartition(".")[2])
    return made


def b64(raw: bytes) -> str:
    """Encodes base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def raw_token(header: bytes, payload: bytes, secret: bytes) -> str:
    """Returns a token of any bytes at all, with a valid HS256 signature."""
    signed = f"{b64(header)}.{b64(payload)}"
    return f"{signed}.{b64(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"


def raw_claims(**changed: Any) -> bytes:
    """Returns the bytes of a payload."""
    return json.dumps(claims(**changed)).encode()


def bearer(text: str) -> dict[str, str]:
    """Returns the header that carries a token."""
    return {"Authorization": f"Bearer {text}"}
