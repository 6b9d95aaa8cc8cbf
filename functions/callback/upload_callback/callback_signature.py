"""OSS's signature on a callback: which key it was made with, and whether it fits. Follows OSS's "Callback".

RSA PKCS #1 v1.5 with MD5, by a key of 512 bits that is OSS's for all buckets there are: it proves little, see callback
in direct_upload. The bytes are judged as they came.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from fc_http import http_client
from fc_http.errors import StorageUnavailable
from fc_http.event import Request
from fc_http.http_client import Unreachable
from upload_callback.errors import NotFromOss

KEY_SECONDS = 0.8
KEY_LIMIT = 4096
"""Bytes of a public key's file; OSS's has about 200."""

_KEY_PATH = re.compile(r"/[A-Za-z0-9_-]{1,64}\.pem")


@dataclass(frozen=True)
class Signed:
    """A callback's signature, and the address of the key that it names: not yet believed."""

    signature: bytes
    key_url: str
    text: bytes
    """What was signed: the path, decoded, a line feed, the body."""

    @classmethod
    def of(cls, request: Request, key_origin: str) -> Signed:
        """Raises NotFromOss where OSS could not have signed it so, or where the key is not at `key_origin`."""
        if request.has_query:
            # It comes decoded, so what was signed is lost; and no address of ours has one.
            raise NotFromOss
        try:
            signature = base64.b64decode(request.headers.get("authorization", ""), validate=True)
            key_url = base64.b64decode(request.headers.get("x-oss-pub-key-url", ""), validate=True).decode("ascii")
        except (binascii.Error, ValueError):
            raise NotFromOss from None
        path = key_url.removeprefix(key_origin)
        # The origin as text, and after it a path that can be nothing else: no user, no port, no query, no dots.
        if path == key_url or not _KEY_PATH.fullmatch(path):
            raise NotFromOss
        return cls(signature, key_url, unquote_to_bytes(request.path) + b"\n" + request.body)


class PublicKeys:
    """OSS's public keys, fetched when first needed; one that has verified something is kept in the instance.

    So nobody but the owner of a key makes the instance keep it, and there are only as many as OSS has.
    """

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def verify(self, signed: Signed) -> None:
        """Raises NotFromOss unless OSS signed this, StorageUnavailable where its key cannot be had.

        A key that is kept and does not fit is asked for anew: OSS may have replaced it.
        """
        kept = self._kept.get(signed.key_url)
        if kept is not None and fits(signed.signature, signed.text, kept):
            return
        fetched = _fetched(signed.key_url)
        if not fits(signed.signature, signed.text, fetched):
            raise NotFromOss
        self._kept[signed.key_url] = fetched


def _fetched(url: str) -> bytes:
    try:
        answer = http_client.ask("GET", url, seconds=KEY_SECONDS, limit=KEY_LIMIT)
    except Unreachable:
        raise StorageUnavailable from None
    if answer.status >= 500:
        raise StorageUnavailable
    if answer.status != 200:
        raise NotFromOss  # nothing is there, or it is elsewhere: a redirect is not followed
    return answer.body


def load() -> Callable[[bytes, bytes, bytes], None]:
    """What verifies a signature over some bytes with the key in a PEM text; raises what `fits` knows.

    Dear to import, and not every request gets here.
    """
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import MD5  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415

    def verify(signature: bytes, signed: bytes, pem: bytes) -> None:
        key = load_pem_public_key(pem)
        if not isinstance(key, RSAPublicKey):
            raise ValueError("no RSA key")  # noqa: TRY004 - what is in a file is a value
        key.verify(signature, signed, PKCS1v15(), MD5())  # noqa: S303 - OSS's choice

    return verify


def fits(signature: bytes, signed: bytes, pem: bytes) -> bool:
    """Whether this is the signature over these bytes by the owner of this key; what is no RSA key signs nothing."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm  # noqa: PLC0415

    try:
        load()(signature, signed, pem)
    except (ValueError, UnsupportedAlgorithm, InvalidSignature):
        return False
    return True
