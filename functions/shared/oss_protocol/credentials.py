"""Credentials: the function's own, which Function Compute provides, and those of the upload role, which STS issues."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class OwnCredentials:
    """The function's own credentials, of its execution role."""

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
    """Returns the function's current credentials: from the context if the runtime puts them there, else from `environ`.

    Returns None if one of the three parts is missing: STS refuses a key without its token, and half an identity from
    each place would be worse.
    """
    provided = getattr(context, "credentials", None)
    names = ("access_key_id", "access_key_secret", "security_token")
    if provided is not None:
        parts = [getattr(provided, name, None) for name in names]
    else:
        parts = [environ.get(f"ALIBABA_CLOUD_{name.upper()}") for name in names]
    if not all(isinstance(part, str) and part for part in parts):
        return None
    return OwnCredentials(*map(str, parts))
