"""Bearer tokens (JWT, RFC 7519): the keys that verify them, and the verification, which follows RFC 8725.

Every key has one algorithm, which this module sets and no token changes. No address in a token is ever fetched.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from direct_upload.errors import TokenExpired, TokenInvalid, TokenMissing
from fc_http.environment import parse_secrets

OWN_ISSUER = "oss-direct-upload"
"""The issuer and audience of tokens that this project's own secret signs."""

LEEWAY_SECONDS = 30
"""By this much the issuer's clock may differ from the function's."""

MAX_TOKEN_LENGTH = 4096
"""Characters."""

MIN_MODULUS_BITS = 2048
"""Of an RSA key (RFC 7518, 3.3)."""

MIN_EXPONENT = 3

_REQUIRED = ["exp", "iss", "aud", "sub"]
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
"""Members of a JWK that others must not read (RFC 7518, 6). Of an RSA key, one prime alone gives away the rest."""

_PARTS = {"RSA": ("RS256", ("n", "e")), "EC": ("ES256", ("x", "y"))}


@dataclass(frozen=True)
class Key:
    """One key, for one algorithm."""

    algorithm: str
    kid: str | None
    """The name by which a token may select the key."""
    material: str = field(repr=False)
    """A secret, or a public key as the JSON text of a JWK."""


@dataclass(frozen=True)
class Issuer:
    """Verifies the tokens of one issuer."""

    name: str
    """The claim `iss`."""
    audience: str
    """The claim `aud` must have it."""
    keys: tuple[Key, ...]
    """Empty where the identity provider publishes them: `provider_keys` reads them."""

    def verify(self, authorization: str | None) -> Mapping[str, Any]:
        """Returns the claims of the token in an Authorization header.

        Raises TokenMissing, TokenExpired, TokenInvalid.
        """
        token = _parse_bearer(authorization)
        has_expired = False
        for key in matching_keys(self.keys, unverified_kid(authorization)):
            try:
                return self._verify_with(token, key)
            except TokenExpired:  # noqa: PERF203 - there are two keys, or few more
                has_expired = True
            except TokenInvalid:
                pass  # the next key may fit
        raise TokenExpired if has_expired else TokenInvalid

    def _verify_with(self, token: str, key: Key) -> Mapping[str, Any]:
        import jwt  # noqa: PLC0415 - slow to import, and not every caller has a token

        try:
            claims: Mapping[str, Any] = jwt.decode(
                token,
                _load_key(key),
                algorithms=[key.algorithm],
                issuer=self.name,
                audience=self.audience,
                leeway=LEEWAY_SECONDS,
                options={"require": _REQUIRED},
            )
        except jwt.ExpiredSignatureError:
            raise TokenExpired from None
        except Exception:  # noqa: BLE001 - whatever is wrong with a token, it is invalid
            raise TokenInvalid from None
        return claims


def _parse_bearer(authorization: str | None) -> str:
    if not authorization:
        raise TokenMissing
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token or len(token) > MAX_TOKEN_LENGTH:
        raise TokenInvalid
    return token


def matching_keys(keys: tuple[Key, ...], kid: str | None) -> list[Key]:
    """Returns the keys that a token with this kid may be signed with: those of that name, and those without one.

    Secrets have no name: two are valid while one replaces the other.
    """
    return [key for key in keys if key.kid in (None, kid)]


def unverified_kid(authorization: str | None) -> str | None:
    """Returns the kid of a token before it is verified: it may select a key, and have keys read anew, and no more.

    Raises TokenMissing and TokenInvalid.
    """
    header = _parse_bearer(authorization).partition(".")[0]
    try:
        kid = json.loads(_decode(header)).get("kid")
    except (ValueError, AttributeError, RecursionError):
        raise TokenInvalid from None
    return kid if isinstance(kid, str) else None


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@lru_cache(maxsize=16)
def _load_key(key: Key) -> Any:
    import jwt  # noqa: PLC0415

    return key.material if key.algorithm == "HS256" else jwt.PyJWK.from_json(key.material, key.algorithm).key


def parse_secret_keys(text: str) -> tuple[Key, ...]:
    """Returns the keys for HS256 in a list of secrets, the current one first. Raises ValueError."""
    return tuple(Key("HS256", None, secret) for secret in parse_secrets(text))


def parse_public_keys(text: str) -> tuple[Key, ...]:
    """Returns the public keys of a JWK Set (RFC 7517): RSA for RS256, P-256 for ES256. Raises ValueError."""
    try:
        members = json.loads(text)["keys"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise ValueError('must be a JWK Set: {"keys":[…]}') from None
    if not isinstance(members, list) or not members:
        raise ValueError("must hold at least one key")
    keys = tuple(parse_public_key(member) for member in members)
    if len({key.kid for key in keys}) < len(keys):
        raise ValueError("must give every key its own kid")
    return keys


def parse_public_key(member: Any) -> Key:
    """Returns one key of a JWK Set. Raises ValueError, which says why it is not fit to verify tokens."""
    kty = member.get("kty") if isinstance(member, dict) else None
    if not isinstance(kty, str) or kty not in _PARTS:
        raise ValueError("holds a key that is neither RSA nor EC; a shared secret belongs in JWT_SECRET")
    algorithm, names = _PARTS[kty]
    if not _PRIVATE.isdisjoint(member):
        raise ValueError(
            "holds a private key: remove its private parts, and replace the key, since others may have read it"
        )
    uses = (member.get("alg", algorithm), member.get("use", "sig"), "verify" in _parse_operations(member))
    if uses != (algorithm, "sig", True):
        raise ValueError(f"holds a key of kind {kty} that is not for {algorithm} signatures")
    first, second = (_decode_part(member, name) for name in names)
    if kty == "RSA" and int.from_bytes(first, "big").bit_length() < MIN_MODULUS_BITS:
        raise ValueError(f"holds an RSA key of less than {MIN_MODULUS_BITS} bits")
    if kty == "RSA" and int.from_bytes(second, "big") < MIN_EXPONENT:
        raise ValueError(f"holds an RSA key whose exponent is less than {MIN_EXPONENT}")
    if kty == "EC" and (member.get("crv"), len(first), len(second)) != ("P-256", 32, 32):
        raise ValueError("holds an EC key that is not on the curve P-256")
    material = {name: member[name] for name in ("kty", "crv", *names) if name in member}
    return Key(algorithm, _parse_kid(member), json.dumps(material))


def _parse_operations(member: dict[str, Any]) -> list[Any]:
    operations = member.get("key_ops", ["verify"])
    return operations if isinstance(operations, list) else []


def _decode_part(member: dict[str, Any], name: str) -> bytes:
    try:
        return _decode(member[name])
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"holds a key whose part {name} is missing or is not base64url") from None


def _parse_kid(member: dict[str, Any]) -> str | None:
    kid = member.get("kid")
    if kid is None or isinstance(kid, str):
        return kid
    raise ValueError("holds a key whose kid is not a string")
