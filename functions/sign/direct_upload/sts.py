"""AssumeRole through the vendor's SDK. With `sdk_session`, through which that sends, and `outside` the only room with a
socket.

Follows the STS API of 2015-04-01. The SDK is imported at the first call: who needs no credentials does not pay for it.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from direct_upload.settings import Settings
from direct_upload.upload_credentials import AssumeRoleFailed
from direct_upload.without_aiohttp import without_aiohttp
from oss_protocol.credentials import Credentials, OwnCredentials

if TYPE_CHECKING:
    from alibabacloud_credentials.provider.refreshable import Credentials as SdkCredentials

DURATION = 3600
"""Seconds: what every role allows."""

# Two tries of at most 1 + 1.5 seconds, and at most 0.4 between them: over before 6 seconds, and long before the
# function's own time-out. Only the client's configuration counts: this SDK ignores the retries of a single call.
_CONNECT_TIMEOUT = 1000
_READ_TIMEOUT = 1500
_RETRY = {
    "retryable": True,
    "retryCondition": [
        {
            "maxAttempts": 2,
            "exception": ["RetryError", "ServerException", "ThrottlingException"],
            "errorCode": ["Throttling", "Throttling.User", "Throttling.Api", "SignatureNonceUsed"],
            "backoff": {"policy": "EqualJitter", "period": 100, "cap": 400},
            "maxDelay": 400,
        }
    ],
}


def session_policy(settings: Settings) -> str:
    """What the temporary credentials may do, whatever else the role may: put objects under the prefix.

    With multipart uploads also look at their parts, and abort them.
    """
    resource = f"acs:oss:*:*:{settings.bucket}/{settings.prefix}/*"
    more = ("oss:ListParts", "oss:AbortMultipartUpload") if settings.multipart else ()
    action = ["oss:PutObject", *more] if more else "oss:PutObject"
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return json.dumps({"Version": "1", "Statement": [statement]}, separators=(",", ":"))


def role_session_name(context: Any) -> str:
    """The function's name, as far as a role session name may hold it (2 to 32 of letters, digits and @ . _ -)."""
    name = str(getattr(getattr(context, "function", None), "name", ""))
    return re.sub(r"[^A-Za-z0-9@._-]", "-", name)[:32].ljust(2, "-") if name else "sign"


def role_assumer(settings: Settings) -> Callable[[OwnCredentials, str], Credentials]:
    """A function that assumes the upload role of these settings."""

    def assume(own: OwnCredentials, session: str) -> Credentials:
        return assume_role(own, session, settings)

    return assume


def assume_role(own: OwnCredentials, session: str, settings: Settings) -> Credentials:
    """Temporary credentials of the upload role, narrowed by the session policy. Raises AssumeRoleFailed."""
    with without_aiohttp():
        from alibabacloud_sts20150401.client import Client  # noqa: PLC0415 - see above
        from alibabacloud_sts20150401.models import AssumeRoleRequest  # noqa: PLC0415

        from direct_upload import sdk_session  # noqa: PLC0415

    sdk_session.install()
    _silence()
    request = AssumeRoleRequest(
        role_arn=settings.role_arn,
        role_session_name=session,
        duration_seconds=DURATION,
        policy=session_policy(settings),
    )
    try:
        response = Client(_config(own, settings)).assume_role(request)
    except Exception as fault:  # noqa: BLE001 - the SDK raises whatever its layers raise
        failure = _failure(fault)
    else:
        return _credentials(response)
    # Raised out here so that nothing of the SDK's hangs on to it as its context.
    raise failure


def _silence() -> None:
    """The SDK's loggers have handlers of their own, and print request headers and URLs with tokens in them."""
    for name in ("alibabacloud-tea", "darabonba-core", "credentials"):
        logging.getLogger(name).disabled = True


def _config(own: OwnCredentials, settings: Settings) -> Any:
    from alibabacloud_credentials.client import Client as CredentialsClient  # noqa: PLC0415
    from alibabacloud_tea_openapi.utils_models import Config  # noqa: PLC0415
    from darabonba.policy.retry import RetryOptions  # noqa: PLC0415

    config = Config(
        credential=CredentialsClient(provider=_Provider(own)),
        region_id=settings.region,
        connect_timeout=_CONNECT_TIMEOUT,
        read_timeout=_READ_TIMEOUT,
        retry_options=RetryOptions(_RETRY),
    )
    if settings.sts_endpoint:
        config.protocol, _, config.endpoint = settings.sts_endpoint.partition("://")
    return config


class _Provider:
    """Hands the SDK the credentials at hand, and no others: its default chain would look for some everywhere."""

    def __init__(self, own: OwnCredentials) -> None:
        self._own = own

    def get_credentials(self) -> SdkCredentials:
        from alibabacloud_credentials.provider.refreshable import Credentials as SdkCredentials  # noqa: PLC0415

        return SdkCredentials(
            access_key_id=self._own.access_key_id,
            access_key_secret=self._own.access_key_secret,
            security_token=self._own.security_token,
            provider_name=self.get_provider_name(),
        )

    def get_provider_name(self) -> str:
        return "function_role"


def _failure(fault: Exception) -> AssumeRoleFailed:
    from direct_upload.sdk_session import code_of  # noqa: PLC0415

    code = code_of(fault)
    own_refused = code.startswith(("InvalidSecurityToken", "InvalidAccessKeyId"))
    return AssumeRoleFailed(code, request_id=getattr(fault, "request_id", None), own_refused=own_refused)


def _credentials(response: Any) -> Credentials:
    """The four fields, each checked: a 200 of this SDK may come with none of them."""
    given = getattr(getattr(response, "body", None), "credentials", None)
    parts = [
        getattr(given, name, None) for name in ("access_key_id", "access_key_secret", "security_token", "expiration")
    ]
    if not all(isinstance(part, str) and part for part in parts):
        raise AssumeRoleFailed("incomplete answer")
    try:
        expiration = datetime.strptime(str(parts[3]), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    except ValueError:
        raise AssumeRoleFailed("unreadable expiration") from None
    return Credentials(str(parts[0]), str(parts[1]), str(parts[2]), expiration.timestamp())
