"""OSS's signature on a callback: which key it was made with, and whether it is valid. Follows OSS's "Callback".

RSA PKCS #1 v1.5 with MD5, by a key of 512 bits that OSS uses for all buckets there are: it proves little, see
`oss_protocol.callback`. The signature covers the bytes as they came.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from fc_http import http_client
from fc_http.errors import StorageUnavailable
from fc_http.event import Request
from fc_http.http_client import RequestFailed
from upload_callback.errors import NotFromOss

KEY_TIMEOUT_SECONDS = 0.8

MAX_KEY_BYTES = 4096
"""OSS's file of a public key has about 200."""

_KEY_PATH = re.compile(r"/[A-Za-z0-9_-]{1,64}\.pem")


@dataclass(frozen=True)
class CallbackSignature:
    """A callback's signature before it is verified, and the address of its key."""

    signature: bytes
    key_url: str
    text: bytes
    """What OSS signs: the path, decoded, a line feed, the body."""

    @classmethod
    def from_request(cls, request: Request, key_origin: str) -> CallbackSignature:
        """Parses the headers. Raises NotFromOss if there is no signature, or its key is not at `key_origin`."""
        if request.query:
            # Function Compute decodes queries, so the text that was signed is lost. This project's address has none.
            raise NotFromOss
        try:
            signature = base64.b64decode(request.headers["authorization"], validate=True)
            key_url = base64.b64decode(request.headers["x-oss-pub-key-url"], validate=True).decode("ascii")
        except (KeyError, ValueError):
            raise NotFromOss from None
        path = key_url.removeprefix(key_origin)
        # The origin as text, and after it a path that cannot be anything else: no user, no port, no query, no dots.
        if path == key_url or not _KEY_PATH.fullmatch(path):
            raise NotFromOss
        return cls(signature, key_url, unquote_to_bytes(request.path) + b"\n" + request.body)


class PublicKeys:
    """OSS's public keys, fetched when first needed; a key that has verified a signature is cached in the instance.

    So only the owner of a key can make the instance cache it, and there are only as many as OSS has.
    """

    def __init__(self) -> None:
        self._cached: dict[str, bytes] = {}

    def verify(self, signature: CallbackSignature) -> None:
        """Raises NotFromOss unless OSS made the signature, StorageUnavailable if its key cannot be fetched.

        If the cached key does not fit, it is fetched again: OSS may have replaced it.
        """
        cached = self._cached.get(signature.key_url)
        if cached is not None and is_valid(signature.signature, signature.text, cached):
            return
        key = _fetch_key(signature.key_url)
        if not is_valid(signature.signature, signature.text, key):
            raise NotFromOss
        self._cached[signature.key_url] = key


def _fetch_key(url: str) -> bytes:
    try:
        response = http_client.request("GET", url, timeout_seconds=KEY_TIMEOUT_SECONDS, max_bytes=MAX_KEY_BYTES)
    except RequestFailed:
        raise StorageUnavailable from None
    if response.status >= 500:
        raise StorageUnavailable
    if response.status != 200:
        raise NotFromOss  # nothing is there, or it is elsewhere: redirects are not followed
    return response.body


def load_verifier() -> Callable[[bytes, bytes, bytes], None]:
    """Returns a function that verifies a signature over some bytes with the key in a PEM text.

    It raises ValueError, UnsupportedAlgorithm or InvalidSignature. Imported lazily: slow to import, and most forged
    callbacks are refused earlier.
    """
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import MD5  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415

    def verify(signature: bytes, text: bytes, pem: bytes) -> None:
        key = load_pem_public_key(pem)
        if not isinstance(key, RSAPublicKey):
            raise ValueError  # noqa: TRY004 - what is in a file is a value
        key.verify(signature, text, PKCS1v15(), MD5())  # noqa: S303 - OSS's choice

    return verify


def is_valid(signature: bytes, text: bytes, pem: bytes) -> bool:
    """Returns whether the owner of this RSA key signed these bytes. For other keys it returns False."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm  # noqa: PLC0415

    try:
        load_verifier()(signature, text, pem)
    except (ValueError, UnsupportedAlgorithm, InvalidSignature):
        return False
    return True
