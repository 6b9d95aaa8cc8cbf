"""A stand-in for STS: AssumeRole of 2015-04-01 over HTTP, judged from the request's bytes as the documents describe.

Which check comes first is not documented: the order here (who calls, then what is asked, then whether he may) is ours.
"""

from __future__ import annotations

import calendar
import hashlib
import hmac
import json
import re
import secrets
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from werkzeug.wrappers import Response

from localcloud.explain.explain import Error
from localcloud.ram import policies
from localcloud.stand_in import LineCut, StandIn, stall
from localcloud.sts import signature_acs3

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from werkzeug.wrappers import Request

    from localcloud.faults import Faults
    from localcloud.ram.identities import Identities, Identity

MAX_SKEW = 15 * 60
"""Seconds between x-acs-date and now, at most, either way."""

MAX_POLICY = 2048
"""Bytes of a session policy."""

SIGNED_WITHOUT_FAIL = frozenset(
    {"host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version"}
)
"""Headers that every signature has to cover."""

ROLE_ARN = re.compile(r"acs:ram::([0-9]+):role/([A-Za-z0-9.-]{1,64})")
SESSION_NAME = re.compile(r"[A-Za-z0-9@._-]{2,64}")

NONSENSE = {
    "html": ("<html><body>Bad gateway</body></html>", "text/html"),
    "empty": ("", "application/json"),
    "null": ('{"RequestId":"none","Credentials":null}', "application/json"),
    "list": ("[]", "application/json"),
}
"""Answers with status 200 that a caller must not take for credentials, by fault switch."""

LEFT_OUT = {
    "no_token": "SecurityToken",
    "no_secret": "AccessKeySecret",
    "no_key": "AccessKeyId",
    "no_expiration": "Expiration",
}
"""The member that is missing from the credentials, by fault switch."""


