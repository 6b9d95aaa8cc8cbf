"""What tests of the stand-in OSS begin with: a bucket behind a port, an identity, and forms typed by hand.

Forms are signed by the vendor's own signer (pinned), so that the stand-in is judged by other hands than ours.
"""

from __future__ import annotations

import base64
import json
import math
import re
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from alibabacloud_oss_v2.signer import SignerV4

from localcloud.fault_switches import Faults
from localcloud.oss.server import Oss
from localcloud.oss.storage.bucket import Bucket
from localcloud.ram.identities import Identities, Identity

NOON = 1_732_449_600.0
"""2024-11-24T12:00:00Z, in seconds since the epoch."""

ACCOUNT = "1234567890123456"
BUCKET = "team-uploads"
REGION = "cn-hangzhou"
DOMAIN = "files.localhost"
"""A domain bound to the bucket."""
BOUNDARY = "----a-boundary"


class Clock:
    """A clock that stands still."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


def ram_policy(*actions: str, resource: str = f"acs:oss:*:*:{BUCKET}/uploads/*") -> dict[str, Any]:
    """Returns a RAM policy that allows these actions."""
    return {"Version": "1", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": resource}]}


def new_identity(*policies: dict[str, Any], sts: bool = True, account: str = ACCOUNT) -> Identity:
    """Returns random credentials: of a role for an hour, or of a RAM user for ever."""
    return Identity(
        access_key_id=("STS." if sts else "LTAI") + secrets.token_hex(10),
        access_key_secret=secrets.token_urlsafe(30),
        security_token=secrets.token_urlsafe(60) if sts else "",
        arn=f"acs:ram::{account}:" + ("assumed-role/upload/session" if sts else "user/somebody"),
        expiration=NOON + 3600 if sts else math.inf,
        policies=policies or (ram_policy("oss:PutObject", "oss:GetObject"),),
    )


@dataclass
class OssWorld:
    """A running stand-in and all that it stands on."""

    folder: Path
    clock: Clock = field(default_factory=Clock)
    identities: Identities = field(default_factory=Identities)
    faults: Faults = field(default_factory=Faults)

    def __post_init__(self) -> None:
        self.bucket = Bucket(BUCKET, ACCOUNT, self.folder)
        self.other = Bucket("other-bucket", ACCOUNT, self.folder.with_name("other"))
        buckets = {each.name: each for each in (self.bucket, self.other)}
        domains = {DOMAIN: self.bucket}
        self.oss = Oss(
            self.clock,
            self.identities,
            self.faults,
            buckets,
            BUCKET,
            region=REGION,
            domains=domains,
            make_bucket=self.make_bucket,
        )
        self.identity = self.add(new_identity())

    def make_bucket(self, name: str, account: str = ACCOUNT, region: str = "") -> Bucket:
        """Makes a bucket that the service knows."""
        bucket = Bucket(name, account, self.folder.with_name(name), region=region, created=self.clock())
        self.oss.buckets[name] = bucket
        return bucket

    def add(self, identity: Identity) -> Identity:
        """Makes an identity known."""
        self.identities.add(identity)
        return identity


def stamp(seconds: float) -> str:
    """Returns an x-oss-date."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(seconds))


def iso(seconds: float) -> str:
    """Returns a policy's expiration."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(seconds))


@dataclass
class Draft:
    """A form before it is signed. `conditions` join those that every policy needs."""

    identity: Identity
    date: float = NOON
    expiration: float = NOON + 600
    region: str = REGION
    product: str = "oss"
    credential_date: str | None = None
    conditions: list[Any] = field(default_factory=list)
    extra: dict[str, str] = field(default_factory=dict)
    """Fields besides those of the signature; a key is there unless this has one."""
    policy: bytes | None = None
    """The policy's bytes, where they are not to be made from the rest."""
    v4_conditions: bool = True

    @property
    def v4(self) -> dict[str, str]:
        """Returns the fields that a policy must name."""
        date = self.credential_date or stamp(self.date)[:8]
        fields = {
            "x-oss-signature-version": "OSS4-HMAC-SHA256",
            "x-oss-credential": f"{self.identity.access_key_id}/{date}/{self.region}/{self.product}/aliyun_v4_request",
            "x-oss-date": stamp(self.date),
        }
        token = self.identity.security_token
        return fields | ({"x-oss-security-token": token} if token else {})

    def fields(self) -> dict[str, str]:
        """Returns the form's fields, signed."""
        document = {
            "expiration": iso(self.expiration),
            "conditions": [
                {"bucket": BUCKET},
                *([{name: value} for name, value in self.v4.items()] if self.v4_conditions else []),
                *self.conditions,
            ],
        }
        raw = json.dumps(document).encode() if self.policy is None else self.policy
        policy = base64.b64encode(raw).decode()
        day = self.credential_date or stamp(self.date)[:8]
        secret = self.identity.access_key_secret
        signature: str = SignerV4()._calc_signature(secret, day, self.region, self.product, policy)
        return {"key": "uploads/a.txt", **self.extra, **self.v4, "policy": policy, "x-oss-signature": signature}


@dataclass(frozen=True)
class File:
    """The file part."""

    content: bytes = b"hello"
    filename: str | None = "a.txt"
    content_type: str | None = "text/plain"


def part(name: str, value: bytes, filename: str | None = None, content_type: str | None = None) -> bytes:
    """Returns one part of a body."""
    disposition = f'Content-Disposition: form-data; name="{name}"'
    disposition += "" if filename is None else f'; filename="{filename}"'
    typed = "" if content_type is None else f"\r\nContent-Type: {content_type}"
    return f"--{BOUNDARY}\r\n{disposition}{typed}\r\n\r\n".encode() + value + b"\r\n"


def multipart(fields: Mapping[str, str] | Iterable[tuple[str, str]], file: File | None, after: bytes = b"") -> bytes:
    """Returns a body: the fields, the file, what comes after it, the end."""
    pairs = fields.items() if isinstance(fields, Mapping) else fields
    parts = [part(name, value.encode()) for name, value in pairs]
    if file:
        parts.append(part("file", file.content, file.filename, file.content_type))
    return b"".join([*parts, after, f"--{BOUNDARY}--\r\n".encode()])


def post(
    world: OssWorld,
    fields: Mapping[str, str] | Iterable[tuple[str, str]],
    file: File | None = File(),
    *,
    after: bytes = b"",
    headers: Mapping[str, str] = {},
) -> requests.Response:
    """Posts a form."""
    return post_body(world, multipart(fields, file, after), headers)


def post_body(world: OssWorld, body: bytes, headers: Mapping[str, str]) -> requests.Response:
    """Posts a body that says it is a form."""
    content_type = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    return requests.post(
        world.oss.url, data=body, headers={**content_type, **headers}, allow_redirects=False, timeout=60
    )


def elements(response: requests.Response) -> dict[str, str]:
    """Returns the elements of an XML answer."""
    return dict(re.findall(r"<(\w+)>([^<]*)</\1>", response.content.decode()))


def outcome(response: requests.Response) -> tuple[int, str | None, str | None]:
    """Returns Status, Code and EC of an answer."""
    found = elements(response)
    return response.status_code, found.get("Code"), found.get("EC")
