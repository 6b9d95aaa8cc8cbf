"""The upload role's credentials, cached in the instance and renewed in time."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable

from direct_upload.errors import CredentialsUnavailable
from fc_http.errors import InstanceIsStale
from oss_protocol.credentials import Credentials, OwnCredentials

MIN_LIFE = 60
"""Seconds: credentials nearer to their end than this sign nothing any more."""


MARGIN = 300
"""Seconds that credentials must outlive the longest-lived form; with less left they are renewed."""


PAUSE = 30
"""Seconds after a failed attempt in which no other is made."""


WAIT = 7
"""Seconds for which a request waits for credentials that another one is getting: AssumeRole is over before 6."""


YOUNG = 600
"""Seconds in which an instance's own credentials cannot have gone stale: a new instance would have no better ones."""


class AssumeRoleFailed(Exception):  # noqa: N818 - as the API's own errors are named
    """No usable credentials came back. `code` is what STS or the network gave, and safe to log."""

    def __init__(self, code: str, *, request_id: str | None = None, own_refused: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.request_id = request_id
        self.own_refused = own_refused
        """Whether STS no longer takes the function's own credentials."""


class UploadCredentials:
    """Keeps the upload role's credentials in the instance; one AssumeRole serves thousands of forms.

    One request gets them where an instance answers several at a time (instanceConcurrency); the others wait for it, or
    go on with what is kept. No timers: an instance is frozen between requests.
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
        self._getting = threading.Lock()

    def at(
        self, now: float, own: Callable[[], OwnCredentials | None], session: str, report: Callable[..., None]
    ) -> Credentials:
        """Credentials with at least MIN_LIFE seconds left, renewed if they would not outlive the longest-lived form.

        `report(**facts)` hears of every attempt. Raises CredentialsUnavailable, InstanceIsStale.
        """
        if self._left(now) < self._wanted and self._getting.acquire(timeout=self._patience(now)):
            try:
                # Another request may have got them meanwhile, or have met with a failure.
                if self._left(now) < self._wanted and not self._pause(now):
                    self._renew(now, own, session, report)
            finally:
                self._getting.release()
        kept = self._kept
        if kept is None or kept.expiration - now < MIN_LIFE:
            raise CredentialsUnavailable(retry_after=max(1, self._pause(now)))
        return kept

    def _patience(self, now: float) -> float:
        """Seconds to wait for another request that gets credentials: none while those that are kept still serve."""
        return 0 if self._left(now) >= MIN_LIFE else WAIT

    def _pause(self, now: float) -> int:
        """Whole seconds in which no attempt is made; none where a clock that was ahead has been set back.

        A request that has waited for another one's attempt may have come before that one did.
        """
        left = self._not_before - now
        return min(math.ceil(left), PAUSE) if 0 < left <= PAUSE + WAIT else 0

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
