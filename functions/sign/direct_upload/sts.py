"""AssumeRole through the vendor's SDK, which sends its requests through `sdk_session`.

Follows the STS API of 2015-04-01. The SDK is imported at the first call: it takes most of a cold start.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from direct_upload.credential_cache import AssumeRoleFailed
from direct_upload.settings import Settings
from direct_upload.without_aiohttp import without_aiohttp
from oss_protocol.credentials import Credentials, OwnCredentials

if TYPE_CHECKING:
    from alibabacloud_credentials.provider.refreshable import Credentials as SdkCredentials

DURATION_SECONDS = 3600
"""Of a session: every role allows it."""

# Two attempts of at most 1 + 1.5 seconds, with at most 0.4 between them: less than 6 seconds, and far less than the
# function's own time-out. Only the client's configuration matters: the SDK ignores the retry options of a single call.
_CONNECT_TIMEOUT_MS = 1000
_READ_TIMEOUT_MS = 1500
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
    """Returns the policy that limits the temporary credentials, whatever else the role may do.

    They may put objects under the prefix and, with multipart uploads, list their parts and abort them.
    """
    resource = f"acs:oss:*:*:{settings.bucket}/{settings.prefix}/*"
    put = "oss:PutObject"
    action = [put, "oss:ListParts", "oss:AbortMultipartUpload"] if settings.multipart else put
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return json.dumps({"Version": "1", "Statement": [statement]}, separators=(",", ":"))


def role_session_name(context: Any) -> str:
    """Returns the function's name as a role session name (2 to 32 of letters, digits and @ . _ -)."""
    name = str(getattr(getattr(context, "function", None), "name", ""))
    return re.sub(r"[^A-Za-z0-9@._-]", "-", name)[:32].ljust(2, "-") if name else "sign"


def role_assumer(settings: Settings) -> Callable[[OwnCredentials, str], Credentials]:
    """Returns a function that assumes the upload role of these settings."""

    def assume(own: OwnCredentials, session: str) -> Credentials:
        return assume_role(own, session, settings)

    return assume


def assume_role(own: OwnCredentials, session: str, settings: Settings) -> Credentials:
    """Returns temporary credentials of the upload role, limited by the session policy. Raises AssumeRoleFailed."""
    with without_aiohttp():
        from alibabacloud_sts20150401.client import Client  # noqa: PLC0415 - slow to import
        from alibabacloud_sts20150401.models import AssumeRoleRequest  # noqa: PLC0415

        from direct_upload import sdk_session  # noqa: PLC0415

    sdk_session.install()
    request = AssumeRoleRequest(
        role_arn=settings.role_arn,
        role_session_name=session,
        duration_seconds=DURATION_SECONDS,
        policy=session_policy(settings),
    )
    try:
        response = Client(_config(own, settings)).assume_role(request)
    except Exception as error:  # noqa: BLE001 - the SDK raises whatever its layers raise
        failure = _failure(error)
    else:
        return _credentials(response)
    # Raised outside the handler, so that no exception of the SDK is its context.
    raise failure


def _config(own: OwnCredentials, settings: Settings) -> Any:
    from alibabacloud_credentials.client import Client as CredentialsClient  # noqa: PLC0415
    from alibabacloud_tea_openapi.utils_models import Config  # noqa: PLC0415
    from darabonba.policy.retry import RetryOptions  # noqa: PLC0415

    config = Config(
        credential=CredentialsClient(provider=_Provider(own)),
        region_id=settings.region,
        connect_timeout=_CONNECT_TIMEOUT_MS,
        read_timeout=_READ_TIMEOUT_MS,
        retry_options=RetryOptions(_RETRY),
    )
    if settings.sts_endpoint:
        config.protocol, _, config.endpoint = settings.sts_endpoint.partition("://")
    return config


class _Provider:
    """Provides the SDK with these credentials only: its default chain would search for others in many places."""

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


def _failure(error: Exception) -> AssumeRoleFailed:
    from direct_upload.sdk_session import error_code  # noqa: PLC0415

    code = error_code(error)
    own_refused = code.startswith(("InvalidSecurityToken", "InvalidAccessKeyId"))
    return AssumeRoleFailed(code, request_id=getattr(error, "request_id", None), own_refused=own_refused)


def _credentials(response: Any) -> Credentials:
    """Returns the credentials of a response. Each field is checked: a 200 of this SDK may have none of them."""
    body = getattr(getattr(response, "body", None), "credentials", None)
    parts = [
        getattr(body, name, None) for name in ("access_key_id", "access_key_secret", "security_token", "expiration")
    ]
    if not all(isinstance(part, str) and part for part in parts):
        raise AssumeRoleFailed("incomplete response")
    try:
        expiration = datetime.strptime(str(parts[3]), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    except ValueError:
        raise AssumeRoleFailed("unreadable expiration") from None
    return Credentials(str(parts[0]), str(parts[1]), str(parts[2]), expiration.timestamp())
