"""Credentials: the function's own, as Function Compute gives them, and the upload role's, kept and renewed in time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class OwnCredentials:
    """What the function holds of its execution role."""

    access_key_id: str
    access_key_secret: str = field(repr=False)
    security_token: str = field(repr=False)


@dataclass(frozen=True)
class Credentials:
    """Temporary credentials of the upload role. Their secret never leaves the function."""

    access_key_id: str
    access_key_secret: str = field(repr=False)
    security_token: str = field(repr=False)
    expiration: float
    """Seconds since the epoch."""


def own_credentials(context: Any, environ: Mapping[str, str]) -> OwnCredentials | None:
    """The execution role's credentials as of now: from the context where the runtime puts them, else the environment.

    None where one of the three parts is missing: an STS key without its token is refused, and half an identity from
    here and half from there would be worse.
    """
    given = getattr(context, "credentials", None)
    names = ("access_key_id", "access_key_secret", "security_token")
    if given is not None:
        parts = [getattr(given, name, None) for name in names]
    else:
        parts = [environ.get(f"ALIBABA_CLOUD_{name.upper()}") for name in names]
    if not all(isinstance(part, str) and part for part in parts):
        return None
    return OwnCredentials(*map(str, parts))
