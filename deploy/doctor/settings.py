"""What doctor looks for in the settings of the function and of the deployment."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from deploy.doctor.context import Setup
from direct_upload.settings import MAX_FORM_LIFETIME_SECONDS, MIN_BYTES_PER_SECOND, parse_size

MAX_ENVIRONMENT = 4096
"""Bytes of names and values that Function Compute takes as a function's environment."""

FEWEST_CHARACTERS = 10
"""Different characters that a secret made at random has at least: 64 hexadecimal digits hardly ever have fewer."""


def prefix(setup: Setup) -> Iterator[str]:
    """What every key begins with."""
    if "UPLOAD_PREFIX" in setup.settings and not setup.settings["UPLOAD_PREFIX"].strip():
        yield "UPLOAD_PREFIX is set, and empty: the function takes `uploads` then."
    yield from prefix_faults(setup)


def prefix_faults(setup: Setup) -> list[str]:
    """Why the roles' rights cannot be told from the prefix."""
    if setup.settings.get("UPLOAD_PREFIX", "").endswith("/"):
        return ["UPLOAD_PREFIX ends in a slash: the roles' rights are made of it and another one."]
    return _faults_of(setup, "UPLOAD_PREFIX")


def origins(setup: Setup) -> Iterator[str]:
    """The pages that may upload."""
    yield from _faults_of(setup, "ALLOWED_ORIGINS")


def jwt(setup: Setup) -> Iterator[str]:
    """How users prove who they are."""
    if any(nobody_known(setup)):
        return
    faults = list(_faults_of(setup, "JWT_SECRET", "JWT_JWKS", "JWT_ISSUER", "JWT_AUDIENCE", "AUTH"))
    yield from faults
    secrets = [word.strip() for word in setup.settings.get("JWT_SECRET", "").split(",") if word.strip()]
    if not faults and any(len(set(secret)) < FEWEST_CHARACTERS for secret in secrets):
        yield f"JWT_SECRET has fewer than {FEWEST_CHARACTERS} different characters: nobody made that at random."


def nobody_known(setup: Setup) -> Iterator[str]:
    """Nobody can prove who they are."""
    given = (setup.settings.get(name, "").strip() for name in ("JWT_SECRET", "JWT_JWKS"))
    if not is_open(setup.settings) and not any(given):
        yield "Neither JWT_SECRET nor JWT_JWKS is set."


def others(setup: Setup) -> Iterator[str]:
    """What the function would say of settings that no check of their own looks at."""
    named = (
        *("UPLOAD_PREFIX", "ALLOWED_ORIGINS", "JWT_SECRET", "JWT_JWKS", "JWT_ISSUER", "JWT_AUDIENCE", "AUTH"),
        *("MULTIPART_THRESHOLD", "MULTIPART_SECRET"),
    )
    yield from (f"{text}." for name, text in setup.setting_faults().items() if name not in named)


def _faults_of(setup: Setup, *names: str) -> list[str]:
    return [f"{text}." for name, text in setup.setting_faults().items() if name in names]


def missing(setup: Setup) -> Iterator[str]:
    """Variables without a value or a default."""
    yield from (f"s.yaml asks for {name}, which is not set." for name in dict.fromkeys(setup.deployment.missing))


def nobody_asked(setup: Setup) -> Iterator[str]:
    """Anybody may upload."""
    if is_open(setup.settings):
        yield "AUTH is none."


def is_open(settings: Mapping[str, str]) -> bool:
    """Whether anybody may upload."""
    return settings.get("AUTH", "").strip() == "none"


def opened(setup: Setup) -> Iterator[str]:
    """Anybody may upload to what is live, and s.yaml says otherwise."""
    if setup.declared and is_open(setup.settings) and not is_open(setup.declared.function_environ):
        yield "AUTH is none, and in s.yaml it is not."


def environment_size(setup: Setup) -> Iterator[str]:
    """The function's environment, against Function Compute's limit."""
    size = sum(len(name.encode()) + len(value.encode()) for name, value in setup.settings.items())
    if size > MAX_ENVIRONMENT:
        yield f"The function's environment has {size:,} bytes, of {MAX_ENVIRONMENT:,}."


def environment_strings(setup: Setup) -> Iterator[str]:
    """Values that the component refuses."""
    for name, value in (setup.function.get("environmentVariables") or {}).items():
        if not isinstance(value, str):
            yield f"{name} in s.yaml is not a string, but {type(value).__name__}."


def large_files(setup: Setup) -> Iterator[str]:
    """Files that a slow line does not bring over while a form lives."""
    try:
        size = parse_size(setup.settings.get("MAX_SIZE") or "100MB")
        least_in_parts = parse_size(setup.settings.get("MULTIPART_THRESHOLD") or "1TB")
    except ValueError:
        return
    if min(size, least_in_parts) > MAX_FORM_LIFETIME_SECONDS * MIN_BYTES_PER_SECOND:
        yield (
            f"MAX_SIZE is {setup.settings['MAX_SIZE']}, and no form lives longer than "
            f"{MAX_FORM_LIFETIME_SECONDS:,} seconds: "
            f"the largest file needs a line of {-(-size // MAX_FORM_LIFETIME_SECONDS // 1000):,} KB a second."
        )


def names(setup: Setup) -> Iterator[str]:
    """What every name is made of."""
    yield from (f"{text}." for name, text in setup.name_faults.items() if name in ("NAME", "REGION", "AccountID"))


def unread_names(setup: Setup) -> Iterator[str]:
    """Names in .env that are misspelt."""
    yield from setup.unread


def keep_days(setup: Setup) -> Iterator[str]:
    """How long uploads are kept."""
    days = setup.environ.get("KEEP_DAYS", "").strip()
    if days and not re.fullmatch(r"0|[1-9][0-9]{0,4}", days):
        yield f"KEEP_DAYS must be a whole number of days, or 0, not {days!r}."


def kept_for_ever(setup: Setup) -> Iterator[str]:
    """Uploads that are never deleted."""
    if setup.environ.get("KEEP_DAYS", "").strip() in ("", "0"):
        yield "KEEP_DAYS is 0, or not set."
