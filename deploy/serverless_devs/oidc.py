"""Temporary credentials for a CI job that proves who it is by its provider's token (OpenID Connect): no stored keys.

The variables are those of the vendor's SDKs; the exchange, AssumeRoleWithOIDC, is made by the vendor's own package.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_ROLE = "ALIBABA_CLOUD_ROLE_ARN"
_PROVIDER = "ALIBABA_CLOUD_OIDC_PROVIDER_ARN"
_TOKEN_FILE = "ALIBABA_CLOUD_OIDC_TOKEN_FILE"  # noqa: S105 - the name of a variable

NAMES = (_ROLE, _PROVIDER, _TOKEN_FILE)

_KEY = "oidc_serverless_devs_key"
"""The variable in which Serverless Devs, and the commands here, take credentials with their security token."""


def with_credentials(environ: Mapping[str, str], sts_endpoint: str | None = None) -> dict[str, str]:
    """Returns the environment; if it names a role, a provider and a token, with the role's credentials and ACCESS.

    Raises ValueError, with neither the token nor what STS answered in it, if there are no credentials for them. If
    ACCESS is set, its credentials are meant, and nothing is exchanged.
    """
    absent = [name for name in NAMES if not environ.get(name)]
    if environ.get("ACCESS") or _TOKEN_FILE in absent:
        return dict(environ)
    if absent:
        raise ValueError(f"{_TOKEN_FILE} is set, and {' and '.join(absent)} is not (docs/deploy-from-ci.md)")
    account = re.fullmatch(r"acs:ram::(\d+):role/.+", environ[_ROLE])
    if not account:
        raise ValueError(f"{_ROLE} must be like acs:ram::1234567890123456:role/deployer")
    credentials = {"AccountID": account[1], **_exchange(environ, sts_endpoint)}
    return {**environ, _KEY: json.dumps(credentials), "ACCESS": _KEY}


def _exchange(environ: Mapping[str, str], sts_endpoint: str | None) -> dict[str, str]:
    from alibabacloud_credentials.provider import OIDCRoleArnCredentialsProvider  # noqa: PLC0415 - slow to import

    provider: Any = OIDCRoleArnCredentialsProvider(
        role_arn=environ[_ROLE],
        oidc_provider_arn=environ[_PROVIDER],
        oidc_token_file_path=environ[_TOKEN_FILE],
        role_session_name="oss-direct-upload",
        sts_endpoint=sts_endpoint,
    )
    try:
        obtained = provider.get_credentials()
    except Exception as error:  # noqa: BLE001 - the SDK raises whatever its layers raise
        reason = _reason(error)
    else:
        return {
            "AccessKeyID": obtained.get_access_key_id(),
            "AccessKeySecret": obtained.get_access_key_secret(),
            "SecurityToken": obtained.get_security_token(),
        }
    # Raised outside the handler, so that no exception with the token in it is its context.
    raise ValueError(
        f"The role of {_ROLE} could not be assumed with the token in {_TOKEN_FILE}: {reason}. Look whether the role's "
        "trust policy names the provider, and the token's subject and audience (docs/deploy-from-ci.md)."
    )


def _reason(error: Exception) -> str:
    """Returns STS's code; else the kind of the error, whose text may quote the token."""
    if isinstance(error, OSError) and error.filename:
        return "the file cannot be read"
    code = re.search(r'"Code":\s*"([A-Za-z.]{1,80})"', str(error))
    return code[1] if code else type(error).__name__
