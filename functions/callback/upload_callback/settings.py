"""The settings of the callback function: the environment, read once; one error names every fault in it."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from fc_http.environment import Environment, is_address, parse_seconds, parse_secrets
from oss_protocol.bucket import (
    DEFAULT_KEY_PREFIX,
    internal_url,
    parse_bucket_name,
    parse_key_prefix,
    parse_region,
    public_url,
)
from oss_protocol.callback import GRACE_SECONDS
from upload_callback.chat_robot import LANGUAGES, SERVICES, ChatRobot, Service, find_service
from upload_callback.webhook import SECRET_PREFIX, Webhook

STANDARD = "standard"
"""The kind of webhook that Standard Webhooks describes."""

MIN_DOWNLOAD_SECONDS = 60

MAX_DOWNLOAD_SECONDS = GRACE_SECONDS
"""A ticket outlives its form by as much: so no address of a file that arrived in time is cut short."""

KEY_ORIGIN = "https://gosspublic.alicdn.com"
"""OSS's public keys are here, and nowhere else."""


class ContentCheck(Enum):
    """What is done about a file whose first bytes are not of its type."""

    OFF = "off"
    """Nothing: no file is read."""
    REPORT = "report"
    DELETE = "delete"


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
    webhook: Webhook | ChatRobot | None
    """None if only the log is to have the notifications."""
    content_check: ContentCheck
    download_url_expires_in: int | None
    """Seconds that the address is valid at which people can download what they have uploaded; None if they get none."""
    upload_url: str
    """The bucket's address for browsers, without a slash at its end."""
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
            prefix=read("UPLOAD_PREFIX", parse_key_prefix, DEFAULT_KEY_PREFIX),
            secrets=read("CALLBACK_SECRET", parse_secrets),
            webhook=read_webhook(environment),
            content_check=read("CONTENT_CHECK", _parse_content_check, ContentCheck.OFF.value),
            download_url_expires_in=read("DOWNLOAD_URL_EXPIRES_IN", _parse_download_seconds, ""),
            upload_url=read("UPLOAD_URL", environment.parse_origin, "") or public_url(bucket, region),
            bucket_url=read("OSS_ENDPOINT", environment.parse_local_origin, "") or internal_url(bucket, region),
            key_origin=read("CALLBACK_KEY_ORIGIN", environment.parse_local_origin, "") or KEY_ORIGIN,
        )
        environment.raise_if_faulty()
        return settings


def read_webhook(environment: Environment) -> Webhook | ChatRobot | None:
    """Returns the webhook, or None if WEBHOOK_URL is not set. Faults are added to the environment's."""
    kind = environment.read("WEBHOOK_KIND", _parse_kind, STANDARD)
    language = environment.read("WEBHOOK_LANGUAGE", _parse_language, LANGUAGES[0])
    if not environment.has("WEBHOOK_URL"):
        for name, is_set in (("WEBHOOK_SECRET", environment.has("WEBHOOK_SECRET")), ("WEBHOOK_KIND", kind in SERVICES)):
            if is_set:
                environment.add_fault(f"{name} is set, and WEBHOOK_URL is not: set both, or remove {name}")
        return None
    if kind in SERVICES:
        return _read_robot(environment, kind, language)
    if kind != STANDARD:
        return None  # a fault, and nobody knows what the address and the secret should be
    schemes = ("https", "http") if environment.local else ("https",)
    return Webhook(
        environment.read("WEBHOOK_URL", lambda text: _parse_webhook_url(text, schemes)),
        environment.read("WEBHOOK_SECRET", _parse_webhook_key),
    )


def _read_robot(environment: Environment, kind: str, language: str) -> ChatRobot:
    service = SERVICES[kind]
    url = environment.read("WEBHOOK_URL", lambda text: _parse_robot_url(text, service, anywhere=environment.local))
    if service.secret:
        secret = environment.read("WEBHOOK_SECRET", lambda text: _parse_robot_secret(text, service))
    else:
        secret = ""
        if environment.has("WEBHOOK_SECRET"):
            environment.add_fault(
                f"WEBHOOK_SECRET must not be set: {service.name} has no secret besides the address. Remove it"
            )
    return ChatRobot(kind, url, secret, language)


def _parse_kind(text: str) -> str:
    if text not in {STANDARD, *SERVICES}:
        raise ValueError(f"must be {STANDARD}, {', '.join(SERVICES)}, not {text!r}")
    return text


def _parse_language(text: str) -> str:
    if text not in LANGUAGES:
        raise ValueError(f"must be {' or '.join(LANGUAGES)}, not {text!r}")
    return text


def _parse_content_check(text: str) -> ContentCheck:
    try:
        return ContentCheck(text)
    except ValueError:
        raise ValueError(f"must be off, report or delete, not {text!r}") from None


def _parse_download_seconds(text: str) -> int | None:
    return parse_seconds(text, MIN_DOWNLOAD_SECONDS, MAX_DOWNLOAD_SECONDS) if text else None


def _parse_webhook_url(text: str, schemes: tuple[str, ...]) -> str:
    if not is_address(text, *schemes):
        # The text itself is left out: many such addresses are secret.
        raise ValueError(
            "must be an address such as https://app.example.com/uploads, without a user's name or password"
        )
    kind = find_service(text)
    if kind:
        raise ValueError(f"is the address of a robot of {SERVICES[kind].name}: set WEBHOOK_KIND={kind}")
    return text


def _parse_robot_url(text: str, service: Service, *, anywhere: bool) -> str:
    if not service.owns(text, anywhere=anywhere):
        raise ValueError(f"must be the address that {service.name} shows for its robot: {service.example}")
    return text


def _parse_robot_secret(text: str, service: Service) -> str:
    if not re.fullmatch(service.secret, text, re.ASCII):
        raise ValueError(
            f"must be the secret that {service.name} shows for its robot's signature: {service.secret_example}"
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
