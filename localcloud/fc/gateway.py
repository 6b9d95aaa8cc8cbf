"""Function Compute's gateway: HTTP in front of the real handler, with the limits and quirks of the real gateway.

It has no time-out for the function: a handler in this process cannot be killed.
"""

from __future__ import annotations

import json
import secrets
import threading
import traceback
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Response

from localcloud.fc.event import http_event, http_response
from localcloud.fc.instance import Instance, InstanceExited
from localcloud.stand_in import StandIn, note

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from werkzeug.wrappers import Request

    from localcloud.ram.identities import Identity

MAX_HEADERS_SIZE = 8 * 1024
"""Bytes of a request's headers."""

MAX_TARGET_SIZE = 4 * 1024
"""Bytes of a request's path and query."""

MAX_BODY_SIZE = 32 * 1024 * 1024
"""Bytes of a request's body."""


class Gateway(StandIn):
    """One function behind its HTTP trigger."""

    service = "fc"

    def __init__(
        self,
        clock: Callable[[], float],
        code: tuple[Path, ...],
        *,
        handler: str,
        initializer: str,
        methods: tuple[str, ...],
        function_name: str,
        region: str,
        account_id: str,
        environment: Callable[[], Mapping[str, str]],
        role: Callable[[], Identity],
        context_credentials: bool = False,
        reload: bool = False,
        packed_file: Path | None = None,
        log: Callable[[str], None],
        port: int = 0,
    ) -> None:
        """`code` are the folders whose contents a package has side by side.

        `environment` and `role` (the execution role's credentials) are called whenever an instance is made.

        With `context_credentials` each invocation's context has the role's credentials, as in the python3.10 runtime;
        else only the instance's environment has them. With `reload`, changed code makes a new instance, and so does
        `packed_file`, which a package has beside the code.
        """
        super().__init__(clock, port=port)
        self._code = code
        self._handler = handler
        self._initializer = initializer
        self._methods = methods
        self._function_name = function_name
        self._region, self._account_id = region, account_id
        self._environment = environment
        self._role = role
        self._context_credentials = context_credentials
        self._reload = reload
        self._packed_file = packed_file
        self._log = log
        self._instance: Instance | None = None
        self._code_version = (0, 0)
        self._lock = threading.Lock()

    def handle(self, request: Request) -> Response:
        """Answers one request as the gateway does."""
        request_id = f"1-{int(self.clock()):08x}-{secrets.token_hex(12)}"
        response = self._reject(request, request_id) or self._forward(request, request_id)
        response.headers["X-Fc-Request-Id"] = request_id
        return response

    def start_instance(self) -> None:
        """Makes a new instance and runs its initializer. Raises what the function's code raises."""
        with self._lock:
            self._instance = self._new_instance()

    def end_instance(self) -> None:
        """Discards the instance: the next request starts a new one."""
        with self._lock:
            self._instance = None

    def invoke(self, event: bytes, request_id: str) -> Any:
        """Returns the handler's response. Raises what the handler or, in a new instance, the initializer raises."""
        with self._lock:
            if self._reload and self._code_version != self._version_of_code():
                self._instance = None
            if self._instance is None:
                self._instance = self._new_instance()
            try:
                return self._instance.invoke(event, self._context(request_id))
            except BaseException:
                # Function Compute discards an instance whose handler raised or whose process ended.
                self._instance = None
                raise

    def event(self, method: str, target: str, headers: list[tuple[str, str]], body: bytes, request_id: str) -> bytes:
        """Returns the event that a request to this gateway makes."""
        return http_event(
            method,
            target,
            headers,
            body,
            request_id=request_id,
            account_id=self._account_id,
            domain=f"{self._function_name}-local.{self._region}.fcapp.run",
            source_ip="127.0.0.1",
            now=self.clock(),
        )

    def _reject(self, request: Request, request_id: str) -> Response | None:
        """Returns the response to a request that does not reach the function."""
        if request.method not in self._methods:
            return _error(403, "FCCommonError", f"method {request.method} is not allowed for this trigger", request_id)
        headers_size = sum(len(name) + len(value) for name, value in request.headers.items())
        target_size = len(str(request.environ["REQUEST_URI"]))
        body_size = request.content_length or 0
        if headers_size > MAX_HEADERS_SIZE or target_size > MAX_TARGET_SIZE or body_size > MAX_BODY_SIZE:
            return _error(400, "InvalidArgument", "the request is too large", request_id)
        return None

    def _forward(self, request: Request, request_id: str) -> Response:
        headers = list(request.headers.items())
        event = self.event(request.method, request.environ["REQUEST_URI"], headers, request.get_data(), request_id)
        try:
            response = self.invoke(event, request_id)
            return http_response(response, request.headers.get("Origin"))
        except (Exception, InstanceExited, SystemExit) as error:  # noqa: BLE001 - the gateway goes on after any error
            self._log("".join(traceback.format_exception(error)))
            note(request, error=type(error).__name__)
            # Plain text with the type of JSON, as the real gateway sends it.
            return http_response({"statusCode": 502, "body": "Internal Server Error"}, request.headers.get("Origin"))

    def _new_instance(self) -> Instance:
        self._code_version = self._version_of_code()
        role = {} if self._context_credentials else _variables(self._role())
        # All variables of Function Compute except FC_FUNCTION_NAME, by which the function knows that it is not local.
        own = {
            "FC_FUNCTION_HANDLER": self._handler,
            "FC_FUNCTION_MEMORY_SIZE": "512",
            "FC_REGION": self._region,
            "FC_ACCOUNT_ID": self._account_id,
            "FC_INSTANCE_ID": secrets.token_hex(16),
        }
        instance = Instance(self._code, self._handler, {**own, **role, **self._environment()}, self._log)
        instance.initialize(self._initializer, self._context("initializer"))
        return instance

    def _version_of_code(self) -> tuple[int, int]:
        if not self._reload:
            return 0, 0
        file = self._packed_file
        code = max(file.stat().st_mtime_ns for folder in self._code for file in folder.rglob("*.py"))
        return code, file.stat().st_mtime_ns if file and file.exists() else 0

    def _context(self, request_id: str) -> Any:
        """Returns the handler's second argument; in the python3.12 runtime it has no credentials."""
        function = SimpleNamespace(name=self._function_name, handler=self._handler, memory=512, timeout=10)
        context = SimpleNamespace(
            request_id=request_id, function=function, region=self._region, account_id=self._account_id
        )
        if self._context_credentials:
            role = self._role()
            context.credentials = SimpleNamespace(
                access_key_id=role.access_key_id,
                access_key_secret=role.access_key_secret,
                security_token=role.security_token,
            )
        return context


def _variables(role: Identity) -> dict[str, str]:
    return {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": role.access_key_id,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": role.access_key_secret,
        "ALIBABA_CLOUD_SECURITY_TOKEN": role.security_token,
    }


def _error(status: int, code: str, message: str, request_id: str) -> Response:
    body = {"RequestId": request_id, "Code": code, "Message": message}
    return Response(json.dumps(body), status, content_type="application/json")
