"""Provides the vendor's clients of a local cloud that tests share, and what they get."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import alibabacloud_oss_v2 as oss
import pytest

from localcloud.ram.identities import Identity
from localcloud.standalone import OssCloud
from support import sentinels
from support.oss_world import BUCKET

EMPTY_MD5 = "1B2M2Y8AsgTpgAmY7PhCfg=="


def client_of(cloud: OssCloud, identity: Identity | None = None, bucket: str | None = None) -> Any:
    """Returns alibabacloud-oss-v2, for the user or another identity."""
    settings = cloud.client(identity=identity, bucket=bucket) | {"retry_max_attempts": 1}
    return oss.Client(oss.config.Config(**settings))


def user_of(cloud: OssCloud, *statements: tuple[str, str], resource: str = "*") -> Identity:
    """Returns a user with these rights: effects and actions."""
    policy = [{"Effect": effect, "Action": action, "Resource": resource} for effect, action in statements]
    user = cloud.add_user("somebody", {"Version": "1", "Statement": policy})
    sentinels.keep_secret(user.access_key_secret)
    return user


def put(cloud: OssCloud, key: str, body: bytes = b"hello", **more: Any) -> Any:
    """Stores an object in the default bucket, unless the request names another; returns the result."""
    return client_of(cloud).put_object(oss.PutObjectRequest(**{"bucket": BUCKET, "key": key, "body": body, **more}))


def read(cloud: OssCloud, key: str, **more: Any) -> bytes:
    """Returns the bytes of an object."""
    found = client_of(cloud).get_object(oss.GetObjectRequest(**{"bucket": BUCKET, "key": key, **more}))
    content: bytes = found.body.content
    return content


def ask(cloud: OssCloud, method: str, key: str | None = None, body: bytes = b"", **parameters: str) -> Any:
    """Sends what the client has no method for, signed by the user; returns the response."""
    names = {name.replace("_", "-"): value for name, value in parameters.items()}
    asked = oss.OperationInput("Ask", method, parameters=names, bucket=BUCKET, key=key, body=body or None)
    return client_of(cloud).invoke_operation(asked)


def refusal(call: Callable[[], object]) -> tuple[int, str, str | None]:
    """Returns the status, the Code and the EC with which the vendor's client was refused."""
    with pytest.raises(oss.exceptions.OperationError) as failed:
        call()
    error: Any = failed.value.unwrap()
    return error.status_code, error.code, error.ec or None
