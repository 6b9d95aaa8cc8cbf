"""The key that signs callbacks, and the server from which receivers get its public half."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from werkzeug.wrappers import Response

from localcloud.stand_in import StandIn

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Request

KEY_PATH = "/callback_pub_key_v1.pem"


class KeyServer(StandIn):
    """Serves one file: the public key."""

    service = "key"

    def __init__(self, clock: Callable[[], float], *, port: int = 0) -> None:
        super().__init__(clock, port=port)
        self._key: RSAPrivateKey | None = None
        self._lock = threading.Lock()

    @property
    def key(self) -> RSAPrivateKey:
        """The private key, made when it is first needed. OSS's has 512 bits, which no tool makes any more."""
        with self._lock:
            if self._key is None:
                self._key = generate_private_key(65537, 1024)  # noqa: S505
            return self._key

    @property
    def key_url(self) -> str:
        """The value of x-oss-pub-key-url, before base64."""
        return self.url + KEY_PATH

    def handle(self, request: Request) -> Response:
        """Return the file, or 404."""
        if request.path != KEY_PATH or request.method not in ("GET", "HEAD"):
            return Response("", 404)
        pem = self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return Response(pem, content_type="application/x-x509-ca-cert")
