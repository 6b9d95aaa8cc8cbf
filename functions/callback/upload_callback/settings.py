"""The settings of the callback function: the environment, read once; one error names every fault in it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field

from fc_http.environment import Environment, is_address, parse_secrets
from oss_protocol.bucket import internal_url, parse_bucket_name, parse_key_prefix, parse_region
from upload_callback.webhook import SECRET_PREFIX, Webhook

KEY_ORIGIN = "https://gosspublic.alicdn.com"
"""OSS's public keys are here, and nowhere else."""


@dataclass(frozen=True)
class Settings:
    """The settings of the callback function."""

    bucket: str
    region: str
    """The region's ID, such as cn-hangzhou."""
    prefix: str
    """The first part of every key, without a slash at its end."""
    secrets: tuple[str, ...] = field(repr=False)
    """They verify tickets."""
    webhook: Webhook | None
    """None if only the log is to have the notifications."""
    bucket_url: str
    """The address at which the function looks objects up, without a slash at its end."""
    key_origin: str
    """The origin of OSS's public keys: scheme, host and perhaps port."""

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Settings:
        """Reads the settings. Raises InvalidSettings, which names every fault."""
        environment = Environment(environ)
        read = environment.read
        bucket = read("OSS_BUCKET", parse_bucket_name)
        region = read("OSS_REGION", parse_region)
        settings = cls(
            bucket=bucket,
            region=region,
            prefix=read("UPLOAD_PREFIX", parse_key_prefix, "uploads"),
            secrets=read("CALLBACK_SECRET", parse_secrets),
            webhook=read_webhook(environment),
            bucket_url=read("OSS_ENDPOINT", environment.parse_local_origin, "") or internal_url(bucket, region),
            key_origin=read("CALLBACK_KEY_ORIGIN", environment.parse_local_origin, "") or KEY_ORIGIN,
        )
        environment.raise_if_faulty()
        return settings


def read_webhook(environment: Environment) -> Webhook | None:
    """Returns the webhook, or None if WEBHOOK_URL is not set. Faults are added to the environment's."""
    if not environment.has("WEBHOOK_URL"):
        if environment.has("WEBHOOK_SECRET"):
            environment.add_fault("WEBHOOK_SECRET is set, and WEBHOOK_URL is not: set both, or remove WEBHOOK_SECRET")
        return None
    schemes = ("https", "http") if environment.local else ("https",)
    return Webhook(
        environment.read("WEBHOOK_URL", lambda text: _parse_webhook_url(text, schemes)),
        environment.read("WEBHOOK_SECRET", _parse_webhook_key),
    )


def _parse_webhook_url(text: str, schemes: tuple[str, ...]) -> str:
    if not is_address(text, *schemes):
        # The text itself is left out: many such addresses are secret.
        raise ValueError(
            "must be an address such as https://app.example.com/uploads, without a user's name or password"
        )
    return text


def _parse_webhook_key(text: str) -> bytes:
    """Returns the key in a secret as Standard Webhooks writes it. Raises ValueError."""
    try:
        key = base64.b64decode(text.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not text.startswith(SECRET_PREFIX) or not 24 <= len(key) <= 64:
        example = f'echo "{SECRET_PREFIX}$(openssl rand -base64 32)"'
        raise ValueError(f"must be {SECRET_PREFIX} and 24 to 64 bytes in base64: {example}")
    return key
