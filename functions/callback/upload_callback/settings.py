"""The settings of the callback function: the environment, read once; every fault in it named in one error."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from fc_http import environment
from fc_http.environment import Environment
from oss_protocol.bucket import bucket_name, internal_url, key_prefix, region_id
from upload_callback.webhook import PREFIX, Webhook

KEY_ORIGIN = "https://gosspublic.alicdn.com"
"""Where OSS's public keys are, and nowhere else."""


@dataclass(frozen=True)
class Settings:
    """What is set for the callback function."""

    bucket: str
    region: str
    """The region's ID, such as cn-hangzhou."""
    prefix: str
    """First part of every key, without a slash at its end."""
    secrets: tuple[str, ...] = field(repr=False)
    """What the tickets are sealed with."""
    webhook: Webhook | None
    """Who is told besides the log; None for nobody."""
    bucket_url: str
    """Where the function asks OSS about an object, without a slash at its end."""
    key_origin: str
    """Where OSS's public keys are taken from: scheme, host and perhaps port."""

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Settings:
        """Raises Misconfigured, which names every fault at once."""
        found = Environment(environ)
        read = found.read
        bucket = read("OSS_BUCKET", bucket_name)
        region = read("OSS_REGION", region_id)
        settings = cls(
            bucket=bucket,
            region=region,
            prefix=read("UPLOAD_PREFIX", key_prefix, "uploads"),
            secrets=read("CALLBACK_SECRET", environment.shared_secrets),
            webhook=webhook(found),
            bucket_url=read("OSS_ENDPOINT", found.local_origin, "") or internal_url(bucket, region),
            key_origin=read("CALLBACK_KEY_ORIGIN", found.local_origin, "") or KEY_ORIGIN,
        )
        found.complain()
        return settings


def webhook(found: Environment) -> Webhook | None:
    """Whom to tell, if WEBHOOK_URL is set; faults are noted."""
    if not found.has("WEBHOOK_URL"):
        if found.has("WEBHOOK_SECRET"):
            found.blame("WEBHOOK_SECRET is set, and WEBHOOK_URL is not: nobody would be told")
        return None
    schemes = ("https", "http") if found.local else ("https",)
    return Webhook(
        found.read("WEBHOOK_URL", lambda text: _webhook_url(text, schemes)),
        found.read("WEBHOOK_SECRET", _webhook_key),
    )


def _webhook_url(text: str, schemes: tuple[str, ...]) -> str:
    try:
        parts = urlsplit(text)
        usable = parts.scheme in schemes and parts.hostname and "@" not in parts.netloc and not parts.fragment
        _ = parts.port
    except ValueError:
        usable = False
    if not usable or not text.isascii() or not text.isprintable() or " " in text:
        # Not the text itself: many such addresses are secret.
        raise ValueError(
            "must be an address such as https://app.example.com/uploads, without a user's name or password"
        )
    return text


def _webhook_key(text: str) -> bytes:
    """The key in a secret as Standard Webhooks writes it."""
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not text.startswith(PREFIX) or not 24 <= len(key) <= 64:
        raise ValueError(f'must be {PREFIX} and 24 to 64 bytes in base64: echo "{PREFIX}$(openssl rand -base64 32)"')
    return key
