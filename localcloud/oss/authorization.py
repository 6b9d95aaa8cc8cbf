"""Which identity an access key belongs to, and what RAM and the bucket allow it."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from localcloud.oss.errors import NO_RIGHT, OssError, access_denied
from localcloud.oss.storage.bucket import PUBLIC_ACLS
from localcloud.ram import policies

if TYPE_CHECKING:
    from localcloud.oss.storage.bucket import Bucket, StoredObject
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
    """Raises OssError unless every policy of the identity allows the action on a bucket or an object of its account.

    Which of several policies is named, if more than one does not allow it, is our choice.
    """
    if identity.account_id != account_id:
        raise access_denied(NO_RIGHT)
    arn = f"acs:oss:*:{account_id}:{resource}"
    own, session = identity.policies[:1], identity.policies[1:]
    if session and not policies.allows(session, action, arn):
        raise access_denied("Access denied by authorizer's policy.", "0003-00000301")
    if policies.denies(own, action, arn):
        # The page of this EC prints this message, although it is about a RAM policy.
        raise access_denied("Access denied by bucket policy.", "0003-00000201")
    if not policies.allows(own, action, arn):
        raise access_denied("You have no right to access this object.", "0003-00000202")


def authorize_read(
    identity: Identity | None, action: str, bucket: Bucket, key: str, stored: StoredObject | None
) -> None:
    """Raises OssError unless everyone may read the object, or the identity (None: nobody signed) is allowed to."""
    _authorize_public(identity, action, bucket, key, is_public=bucket.find_acl(stored) in PUBLIC_ACLS)


def authorize_write(identity: Identity | None, action: str, bucket: Bucket, key: str) -> None:
    """Raises OssError unless everyone may write this object, or the identity (None: nobody signed) is allowed to."""
    is_public = not bucket.public_access_blocked and bucket.find_acl(bucket.get(key)) == "public-read-write"
    _authorize_public(identity, action, bucket, key, is_public=is_public)


def _authorize_public(identity: Identity | None, action: str, bucket: Bucket, key: str, *, is_public: bool) -> None:
    """Raises OssError. Where everyone is allowed, an identity is too, unless a policy denies it."""
    if identity is None:
        if not is_public:
            raise access_denied(NO_RIGHT)
        return
    resource = f"acs:oss:*:{bucket.account_id}:{bucket.name}/{key}"
    if not is_public or policies.denies(identity.policies, action, resource):
        authorize(identity, action, bucket, key)


def authorize_acl(identity: Identity | None, bucket: Bucket, key: str, acl: str | None) -> None:
    """Raises OssError unless an upload may bring this ACL. That an ACL takes a right of its own is our choice."""
    if acl is None:
        return
    if identity is None:
        raise access_denied(NO_RIGHT)
    authorize(identity, "oss:PutObjectAcl", bucket, key)
    check_public_acl(bucket, acl)


def check_public_acl(bucket: Bucket, acl: str | None) -> None:
    """Raises OssError for a public ACL of an object whose bucket blocks public access."""
    if bucket.public_access_blocked and acl in PUBLIC_ACLS:
        raise access_denied("Put public object acl is not allowed", "0016-00000901")
