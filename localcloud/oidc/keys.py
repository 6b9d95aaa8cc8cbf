"""The keys of the identity provider, and tokens signed with them (RFC 7515, 7517, 7519), by RS256."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

if TYPE_CHECKING:
    from collections.abc import Mapping


class SigningKey:
    """A new random key."""

    def __init__(self, kid: str) -> None:
        self.kid = kid
        self._private = generate_private_key(65537, 2048)

    def jwk(self) -> dict[str, str]:
        """Returns the public half as a JWK."""
        numbers = self._private.public_key().public_numbers()
        parts = {"n": _encode_number(numbers.n), "e": _encode_number(numbers.e)}
        return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid, **parts}

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Returns a token with these claims."""
        header = {"alg": "RS256", "typ": "JWT", "kid": self.kid}
        signed = ".".join(_encode(json.dumps(part, separators=(",", ":")).encode()) for part in (header, dict(claims)))
        return f"{signed}.{_encode(self._private.sign(signed.encode(), PKCS1v15(), SHA256()))}"


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _encode_number(number: int) -> str:
    return _encode(number.to_bytes((number.bit_length() + 7) // 8, "big"))
