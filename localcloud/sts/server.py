"""A stand-in for STS on loopback: AssumeRole of 2015-04-01, checked from the request's bytes as the documents describe.

Which check comes first is not documented. The order here (who asks, for what, whether they may) is our choice.
"""

from __future__ import annotations

import json
import secrets
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from werkzeug.wrappers import Response

from localcloud.explain.rulebook import ErrorResponse
from localcloud.stand_in import LOOPBACK, ConnectionReset, StandIn, note, stall
from localcloud.sts.assume_role import AssumeRoleParameters, find_role, issue_credentials
from localcloud.sts.authentication import Authenticator
from localcloud.sts.errors import StsError, internal_error, no_permission

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from werkzeug.wrappers import Request

    from localcloud.fault_switches import Faults
    from localcloud.ram.identities import Identities
    from localcloud.sts.assume_role import Role

INVALID_RESPONSES = {
    "html": ("<html><body>Bad gateway</body></html>", "text/html"),
    "empty": ("", "application/json"),
    "null": ('{"RequestId":"none","Credentials":null}', "application/json"),
    "list": ("[]", "application/json"),
}
"""Responses with status 200 that contain no credentials, by fault switch."""

MISSING_MEMBERS = {
    "no_token": "SecurityToken",
    "no_secret": "AccessKeySecret",
    "no_key": "AccessKeyId",
    "no_expiration": "Expiration",
}
"""The member that is missing from the credentials, by fault switch."""

SHORT_DURATION_SECONDS = 60
"""How long credentials are valid under the fault switch `short`."""


class Sts(StandIn):
    """STS of one region. It knows its roles by their ARN, and adds the sessions that it issues to the identities."""

    service = "sts"

    checks_hosts = True
    """The host may be any, as every request is signed, its host included."""

    def __init__(
        self,
        clock: Callable[[], float],
        identities: Identities,
        faults: Faults,
        roles: Mapping[str, Role],
        *,
        port: int = 0,
        host: str = LOOPBACK,
    ) -> None:
        super().__init__(lambda: clock() + faults.sts_skew, port=port, host=host)
        self.identities = identities
        self.faults = faults
        self.roles = roles
        self._authenticator = Authenticator(self.clock, identities, faults)
        self._lock = threading.Lock()

    def handle(self, request: Request) -> Response:
        """Answers one request, errors included."""
        request_id = secrets.token_hex(16).upper()
        body = request.get_data()
        self._break_connection_if_switched(request)
        if self.faults.sts_mode in INVALID_RESPONSES:
            text, content_type = INVALID_RESPONSES[self.faults.sts_mode]
            return Response(text, content_type=content_type)
        try:
            with self._lock:
                members = self._assume_role(request, body)
        except StsError as error:
            note(request, code=error.code)
            self.explain_error(request, ErrorResponse(error.code, None, error.message, error.status))
            members = {"HostId": request.host, "Code": error.code, "Message": error.message}
            return _json_response(error.status, {"RequestId": request_id, **members})
        return _json_response(200, {"RequestId": request_id, **members})

    def _break_connection_if_switched(self, request: Request) -> None:
        self.stopping.wait(self.faults.sts_latency)
        if self.faults.sts_mode == "reset":
            raise ConnectionReset
        if self.faults.sts_mode == "stall":
            raise stall(request, self.stopping)

    def _fail_if_switched(self) -> None:
        if self.faults.sts_fail_next > 0:
            self.faults.sts_fail_next -= 1
            raise internal_error()
        if self.faults.sts_mode == "fail":
            raise internal_error()
        if self.faults.sts_mode == "throttle":
            raise StsError(400, "Throttling.User", "Request was denied due to user flow control.")
        if self.faults.sts_mode == "no_permission":
            raise no_permission()

    def _assume_role(self, request: Request, body: bytes) -> dict[str, Any]:
        action, version = request.headers.get("x-acs-action"), request.headers.get("x-acs-version")
        if (action, version) != ("AssumeRole", "2015-04-01"):
            self.add_assertion(f"the stand-in for STS does not have this operation: {action!r}")
            message = "Specified api is not found, please check your url and method."
            raise StsError(404, "InvalidAction.NotFound", message)
        identity = self._authenticator.authenticate(request, body)
        self._fail_if_switched()
        query = dict(parse_qsl(request.environ["QUERY_STRING"], keep_blank_values=True))
        parameters = AssumeRoleParameters.parse(query)
        note(
            request,
            role=parameters.role_arn,
            session=parameters.session_name,
            duration=parameters.duration_seconds,
        )
        role = find_role(parameters, self.roles, identity)
        duration = SHORT_DURATION_SECONDS if self.faults.sts_mode == "short" else parameters.duration_seconds
        members = issue_credentials(parameters, role, self.identities, int(self.clock()) + duration)
        return self._spoil_if_switched(members)

    def _spoil_if_switched(self, members: dict[str, Any]) -> dict[str, Any]:
        credentials = members["Credentials"]
        if self.faults.sts_mode == "bad_expiration":
            credentials["Expiration"] = "soon"
        credentials.pop(MISSING_MEMBERS.get(self.faults.sts_mode, ""), None)
        return members


def _json_response(status: int, members: object) -> Response:
    return Response(json.dumps(members), status, content_type="application/json;charset=utf-8")
