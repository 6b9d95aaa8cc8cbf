"""Credentials: the function's own, as Function Compute gives them, and the upload role's, kept and renewed in time."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from direct_upload.errors import CredentialsUnavailable

MIN_LIFE = 60
"""Seconds: credentials nearer to their end than this sign nothing any more."""

MARGIN = 300
"""Seconds that credentials must outlive the longest-lived form; with less left they are renewed."""

PAUSE = 30
"""Seconds after a failed attempt in which no other is made."""

YOUNG = 600
"""Seconds in which an instance's own credentials cannot have gone stale: a new instance would have no better ones."""


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


class AssumeRoleFailed(Exception):  # noqa: N818 - as the API's own errors are named
    """No usable credentials came back. `code` is what STS or the network gave, and safe to log."""

    def __init__(self, code: str, *, request_id: str | None = None, own_refused: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.request_id = request_id
        self.own_refused = own_refused
        """Whether STS no longer takes the function's own credentials."""


class InstanceIsStale(Exception):  # noqa: N818 - a state of the instance
    """The function's own credentials are refused and will not change in this instance: only a new one has others."""


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


class UploadCredentials:
    """Keeps the upload role's credentials in the instance; one AssumeRole serves thousands of forms.

    No locks: an instance answers one request at a time. No timers: it is frozen between requests.
    """

    def __init__(
        self, assume_role: Callable[[OwnCredentials, str], Credentials], *, longest_life: int, started: float
    ) -> None:
        """`assume_role` takes the function's own credentials and a session name; `longest_life` is in seconds,
        `started` the instance's beginning in seconds since the epoch."""
        self._assume_role = assume_role
        self._started = started
        self._wanted = longest_life + MARGIN
        self._kept: Credentials | None = None
        self._not_before = 0.0

    def at(
        self, now: float, own: Callable[[], OwnCredentials | None], session: str, report: Callable[..., None]
    ) -> Credentials:
        """Credentials with at least MIN_LIFE seconds left, renewed if they would not outlive the longest-lived form.

        `report(**facts)` hears of every attempt. Raises CredentialsUnavailable, InstanceIsStale.
        """
        if self._left(now) < self._wanted and not self._pause(now):
            self._renew(now, own, session, report)
        if self._kept is None or self._left(now) < MIN_LIFE:
            raise CredentialsUnavailable(retry_after=max(1, self._pause(now)))
        return self._kept

    def _pause(self, now: float) -> int:
        """Whole seconds in which no attempt is made; none where a clock that was ahead has been set back."""
        left = self._not_before - now
        return math.ceil(left) if 0 < left <= PAUSE else 0

    def _left(self, now: float) -> float:
        return self._kept.expiration - now if self._kept else 0.0

    def _renew(
        self, now: float, own: Callable[[], OwnCredentials | None], session: str, report: Callable[..., None]
    ) -> None:
        """One attempt. If it fails, what is kept goes on serving."""
        self._not_before = now + PAUSE
        used = own()
        try:
            if used is None:
                raise AssumeRoleFailed("no credentials of an execution role")  # noqa: TRY301 - reported like any failure
            fresh = self._assume_role(used, session)
            if fresh.expiration - now < MIN_LIFE:
                raise AssumeRoleFailed("credentials that have ended, or are about to")  # noqa: TRY301
        except AssumeRoleFailed as failure:
            report(event="assume_role_failed", code=failure.code, sts_request_id=failure.request_id)
            if failure.own_refused:
                self._judge_own(now, changed=own() != used)
        else:
            self._kept = fresh
            report(event="assumed_role", expires_at=int(fresh.expiration))

    def _judge_own(self, now: float, *, changed: bool) -> None:
        if changed:
            self._not_before = now
        elif self._left(now) < MIN_LIFE and now - self._started > YOUNG:
            raise InstanceIsStale
