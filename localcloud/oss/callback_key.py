"""The key that signs callbacks, and the server from which receivers get its public half."""

from __future__ import annotations

import importlib.util
import threading
from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from localcloud.stand_in import StandIn

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from werkzeug.wrappers import Request

KEY_PATH = "/callback_pub_key_v1.pem"

HAS_CRYPTOGRAPHY = importlib.util.find_spec("cryptography") is not None
"""Whether callbacks can be signed. The package is an extra of the distribution: it is larger than all else together, so
it is imported only where a key is needed."""


class KeyServer(StandIn):
    """Serves one file: the public key."""

    service = "key"

    def __init__(self, clock: Callable[[], float], *, port: int = 0) -> None:
        super().__init__(clock, port=port)
        self._key: RSAPrivateKey | None = None
        self._lock = threading.Lock()

    @property
    def key(self) -> RSAPrivateKey:
        """Returns the private key, made when it is first needed. OSS's has 512 bits, which no tool makes any more."""
        from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key  # noqa: PLC0415

        with self._lock:
            if self._key is None:
                self._key = generate_private_key(65537, 1024)  # noqa: S505
            return self._key

    def sign(self, text: bytes) -> bytes:
        """Returns the signature of a callback: RSA with MD5."""
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15  # noqa: PLC0415
        from cryptography.hazmat.primitives.hashes import MD5  # noqa: PLC0415

        return self.key.sign(text, PKCS1v15(), MD5())  # noqa: S303

    @property
    def key_url(self) -> str:
        """Returns the value of x-oss-pub-key-url, before base64."""
        return self.url + KEY_PATH

    def handle(self, request: Request) -> Response:
        """Returns the file, or 404."""
        if request.path != KEY_PATH or request.method not in ("GET", "HEAD") or not HAS_CRYPTOGRAPHY:
            return Response("", 404)
        return Response(self._public_key(), content_type="application/x-x509-ca-cert")

    def _public_key(self) -> bytes:
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415

        return self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
