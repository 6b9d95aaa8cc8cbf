"""The upload role of `make dev`: in the stand-ins, the function's own role may not put objects."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from alibabacloud_oss_v2.credentials import StaticCredentialsProvider

from direct_upload import sdk_session
from direct_upload.without_aiohttp import without_aiohttp

with without_aiohttp():
    from alibabacloud_sts20150401.client import Client as StsClient
    from alibabacloud_sts20150401.models import AssumeRoleRequest
    from alibabacloud_tea_openapi.utils_models import Config


def assume(told: Any, session_name: str) -> StaticCredentialsProvider:
    """Assumes it by the line that `make dev` printed. Raises ValueError if the local STS refuses."""
    sdk_session.install()
    client = StsClient(
        Config(
            access_key_id=told["access_key_id"],
            access_key_secret=told["access_key_secret"],
            security_token=told["security_token"],
            endpoint=urlsplit(told["sts"]).netloc,
            protocol="http",
        )
    )
    try:
        reply: Any = client.assume_role(AssumeRoleRequest(role_arn=told["role_arn"], role_session_name=session_name))
    except Exception as fault:  # noqa: BLE001 - the SDK raises whatever its layers raise, with tokens in it
        raise ValueError(f"The local STS refuses the upload role: {sdk_session.error_code(fault)}") from None
    made = reply.body.credentials
    return StaticCredentialsProvider(made.access_key_id, made.access_key_secret, made.security_token)
