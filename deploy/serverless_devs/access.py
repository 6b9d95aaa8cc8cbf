"""The credentials that `s config add` keeps in `~/.s/access.yaml`, as Serverless Devs 3.1 writes them.

Each value is encrypted as CryptoJS does it (OpenSSL's form: AES-256-CBC, key and IV by EVP_BytesToKey with MD5), with a
passphrase that is the same for everybody. It hides them from a glance, and from nothing else.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path

import yaml  # type: ignore[import-untyped,unused-ignore]
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

_PASSPHRASE = b"SecretKey123"
_MAGIC = b"Salted__"


def alias(environ: Mapping[str, str]) -> str:
    """Returns the name of the credentials that a deployment takes: ACCESS, else that of s.yaml."""
    return environ.get("ACCESS") or "default"


def stored_credentials(environ: Mapping[str, str]) -> dict[str, str]:
    """Returns AccountID, AccessKeyID and the rest of the deployment's alias; nothing where there is none."""
    stored = _read_alias(environ)
    return {str(name): _plain(str(value)) for name, value in stored.items()} if isinstance(stored, dict) else {}


def holds_unusable(environ: Mapping[str, str]) -> bool:
    """Tells whether credentials are stored under the deployment's alias, or in an unreadable file, and are unusable."""
    stored = _read_alias(environ)
    return stored is not None and not {"AccessKeyID", "AccessKeySecret"} <= set(stored_credentials(environ))


def _read_alias(environ: Mapping[str, str]) -> object:
    """Returns what is stored under the deployment's alias; "" if the file cannot be read, None if nothing is stored."""
    home = environ.get("serverless_devs_config_home") or environ.get("HOME")
    if not home:
        return None
    try:
        text = (Path(home) / ".s" / "access.yaml").read_text(encoding="utf-8")
        known = yaml.safe_load(text)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, yaml.YAMLError):
        return ""
    return known.get(alias(environ)) if isinstance(known, dict) else None


def _plain(value: str) -> str:
    """Returns what was encrypted; what is not is itself, as Serverless Devs takes it."""
    try:
        raw = base64.b64decode(value, validate=True)
        if not raw.startswith(_MAGIC):
            return value
        salt, encrypted = raw[8:16], raw[16:]
        key = _key(salt)
        decryptor = Cipher(algorithms.AES(key[:32]), modes.CBC(key[32:])).decryptor()
        padded = decryptor.update(encrypted) + decryptor.finalize()
        unpadder = PKCS7(128).unpadder()
        return (unpadder.update(padded) + unpadder.finalize()).decode()
    except ValueError:
        return value


def _key(salt: bytes) -> bytes:
    """Returns 32 bytes of key and 16 of IV: EVP_BytesToKey."""
    block = key = b""
    while len(key) < 48:
        block = hashlib.md5(block + _PASSPHRASE + salt, usedforsecurity=False).digest()
        key += block
    return key
