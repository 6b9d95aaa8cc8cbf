"""Which identity an access key belongs to, and what RAM and the bucket allow it."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from localcloud.oss.errors import NO_RIGHT, OssError, access_denied
from localcloud.ram import policies

if TYPE_CHECKING:
    from localcloud.oss.storage.bucket import Bucket
    from localcloud.ram.identities import Identities, Identity

NOT_IN_OUR_RECORDS = "The OSS Access Key Id you provided does not exist in our records."


def identify(identities: Identities, access_key_id: str, security_token: str | None, now: float) -> Identity:
    """Returns the identity with an access key, if the security token (None: not sent) is the one issued with it.

    Raises OssError. `now` is in seconds since the epoch.
    """
    if access_key_id.startswith("STS.") and not security_token:
        lost = f"{NOT_IN_OUR_RECORDS} The Security Token may be lost to specify that it is a STS Access Id."
        raise OssError(403, "InvalidAccessKeyId", lost, "0002-00000003", OSSAccessKeyId=access_key_id)
    identity = identities.find(access_key_id)
    if identity is None:
        raise OssError(403, "InvalidAccessKeyId", NOT_IN_OUR_RECORDS, "0002-00000902", OSSAccessKeyId=access_key_id)
    token = security_token or ""
    if not hmac.compare_digest(token.encode(), identity.security_token.encode()):
        raise OssError(403, "InvalidSecurityToken", "The security token you provided is invalid.", SecurityToken=token)
    if now >= identity.expiration:
        expired = "The security token you provided has expired."
        raise OssError(403, "SecurityTokenExpired", expired, "0002-00000007", SecurityToken=token)
    return identity


def authorize(identity: Identity, action: str, bucket: Bucket, key: str | None = None) -> None:
    """Raises OssError unless every policy of the identity allows the action on the object, or on the bucket itself."""
    resource = bucket.name if key is None else f"{bucket.name}/{key}"
    authorize_bucket(identity, action, bucket.account_id, resource)


def authorize_bucket(identity: Identity, action: str, account_id: str, resource: str) -> None:
    """Raises OssError unless every policy of the identity allows the action on a bucket or an object of its account."""
    if identity.account_id != account_id:
        raise access_denied(NO_RIGHT)
    if not policies.allows(identity.policies, action, f"acs:oss:*:{account_id}:{resource}"):
        raise access_denied("Access denied by authorizer's policy.")
