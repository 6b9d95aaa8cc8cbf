"""OptionObject: a browser's preflight, decided by the CORS rules of the bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from localcloud.oss import cors

if TYPE_CHECKING:
    from localcloud.oss.request import OssRequest


def option_object(request: OssRequest) -> Response:
    """Returns 200 with the headers of the rule that matches. Raises OssError."""
    return Response(
        headers=cors.preflight_headers(
            request.bucket.cors_rules,
            request.header("Origin"),
            request.header("Access-Control-Request-Method"),
            request.header("Access-Control-Request-Headers"),
        )
    )
