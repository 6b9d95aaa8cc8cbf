"""A stand-in for OSS: PostObject, signed GET and HEAD, CORS, on loopback, and as strict as the documents are."""

from __future__ import annotations

import base64
import errno
import random
import re
import secrets
import threading
import time
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from werkzeug.exceptions import ClientDisconnected
from werkzeug.wrappers import Response

from localcloud import cors
from localcloud.get_object import get_object
from localcloud.oss_errors import Refused, access_denied, not_implemented
from localcloud.oss_v4 import raw_pairs
from localcloud.post_object import MAX_OBJECT, PostObject, read_form
from localcloud.post_reply import reply
from localcloud.server import StandIn, drain
from localcloud.signed_request import caller, raw_query
from localcloud.uplink import Uplink

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from werkzeug.wrappers import Request

    from localcloud.faults import Faults
    from localcloud.identities import Identities
    from localcloud.objects import Bucket


SUBRESOURCES = re.compile(
    "acl|append|cors|delete|encryption|lifecycle|list-type|location|logging|objectMeta|partNumber|policy|position|"
    "referer|replication|response-.*|restore|stat|status|symlink|tagging|uploadId|uploads|versionId|versioning|"
    "versions|website|worm|x-oss-process"
)
"""Names in a query that would make a request another operation, or its answer another."""

MAX_REQUEST = MAX_OBJECT + 8 * 1024**2
"""Bytes of the largest body: the largest object, and what may come before it."""

