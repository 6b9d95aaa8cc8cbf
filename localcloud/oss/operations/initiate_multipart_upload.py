"""InitiateMultipartUpload: settles the type, headers and meta of an object that will arrive in parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localcloud.oss import object_headers
from localcloud.oss.errors import already_exists
from localcloud.oss.operations.put_object import check_headers
from localcloud.oss.responses import xml_response
from localcloud.oss.url_encoding import encode_key, encoding_element

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from localcloud.oss.request import OssRequest

FORBID_OVERWRITE = "x-oss-forbid-overwrite"


def initiate_multipart_upload(request: OssRequest) -> Response:
    """Returns the id of a new upload. Raises OssError."""
    settings = check_headers(request, request.signer())
    bucket, key = request.bucket, request.key
    if settings.get(FORBID_OVERWRITE) == "true" and not bucket.versioning and bucket.get(key):
        raise already_exists()
    stored_settings = {
        name: value for name, value in settings.items() if name == FORBID_OVERWRITE or object_headers.is_stored(name)
    }
    upload = bucket.multipart_uploads.initiate(key, settings.get("content-type", ""), stored_settings, request.now())
    encoding_type = request.parameters.get("encoding-type")
    elements = [
        *encoding_element(encoding_type),
        ("Bucket", bucket.name),
        ("Key", encode_key(key, encoding_type)),
        ("UploadId", upload.upload_id),
    ]
    return xml_response("InitiateMultipartUploadResult", elements)
