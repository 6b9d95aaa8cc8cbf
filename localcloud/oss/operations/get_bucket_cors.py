"""GetBucketCors: returns the CORS rules of a bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localcloud.oss.authorization import authorize
from localcloud.oss.errors import OssError
from localcloud.oss.responses import xml_response

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkzeug.wrappers import Response

    from localcloud.oss.cors import CorsRule
    from localcloud.oss.request import OssRequest


def get_bucket_cors(request: OssRequest) -> Response:
    """Returns 200 with the rules in their order. Raises OssError."""
    bucket = request.bucket
    authorize(request.signer(), "oss:GetBucketCors", bucket)
    if not bucket.cors_rules:
        message = "The CORS Configuration does not exist."
        raise OssError(404, "NoSuchCORSConfiguration", message, "0034-00000001", BucketName=bucket.name)
    return xml_response("CORSConfiguration", [("CORSRule", list(_describe(rule))) for rule in bucket.cors_rules])


def _describe(rule: CorsRule) -> Iterator[tuple[str, str]]:
    names = ("AllowedOrigin", "AllowedMethod", "AllowedHeader", "ExposeHeader")
    lists = (rule.allowed_origins, rule.allowed_methods, rule.allowed_headers, rule.expose_headers)
    for name, values in zip(names, lists, strict=True):
        yield from ((name, value) for value in values)
    if rule.max_age_seconds:
        yield "MaxAgeSeconds", str(rule.max_age_seconds)
