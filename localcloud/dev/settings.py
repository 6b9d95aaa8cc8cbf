"""The settings that `make dev` hands on to the functions. A new setting has no effect there before it is listed."""

from __future__ import annotations

from collections.abc import Mapping

SETTINGS = (
    *("OSS_BUCKET", "OSS_REGION", "OSS_STS_ROLE_ARN", "UPLOAD_URL", "UPLOAD_PREFIX", "MAX_SIZE", "CONTENT_TYPES"),
    *("MULTIPART_THRESHOLD", "MULTIPART_SECRET"),
    *("EXPIRES_IN", "FOLDER_FORMS", "ALLOWED_ORIGINS", "AUTH", "JWT_SECRET", "JWT_JWKS", "JWT_ISSUER", "JWT_AUDIENCE"),
    *("CALLBACK", "CALLBACK_SECRET", "CONTENT_CHECK", "DOWNLOAD_URL_EXPIRES_IN"),
    *("WEBHOOK_KIND", "WEBHOOK_LANGUAGE", "WEBHOOK_URL", "WEBHOOK_SECRET"),
)


def function_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """Returns the functions' settings that an environment has."""
    return {name: environ[name] for name in SETTINGS if environ.get(name)}
