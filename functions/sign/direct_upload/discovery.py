"""OpenID Connect Discovery 1.0: the public keys of an identity provider, as it publishes them itself.

No address comes from a token: the first is the setting JWT_ISSUER, the second stands in the document found there.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from direct_upload import tokens
from fc_http.environment import is_address

TIMEOUT_SECONDS = 2
"""Of each of the two requests: enough for a provider on another continent, with its TLS handshake. With AssumeRole, a
request still ends within the function's 10 seconds, and an initializer within its 15."""

MAX_DOCUMENT_BYTES = 64 * 1024
"""Far more than a provider's documents have: Keycloak's and Entra's, certificates included, have less than 20 KB."""

LOOPBACK = ("127.0.0.1", "localhost")


class DiscoveryFailed(Exception):
    """The provider's keys could not be read. The text says why, and is safe to log."""


class KeySet(NamedTuple):
    """The keys of a provider."""

    keys: tuple[tokens.Key, ...]
    skipped: tuple[str, ...]
    """Why others of its keys verify nothing here."""


def is_provider_address(text: str, *, is_local: bool) -> bool:
    """Returns whether keys may be read from an address: https, or on laptops http on this machine."""
    return is_address(text, "https") or (is_local and is_address(text, "http") and urlsplit(text).hostname in LOOPBACK)


def fetch_keys(issuer: str) -> KeySet:
    """Returns the keys that an issuer publishes, in two requests. Raises DiscoveryFailed.

    The issuer's name is an address that `is_provider_address` accepts.
    """
    configuration = _fetch_json(f"{issuer.removesuffix('/')}/.well-known/openid-configuration", "configuration")
    if configuration.get("issuer") != issuer:
        raise DiscoveryFailed("configuration: it is another issuer's than JWT_ISSUER")
    keys_url = configuration.get("jwks_uri")
    if not isinstance(keys_url, str) or not is_provider_address(keys_url, is_local=issuer.startswith("http:")):
        raise DiscoveryFailed("configuration: jwks_uri is not an https address")
    return parse_key_set(_fetch_json(keys_url, "keys"))


def parse_key_set(document: dict[str, Any]) -> KeySet:
    """Returns the keys of a JWK Set that can verify tokens here. Raises DiscoveryFailed.

    A static JWK Set with one bad key is refused as a whole, since its owner can remove it. A provider's set may at any
    time get a key for encryption, or of a new kind, which must not stop the others.
    """
    members = document.get("keys")
    if not isinstance(members, list):
        raise DiscoveryFailed("keys: not a JWK Set")
    keys: list[tokens.Key] = []
    skipped: set[str] = set()
    for member in members:
        try:
            keys.append(tokens.parse_public_key(member))
        except ValueError as error:  # noqa: PERF203 - there are few
            skipped.add(str(error))
    return KeySet(tuple(keys), tuple(sorted(skipped)))


def _fetch_json(url: str, name: str) -> dict[str, Any]:
    from fc_http import http_client  # noqa: PLC0415 - imported lazily: most instances read no provider's keys

    # Firewalls in front of some providers answer 403 to requests without a User-Agent.
    headers = {"Accept": "application/json", "User-Agent": http_client.USER_AGENT}
    try:
        response = http_client.request(
            "GET", url, timeout_seconds=TIMEOUT_SECONDS, headers=headers, max_bytes=MAX_DOCUMENT_BYTES
        )
    except http_client.RequestFailed as error:
        raise DiscoveryFailed(f"{name}: {error}") from None
    if response.status != 200:
        raise DiscoveryFailed(f"{name}: status {response.status}")
    try:
        document = json.loads(response.body)
    except (ValueError, RecursionError):
        raise DiscoveryFailed(f"{name}: not JSON") from None
    if not isinstance(document, dict):
        raise DiscoveryFailed(f"{name}: not a JSON object")
    return document
