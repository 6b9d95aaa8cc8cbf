"""Provides clients of the stand-in OSS that sign with the vendor's code: its SDK, and requests with its signer."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

import alibabacloud_oss_v2 as oss
import pytest
import requests
from alibabacloud_oss_v2.credentials import StaticCredentialsProvider
from alibabacloud_oss_v2.signer import SignerV4
from alibabacloud_oss_v2.types import HttpRequest, SigningContext

from localcloud.ram.identities import Identity
from support.oss_world import BUCKET, REGION, OssWorld, new_identity, ram_policy

EVERYTHING = ("oss:PutObject", "oss:GetObject", "oss:DeleteObject")
ON_OBJECTS = ram_policy(*EVERYTHING)


def user(world: OssWorld, *policies: dict[str, Any]) -> Identity:
    """Returns a RAM user with these policies; without any, they may do everything in the bucket."""
    all_of_it = {"Effect": "Allow", "Action": "oss:*", "Resource": [f"acs:oss:*:*:{BUCKET}", f"acs:oss:*:*:{BUCKET}/*"]}
    return world.add(new_identity(*(policies or ({"Version": "1", "Statement": [all_of_it]},)), sts=False))


def client(world: OssWorld, identity: Identity, **config: Any) -> oss.Client:
    """Returns the vendor's client. Its clock cannot be set, so the stand-in uses the real time."""
    world.clock.now = datetime.datetime.now(datetime.timezone.utc).timestamp()
    provider = StaticCredentialsProvider(
        identity.access_key_id, identity.access_key_secret, identity.security_token or None
    )
    settings = {"region": REGION, "endpoint": world.oss.url, "retry_max_attempts": 1, **config}
    return oss.Client(oss.Config(credentials_provider=provider, **settings))


def refusal(operation: Any, request: Any) -> tuple[int, str, str]:
    """Returns the status, Code and EC of the error that the vendor's client gets."""
    with pytest.raises(oss.exceptions.OperationError) as failed:
        operation(request)
    error: Any = failed.value.unwrap()
    return error.status_code, error.code, error.ec


def send(
    world: OssWorld,
    identity: Identity,
    method: str,
    key: str = "",
    *,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    body: Any = None,
    unsigned: Mapping[str, str] | None = None,
    bucket: str = BUCKET,
) -> requests.Response:
    """Sends a request signed in its header at the stand-in's time. The headers `unsigned` are added after signing."""
    url = f"{world.oss.url}/{quote(key, safe='/')}" + (f"?{urlencode(query, quote_via=quote)}" if query else "")
    request = HttpRequest(method, url, headers=dict(headers or {}))
    provider = StaticCredentialsProvider(
        identity.access_key_id, identity.access_key_secret, identity.security_token or None
    )
    context = SigningContext(
        product="oss",
        region=REGION,
        bucket=bucket,
        key=key or None,
        request=request,
        credentials=provider.get_credentials(),
        signing_time=datetime.datetime.fromtimestamp(world.clock(), datetime.timezone.utc),
    )
    SignerV4().sign(context)
    signed = {**request.headers, **(unsigned or {})}
    return requests.request(method, url, headers=signed, data=body, allow_redirects=False, timeout=60)