class Refused(Exception):
    """STS does not do what it was asked to."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Role:
    """A RAM role."""

    policy: Mapping[str, Any]
    """What whoever has assumed it may do."""
    trusted: tuple[str, ...]
    """ARNs of the users and roles that may assume it."""
    max_session_duration: int = 3600
    """Seconds."""


class Sts(StandIn):
    """STS of one region, which knows these roles by their ARN and puts what it issues among the identities."""

    service = "sts"

    judges_hosts = True
    """It takes any: whoever asks must have signed with a key, the host included."""

    def __init__(
        self,
        clock: Callable[[], float],
        identities: Identities,
        faults: Faults,
        roles: Mapping[str, Role],
        *,
        port: int = 0,
    ) -> None:
        super().__init__(lambda: clock() + faults.sts_skew, port=port)
        self.identities = identities
        self.faults = faults
        self.roles = roles
        self._nonces: dict[str, float] = {}
        self._one_at_a_time = threading.Lock()

    def handle(self, request: Request) -> Response:
        """Answer one request, refusals included."""
        request_id = secrets.token_hex(16).upper()
        body = request.get_data()
        self._break_as_switched(request)
        if self.faults.sts_mode in NONSENSE:
            text, content_type = NONSENSE[self.faults.sts_mode]
            return Response(text, content_type=content_type)
        try:
            with self._one_at_a_time:
                answer = self._assume_role(request, body)
        except Refused as refused:
            self.note(request, code=refused.code)
            self.refused(request, Error(refused.code, None, refused.message, refused.status))
            told = {"HostId": request.host, "Code": refused.code, "Message": refused.message}
            return _json(refused.status, {"RequestId": request_id, **told})
        return _json(200, {"RequestId": request_id, **answer})

    def _break_as_switched(self, request: Request) -> None:
        self.stopping.wait(self.faults.sts_latency)
        if self.faults.sts_mode == "reset":
            raise LineCut(request)
        if self.faults.sts_mode == "stall":
            raise stall(request, self.stopping)

    def _refuse_as_switched(self) -> None:
        if self.faults.sts_fail_next > 0:
            self.faults.sts_fail_next -= 1
            raise Refused(500, "InternalError", "STS Server Internal Error happened.")
        if self.faults.sts_mode == "fail":
            raise Refused(500, "InternalError", "STS Server Internal Error happened.")
        if self.faults.sts_mode == "throttle":
            raise Refused(400, "Throttling.User", "Request was denied due to user flow control.")
        if self.faults.sts_mode == "no_permission":
            raise _no_permission()

    def _assume_role(self, request: Request, body: bytes) -> dict[str, Any]:
        if (request.headers.get("x-acs-action"), request.headers.get("x-acs-version")) != ("AssumeRole", "2015-04-01"):
            self.add_assertion(f"the stand-in for STS was asked for {request.headers.get('x-acs-action')!r}")
            raise Refused(
                404, "InvalidAction.NotFound", "Specified api is not found, please check your url and method."
            )
        caller = self._caller(request, body)
        self._refuse_as_switched()
        query = dict(parse_qsl(request.environ["QUERY_STRING"], keep_blank_values=True))
        asked = _Asked.read(query)
        self.note(request, role=asked.role_arn, session=asked.session, duration=asked.duration)
        return self._issue(asked, self._role(asked, caller))

    def _caller(self, request: Request, body: bytes) -> Identity:
        """Who signed the request, from its bytes. Raises Refused."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            authorization = signature_acs3.Authorization.parse(headers.get("authorization", ""))
        except ValueError:
            raise Refused(400, "IncompleteSignature", "The request signature does not conform to standards.") from None
        self._check_date(headers.get("x-acs-date", ""))
        identity = self._identity(authorization.access_key_id, headers.get("x-acs-security-token", ""))
        self._check_signature(request, body, headers, authorization, identity)
        self._check_nonce(headers.get("x-acs-signature-nonce", ""))
        return identity

    def _check_date(self, text: str) -> None:
        try:
            sent = calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))
        except ValueError:
            raise Refused(400, "InvalidTimeStamp.Format", "Specified time stamp is not well formatted.") from None
        if abs(self.clock() - sent) > MAX_SKEW:
            raise Refused(400, "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.")

    def _identity(self, access_key_id: str, token: str) -> Identity:
        identity = self.identities.find(access_key_id)
        if identity is None:
            raise Refused(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
        if identity.security_token and not token:
            raise Refused(400, "MissingSecurityToken", "SecurityToken is mandatory for this action.")
        if not hmac.compare_digest(token.encode(), identity.security_token.encode()):
            raise Refused(
                400,
                "InvalidSecurityToken.MismatchWithAccessKey",
                "Specified SecurityToken mismatch with the AccessKey.",
            )
        if self.clock() >= identity.expiration or self.faults.sts_token_revoked:
            raise Refused(400, "InvalidSecurityToken.Expired", "Specified SecurityToken is expired.")
        return identity

    def _check_signature(
        self,
        request: Request,
        body: bytes,
        headers: Mapping[str, str],
        authorization: signature_acs3.Authorization,
        identity: Identity,
    ) -> None:
        must = SIGNED_WITHOUT_FAIL | {name for name in headers if name.startswith("x-acs-")}
        if not must.issubset(authorization.signed_headers):
            raise Refused(400, "IncompleteSignature", "The request signature does not conform to standards.")
        path = request.environ["REQUEST_URI"].partition("?")[0]
        canonical = signature_acs3.canonical_request(
            request.method, path, request.environ["QUERY_STRING"], headers, authorization.signed_headers
        )
        expected = signature_acs3.signature(identity.access_key_secret, canonical)
        fits = hmac.compare_digest(expected, authorization.signature)
        if not fits or headers["x-acs-content-sha256"] != hashlib.sha256(body).hexdigest():
            raise Refused(400, "SignatureDoesNotMatch", "Specified signature is not matched with our calculation.")

    def _check_nonce(self, nonce: str) -> None:
        now = self.clock()
        self._nonces = {known: seen for known, seen in self._nonces.items() if now - seen <= 2 * MAX_SKEW}
        if not nonce or nonce in self._nonces:
            raise Refused(400, "SignatureNonceUsed", "Specified signature nonce was used already.")
        self._nonces[nonce] = now

    def _role(self, asked: _Asked, caller: Identity) -> Role:
        """The role, if both it and RAM let the caller assume it. Raises Refused."""
        if not policies.allows(caller.policies, "sts:AssumeRole", asked.role_arn):
            raise _no_permission()
        role = self.roles.get(asked.role_arn)
        if role is None:
            raise Refused(404, "EntityNotExist.Role", "The specified Role not exists .")
        if _principal(caller) not in role.trusted:
            raise _no_permission()
        if not 900 <= asked.duration <= role.max_session_duration:
            # The text is fixed, also for roles with a longer maximum.
            message = "The Min/Max value of DurationSeconds is 15min/1hr."
            raise Refused(400, "InvalidParameter.DurationSeconds", message)
        return role

    def _issue(self, asked: _Asked, role: Role) -> dict[str, Any]:
        duration = 60 if self.faults.sts_mode == "short" else asked.duration
        expiration = int(self.clock()) + duration
        policies = (role.policy,) if asked.policy is None else (role.policy, asked.policy)
        issued = self.identities.add_session(asked.account_id, asked.role, asked.session, expiration, policies)
        credentials = {
            "AccessKeyId": issued.access_key_id,
            "AccessKeySecret": issued.access_key_secret,
            "SecurityToken": issued.security_token,
            "Expiration": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(expiration)),
        }
        if self.faults.sts_mode == "bad_expiration":
            credentials["Expiration"] = "soon"
        credentials.pop(LEFT_OUT.get(self.faults.sts_mode, ""), None)
        user = {"Arn": issued.arn, "AssumedRoleId": f"{secrets.randbelow(10**18)}:{asked.session}"}
        return {"AssumedRoleUser": user, "Credentials": credentials}


