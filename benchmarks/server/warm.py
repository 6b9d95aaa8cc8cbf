"""What an answer of the warm function costs: the real handler, its log line included, against the floor."""

from __future__ import annotations

import json
import os
import secrets
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch
from uuid import UUID

import jwt

import index
from benchmarks.server.floor import Floor
from benchmarks.server.row import NotMeasured, Row
from direct_upload.tokens import OWN_ISSUER, Issuer, parse_secret_keys
from localcloud.dev.cloud import FUNCTION_ROLE, Cloud

ROUNDS = 400
CALLS = 25
"""In a round: that many of the one, then that many of the other."""

ORIGIN = "https://app.example.com"
FILE = {"filename": "photos/cat.png", "size": 48211, "content_type": "image/png"}
CONTEXT = SimpleNamespace(request_id="1-67431580-0123456789ab", function=SimpleNamespace(name=FUNCTION_ROLE))


def measure() -> list[Row]:
    """Measures both kinds of form, and as many exact ones as a request may ask for."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
        responses = answer_events()
        folder, exact, twenty = (_times_the_floor(event, body) for event, body in responses)
        token = _token_in_floors(*responses[0])
    return [
        Row.of("A warm folder form, in times of its floor", folder, "{:.2f}x", "<= 2.5x"),
        Row.of("A warm exact form, in times of its floor", exact, "{:.2f}x"),
        Row.of("20 exact forms in one request, in times of their floor", twenty, "{:.2f}x", "<= 1.5x"),
        Row.of("The check of a token (HS256), in floors of a folder form", token, "{:.2f}x"),
    ]


def answer_events() -> list[tuple[bytes, str]]:
    """Returns each event, and the body of the function's answer; afterwards it has credentials, and no server runs any more."""
    with (
        tempfile.TemporaryDirectory() as files,
        Cloud(Path(files)) as cloud,
        patch.dict(os.environ, _environ(cloud), clear=True),
    ):
        index.initialize(CONTEXT)
        return [(event, _answer(event)) for event in events(cloud)]


def events(cloud: Cloud) -> list[bytes]:
    """Returns what Function Compute would hand over for a folder form, for an exact one, and for twenty."""
    headers = [("Host", "sign.example.com"), ("Origin", ORIGIN), ("User-Agent", "Mozilla/5.0"), ("Accept", "*/*")]
    as_json = [*headers, ("Content-Type", "application/json")]
    files = [FILE | {"id": str(UUID(int=number))} for number in range(20)]
    bodies = [json.dumps({"files": files[:number]}).encode() for number in (1, 20)]
    return [
        cloud.gateway.event("GET", "/get_post_signature_for_oss_upload", headers, b"", CONTEXT.request_id),
        *(cloud.gateway.event("POST", "/sign", as_json, body, CONTEXT.request_id) for body in bodies),
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
    response: Any = index.handler(event, CONTEXT)
    if response["statusCode"] != 200:
        raise NotMeasured(f"the function answers {response['statusCode']}")
    return str(response["body"])


def _times_the_floor(event: bytes, body: str) -> float:
    """Returns the median of many rounds, in each of which both do the same in turn."""
    floor = Floor.of(event, body)
    return median(_seconds(lambda: index.handler(event, CONTEXT)) / _seconds(floor.answer) for _ in range(ROUNDS))


def _token_in_floors(event: bytes, body: str) -> float:
    floor = Floor.of(event, body)
    secret = secrets.token_hex(32)
    issuer = Issuer(OWN_ISSUER, OWN_ISSUER, parse_secret_keys(secret))
    claims = {"iss": OWN_ISSUER, "aud": OWN_ISSUER, "sub": "alice", "exp": time.time() + 3600}
    authorization = f"Bearer {jwt.encode(claims, secret)}"
    return median(_seconds(lambda: issuer.verify(authorization)) / _seconds(floor.answer) for _ in range(ROUNDS))


def _seconds(call: Callable[[], object]) -> float:
    begin = time.perf_counter()
    for _ in range(CALLS):
        call()
    return time.perf_counter() - begin
