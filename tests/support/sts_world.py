"""A running stand-in for STS, roles and their sessions, and calls signed with the SDK's signer."""

from __future__ import annotations

import hashlib
import math
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import requests
from alibabacloud_tea_openapi.utils import Utils
from darabonba.request import DaraRequest

from localcloud.fault_switches import Faults
from localcloud.ram.identities import Identities, Identity
from localcloud.sts.assume_role import Role
from localcloud.sts.server import Sts
from support.oss_world import ACCOUNT, NOON, Clock, ram_policy

ROLE_ARN = f"acs:ram::{ACCOUNT}:role/oss-upload"
LONG_ROLE_ARN = f"acs:ram::{ACCOUNT}:role/twelve.hours"
FUNCTION_ROLE_ARN = f"acs:ram::{ACCOUNT}:role/function"
ROLE_POLICY = ram_policy("oss:PutObject", "oss:GetObject")
SESSION_POLICY = ram_policy("oss:PutObject", resource="acs:oss:*:*:team-uploads/uploads/a b+c/*")
MAY_ASSUME = ram_policy("sts:AssumeRole", resource=f"acs:ram::{ACCOUNT}:role/*")


def session_of_the_function(
    *, policies: tuple[dict[str, Any], ...] = (MAY_ASSUME,), role: str = "function"
) -> Identity:
    return Identity(
        access_key_id=f"STS.{secrets.token_hex(12)}",
        access_key_secret=secrets.token_urlsafe(30),
        security_token=secrets.token_urlsafe(60),
        arn=f"acs:ram::{ACCOUNT}:assumed-role/{role}/fc",
        expiration=1e11,
        policies=policies,
    )


def ram_user(name: str) -> Identity:
    return Identity(
        access_key_id=f"LTAI{secrets.token_hex(10)}",
        access_key_secret=secrets.token_urlsafe(30),
        security_token="",
        arn=f"acs:ram::{ACCOUNT}:user/{name}",
        expiration=math.inf,
        policies=(MAY_ASSUME,),
    )


@dataclass
class Account:
    """A running stand-in, two roles, and the session of the function that may assume them."""

    clock: Clock = field(default_factory=Clock)
    faults: Faults = field(default_factory=Faults)
    identities: Identities = field(default_factory=Identities)

    def __post_init__(self) -> None:
        trusted = (FUNCTION_ROLE_ARN, f"acs:ram::{ACCOUNT}:user/trusted")
        roles = {
            ROLE_ARN: Role(ROLE_POLICY, trusted),
            LONG_ROLE_ARN: Role(ROLE_POLICY, trusted, max_session_duration=43200),
        }
        self.sts = Sts(self.clock, self.identities, self.faults, roles)
        self.caller = self.add(session_of_the_function())

    def add(self, identity: Identity) -> Identity:
        self.identities.add(identity)
        return identity

    def issued_identity(self, reply: Any) -> Identity:
        """Returns the identity whose credentials a reply brings."""
        identity = self.identities.find(reply["Credentials"]["AccessKeyId"])
        assert identity
        return identity


def utc(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


@dataclass
class Call:
    """A call before it is signed."""

    account: Account
    query: dict[str, str] = field(default_factory=lambda: {"RoleArn": ROLE_ARN, "RoleSessionName": "a-b"})
    date: str = field(default_factory=lambda: utc(NOON))
    body: bytes = b""
    secret: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    """Headers over those that every call has."""
    left_out: tuple[str, ...] = ()
    """Headers not signed, though sent."""

    def sign(self) -> requests.PreparedRequest:
        caller = self.account.caller
        headers = {
            "host": self.account.sts.url.removeprefix("http://"),
            "x-acs-action": "AssumeRole",
            "x-acs-version": "2015-04-01",
            "x-acs-date": self.date,
            "x-acs-signature-nonce": secrets.token_hex(16),
            "x-acs-content-sha256": hashlib.sha256(self.body).hexdigest(),
            "x-acs-security-token": caller.security_token,
        } | self.headers
        headers = {name: value for name, value in headers.items() if value}
        request = DaraRequest()
        request.method, request.pathname, request.query = "POST", "/", self.query
        request.headers = {name: value for name, value in headers.items() if name not in self.left_out}
        headers["Authorization"] = Utils.get_authorization(
            request,
            "ACS3-HMAC-SHA256",
            headers["x-acs-content-sha256"],
            caller.access_key_id,
            self.secret or caller.access_key_secret,
        )
        url = f"{self.account.sts.url}/?{urlencode(self.query, quote_via=quote)}"
        return requests.Request("POST", url, headers, data=self.body).prepare()


def send(request: requests.PreparedRequest, timeout: float = 10) -> requests.Response:
    with requests.Session() as session:
        return session.send(request, timeout=timeout)


def outcome(answer: requests.Response) -> tuple[int, str | None]:
    return answer.status_code, answer.json().get("Code")


GRANTED = (200, None)


MISMATCH = (400, "SignatureDoesNotMatch")
EXPIRED = (400, "InvalidTimeStamp.Expired")
