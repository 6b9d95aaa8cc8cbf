"""The table of all operations of OSS that the stand-in has; each is a module of `operations/`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from localcloud.oss.authentication import raw_query
from localcloud.oss.errors import UnknownOperationError
from localcloud.oss.missing_operations import name_operation
from localcloud.oss.object_headers import check_key
from localcloud.oss.operations.abort_multipart_upload import abort_multipart_upload
from localcloud.oss.operations.complete_multipart_upload import complete_multipart_upload
from localcloud.oss.operations.copy_object import copy_object
from localcloud.oss.operations.delete_bucket import delete_bucket
from localcloud.oss.operations.delete_bucket_cors import delete_bucket_cors
from localcloud.oss.operations.delete_multiple_objects import delete_multiple_objects
from localcloud.oss.operations.delete_object import delete_object
from localcloud.oss.operations.get_bucket_acl import get_bucket_acl
from localcloud.oss.operations.get_bucket_cors import get_bucket_cors
from localcloud.oss.operations.get_bucket_info import get_bucket_info, get_bucket_location, get_bucket_stat
from localcloud.oss.operations.get_bucket_versioning import get_bucket_versioning
from localcloud.oss.operations.get_configuration import (
    get_bucket_encryption,
    get_bucket_lifecycle,
    get_bucket_policy,
    get_bucket_referer,
    get_bucket_website,
)
from localcloud.oss.operations.get_object import RESPONSE_HEADERS, get_object, get_root
from localcloud.oss.operations.get_object_acl import get_object_acl
from localcloud.oss.operations.get_object_meta import get_object_meta
from localcloud.oss.operations.initiate_multipart_upload import initiate_multipart_upload
from localcloud.oss.operations.list_multipart_uploads import list_multipart_uploads
from localcloud.oss.operations.list_object_versions import list_object_versions
from localcloud.oss.operations.list_objects_v2 import list_objects_v2
from localcloud.oss.operations.list_parts import list_parts
from localcloud.oss.operations.option_object import option_object
from localcloud.oss.operations.post_object import post_object
from localcloud.oss.operations.public_access_block import (
    delete_bucket_public_access_block,
    get_bucket_public_access_block,
    put_bucket_public_access_block,
)
from localcloud.oss.operations.put_bucket import put_existing_bucket
from localcloud.oss.operations.put_bucket_acl import put_bucket_acl
from localcloud.oss.operations.put_bucket_cors import put_bucket_cors
from localcloud.oss.operations.put_bucket_versioning import put_bucket_versioning
from localcloud.oss.operations.put_object import put_object
from localcloud.oss.operations.put_object_acl import put_object_acl
from localcloud.oss.operations.upload_part import upload_part
from localcloud.oss.operations.upload_part_copy import upload_part_copy
from localcloud.oss.signature_v4 import raw_pairs

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Request, Response

    from localcloud.oss.request import OssRequest


@dataclass(frozen=True)
class Operation:
    """One operation of OSS. `run` returns the response, or raises OssError."""

    name: str
    run: Callable[[OssRequest], Response]
    qualifiers: frozenset[str] = frozenset()
    """The sub-resources that it may have besides: they choose a version, or headers of the response."""


NONE: frozenset[str] = frozenset()
VERSION = frozenset({"versionId"})
QUALIFIERS = VERSION | RESPONSE_HEADERS.keys()


def _on(name: str) -> frozenset[str]:
    return frozenset({name})


OPERATIONS = {
    ("POST", False, NONE): Operation("PostObject", post_object),
    ("PUT", True, NONE): Operation("PutObject", put_object),
    ("PUT", True, _on("x-oss-copy-source")): Operation("CopyObject", copy_object),
    ("GET", True, NONE): Operation("GetObject", get_object, QUALIFIERS),
    ("HEAD", True, NONE): Operation("HeadObject", get_object, VERSION),
    ("HEAD", True, _on("objectMeta")): Operation("GetObjectMeta", get_object_meta, VERSION),
    ("DELETE", True, NONE): Operation("DeleteObject", delete_object, VERSION),
    ("PUT", True, _on("acl")): Operation("PutObjectAcl", put_object_acl, VERSION),
    ("GET", True, _on("acl")): Operation("GetObjectAcl", get_object_acl, VERSION),
    ("GET", False, NONE): Operation("GetObject", get_root),
    ("HEAD", False, NONE): Operation("HeadObject", get_root),
    ("GET", False, _on("list-type")): Operation("ListObjectsV2", list_objects_v2),
    ("GET", False, _on("versions")): Operation("ListObjectVersions", list_object_versions),
    ("POST", False, _on("delete")): Operation("DeleteMultipleObjects", delete_multiple_objects),
    ("PUT", False, NONE): Operation("PutBucket", put_existing_bucket),
    ("DELETE", False, NONE): Operation("DeleteBucket", delete_bucket),
    ("GET", False, _on("bucketInfo")): Operation("GetBucketInfo", get_bucket_info),
    ("GET", False, _on("location")): Operation("GetBucketLocation", get_bucket_location),
    ("GET", False, _on("stat")): Operation("GetBucketStat", get_bucket_stat),
    ("PUT", False, _on("acl")): Operation("PutBucketAcl", put_bucket_acl),
    ("GET", False, _on("acl")): Operation("GetBucketAcl", get_bucket_acl),
    ("PUT", False, _on("versioning")): Operation("PutBucketVersioning", put_bucket_versioning),
    ("GET", False, _on("versioning")): Operation("GetBucketVersioning", get_bucket_versioning),
    ("PUT", False, _on("publicAccessBlock")): Operation("PutBucketPublicAccessBlock", put_bucket_public_access_block),
    ("GET", False, _on("publicAccessBlock")): Operation("GetBucketPublicAccessBlock", get_bucket_public_access_block),
    ("DELETE", False, _on("publicAccessBlock")): Operation(
        "DeleteBucketPublicAccessBlock", delete_bucket_public_access_block
    ),
    ("PUT", False, _on("cors")): Operation("PutBucketCors", put_bucket_cors),
    ("GET", False, _on("cors")): Operation("GetBucketCors", get_bucket_cors),
    ("DELETE", False, _on("cors")): Operation("DeleteBucketCors", delete_bucket_cors),
    ("GET", False, _on("lifecycle")): Operation("GetBucketLifecycle", get_bucket_lifecycle),
    ("GET", False, _on("policy")): Operation("GetBucketPolicy", get_bucket_policy),
    ("GET", False, _on("encryption")): Operation("GetBucketEncryption", get_bucket_encryption),
    ("GET", False, _on("referer")): Operation("GetBucketReferer", get_bucket_referer),
    ("GET", False, _on("website")): Operation("GetBucketWebsite", get_bucket_website),
    ("GET", False, _on("uploads")): Operation("ListMultipartUploads", list_multipart_uploads),
    ("POST", True, _on("uploads")): Operation("InitiateMultipartUpload", initiate_multipart_upload),
    ("PUT", True, frozenset({"partNumber", "uploadId"})): Operation("UploadPart", upload_part),
    ("PUT", True, frozenset({"partNumber", "uploadId", "x-oss-copy-source"})): Operation(
        "UploadPartCopy", upload_part_copy
    ),
    ("GET", True, _on("uploadId")): Operation("ListParts", list_parts),
    ("POST", True, _on("uploadId")): Operation("CompleteMultipartUpload", complete_multipart_upload),
    ("DELETE", True, _on("uploadId")): Operation("AbortMultipartUpload", abort_multipart_upload),
}
"""All operations but the preflight, by method, whether there is a key, and what in the query or the headers makes it
another operation."""

PREFLIGHT = Operation("OptionObject", option_object)
"""Whatever the key and the query are."""

SUBRESOURCES = re.compile(
    "accessPoint|accessPointPolicy|accessmonitor|acl|append|asyncFetch|bucketArchiveDirectRead|bucketInfo|callback|"
    "callback-var|cleanRestoredObject|cloudboxes|cname|comp|cors|dataPipeline|delete|encryption|group|httpsConfig|"
    "inventory|legalHold|lifecycle|link|list-type|live|location|logging|metaQuery|metadata.*|objectInfo|objectMeta|"
    "objectWorm|overwriteConfig|partNumber|policy|policyStatus|position|publicAccessBlock|qos.*|quota|"
    "redundancyTransition|referer|regionList|regions|replication|replicationLocation|replicationProgress|"
    "requestPayment|requesterQosInfo|resourceGroup|resourcePool.*|response-.*|restore|retention|rtc|seal|stat|status|"
    "style|symlink|tagging|transferAcceleration|uploadId|uploads|userDefinedLogFieldsConfig|versionId|versioning|"
    "versions|vod|website|worm|wormExtend|wormId|x-oss-async-process|x-oss-process"
)
"""Names in a query that make a request another operation, or its response another: all that the vendor's SDKs send.
One that was missing would make `DELETE /?style` a DeleteBucket."""

OPERATION_HEADERS = frozenset({"x-oss-copy-source"})
"""Headers that make a request another operation."""


def find_operation(request: OssRequest) -> Operation:
    """Returns the operation that a request asks for. Raises OssError."""
    method, key = request.http.method, request.key
    if method == "OPTIONS":
        request.note(operation=PREFLIGHT.name)
        return PREFLIGHT
    subresources = find_subresources(request.http)
    operation = OPERATIONS.get((method, bool(key), subresources - QUALIFIERS))
    if operation is None or subresources & QUALIFIERS - operation.qualifiers:
        name = name_operation(method, has_key=bool(key), subresources=subresources)
        line = " ".join([method, request.http.path, *sorted(subresources)])
        raise UnknownOperationError(f"{name}: {line}" if name else line)
    request.note(operation=operation.name, **({"key": key} if key else {}))
    if key:
        # Before the signature: a client that makes such a request has signed another path.
        check_key(key)
    return operation


def find_subresources(request: Request) -> frozenset[str]:
    """Returns all names that make a request another operation than its method does."""
    names = (name for name, _ in raw_pairs(raw_query(request)) if SUBRESOURCES.fullmatch(name))
    return frozenset((*names, *(name for name in OPERATION_HEADERS if name in request.headers)))