DISK_IS_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class Oss(StandIn):
    """Buckets behind one port.

    Which bucket a request means is our choice, as the real hosts cannot be had on loopback: `127.0.0.1` and
    `localhost` are the default bucket, as a bound domain would be; `<bucket>.localhost` is that bucket; and where the
    first part of the path is the name of a bucket, it is that bucket, since the vendor's SDKs address an IP that way.
    """

    service = "oss"

    def __init__(
        self,
        clock: Callable[[], float],
        identities: Identities,
        faults: Faults,
        buckets: Mapping[str, Bucket],
        default_bucket: str,
        *,
        region: str,
        port: int = 0,
    ) -> None:
        """`region` is the general id, such as `cn-hangzhou`. Raises KeyError if there is no such default bucket."""
        super().__init__(lambda: clock() + faults.oss_skew, port=port)
        self.identities = identities
        self.faults = faults
        self.buckets = buckets
        self.default = buckets[default_bucket]
        self.region = region
        self.random = random.Random(0)  # noqa: S311 - decides which requests fail, nothing secret
        self._switches = threading.Lock()

    def handle(self, request: Request) -> Response:
        """Answer one request, refusals included, and say what happened in its record."""
        begin = time.perf_counter()
        request_id = secrets.token_hex(12).upper()
        bucket: Bucket | None = None
        try:
            bucket, key = self.address(request)
            response = self.answer(request, bucket, key)
        except Refused as refused:
            self.note(request, code=refused.code, ec=refused.ec, message=refused.message)
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

    def address(self, request: Request) -> tuple[Bucket, str]:
        """The bucket and the key that a request is about. Raises Refused."""
        bucket = self._bucket_of_host(request.host.lower().partition(":")[0])
        raw = str(request.environ["REQUEST_URI"]).partition("?")[0]
        try:
            path = unquote_to_bytes(raw.encode("latin-1")).decode().removeprefix("/")
        except UnicodeDecodeError:
            raise Refused(400, "InvalidObjectName", "The specified object is not valid.") from None
        first, _, rest = path.partition("/")
        return (self.buckets[first], rest) if first in self.buckets else (bucket, path)

    def _bucket_of_host(self, host: str) -> Bucket:
        if host in ("127.0.0.1", "localhost"):
            return self.default
        name, _, domain = host.partition(".")
        if domain != "localhost":
            raise access_denied(
                "The bucket you are attempting to access must be addressed using the specified endpoint. "
                "Please send all future requests to this endpoint."
            )
        if name not in self.buckets:
            raise Refused(404, "NoSuchBucket", "The specified bucket does not exist.", "0015-00000101", BucketName=name)
        return self.buckets[name]

    def answer(self, request: Request, bucket: Bucket, key: str) -> Response:
        """Do what is asked. Raises Refused."""
        if request.method == "OPTIONS":
            return self.preflight(request, bucket)
        subresources = {name for name, _ in raw_pairs(raw_query(request)) if SUBRESOURCES.fullmatch(name)}
        if request.method == "POST" and not key and not subresources:
            return self.post_object(request, bucket)
        if request.method in ("GET", "HEAD") and key and not subresources:
            return self.get_object(request, bucket, key)
        raise self._unknown(request, sorted(subresources))

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

    def get_object(self, request: Request, bucket: Bucket, key: str) -> Response:
        """GetObject and HeadObject. Raises Refused."""
        self.note(request, operation="GetObject" if request.method == "GET" else "HeadObject", key=key)
        identity = caller(request, f"/{bucket.name}/{key}", self.identities, self.region, self.clock())
        return get_object(request, bucket, key, identity)

    def post_object(self, request: Request, bucket: Bucket) -> Response:
        """PostObject. Signatures in headers or query are ignored. Raises Refused."""
        self.note(request, operation="PostObject")
        self._fail_as_switched()
        if request.content_length is None and "chunked" not in request.headers.get("Transfer-Encoding", "").lower():
            raise Refused(411, "MissingContentLength", "You must provide the Content-Length HTTP header.")
        if (request.content_length or 0) > MAX_REQUEST:
            raise Refused(400, "InvalidArgument", "Post body size must be less than 5G.")
        try:
            return self._receive(request, bucket)
        except ClientDisconnected:
            # Most often there is nobody left to read this; whoever has only closed his own side is.
            raise Refused(400, "RequestTimeout", "The body of your request did not arrive in time.") from None
        except OSError as error:
            if error.errno not in DISK_IS_FULL:
                raise
            raise Refused(500, "InternalError", "We encountered an internal error. Please try again.") from None

    def _receive(self, request: Request, bucket: Bucket) -> Response:
        with bucket.incoming() as incoming:
            body = Uplink(request, self.faults, self.stopping)
            form = read_form(request.content_type or "", request.headers.get("Content-MD5"), body, incoming)
            post = PostObject(
                form,
                incoming,
                bucket,
                self.identities,
                region=self.region,
                now=self.clock(),
                acl=request.headers.get("x-oss-object-acl"),
            )
            self.note(request, key=post.key, fields=list(form.fields), size=incoming.size)
            if self.faults.oss_disk_full:
                raise OSError(errno.ENOSPC, "a fault switch says that the disk is full")
            stored = post.accept()
        return reply(form, stored, bucket, request.host_url.rstrip("/"))

    def _fail_as_switched(self) -> None:
        if self.faults.oss_deny_early:
            raise access_denied("You have no right to access this object because of bucket acl.")
        with self._switches:
            if self.faults.oss_fail_next > 0:
                self.faults.oss_fail_next -= 1
                raise Refused(503, "ServiceUnavailable", "Please reduce your request rate.")
            if self.random.random() < self.faults.oss_error_rate:
                raise Refused(500, "InternalError", "We encountered an internal error. Please try again.")


def refusal(refused: Refused, request: Request, request_id: str) -> Response:
    """The answer that says no. A HEAD has no body: its XML goes into a header, where the vendor's SDK looks for it."""
    xml = refused.xml(request_id, request.host)
    response = Response(xml, refused.status, content_type="application/xml")
    if refused.ec:
        response.headers["x-oss-ec"] = refused.ec
    if request.method == "HEAD":
        response.headers["x-oss-err"] = base64.b64encode(xml.encode()).decode()
    return response
