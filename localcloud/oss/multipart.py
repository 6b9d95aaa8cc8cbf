"""InitiateMultipartUpload, UploadPart, ListParts, CompleteMultipartUpload and AbortMultipartUpload.

Type, headers and meta of the object are settled when an upload begins. Parts may come in any order and several times;
what they are together is judged when the upload is completed.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote
from xml.etree import ElementTree as ET

from werkzeug.wrappers import Response

from localcloud.oss import object_headers, put_object
from localcloud.oss.authorization import authorize
from localcloud.oss.errors import Refused, already_exists, invalid_argument, malformed_xml, xml_document
from localcloud.oss.responses import stored_headers
from localcloud.oss.signature_v4 import iso_8601
from localcloud.oss.storage.crc64 import combined
from localcloud.oss.storage.multipart_uploads import etag_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Request

    from localcloud.oss.addressing import Address
    from localcloud.oss.errors import Content
    from localcloud.oss.storage.bucket import Bucket, Incoming, StoredObject
    from localcloud.oss.storage.multipart_uploads import MultipartUpload, Part
    from localcloud.ram.identities import Identity

LEAST_PART = 100 * 1024
"""Bytes of any part but the last."""

MOST_PARTS = 10_000

MOST_LISTED = 1000

MAX_BODY = 2 * 1024**2
"""Bytes of a list of parts; our choice."""

MAX_VARIABLES = 5 * 1024
"""Bytes of x-oss-callback-var."""

FORBID = "x-oss-forbid-overwrite"


def initiate(request: Request, address: Address, identity: Identity, encoding_type: str | None) -> Response:
    """InitiateMultipartUpload. Raises Refused."""
    settings = put_object.check(request, address, identity)
    bucket, key = address.bucket, address.key
    _must_not_be_there(bucket, key, settings)
    kept = {name: value for name, value in settings.items() if name == FORBID or object_headers.is_kept(name)}
    upload = bucket.multipart_uploads.initiate(key, settings.get("content-type", ""), kept)
    elements = [
        *_encoding(encoding_type),
        ("Bucket", bucket.name),
        ("Key", _encoded(key, encoding_type)),
        ("UploadId", upload.upload_id),
    ]
    return _xml("InitiateMultipartUploadResult", elements)


def part_number(text: str) -> int:
    """1 to 10,000. Raises Refused."""
    if not re.fullmatch("[0-9]{1,5}", text) or not 1 <= int(text) <= MOST_PARTS:
        message = f"Part number must be an integer between 1 and {MOST_PARTS}, inclusive."
        raise invalid_argument(message, "PartNumber", text, "0017-00000220")
    return int(text)


def keep_part(bucket: Bucket, upload: MultipartUpload, number: int, incoming: Incoming, now: float) -> Response:
    """UploadPart, once its body has arrived. Raises Refused."""
    part = bucket.multipart_uploads.put(upload, number, incoming, now)
    content_md5 = base64.b64encode(bytes.fromhex(part.etag)).decode()
    headers = {"ETag": f'"{part.etag}"', "Content-MD5": content_md5, "x-oss-hash-crc64ecma": str(part.crc64)}
    return Response(headers=headers)


def list_parts(address: Address, identity: Identity, parameters: Mapping[str, str]) -> Response:
    """ListParts. Raises Refused."""
    bucket, key = address.bucket, address.key
    authorize(identity, "oss:ListParts", bucket, key)
    upload = bucket.multipart_uploads.find(key, parameters["uploadId"])
    most = _whole(parameters, "max-parts", MOST_LISTED, 1, MOST_LISTED)
    marker = _whole(parameters, "part-number-marker", 0, 0, MOST_PARTS)
    after = [part for part in bucket.multipart_uploads.parts(upload) if part.number > marker]
    listed = after[:most]
    encoding_type = parameters.get("encoding-type")
    elements = [
        *_encoding(encoding_type),
        ("Bucket", bucket.name),
        ("Key", _encoded(key, encoding_type)),
        ("UploadId", upload.upload_id),
        ("StorageClass", upload.settings.get("x-oss-storage-class", "Standard")),
        ("PartNumberMarker", str(marker)),
        ("NextPartNumberMarker", str(listed[-1].number if listed else marker)),
        ("MaxParts", str(most)),
        ("IsTruncated", str(len(after) > most).lower()),
    ]
    return _xml("ListPartsResult", [*elements, *(("Part", _described(part)) for part in listed)])


def asked_variables(request: Request) -> dict[str, str]:
    """The custom variables of a callback, from x-oss-callback-var. Raises Refused; codes and words are ours but one."""
    text = request.headers.get("x-oss-callback-var", "")
    if not text:
        return {}
    if len(text) > MAX_VARIABLES:
        message = "The length of callback var exceed max value."
        raise invalid_argument(message, "x-oss-callback-var", text, "0007-00000101")
    try:
        variables = json.loads(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError, RecursionError):
        variables = None
    sound = isinstance(variables, dict) and all(
        name.startswith("x:") and isinstance(value, str) for name, value in variables.items()
    )
    if not sound:
        raise invalid_argument("The callback var configuration is invalid.", "x-oss-callback-var", text)
    return dict(variables or {})


def complete(request: Request, address: Address, identity: Identity, upload_id: str, now: float) -> StoredObject:
    """CompleteMultipartUpload, but for its answer: the object. Raises Refused, and OSError of the disk."""
    bucket, key = address.bucket, address.key
    authorize(identity, "oss:PutObject", bucket, key)
    uploads = bucket.multipart_uploads
    body = _body(request)
    with uploads.completing:
        upload = uploads.find(key, upload_id)
        parts = _asked_for(request, body, uploads.parts(upload))
        for part in parts[:-1]:
            if part.size < LEAST_PART:
                message = "Your proposed upload smaller than the minimum allowed size."
                raise Refused(400, "EntityTooSmall", message, "0042-00000213")
        # Given at the beginning or at the end, it holds: that one is enough is our choice.
        forbid = "true" in (upload.settings.get(FORBID), request.headers.get(FORBID))
        stored = _joined(bucket, upload, parts, now, forbid_overwrite=forbid)
        uploads.remove(upload)
    return stored


def completed(stored: StoredObject, bucket: Bucket, base_url: str, encoding_type: str | None) -> Response:
    """The answer to a completion without a callback; `base_url` is where the bucket was asked, without a slash."""
    elements = [
        *_encoding(encoding_type),
        ("Location", f"{base_url}/{quote(stored.key)}"),
        ("Bucket", bucket.name),
        ("Key", _encoded(stored.key, encoding_type)),
        ("ETag", f'"{stored.etag}"'),
    ]
    response = _xml("CompleteMultipartUploadResult", elements)
    response.headers.update(stored_headers(stored))
    return response


def abort(address: Address, identity: Identity, upload_id: str) -> Response:
    """AbortMultipartUpload: 204. Raises Refused."""
    bucket, key = address.bucket, address.key
    authorize(identity, "oss:AbortMultipartUpload", bucket, key)
    bucket.multipart_uploads.remove(bucket.multipart_uploads.find(key, upload_id))
    return Response(status=204)


def _must_not_be_there(bucket: Bucket, key: str, settings: Mapping[str, str]) -> None:
    if settings.get(FORBID) == "true" and not bucket.versioning and bucket.get(key):
        raise already_exists()


def _body(request: Request) -> bytes:
    if (request.content_length or 0) > MAX_BODY:
        raise malformed_xml()
    return request.stream.read()


def _asked_for(request: Request, body: bytes, arrived: list[Part]) -> list[Part]:
    """The parts that the object is to be made of. Raises Refused."""
    if request.headers.get("x-oss-complete-all") == "yes":
        if body:
            # The misspelling is the published one.
            message = "Should not speficy both complete all header and http body."
            raise invalid_argument(message, "x-oss-complete-all", "yes", "0042-00000216")
        asked = [(part.number, part.etag) for part in arrived]
    else:
        asked = _listed(body)
    there = {(part.number, part.etag): part for part in arrived}
    if not asked or any(each not in there for each in asked):
        message = (
            "One or more of the specified parts could not be found or the specified entity tag might not have matched "
            "the part's entity tag."
        )
        raise Refused(400, "InvalidPart", message)
    numbers = [number for number, _ in asked]
    if numbers != sorted(set(numbers)):
        message = "The list of parts was not in ascending order. Parts list must specified in order by part number."
        raise Refused(400, "InvalidPartOrder", message, "0042-00000209")
    return [there[each] for each in asked]


def _listed(body: bytes) -> list[tuple[int, str]]:
    """Numbers and ETags of a list of parts. Raises Refused."""
    if b"<!" in body:
        raise malformed_xml()  # a document type: nobody needs one, and entities could make it grow
    try:
        root = ET.fromstring(body)  # noqa: S314 - see above
    except (ET.ParseError, ValueError, LookupError):  # the last two are encodings that nobody can read
        raise malformed_xml() from None
    parts = [(part.findtext("PartNumber", ""), part.findtext("ETag", "")) for part in root.findall("Part")]
    if root.tag != "CompleteMultipartUpload" or not 1 <= len(parts) <= MOST_PARTS:
        raise malformed_xml()
    return [(part_number(number.strip()), etag.strip().strip('"').upper()) for number, etag in parts]


def _joined(
    bucket: Bucket, upload: MultipartUpload, parts: list[Part], now: float, *, forbid_overwrite: bool
) -> StoredObject:
    """The object, copied from its parts and never read as a whole. Raises Refused, and OSError of the disk."""
    with bucket.incoming() as whole:
        for part in parts:
            whole.append(part.path, part.size)
            whole.crc64 = combined(whole.crc64, part.crc64, part.size)
        described = object_headers.describe(upload.key, whole, upload.settings, upload.content_type, now)
        described = replace(described, etag=etag_of(parts))
        return bucket.put(whole, described, forbid_overwrite=forbid_overwrite)


def _described(part: Part) -> list[tuple[str, str]]:
    return [
        ("PartNumber", str(part.number)),
        ("LastModified", iso_8601(part.last_modified)),
        ("ETag", f'"{part.etag}"'),
        ("HashCrc64ecma", str(part.crc64)),
        ("Size", str(part.size)),
    ]


def _whole(parameters: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    """A whole number among a query's parameters; code and words are ours. Raises Refused."""
    text = parameters.get(name, str(default))
    if not re.fullmatch("[0-9]{1,6}", text) or not least <= int(text) <= most:
        raise invalid_argument(f"{name} must be an integer between {least} and {most}.", name, text)
    return int(text)


def _encoding(encoding_type: str | None) -> list[tuple[str, str]]:
    return [("EncodingType", encoding_type)] if encoding_type else []


def _encoded(key: str, encoding_type: str | None) -> str:
    return quote(key) if encoding_type == "url" else key


def _xml(root: str, content: Content) -> Response:
    return Response(xml_document(root, content), content_type="application/xml")
