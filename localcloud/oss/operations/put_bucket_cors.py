"""PutBucketCors: replaces the CORS rules of a bucket."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from localcloud import xml_document
from localcloud.oss.authorization import authorize
from localcloud.oss.cors import METHODS, CorsRule
from localcloud.oss.errors import OssError, invalid_argument, invalid_digest, malformed_xml
from localcloud.oss.storage.bucket import MAX_CORS_RULES

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from localcloud.oss.request import OssRequest

MAX_BYTES = 16 * 1024
"""Bytes of the document."""


def put_bucket_cors(request: OssRequest) -> Response:
    """Returns 200. Raises OssError. That ResponseVary is ignored, and Vary always sent, is our choice."""
    authorize(request.signer(), "oss:PutBucketCors", request.bucket)
    body = request.http.stream.read(MAX_BYTES + 1)
    content_md5 = request.header("Content-MD5")
    if content_md5 and content_md5 != base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode():
        raise invalid_digest()
    request.bucket.cors_rules = _parse(body)
    return Response()


def _parse(body: bytes) -> list[CorsRule]:
    """Reads the rules. Raises OssError; the Codes for the ECs are our choice."""
    try:
        root = xml_document.parse(body)
    except ValueError:
        raise malformed_xml() from None
    if root.tag != "CORSConfiguration" or len(body) > MAX_BYTES:
        raise malformed_xml()
    entries = root.findall("CORSRule")
    if not entries:
        message = "The CORS configuration has no CORSRule."
        raise invalid_argument(message, "CORSRule", "", "0034-00000002")
    if len(entries) > MAX_CORS_RULES:
        raise OssError(400, "CORSRuleBeyondLimit", "The CORS Rules num is beyond limit.")
    return [_parse_rule(entry) for entry in entries]


def _parse_rule(entry: Element) -> CorsRule:
    methods, exposed = _texts(entry, "AllowedMethod"), _texts(entry, "ExposeHeader")
    for method in methods:
        if method not in METHODS:
            message = "AllowedMethod is not one of GET, PUT, DELETE, POST, HEAD."
            raise invalid_argument(message, "AllowedMethod", method, "0034-00000011")
    for name in exposed:
        # That it is in ASCII is our choice: a header of a response could not name it.
        if re.search("[*<>&'\"]|[^ -~]", name):
            raise invalid_argument("ExposeHeader is invalid.", "ExposeHeader", name, "0034-00000013")
    max_ages = _texts(entry, "MaxAgeSeconds")
    max_age = (max_ages or ("0",))[0]
    if len(max_ages) > 1 or not re.fullmatch("[0-9]{1,9}", max_age):
        raise invalid_argument("The CORS rule is invalid.", "MaxAgeSeconds", max_age)
    try:
        origins, headers = _texts(entry, "AllowedOrigin"), _texts(entry, "AllowedHeader")
        return CorsRule(origins, methods, headers, exposed, int(max_age))
    except ValueError as error:
        raise invalid_argument("The CORS rule is invalid.", "CORSRule", str(error)) from None


def _texts(entry: Element, name: str) -> tuple[str, ...]:
    return tuple((element.text or "").strip() for element in entry.findall(name))
