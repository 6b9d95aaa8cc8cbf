"""A stand-in for OSS on loopback, as strict as the documents are.

PostObject, with its callback; PutObject, GetObject, HeadObject, DeleteObject, DeleteMultipleObjects, ListObjectsV2
and multipart uploads, with V4 signatures in header or query; CORS; static website hosting.
"""

from __future__ import annotations

import base64
import re
import secrets
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING
from urllib.parse import unquote

from werkzeug.wrappers import Response

from localcloud.explain.explain import Error
from localcloud.oss import cors, multipart, put_object, website
from localcloud.oss.addressing import Addresses
from localcloud.oss.authentication import caller, raw_query
from localcloud.oss.authorization import signed_by
from localcloud.oss.callback import Callbacks, KeyServer
from localcloud.oss.delete_objects import delete_multiple_objects, delete_object
from localcloud.oss.errors import Refused, not_implemented, public_endpoint_forbidden
from localcloud.oss.form_warnings import weaknesses
from localcloud.oss.get_object import get_object
from localcloud.oss.list_objects import PARAMETERS, list_objects_v2
from localcloud.oss.post_object import PostObject, read_form
from localcloud.oss.request_body import Intake
from localcloud.oss.responses import reply, stored_headers
from localcloud.oss.signature_v4 import raw_pairs
from localcloud.stand_in import StandIn, drain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from werkzeug.wrappers import Request

    from localcloud.faults import Faults
    from localcloud.oss.addressing import Address
    from localcloud.oss.storage.bucket import Bucket
    from localcloud.ram.identities import Identities, Identity


SUBRESOURCES = re.compile(
    "acl|append|cors|delete|encryption|lifecycle|list-type|location|logging|objectMeta|partNumber|policy|position|"
    "referer|replication|response-.*|restore|stat|status|symlink|tagging|uploadId|uploads|versionId|versioning|"
    "versions|website|worm|x-oss-process"
)
"""Names in a query that make a request another operation, or its answer another."""


REQUEST_ID = "localcloud.request_id"
POLICY_AND_SIZE = "localcloud.policy_and_size"

TOKEN = re.compile(r'("\$x-oss-security-token", ).*', re.DOTALL)
"""In a failed condition as OSS prints it; the log is to hold none."""


