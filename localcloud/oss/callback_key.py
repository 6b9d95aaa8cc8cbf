"""The key that signs callbacks, and the server from which receivers get its public half."""

from __future__ import annotations

import importlib.util
import threading
from typing import TYPE_CHECKING, NamedTuple

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


class _Key(NamedTuple):
    private: RSAPrivateKey
    public: bytes
    """PEM."""
    sign: Callable[[bytes], bytes]


class KeyServer(StandIn):
    """Serves one file: the public key."""

    service = "key"

    def __init__(self, clock: Callable[[], float], *, port: int = 0) -> None:
        super().__init__(clock, port=port)
        self._key: _Key | None = None
        self._lock = threading.Lock()

    def sign(self, text: bytes) -> bytes:
        """Returns the signature of a callback: RSA with MD5."""
        return self._make_once().sign(text)

    def _make_once(self) -> _Key:
        with self._lock:
            self._key = self._key or _make_key()
            return self._key

    @property
    def key_url(self) -> str:
        """Returns the value of x-oss-pub-key-url, before base64."""
        return self.url + KEY_PATH

    def handle(self, request: Request) -> Response:
        """Returns the file, or 404."""
        if request.path != KEY_PATH or request.method not in ("GET", "HEAD") or not HAS_CRYPTOGRAPHY:
            return Response("", 404)
        return Response(self._make_once().public, content_type="application/x-x509-ca-cert")


def _make_key() -> _Key:
    """Makes a key as OSS's, but longer: OSS's has 512 bits, which no tool makes any more.

    All is imported here, at once: while a function runs in this process, its package's own cryptography takes this
    one's name.
    """
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import MD5  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415

    private = generate_private_key(65537, 1024)  # noqa: S505
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return _Key(private, public, lambda text: private.sign(text, PKCS1v15(), MD5()))  # noqa: S303
