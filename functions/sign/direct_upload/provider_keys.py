"""The keys of the identity provider, cached in the instance and renewed in time."""

from __future__ import annotations

import math
import threading
from dataclasses import replace
from typing import NamedTuple

from direct_upload import discovery
from direct_upload.discovery import DiscoveryFailed
from direct_upload.errors import IdentityProviderUnavailable
from direct_upload.tokens import Issuer, Key, unverified_kid
from fc_http.instants import is_ahead
from fc_http.invocation import Invocation

RENEWAL_SECONDS = 600
"""After this long keys are read anew: so long a key that the provider has withdrawn may still verify tokens."""

RETRY_SECONDS = 60
"""After a failed attempt to renew there is no other for this long, and after one for an unknown key neither."""

MAX_AGE_SECONDS = 24 * 3600
"""So long keys serve while the provider is down."""

MAX_WAIT_SECONDS = 5
"""Of a request, while another one reads the keys: that takes at most 4 seconds. By so much may the request that
has set the time of the next attempt have started after the one that looks at it."""


class _Snapshot(NamedTuple):
    keys: tuple[Key, ...]
    read_at: float
    """Seconds since the epoch."""


class ProviderKeys:
    """Caches the provider's keys. What callers send causes at most one attempt to read them a minute.

    An attempt is due every 10 minutes. Besides, a token that names an unknown key causes one: the provider may just
    have begun to sign with a new key. These have a minute of their own, so that an attempt that was due does not make
    the first token of a new key wait. While one request reads the keys, others use those that are cached, or wait.
    """

    def __init__(self, issuer: Issuer) -> None:
        self._issuer = issuer
        self._cached = _Snapshot((), -math.inf)
        self._next_renewal_at = 0.0
        self._next_search_at = 0.0
        self._lock = threading.Lock()

    def prepare(self, invocation: Invocation) -> None:
        """Reads the keys before the first request needs them. If that fails, the first request tries again."""
        with self._lock:
            self._fetch_if_allowed(invocation, is_unknown=False)

    def issuer_for(self, authorization: str | None, invocation: Invocation) -> Issuer:
        """Returns the issuer, with the keys that verify a token; reads them first if that is due, or its key unknown.

        Raises TokenMissing, TokenInvalid, IdentityProviderUnavailable.
        """
        kid, now = unverified_kid(authorization), invocation.now
        has_key = self._has_key(kid, now)
        max_wait = 0 if has_key else MAX_WAIT_SECONDS
        if (not has_key or self._is_due(now)) and self._lock.acquire(timeout=max_wait):
            try:
                # Another request may have read them meanwhile, or have failed to.
                self._fetch_if_allowed(invocation, is_unknown=not self._has_key(kid, now))
            finally:
                self._lock.release()
        keys = self._usable(now)
        if not keys:
            raise IdentityProviderUnavailable(retry_after=self._pause(now))
        return replace(self._issuer, keys=keys)

    def _usable(self, now: float) -> tuple[Key, ...]:
        cached = self._cached
        return cached.keys if now - cached.read_at <= MAX_AGE_SECONDS else ()

    def _has_key(self, kid: str | None, now: float) -> bool:
        """Returns whether there is the key of a token: of its name or, where no key has a name, any."""
        names = {key.kid for key in self._usable(now)}
        return names == {None} or kid in names

    def _is_due(self, now: float) -> bool:
        return not is_ahead(self._next_renewal_at, now, RENEWAL_SECONDS + MAX_WAIT_SECONDS)

    def _pause(self, now: float) -> int:
        """Returns for how many whole seconds no request causes an attempt, at least 1."""
        left = min(self._next_renewal_at, self._next_search_at) - now
        return min(max(1, math.ceil(left)), RETRY_SECONDS)

    def _fetch_if_allowed(self, invocation: Invocation, *, is_unknown: bool) -> None:
        """Reads the keys if that is due, or if the key of a token is unknown. Logs the attempt."""
        now = invocation.now
        may_search = is_unknown and not is_ahead(self._next_search_at, now, RETRY_SECONDS + MAX_WAIT_SECONDS)
        if not may_search and not self._is_due(now):
            return
        if is_unknown:
            self._next_search_at = now + RETRY_SECONDS
        self._next_renewal_at = now + RETRY_SECONDS
        try:
            key_set = discovery.fetch_keys(self._issuer.name)
        except DiscoveryFailed as error:
            invocation.log_event(event="key_fetch_failed", reason=str(error))
            return
        self._cached = _Snapshot(key_set.keys, now)
        self._next_renewal_at = now + RENEWAL_SECONDS
        skipped = list(key_set.skipped) or None
        invocation.log_event(event="keys_renewed", keys=len(key_set.keys), skipped=skipped)