@dataclass(frozen=True)
class _Asked:
    """The parameters of AssumeRole."""

    role_arn: str
    account_id: str
    role: str
    session: str
    duration: int
    policy: dict[str, Any] | None

    @classmethod
    def read(cls, query: Mapping[str, str]) -> _Asked:
        """Raises Refused."""
        arn = ROLE_ARN.fullmatch(query.get("RoleArn", ""))
        if arn is None:
            raise _wrongly_formed("RoleArn")
        if not SESSION_NAME.fullmatch(query.get("RoleSessionName", "")):
            raise _wrongly_formed("RoleSessionName")
        duration = query.get("DurationSeconds", "3600")
        if not re.fullmatch("[0-9]{1,6}", duration):
            raise _wrongly_formed("DurationSeconds")
        return cls(arn[0], arn[1], arn[2], query["RoleSessionName"], int(duration), _policy(query.get("Policy")))


def _policy(text: str | None) -> dict[str, Any] | None:
    if not text:
        return None
    if len(text.encode()) > MAX_POLICY:
        raise Refused(400, "InvalidParameter.PolicySize", "The size of Policy must be smaller than 2048 bytes.")
    try:
        policy: dict[str, Any] = json.loads(text)
        policies.check(policy)
    except (ValueError, RecursionError) as fault:
        raise Refused(
            400, "InvalidParameter.PolicyGrammar", f"The parameter Policy has wrong grammar: {fault}"
        ) from None
    return policy


def _wrongly_formed(name: str) -> Refused:
    return Refused(400, f"InvalidParameter.{name}", f"The parameter {name} is wrongly formed.")


def _no_permission() -> Refused:
    return Refused(403, "NoPermission", "You are not authorized to do this action. You should be authorized by RAM.")


def _principal(caller: Identity) -> str:
    """The ARN that a trust policy names: of a session, its role's."""
    role = re.fullmatch(r"(acs:ram::\d+:)assumed-role/([^/]+)/.*", caller.arn)
    return f"{role[1]}role/{role[2]}" if role else caller.arn


def _json(status: int, payload: object) -> Response:
    return Response(json.dumps(payload), status, content_type="application/json;charset=utf-8")
