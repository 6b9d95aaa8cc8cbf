"""The corridor: an event goes in, a reply and one log line come out, and every refusal becomes a reply in one place."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

from fc_http import log
from fc_http.errors import InstanceIsStale, Internal, OriginNotAllowed, Refused
from fc_http.event import Reply, Request, preflight, reply
from fc_http.invocation import Call

NO_ORIGIN = "https://origin.invalid"
"""Named in replies where no origin is listed; no page has it (RFC 2606)."""


Respond = Callable[[Request, Call], object]
"""Gives the payload of the answer; raises Refused."""


class App:
    """Answers events; what a request asks for is done by `respond`."""

    def __init__(
        self,
        respond: Respond,
        *,
        allowed_origins: tuple[str, ...],
        write: Callable[[str], None],
        end_instance: Callable[[], object],
    ) -> None:
        """`write` takes a log line; `end_instance` ends the process, so that Function Compute makes a new one."""
        self._respond = respond
        self._allowed_origins = allowed_origins
        self._write = write
        self._end_instance = end_instance

    def answer(self, event: bytes, context: Any, *, now: float) -> Reply:
        """The reply to one event, whatever the event is. `now` is seconds since the epoch."""
        call = Call(now, context, self._write)
        allowed_origin = self._usual_origin()
        try:
            request = Request.from_event(event)
            call.logged |= {"method": log.sent(request.method), "path": log.sent(request.path)}
            allowed_origin = self._allowed_origin(request)
            if request.method == "OPTIONS":
                answer = preflight(allowed_origin)
            else:
                answer = reply(200, self._respond(request, call), allowed_origin)
        except Refused as refusal:
            answer = _refused(refusal, call, allowed_origin)
        except InstanceIsStale:
            call.report(event="instance_ended", reason="STS refuses the function's own credentials; they do not change")
            self._end_instance()
            answer = _refused(Internal(), call, allowed_origin)
        except Exception as fault:  # noqa: BLE001 - the caller gets a reply, the log gets the place, nobody gets the text
            call.report(event="unhandled_exception", exception=type(fault).__name__, traceback=_places(fault))
            answer = _refused(Internal(), call, allowed_origin)
        call.report(event="request", status=answer["statusCode"], **call.logged)
        return answer

    def _usual_origin(self) -> str:
        return self._allowed_origins[0] if self._allowed_origins else NO_ORIGIN

    def _allowed_origin(self, request: Request) -> str:
        """The origin to name in the answer. Raises OriginNotAllowed.

        Where none is listed the settings are at fault, and that is what every page is to be told.
        """
        if request.origin in self._allowed_origins:
            return request.origin
        if request.origin is not None and self._allowed_origins:
            raise OriginNotAllowed
        return self._usual_origin()


def _refused(refusal: Refused, call: Call, allowed_origin: str) -> Reply:
    call.logged["code"] = refusal.code
    answer = reply(refusal.status, refusal.payload(request_id=call.request_id), allowed_origin)
    answer["headers"] |= refusal.headers
    return answer


def _places(fault: Exception) -> list[str]:
    """Where it happened. Not what it says: an exception's text may quote what must not be logged."""
    frames = traceback.extract_tb(fault.__traceback__)
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
