"""A stand-in for OSS on loopback, as strict as the documents are. `routes.py` has the table of all it can do."""

from __future__ import annotations

import re
import secrets
import time
from typing import TYPE_CHECKING

from localcloud.explain.rulebook import ErrorResponse
from localcloud.oss import cors
from localcloud.oss.addressing import Addresses
from localcloud.oss.callback import Callbacks
from localcloud.oss.callback_key import KeyServer
from localcloud.oss.errors import OssError, UnknownOperationError, ambiguous_length, public_endpoint_forbidden
from localcloud.oss.request import OssRequest, Service
from localcloud.oss.request_body import UploadReceiver
from localcloud.oss.responses import error_response
from localcloud.oss.routes import find_operation, find_subresources
from localcloud.oss.service_requests import ServiceRequests
from localcloud.stand_in import LOOPBACK, StandIn, drain, has_ambiguous_length, note

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, MutableMapping

    from werkzeug.wrappers import Request, Response

    from localcloud.fault_switches import Faults
    from localcloud.oss.storage.bucket import Bucket
    from localcloud.ram.identities import Identities


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
            response = self._service_requests.answer(request, find_subresources(request))
            if response is None:
                address = self._service_requests.choose(request, self._addresses.find(request))
                oss_request = OssRequest(request, address, request_id, self._operations_service)
                self._check_endpoint(oss_request)
                response = find_operation(oss_request).run(oss_request)
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

    def _check_endpoint(self, request: OssRequest) -> None:
        """Raises OssError where the fault switch is on, and the request is no preflight and not for a bound domain."""
        forbidden = self.faults.oss_public_endpoint_forbidden and not request.address.is_bound_domain
        if forbidden and request.http.method != "OPTIONS":
            raise public_endpoint_forbidden()

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
            server_time=self.clock(),
        )
        policy, size = (request.form_policy, request.file_size) if request else ("", None)
        self.explain_error(http, response, policy, size)
