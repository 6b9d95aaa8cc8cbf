"""The upload role's credentials, cached in the instance and renewed in time."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable

from direct_upload.errors import CredentialsUnavailable
from fc_http.errors import InstanceIsStale
from fc_http.instants import is_ahead
from oss_protocol.credentials import Credentials, OwnCredentials

MIN_LIFETIME_SECONDS = 60
"""Credentials that expire sooner than this sign nothing."""

RENEWAL_MARGIN_SECONDS = 300
"""By this much credentials must outlive the longest-lived form, else they are renewed."""

RETRY_PAUSE_SECONDS = 30
"""After a failed attempt there is no other for this long."""

MAX_WAIT_SECONDS = 7
"""Of a request, while another one obtains credentials: AssumeRole takes less than 6 seconds."""

YOUNG_INSTANCE_SECONDS = 600
"""In an instance younger than this, the function's own credentials cannot be stale, and a new one would not help."""


class AssumeRoleFailed(Exception):
    """STS issued no usable credentials. `code` comes from STS or from the network, and is safe to log."""

    def __init__(self, code: str, *, request_id: str | None = None, own_refused: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.request_id = request_id
        self.own_refused = own_refused
        """Whether STS refuses the function's own credentials."""


class CredentialCache:
    """Caches the upload role's credentials: one AssumeRole serves thousands of forms.

    Where an instance handles several requests at a time (instanceConcurrency), one of them obtains credentials; the
    others wait for it, or use the cached ones. There are no timers: an instance is frozen between requests.
    """

    def __init__(
        self, assume_role: Callable[[OwnCredentials, str], Credentials], *, max_form_lifetime: int, started: float
    ) -> None:
        """`assume_role` takes the function's own credentials and a session name.

        `max_form_lifetime` is in seconds. `started` is when the instance did, in seconds since the epoch.
        """
        self._assume_role = assume_role
        self._started = started
        self._min_left = max_form_lifetime + RENEWAL_MARGIN_SECONDS
        self._cached: Credentials | None = None
        self._next_attempt_at = 0.0
        self._renewal_lock = threading.Lock()

    def get(
        self,
        now: float,
        get_own: Callable[[], OwnCredentials | None],
        get_session: Callable[[], str],
        log_event: Callable[..., None],
    ) -> Credentials:
        """Returns credentials with at least MIN_LIFETIME_SECONDS left.

        Renews them first if they would not outlive the longest-lived form. `log_event(**fields)` gets every attempt.
        Raises CredentialsUnavailable and InstanceIsStale.
        """
        if self._left(now) < self._min_left and self._renewal_lock.acquire(timeout=self._max_wait(now)):
            try:
                # Another request may have obtained them meanwhile, or have failed to.
                if self._left(now) < self._min_left and not self._pause(now):
                    self._renew(now, get_own, get_session, log_event)
            finally:
                self._renewal_lock.release()
        cached = self._cached
        if cached is None or cached.expiration - now < MIN_LIFETIME_SECONDS:
            raise CredentialsUnavailable(retry_after=max(1, self._pause(now)))
        return cached

    def _max_wait(self, now: float) -> float:
        """Returns for how many seconds to wait for another request's attempt: 0 while the cached ones still serve."""
        return 0 if self._left(now) >= MIN_LIFETIME_SECONDS else MAX_WAIT_SECONDS

    def _pause(self, now: float) -> int:
        """Returns for how many whole seconds there is no attempt; 0 after a clock that was ahead has been set back.

        A request that has waited for another one's attempt may have started before that one did.
        """
        if not is_ahead(self._next_attempt_at, now, RETRY_PAUSE_SECONDS + MAX_WAIT_SECONDS):
            return 0
        return min(math.ceil(self._next_attempt_at - now), RETRY_PAUSE_SECONDS)

    def _left(self, now: float) -> float:
        return self._cached.expiration - now if self._cached else 0.0

    def _renew(
        self,
        now: float,
        get_own: Callable[[], OwnCredentials | None],
        get_session: Callable[[], str],
        log_event: Callable[..., None],
    ) -> None:
        """Makes one attempt. If it fails, the cached credentials go on serving."""
        self._next_attempt_at = now + RETRY_PAUSE_SECONDS
        own = get_own()
        try:
            if own is None:
                raise AssumeRoleFailed("no credentials of an execution role")  # noqa: TRY301 - logged like any failure
            fresh = self._assume_role(own, get_session())
            if fresh.expiration - now < MIN_LIFETIME_SECONDS:
                raise AssumeRoleFailed("credentials that have ended, or are about to")  # noqa: TRY301
        except AssumeRoleFailed as error:
            log_event(event="assume_role_failed", code=error.code, sts_request_id=error.request_id)
            if error.own_refused:
                self._check_own_credentials(now, have_changed=get_own() != own)
        else:
            self._cached = fresh
            log_event(event="assumed_role", expires_at=int(fresh.expiration))

    def _check_own_credentials(self, now: float, *, have_changed: bool) -> None:
        """Allows another attempt at once if they have changed. Raises InstanceIsStale if only a new instance helps."""
        if have_changed:
            self._next_attempt_at = now
        elif self._left(now) < MIN_LIFETIME_SECONDS and now - self._started > YOUNG_INSTANCE_SECONDS:
            raise InstanceIsStale
