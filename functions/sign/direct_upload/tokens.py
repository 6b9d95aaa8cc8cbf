"""Bearer tokens (JWT, RFC 7519): the keys they are checked with, and the check, which follows RFC 8725.

Every key has one algorithm, fixed here and never by a token; no address in a token is ever fetched.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from direct_upload.errors import TokenExpired, TokenInvalid, TokenMissing
from fc_http.environment import shared_secrets

OURSELVES = "oss-direct-upload"
"""Issuer and audience of tokens that are made with this project's own secret."""

LEEWAY = 30
"""Seconds by which the issuer's clock may differ from ours."""

MAX_TOKEN = 4096
"""Characters."""

MIN_MODULUS = 2048
"""Bits of an RSA key (RFC 7518, 3.3)."""

MIN_EXPONENT = 3

_REQUIRED = ["exp", "iss", "aud", "sub"]
_PARTS = {"RSA": ("RS256", ("n", "e")), "EC": ("ES256", ("x", "y"))}


@dataclass(frozen=True)
class Key:
    """One key, for one algorithm."""

    algorithm: str
    kid: str | None
    """The name by which a token may ask for it."""
    material: str = field(repr=False)
    """A secret, or a public key as the JSON text of a JWK."""


@dataclass(frozen=True)
class Issuer:
    """Whose tokens are taken."""

    name: str
    """The claim `iss`."""
    audience: str
    """What the claim `aud` must hold."""
    keys: tuple[Key, ...]

    def claims(self, authorization: str | None) -> Mapping[str, Any]:
        """The claims of the token in an Authorization header. Raises TokenMissing, TokenExpired, TokenInvalid."""
        token = _bearer(authorization)
        expired = False
        for key in self._keys_for(token):
            try:
                return self._verified(token, key)
            except TokenExpired:  # noqa: PERF203 - there are two keys, or few more
                expired = True
            except TokenInvalid:
                pass  # the next key may fit
        raise TokenExpired if expired else TokenInvalid

    def _keys_for(self, token: str) -> list[Key]:
        """Secrets are all tried, so that two can be good while one replaces the other; of named keys only the named."""
        kid = _kid(token)
        return [key for key in self.keys if key.kid in (None, kid)]

    def _verified(self, token: str, key: Key) -> Mapping[str, Any]:
        import jwt  # noqa: PLC0415 - dear to import, and not everybody has a token

        try:
            claims: Mapping[str, Any] = jwt.decode(
                token,
                _prepared(key),
                algorithms=[key.algorithm],
                issuer=self.name,
                audience=self.audience,
                leeway=LEEWAY,
                options={"require": _REQUIRED},
            )
        except jwt.ExpiredSignatureError:
            raise TokenExpired from None
        except Exception:  # noqa: BLE001 - whatever is wrong with a token, it is not taken
            raise TokenInvalid from None
        return claims


def _bearer(authorization: str | None) -> str:
    if not authorization:
        raise TokenMissing
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token or len(token) > MAX_TOKEN:
        raise TokenInvalid
    return token


def _kid(token: str) -> str | None:
    """The kid of a token that nobody has verified yet: good for choosing a key, and for nothing else."""
    header = token.partition(".")[0]
    try:
        kid = json.loads(_decoded(header)).get("kid")
    except (ValueError, AttributeError, RecursionError):
        raise TokenInvalid from None
    return kid if isinstance(kid, str) else None


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@lru_cache(maxsize=16)
def _prepared(key: Key) -> Any:
    import jwt  # noqa: PLC0415

    return key.material if key.algorithm == "HS256" else jwt.PyJWK.from_json(key.material, key.algorithm).key


def secret_keys(text: str) -> tuple[Key, ...]:
    """Secrets for HS256 from a list with a comma between them, the one in use first. Raises ValueError."""
    return tuple(Key("HS256", None, secret) for secret in shared_secrets(text))


def public_keys(text: str) -> tuple[Key, ...]:
    """The public keys of a JWK Set (RFC 7517): RSA for RS256, P-256 for ES256. Raises ValueError."""
    try:
        members = json.loads(text)["keys"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise ValueError('must be a JWK Set: {"keys":[…]}') from None
    if not isinstance(members, list) or not members:
        raise ValueError("must hold at least one key")
    keys = tuple(_public_key(member) for member in members)
    if len({key.kid for key in keys}) < len(keys):
        raise ValueError("must give every key a kid of its own")
    return keys


def _public_key(member: Any) -> Key:
    kty = member.get("kty") if isinstance(member, dict) else None
    if not isinstance(kty, str) or kty not in _PARTS:
        raise ValueError("must hold RSA and EC keys alone; a shared secret goes into JWT_SECRET")
    algorithm, names = _PARTS[kty]
    if "d" in member:
        raise ValueError("holds a private key: the function needs the public one, and whoever has read this has yours")
    if member.get("alg", algorithm) != algorithm or member.get("use", "sig") != "sig":
        raise ValueError(f"holds a key of kind {kty} that is not for {algorithm} signatures")
    first, second = (_part(member, name) for name in names)
    if kty == "RSA" and int.from_bytes(first, "big").bit_length() < MIN_MODULUS:
        raise ValueError(f"holds an RSA key of less than {MIN_MODULUS} bits")
    if kty == "RSA" and int.from_bytes(second, "big") < MIN_EXPONENT:
        raise ValueError(f"holds an RSA key whose exponent is less than {MIN_EXPONENT}")
    if kty == "EC" and (member.get("crv"), len(first), len(second)) != ("P-256", 32, 32):
        raise ValueError("holds an EC key that is not on the curve P-256")
    return Key(algorithm, _kid_of(member), json.dumps(member))


def _part(member: dict[str, Any], name: str) -> bytes:
    try:
        return _decoded(member[name])
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"holds a key whose part {name} is missing or is not base64url") from None


def _kid_of(member: dict[str, Any]) -> str | None:
    kid = member.get("kid")
    if kid is None or isinstance(kid, str):
        return kid
    raise ValueError("holds a key whose kid is no text")
