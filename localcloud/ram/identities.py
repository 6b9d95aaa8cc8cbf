"""The identities of the cloud: users and sessions of roles, by their access keys."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Identity:
    """One access key: of a RAM user, without end, or of an assumed role, with a security token and an expiration."""

    access_key_id: str
    access_key_secret: str = field(repr=False)
    security_token: str = field(repr=False)
    """Empty for a user."""
    arn: str
    """`acs:ram::<account>:user/<name>` or `acs:ram::<account>:assumed-role/<role>/<session>`."""
    expiration: float
    """Seconds since the epoch."""
    policies: tuple[Mapping[str, Any], ...]
    """RAM policies: the user's or role's own, and after it the session policy. All of them must allow an action."""

    @property
    def account_id(self) -> str:
        """Returns the account to which the identity belongs."""
        return self.arn.split(":")[3]


class Identities:
    """All access keys that exist. Expired ones remain, so that their holders get an error that says so."""

    def __init__(self) -> None:
        self._by_key: dict[str, Identity] = {}

    def add(self, identity: Identity) -> None:
        """Adds an identity."""
        self._by_key[identity.access_key_id] = identity

    def find(self, access_key_id: str) -> Identity | None:
        """Returns the identity with an access key."""
        return self._by_key.get(access_key_id)

    def clear(self) -> None:
        """Deletes all access keys."""
        self._by_key.clear()

    def revoke(self, access_key_id: str) -> None:
        """Deletes an access key."""
        self._by_key.pop(access_key_id, None)

    def add_session(
        self, account_id: str, role: str, session: str, expiration: float, policies: tuple[Mapping[str, Any], ...]
    ) -> Identity:
        """Makes random credentials of an assumed role."""
        identity = Identity(
            access_key_id=f"STS.N{secrets.token_hex(12)}",
            access_key_secret=secrets.token_urlsafe(33),
            # As long as the tokens of STS. It is in every form twice, and is most of its size.
            security_token=f"CAIS{secrets.token_urlsafe(600)}",
            arn=f"acs:ram::{account_id}:assumed-role/{role}/{session}",
            expiration=expiration,
            policies=policies,
        )
        self.add(identity)
        return identity