class Oss(StandIn):
    """Buckets behind one port; which one a request means is told by `oss_address`."""

    service = "oss"

    judges_hosts = True

    def __init__(
        self,
        clock: Callable[[], float],
        identities: Identities,
        faults: Faults,
        buckets: Mapping[str, Bucket],
        default_bucket: str,
        *,
        region: str,
        domains: Mapping[str, Bucket] | None = None,
        port: int = 0,
    ) -> None:
        """`region` is the general id, such as `cn-hangzhou`; `domains` are those bound to buckets, such as
        `www.localhost`. Raises KeyError if there is no such default bucket.
        """
        super().__init__(lambda: clock() + faults.oss_skew, port=port)
        self.identities = identities
        self.faults = faults
        self.buckets = buckets
        self.addresses = Addresses(buckets, buckets[default_bucket], domains or {})
        self.region = region
        self.intake = Intake(faults, self.stopping)
        self.key_server = KeyServer(clock)
        self.callbacks = Callbacks(clock, faults, self.key_server)
        self.while_calling_back: Callable[[Identity], AbstractContextManager[None]] = lambda _: nullcontext()
        """What is to hold while a completion by this caller, who waits for it, is told to a receiver."""

    def start(self) -> None:
        """Start, and with it the server of the public key."""
        self.key_server.start()
        super().start()

    def stop(self) -> None:
        """Stop, and wait for the requests still being answered."""
        super().stop()
        self.key_server.stop()

    def check(self) -> None:
        """Raise what went wrong within, here or in the server of the key."""
        super().check()
        self.key_server.check()

    def handle(self, request: Request) -> Response:
        """Answer one request, refusals included, and say what happened in its record."""
        begin = time.perf_counter()
        request_id = request.environ[REQUEST_ID] = secrets.token_hex(12).upper()
        bucket: Bucket | None = None
        try:
            address = self.addresses.of(request)
            bucket = address.bucket
            response = self.answer(request, address)
        except Refused as refused:
            self.note(request, code=refused.code, ec=refused.ec, message=TOKEN.sub(r"\1…]", refused.message))
            error = Error(refused.code, refused.ec, refused.message, refused.status)
            self.refused(request, error, *request.environ.get(POLICY_AND_SIZE, ()))
            response = refusal(refused, request, request_id)
        if bucket and request.method != "OPTIONS":
            response.headers.update(
                cors.reply_headers(bucket.cors_rules, request.headers.get("Origin"), request.method)
            )
        if self.faults.oss_latency:
            drain(request)
            self.stopping.wait(self.faults.oss_latency)
        response.headers["Server"] = "AliyunOSS"
        response.headers["x-oss-request-id"] = request_id
        response.headers["x-oss-server-time"] = str(int((time.perf_counter() - begin) * 1000))
        return response

    def answer(self, request: Request, address: Address) -> Response:
        """Do what is asked. Raises Refused."""
        if request.method == "OPTIONS":
            return self.preflight(request, address.bucket)
        if self.faults.oss_public_endpoint_forbidden and not address.is_bound_domain:
            raise public_endpoint_forbidden()
        subresources = {name for name, _ in raw_pairs(raw_query(request)) if SUBRESOURCES.fullmatch(name)}
        operation = self._operation(request.method, bool(address.key), frozenset(subresources))
        if operation is None and address.bucket.website and request.method in ("GET", "HEAD") and not subresources:
            operation = self.get_object  # of the root of a site
        if operation is None:
            raise self._unknown(request, sorted(subresources))
        return operation(request, address)

    def _operation(
        self, method: str, has_key: bool, subresources: frozenset[str]
    ) -> Callable[[Request, Address], Response] | None:
        plain: frozenset[str] = frozenset()
        return {
            ("POST", False, plain): self.post_object,
            ("POST", False, frozenset({"delete"})): self.delete_multiple_objects,
            ("GET", False, frozenset({"list-type"})): self.list_objects,
            ("GET", True, plain): self.get_object,
            ("HEAD", True, plain): self.get_object,
            ("PUT", True, plain): self.put_object,
            ("DELETE", True, plain): self.delete_object,
            ("POST", True, frozenset({"uploads"})): self.initiate_multipart_upload,
            ("PUT", True, frozenset({"partNumber", "uploadId"})): self.upload_part,
            ("GET", True, frozenset({"uploadId"})): self.list_parts,
            ("POST", True, frozenset({"uploadId"})): self.complete_multipart_upload,
            ("DELETE", True, frozenset({"uploadId"})): self.abort_multipart_upload,
        }.get((method, has_key, subresources))

    def _unknown(self, request: Request, subresources: list[str]) -> Refused:
        # Loud: whoever asks for this believes in more than the stand-in can do.
        what = " ".join([request.method, request.path, *subresources])
        self.add_assertion(f"the stand-in for OSS was asked for what it cannot do: {what}")
        return not_implemented(what)

    def preflight(self, request: Request, bucket: Bucket) -> Response:
        """OptionObject: 200 with the headers of the rule that matches. Raises Refused."""
        self.note(request, operation="OptionObject")
        asked = (f"Access-Control-Request-{what}" for what in ("Method", "Headers"))
        origin, method, headers = (request.headers.get(name) for name in ("Origin", *asked))
        return Response(headers=cors.preflight(bucket.cors_rules, origin, method, headers))

    def caller(self, request: Request, address: Address) -> Identity | None:
        """Who signed the request; None if nobody did. Raises Refused."""
        resource = f"/{address.bucket.name}/{address.key}"
        return caller(request, resource, self.identities, self.region, self.clock())

    def get_object(self, request: Request, address: Address) -> Response:
        """GetObject and HeadObject, and what a website makes of them for the anonymous. Raises Refused."""
        self.note(request, operation="GetObject" if request.method == "GET" else "HeadObject", key=address.key)
        identity = self.caller(request, address)
        if identity is None and address.bucket.website:
            return website.page(request, address, address.bucket.website)
        if not address.key:
            raise self._unknown(request, [])  # a signed GET of the root lists, in the old way
        return get_object(request, address, identity)

    def delete_object(self, request: Request, address: Address) -> Response:
        """DeleteObject. Raises Refused."""
        self.note(request, operation="DeleteObject", key=address.key)
        return delete_object(address.bucket, address.key, signed_by(self.caller(request, address)))

    def delete_multiple_objects(self, request: Request, address: Address) -> Response:
        """DeleteMultipleObjects. Raises Refused."""
        self.note(request, operation="DeleteMultipleObjects")
        identity = signed_by(self.caller(request, address))
        encoding_type = _parameters(request).get("encoding-type")
        return delete_multiple_objects(request, address.bucket, identity, encoding_type)

    def list_objects(self, request: Request, address: Address) -> Response:
        """ListObjectsV2. Raises Refused."""
        self.note(request, operation="ListObjectsV2")
        identity = signed_by(self.caller(request, address))
        parameters = {name: value for name, value in _parameters(request).items() if name in PARAMETERS}
        return list_objects_v2(address.bucket, identity, parameters)

    def put_object(self, request: Request, address: Address) -> Response:
        """PutObject. Raises Refused."""
        self.note(request, operation="PutObject", key=address.key)
        settings = put_object.check(request, address, signed_by(self.caller(request, address)))
        with self.intake.receive(request, address.bucket) as (body, incoming):
            put_object.receive(body, incoming, request.headers.get("Content-MD5"))
            self.note(request, size=incoming.size)
            self.intake.fill_the_disk_as_switched()
            return put_object.store(incoming, address.bucket, address.key, settings, self.clock())

    def initiate_multipart_upload(self, request: Request, address: Address) -> Response:
        """InitiateMultipartUpload. Raises Refused."""
        self.note(request, operation="InitiateMultipartUpload", key=address.key)
        identity = signed_by(self.caller(request, address))
        return multipart.initiate(request, address, identity, _parameters(request).get("encoding-type"))

    def upload_part(self, request: Request, address: Address) -> Response:
        """UploadPart. Raises Refused."""
        parameters = _parameters(request)
        self.note(request, operation="UploadPart", key=address.key, part=parameters["partNumber"])
        put_object.check(request, address, signed_by(self.caller(request, address)))
        number = multipart.part_number(parameters["partNumber"])
        upload = address.bucket.multipart_uploads.find(address.key, parameters["uploadId"])
        with self.intake.receive(request, address.bucket) as (body, incoming):
            put_object.receive(body, incoming, request.headers.get("Content-MD5"))
            self.note(request, size=incoming.size)
            self.intake.fill_the_disk_as_switched()
            return multipart.keep_part(address.bucket, upload, number, incoming, self.clock())

    def list_parts(self, request: Request, address: Address) -> Response:
        """ListParts. Raises Refused."""
        self.note(request, operation="ListParts", key=address.key)
        identity = signed_by(self.caller(request, address))
        return multipart.list_parts(address, identity, _parameters(request))

    def complete_multipart_upload(self, request: Request, address: Address) -> Response:
        """CompleteMultipartUpload, with its callback. Raises Refused."""
        self.note(request, operation="CompleteMultipartUpload", key=address.key)
        identity, parameters, bucket = signed_by(self.caller(request, address)), _parameters(request), address.bucket
        callback = request.headers.get("x-oss-callback")
        wanted = self.callbacks.wanted(callback) if callback else None
        variables = multipart.asked_variables(request)
        stored = multipart.complete(request, address, identity, parameters["uploadId"], self.clock())
        self.note(request, size=stored.size)
        if wanted is None:
            url = request.host_url.rstrip("/")
            return multipart.completed(stored, bucket, url, parameters.get("encoding-type"))
        request_id = request.environ[REQUEST_ID]
        operation = "CompleteMultipartUpload"
        with self.while_calling_back(identity):
            answer = self.callbacks.call(wanted, stored, bucket, variables, operation=operation, request_id=request_id)
        answer.headers.update(stored_headers(stored))
        return answer

    def abort_multipart_upload(self, request: Request, address: Address) -> Response:
        """AbortMultipartUpload. Raises Refused."""
        self.note(request, operation="AbortMultipartUpload", key=address.key)
        identity = signed_by(self.caller(request, address))
        return multipart.abort(address, identity, _parameters(request)["uploadId"])

    def post_object(self, request: Request, address: Address) -> Response:
        """PostObject. Signatures in headers or query are ignored. Raises Refused."""
        self.note(request, operation="PostObject")
        bucket = address.bucket
        with self.intake.receive(request, bucket) as (body, incoming):
            form = read_form(request.content_type or "", request.headers.get("Content-MD5"), body, incoming)
            request.environ[POLICY_AND_SIZE] = (form.fields.get("policy", ""), incoming.size)
            post = PostObject(
                form,
                incoming,
                bucket,
                self.identities,
                region=self.region,
                now=self.clock(),
                callbacks=self.callbacks,
                acl=request.headers.get("x-oss-object-acl"),
            )
            self.note(request, key=post.key, fields=list(form.fields), size=incoming.size)
            self.intake.fill_the_disk_as_switched()
            stored = post.accept()
            self.explain(request, " ".join(weaknesses(post.policy, post.identity.expiration)))
        if post.callback:
            request_id = request.environ[REQUEST_ID]
            answer = self.callbacks.call(
                post.callback, stored, bucket, post.variables, operation="PostObject", request_id=request_id
            )
            answer.headers.update(stored_headers(stored))
            return answer
        return reply(form, stored, bucket, request.host_url.rstrip("/"))


def refusal(refused: Refused, request: Request, request_id: str) -> Response:
    """The answer that says no. A HEAD has no body: its XML goes into a header, where the vendor's SDK looks for it."""
    xml = refused.xml(request_id, request.host)
    response = Response(xml, refused.status, content_type="application/xml")
    if refused.ec:
        response.headers["x-oss-ec"] = refused.ec
    if request.method == "HEAD":
        response.headers["x-oss-err"] = base64.b64encode(xml.encode()).decode()
    return response


def _parameters(request: Request) -> dict[str, str]:
    return {unquote(name): unquote(value) for name, value in raw_pairs(raw_query(request))}
