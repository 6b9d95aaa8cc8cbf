"""ListMultipartUploads: lists the uploads that were neither completed nor aborted, by key, in pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localcloud.oss.authorization import authorize
from localcloud.oss.operations.list_objects_v2 import (
    MAX_KEYS,
    Query,
    describe_common_prefix,
    encode,
    group,
    parse_max,
)
from localcloud.oss.responses import xml_response
from localcloud.oss.signature_v4 import iso_8601

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from localcloud.oss.request import OssRequest
    from localcloud.oss.storage.multipart_uploads import MultipartUpload
    from localcloud.xml_document import Content


def list_multipart_uploads(request: OssRequest) -> Response:
    """Returns one page of the listing. Raises OssError."""
    bucket, parameters = request.bucket, request.parameters
    authorize(request.signer(), "oss:ListMultipartUploads", bucket)
    names = ("prefix", "delimiter", "encoding-type")
    query = Query.parse({name: parameters[name] for name in names if name in parameters} | {"list-type": "2"})
    key_marker, id_marker = parameters.get("key-marker", ""), parameters.get("upload-id-marker", "")
    maximum = parse_max(parameters, "max-uploads", MAX_KEYS)
    uploads = ((upload.key, upload) for upload in bucket.multipart_uploads.list_all())
    found = [
        (text, upload)
        for text, upload in group(query, uploads)
        if text > key_marker or (text == key_marker and upload and id_marker and upload.upload_id > id_marker)
    ]
    page = found[:maximum]
    last_key, last = page[-1] if page else ("", None)
    elements: list[tuple[str, Content]] = [
        ("Bucket", bucket.name),
        *([("EncodingType", query.encoding_type)] if query.encoding_type else []),
        ("KeyMarker", encode(query, key_marker)),
        ("UploadIdMarker", id_marker),
        ("NextKeyMarker", encode(query, last_key)),
        ("NextUploadIdMarker", last.upload_id if last else ""),
        ("Delimiter", encode(query, query.delimiter)),
        ("Prefix", encode(query, query.prefix)),
        ("MaxUploads", str(maximum)),
        ("IsTruncated", str(len(found) > maximum).lower()),
        *(_describe(query, text, upload) for text, upload in page),
    ]
    return xml_response("ListMultipartUploadsResult", elements)


def _describe(query: Query, text: str, upload: MultipartUpload | None) -> tuple[str, Content]:
    if upload is None:
        return describe_common_prefix(query, text)
    members = [("Key", encode(query, text)), ("UploadId", upload.upload_id), ("Initiated", iso_8601(upload.initiated))]
    return "Upload", members
