"""What an answer of the warm function costs: the real handler, its log line included, against the floor."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import index
from floor import Floor
from localcloud.cloud import FUNCTION_ROLE, Cloud
from row import NotMeasured, Row

ROUNDS = 400
CALLS = 25
"""In a round: that many of the one, then that many of the other."""

AT_MOST = 3.0
"""Times the floor."""

ORIGIN = "https://app.example.com"
FILES = {"files": [{"filename": "photos/cat.png", "size": 48211, "content_type": "image/png"}]}
CONTEXT = SimpleNamespace(request_id="1-67431580-0123456789ab", function=SimpleNamespace(name=FUNCTION_ROLE))


def measure() -> list[Row]:
    """Both kinds of form."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
        folder, exact = (_times_the_floor(event, body) for event, body in _answered())
    return [
        Row("A warm folder form, in times of its floor", f"{folder:.2f}x", f"<= {AT_MOST:g}x", folder <= AT_MOST),
        Row("A warm exact form, in times of its floor", f"{exact:.2f}x"),
    ]


def _answered() -> list[tuple[bytes, str]]:
    """Each event, and the body of the function's answer; afterwards it has credentials, and no server runs any more."""
    with (
        tempfile.TemporaryDirectory() as files,
        Cloud(Path(files)) as cloud,
        patch.dict(os.environ, _environ(cloud), clear=True),
    ):
        return [(event, _answer(event)) for event in events(cloud)]


def events(cloud: Cloud) -> list[bytes]:
    """What Function Compute would hand over for a folder form, and for an exact one."""
    headers = [("Host", "sign.example.com"), ("Origin", ORIGIN), ("User-Agent", "Mozilla/5.0"), ("Accept", "*/*")]
    as_json = [*headers, ("Content-Type", "application/json")]
    body = json.dumps(FILES).encode()
    return [
        cloud.gateway.event("GET", "/get_post_signature_for_oss_upload", headers, b"", CONTEXT.request_id),
        cloud.gateway.event("POST", "/sign", as_json, body, CONTEXT.request_id),
    ]


def _environ(cloud: Cloud) -> dict[str, str]:
    own = cloud.function_role
    return {
        "OSS_BUCKET": cloud.bucket.name,
        "OSS_REGION": cloud.region,
        "OSS_STS_ROLE_ARN": cloud.role_arn,
        "ALLOWED_ORIGINS": ORIGIN,
        "AUTH": "none",
        "LOCAL": "on",
        "STS_ENDPOINT": cloud.sts.url,
        "ALIBABA_CLOUD_ACCESS_KEY_ID": own.access_key_id,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": own.access_key_secret,
        "ALIBABA_CLOUD_SECURITY_TOKEN": own.security_token,
    }


def _answer(event: bytes) -> str:
    reply: Any = index.handler(event, CONTEXT)
    if reply["statusCode"] != 200:
        raise NotMeasured(f"the function answers {reply['statusCode']}")
    return str(reply["body"])


def _times_the_floor(event: bytes, body: str) -> float:
    """The median of many rounds, in each of which both do the same in turn."""
    floor = Floor.of(event, body)
    return median(_seconds(lambda: index.handler(event, CONTEXT)) / _seconds(floor.answer) for _ in range(ROUNDS))


def _seconds(call: Callable[[], object]) -> float:
    begin = time.perf_counter()
    for _ in range(CALLS):
        call()
    return time.perf_counter() - begin
