"""A stand-in for OSS on loopback, as strict as the documents are.

`OPERATIONS` is the table of all it can do; each operation is a module of `operations/`.
"""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from localcloud.explain.rulebook import ErrorResponse
from localcloud.oss import cors
from localcloud.oss.addressing import Addresses
from localcloud.oss.authentication import raw_query
from localcloud.oss.callback import Callbacks
from localcloud.oss.callback_key import KeyServer
from localcloud.oss.errors import OssError, UnknownOperationError, ambiguous_length, public_endpoint_forbidden
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
from localcloud.oss.request import OssRequest, Service
from localcloud.oss.request_body import UploadReceiver
from localcloud.oss.responses import error_response
from localcloud.oss.service_requests import ServiceRequests
from localcloud.oss.signature_v4 import raw_pairs
from localcloud.stand_in import LOOPBACK, StandIn, drain, has_ambiguous_length, note

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, MutableMapping

    from werkzeug.wrappers import Request, Response

    from localcloud.faults import Faults
    from localcloud.oss.storage.bucket import Bucket
    from localcloud.ram.identities import Identities


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

TOKEN = re.compile(r'("\$x-oss-security-token", ).*', re.DOTALL)
"""A security token in a failed condition as OSS prints it; the log must not contain it."""


class Oss(StandIn):
    """Several buckets at one port; `addressing` finds the one that a request is about."""

    service = "oss"

    checks_hosts = checks_lengths = True

    def __init__(
        self,
        clock: Callable[[], float],
        identities: Identities,
        faults: Faults,
        buckets: MutableMapping[str, Bucket],
        default_bucket: str,
        *,
        region: str,
        domains: Mapping[str, Bucket] | None = None,
        port: int = 0,
        host: str = LOOPBACK,
        allowed_hosts: Iterable[str] = (),
        make_bucket: Callable[[str, str], Bucket] | None = None,
    ) -> None:
        """`region` is the general id, such as `cn-hangzhou`; `domains` are those bound to buckets, such as
        `www.localhost`. `default_bucket` is the one at the address itself. `make_bucket` makes one of a name and an
        account, and adds it to the buckets; without it PutBucket is not supported.
        """
        super().__init__(lambda: clock() + faults.oss_skew, port=port, host=host, allowed_hosts=allowed_hosts)
        self.faults = faults
        self.buckets = buckets
        self.key_server = KeyServer(clock)
        self.callbacks = Callbacks(clock, faults, self.key_server)
        self.uploads = UploadReceiver(faults, self.stopping)
        self._addresses = Addresses(buckets, default_bucket, domains or {}, self.allowed_hosts)
        self._operations_service = Service(self.clock, identities, region, self.uploads, self.callbacks, buckets)
        self._service_requests = ServiceRequests(self._operations_service, self._addresses, make_bucket)

    def start(self) -> None:
        """Starts this server and that of the public key."""
        self.key_server.start()
        super().start()

    def stop(self) -> None:
        """Stops, and waits for the requests that are still being answered."""
        super().stop()
        self.key_server.stop()

    def reset(self) -> None:
        """Forgets all requests, and what `check` would raise, here and in the server of the key."""
        super().reset()
        self.key_server.reset()

    def check(self) -> None:
        """Raises what went wrong within, here or in the server of the key."""
        super().check()
        self.key_server.check()

    def handle(self, request: Request) -> Response:
        """Answers one request, errors included, and notes in its record what happened."""
        begin = time.perf_counter()
        request_id = secrets.token_hex(12).upper()
        oss_request: OssRequest | None = None
        try:
            if has_ambiguous_length(request):
                raise ambiguous_length()
            response = self._service_requests.answer(request, _subresources(request))
            if response is None:
                address = self._service_requests.choose(request, self._addresses.find(request))
                oss_request = OssRequest(request, address, request_id, self._operations_service)
                response = self._find_operation(oss_request).run(oss_request)
        except OssError as error:
            self._explain(error, request, oss_request)
            response = error_response(error, request, request_id)
        if oss_request and request.method != "OPTIONS":
            origin, rules = request.headers.get("Origin"), oss_request.bucket.cors_rules
            response.headers.update(cors.response_headers(rules, origin, request.method))
        if self.faults.oss_latency:
            drain(request)
            self.stopping.wait(self.faults.oss_latency)
        response.headers["Server"] = "AliyunOSS"
        response.headers["x-oss-request-id"] = request_id
        response.headers["x-oss-server-time"] = str(int((time.perf_counter() - begin) * 1000))
        return response

    def _find_operation(self, request: OssRequest) -> Operation:
        """Returns the operation that a request asks for. Raises OssError."""
        method, key = request.http.method, request.key
        if method == "OPTIONS":
            request.note(operation=PREFLIGHT.name)
            return PREFLIGHT
        if self.faults.oss_public_endpoint_forbidden and not request.address.is_bound_domain:
            raise public_endpoint_forbidden()
        subresources = _subresources(request.http)
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

    def _explain(self, error: OssError, http: Request, request: OssRequest | None) -> None:
        """Notes an error in the record of its request, and explains it."""
        if isinstance(error, UnknownOperationError):
            self.add_assertion(f"the stand-in for OSS does not have this operation: {error.operation}")
        note(http, code=error.code, ec=error.ec, message=TOKEN.sub(r"\1…]", error.message))
        response = ErrorResponse(
            error.code,
            error.ec,
            error.message,
            error.status,
            argument_value=error.extras.get("ArgumentValue", ""),
            bucket_region=request.region if request else self._operations_service.region,
        )
        policy, size = (request.form_policy, request.file_size) if request else ("", None)
        self.explain_error(http, response, policy, size)


def _subresources(request: Request) -> frozenset[str]:
    """Returns all names that make a request another operation than its method does."""
    names = (name for name, _ in raw_pairs(raw_query(request)) if SUBRESOURCES.fullmatch(name))
    return frozenset((*names, *(name for name in OPERATION_HEADERS if name in request.headers)))
