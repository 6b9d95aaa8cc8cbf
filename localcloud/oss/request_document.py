"""The XML document that a request brings, such as the configuration of a bucket."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from localcloud import xml_document
from localcloud.oss.errors import invalid_digest, malformed_xml

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from werkzeug.wrappers import Request


def read_document(request: Request, root: str) -> Element:
    """Returns the root element, which must have this name; Content-MD5 must match if it was sent. Raises OssError."""
    body = request.stream.read(xml_document.MAX_BYTES + 1)
    content_md5 = request.headers.get("Content-MD5")
    if content_md5 not in (None, base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()):
        raise invalid_digest()
    try:
        element = xml_document.parse(body)
    except ValueError:
        raise malformed_xml() from None
    if element.tag != root:
        raise malformed_xml()
    return element
