"""AssumeRole: its parameters, who may assume which role, and the credentials that are issued."""

from __future__ import annotations

import json
import re
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from localcloud.ram import policies
from localcloud.sts.errors import StsError, invalid_parameter, no_permission

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localcloud.ram.identities import Identities, Identity

MAX_POLICY_SIZE = 2048
"""Bytes of a session policy."""

MIN_DURATION_SECONDS = 900

ROLE_ARN = re.compile(r"acs:ram::([0-9]+):role/([A-Za-z0-9.-]{1,64})")
SESSION_NAME = re.compile(r"[A-Za-z0-9@._-]{2,64}")


@dataclass(frozen=True)
class Role:
    """A RAM role."""

    policy: Mapping[str, Any]
    """What identities that have assumed it may do."""
    trusted: tuple[str, ...]
    """ARNs of the users and roles that may assume it."""
    max_session_duration: int = 3600
    """Seconds."""


@dataclass(frozen=True)
class AssumeRoleParameters:
    """The parameters of AssumeRole."""

    role_arn: str
    account_id: str
    role_name: str
    session_name: str
    duration_seconds: int
    policy: dict[str, Any] | None

    @classmethod
    def parse(cls, query: Mapping[str, str]) -> AssumeRoleParameters:
        """Reads the parameters of a query. Raises StsError."""
        arn = ROLE_ARN.fullmatch(query.get("RoleArn", ""))
        if arn is None:
            raise invalid_parameter("RoleArn")
        if not SESSION_NAME.fullmatch(query.get("RoleSessionName", "")):
            raise invalid_parameter("RoleSessionName")
        duration = query.get("DurationSeconds", "3600")
        if not re.fullmatch("[0-9]{1,6}", duration):
            raise invalid_parameter("DurationSeconds")
        return cls(arn[0], arn[1], arn[2], query["RoleSessionName"], int(duration), _parse_policy(query.get("Policy")))


def find_role(parameters: AssumeRoleParameters, roles: Mapping[str, Role], identity: Identity) -> Role:
    """Returns the role, if RAM and the role's trust policy let the identity assume it. Raises StsError."""
    if not policies.allows(identity.policies, "sts:AssumeRole", parameters.role_arn):
        raise no_permission()
    role = roles.get(parameters.role_arn)
    if role is None:
        raise StsError(404, "EntityNotExist.Role", "The specified Role not exists .")
    if _principal(identity) not in role.trusted:
        raise no_permission()
    if not MIN_DURATION_SECONDS <= parameters.duration_seconds <= role.max_session_duration:
        # The text is fixed, also for roles with a longer maximum.
        message = "The Min/Max value of DurationSeconds is 15min/1hr."
        raise StsError(400, "InvalidParameter.DurationSeconds", message)
    return role


def issue_credentials(
    parameters: AssumeRoleParameters, role: Role, identities: Identities, expiration: int
) -> dict[str, Any]:
    """Makes a session of the role, until `expiration` (seconds since the epoch). Returns the response's members."""
    allowed = (role.policy,) if parameters.policy is None else (role.policy, parameters.policy)
    session = identities.add_session(
        parameters.account_id, parameters.role_name, parameters.session_name, expiration, allowed
    )
    return {
        "AssumedRoleUser": {
            "Arn": session.arn,
            "AssumedRoleId": f"{secrets.randbelow(10**18)}:{parameters.session_name}",
        },
        "Credentials": {
            "AccessKeyId": session.access_key_id,
            "AccessKeySecret": session.access_key_secret,
            "SecurityToken": session.security_token,
            "Expiration": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(expiration)),
        },
    }


def _parse_policy(text: str | None) -> dict[str, Any] | None:
    if not text:
        return None
    if len(text.encode()) > MAX_POLICY_SIZE:
        raise StsError(400, "InvalidParameter.PolicySize", "The size of Policy must be smaller than 2048 bytes.")
    try:
        policy: dict[str, Any] = json.loads(text)
        policies.check(policy)
    except (ValueError, RecursionError) as error:
        message = f"The parameter Policy has wrong grammar: {error}"
        raise StsError(400, "InvalidParameter.PolicyGrammar", message) from None
    return policy


def _principal(identity: Identity) -> str:
    """Returns the ARN that a trust policy names: of a session, its role's."""
    role = re.fullmatch(r"(acs:ram::\d+:)assumed-role/([^/]+)/.*", identity.arn)
    return f"{role[1]}role/{role[2]}" if role else identity.arn
