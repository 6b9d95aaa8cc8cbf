"""What OSS answers to a form whose file it has stored."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from werkzeug.wrappers import Response

from localcloud.oss.errors import xml_document

if TYPE_CHECKING:
    from localcloud.oss.form_parser import PostForm
    from localcloud.oss.storage.bucket import Bucket, StoredObject


def reply(form: PostForm, stored: StoredObject, bucket: Bucket, base_url: str) -> Response:
    """The answer to a form whose file has been stored; `base_url` is where the bucket was asked, without a slash."""
    headers = stored_headers(stored)
    if redirect := form.fields.get("success_action_redirect"):
        # Nothing is appended to the address: whether OSS does is not known.
        return Response(status=303, headers={**headers, "Location": redirect})
    status = form.fields.get("success_action_status")
    if status == "201":
        elements = [
            ("Bucket", bucket.name),
            ("ETag", f'"{stored.etag}"'),
            ("Key", stored.key),
            ("Location", f"{base_url}/{quote(stored.key)}"),
        ]
        xml = xml_document("PostResponse", elements)
        return Response(xml, 201, headers, content_type="application/xml")
    return Response(status=200 if status == "200" else 204, headers=headers)


def stored_headers(stored: StoredObject) -> dict[str, str]:
    """What the answer to an upload says of the object, whichever way it came."""
    headers = {
        "ETag": f'"{stored.etag}"',
        "x-oss-hash-crc64ecma": stored.crc64,
    }
    if stored.content_md5:
        headers["Content-MD5"] = stored.content_md5
    if stored.version_id:
        headers["x-oss-version-id"] = stored.version_id
    if encryption := stored.headers.get("x-oss-server-side-encryption"):
        headers["x-oss-server-side-encryption"] = encryption
    return headers
