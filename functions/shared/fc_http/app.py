"""The application: an event comes in, a response and one log line go out, and every error becomes a response here."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

from fc_http.errors import ApiError, InstanceIsStale, Internal, OriginNotAllowed
from fc_http.event import Request, Response, create_response, preflight_response
from fc_http.invocation import Invocation
from fc_http.log_line import redact
from fc_http.runtime import Runtime

NO_ORIGIN = "https://origin.invalid"
"""The origin in responses where no origin is allowed. No page has it (RFC 2606)."""


Handler = Callable[[Request, Invocation], object]
"""Returns the payload of the response, or raises ApiError."""


class App:
    """Turns events into responses; `handler` does what a request asks for."""

    def __init__(self, handler: Handler, runtime: Runtime, *, allowed_origins: tuple[str, ...]) -> None:
        self._handler = handler
        self._runtime = runtime
        self._allowed_origins = allowed_origins

    def handle(self, event: bytes, context: Any, *, now: float) -> Response:
        """Returns the response to any event at all. `now` is in seconds since the epoch."""
        invocation = Invocation(now, context, self._runtime.write)
        allowed_origin = self._default_origin()
        try:
            request = Request.from_event(event)
            invocation.log_fields |= {"method": redact(request.method), "path": redact(request.path)}
            allowed_origin = self._allowed_origin(request)
            if request.method == "OPTIONS":
                response = preflight_response(allowed_origin)
            else:
                response = create_response(200, self._handler(request, invocation), allowed_origin)
        except ApiError as error:
            response = _error_response(error, invocation, allowed_origin)
        except InstanceIsStale:
            reason = "STS refuses the function's own credentials, which have not been renewed"
            invocation.log_event(event="instance_ended", reason=reason)
            self._runtime.end_instance()
            response = _error_response(Internal(), invocation, allowed_origin)
        except Exception as error:  # noqa: BLE001 - the log gets the place, and nobody gets the text
            frames = _format_frames(error)
            invocation.log_event(event="unhandled_exception", exception=type(error).__name__, traceback=frames)
            response = _error_response(Internal(), invocation, allowed_origin)
        invocation.log_event(event="request", status=response["statusCode"], **invocation.log_fields)
        return response

    def _default_origin(self) -> str:
        return self._allowed_origins[0] if self._allowed_origins else NO_ORIGIN

    def _allowed_origin(self, request: Request) -> str:
        """Returns the origin that the response names. Raises OriginNotAllowed.

        If no origin is allowed, the settings are wrong, and every page gets the error that says so.
        """
        if request.origin in self._allowed_origins:
            return request.origin
        if request.origin is not None and self._allowed_origins:
            raise OriginNotAllowed
        return self._default_origin()


def _error_response(error: ApiError, invocation: Invocation, allowed_origin: str) -> Response:
    invocation.log_fields["code"] = error.code
    response = create_response(error.status, error.to_json(request_id=invocation.request_id), allowed_origin)
    response["headers"] |= error.headers
    return response


def _format_frames(error: Exception) -> list[str]:
    """Returns where an exception was raised, without its text, which may quote what must not be logged."""
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
