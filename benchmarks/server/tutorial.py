"""A warm folder form against the design that Alibaba's tutorial teaches: a Flask server that assumes its role every time.

Re-written for measuring, with its own SDK calls and its own signature; its flaws are kept, and nothing of it is
a pattern to follow. Both answer in this process, without a socket of their own; STS is in another.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from datetime import datetime, timedelta, timezone
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple
from unittest.mock import patch
from urllib.parse import urlsplit

from alibabacloud_sts20150401.client import Client
from alibabacloud_sts20150401.models import AssumeRoleRequest
from alibabacloud_tea_openapi.utils_models import Config
from flask import Flask, jsonify
from werkzeug.test import EnvironBuilder

import index
from benchmarks.server import warm
from benchmarks.server.floor import Floor
from benchmarks.server.row import NotMeasured, Row
from benchmarks.server.stand_in import stand_in

ROUNDS = 40
THEIR_CALLS, OUR_CALLS = 8, 50
"""In a round: that many of the one, then that many of each of the others."""

PATH = "/get_post_signature_for_oss_upload"


def measure() -> list[Row]:
    """Measures at two distances to STS."""
    near, cpu, floor = _times_faster(0.0)
    far, *_ = _times_faster(0.03)
    return [
        Row.of("A warm folder form against the tutorial's design, STS at 0 ms", near, "{:.0f}x", ">= 45x"),
        Row.of("  in CPU of the two processes alone", cpu, "{:.0f}x"),
        Row.of("  its floor instead of the form itself", floor, "{:.0f}x"),
        Row.of("  STS at 30 ms", far, "{:.0f}x"),
    ]


def _times_faster(latency: float) -> tuple[float, float, float]:
    """Returns the tutorial's time over ours, its CPU over ours, and its time over that of our floor."""
    with (
        tempfile.TemporaryDirectory() as files,
        stand_in(files, FAULTS=f"sts_latency={latency}") as (_, told),
        patch.dict(os.environ, environ_of(told), clear=True),
        Path(os.devnull).open("w", encoding="utf-8") as nowhere,
        redirect_stdout(nowhere),
    ):
        # In `warm` the same module may have got other settings.
        index._instance._app = None
        index.initialize(warm.CONTEXT)
        event = _event()
        floor = Floor.of(event, _ours(event))
        theirs = _theirs(told)
        theirs()
        calls = ((theirs, THEIR_CALLS), (lambda: _ours(event), OUR_CALLS), (floor.answer, OUR_CALLS))
        rounds = [[_each(call, times) for call, times in calls] for _ in range(ROUNDS)]
    return (
        median(their.wall / our.wall for their, our, _ in rounds),
        median(their.cpu / our.cpu for their, our, _ in rounds),
        median(their.wall / bare.wall for their, _, bare in rounds),
    )


class Spent(NamedTuple):
    """Seconds."""

    wall: float
    cpu: float


def _each(call: Callable[[], object], times: int) -> Spent:
    """Returns what one call takes."""
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(times):
        call()
    return Spent((time.perf_counter() - wall) / times, (time.process_time() - cpu) / times)


def environ_of(told: dict[str, str]) -> dict[str, str]:
    """Returns the function's environment, by what `make dev` prints."""
    return {
        "OSS_BUCKET": told["bucket"],
        "OSS_REGION": told["region"],
        "OSS_STS_ROLE_ARN": told["role_arn"],
        "ALLOWED_ORIGINS": warm.ORIGIN,
        "AUTH": "none",
        "LOCAL": "on",
        "STS_ENDPOINT": told["sts"],
        "ALIBABA_CLOUD_ACCESS_KEY_ID": told["access_key_id"],
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": told["access_key_secret"],
        "ALIBABA_CLOUD_SECURITY_TOKEN": told["security_token"],
    }


def _event() -> bytes:
    return json.dumps(
        {
            "version": "v1",
            "rawPath": PATH,
            "body": "",
            "isBase64Encoded": True,
            "headers": {"Host": "sign.example.com", "Origin": warm.ORIGIN},
            "queryParameters": {},
            "requestContext": {"http": {"method": "GET"}},
        }
    ).encode()


def _ours(event: bytes) -> str:
    response: Any = index.handler(event, warm.CONTEXT)
    if response["statusCode"] != 200:
        raise NotMeasured(f"the function answers {response['statusCode']}")
    return str(response["body"])


def _theirs(told: dict[str, str]) -> Callable[[], object]:
    """Calls the server as a server would call it, by WSGI, with no socket and no client in between."""
    app = Flask(__name__)

    @app.get(PATH)
    def form() -> Any:
        return jsonify(_form(told))

    environ = EnvironBuilder(path=PATH, base_url="http://sign.example.com").get_environ()

    def begin(status: str, *_: object) -> Callable[[bytes], object]:
        if status != "200 OK":
            raise NotMeasured(f"the tutorial's design answers {status}")
        return len

    def answer() -> None:
        b"".join(app.wsgi_app(environ.copy(), begin))

    return answer


def _assume_role(told: dict[str, str]) -> Any:
    config = Config(
        access_key_id=told["access_key_id"],
        access_key_secret=told["access_key_secret"],
        security_token=told["security_token"],
        endpoint=urlsplit(told["sts"]).netloc,
        protocol="http",
    )
    response: Any = Client(config).assume_role(
        AssumeRoleRequest(role_arn=told["role_arn"], role_session_name="role_session_name")
    )
    return response.body.credentials


def _form(told: dict[str, str]) -> dict[str, str]:
    made = _assume_role(told)
    now = datetime.now(timezone.utc)
    day, date = now.strftime("%Y%m%d"), now.strftime("%Y%m%dT%H%M%SZ")
    credential = f"{made.access_key_id}/{day}/{told['region']}/oss/aliyun_v4_request"
    policy = {
        "expiration": (now + timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "conditions": [
            ["eq", "$success_action_status", "200"],
            {"x-oss-signature-version": "OSS4-HMAC-SHA256"},
            {"x-oss-credential": credential},
            {"x-oss-security-token": made.security_token},
            {"x-oss-date": date},
        ],
    }
    text = base64.b64encode(json.dumps(policy).encode()).decode()
    key = f"aliyun_v4{made.access_key_secret}".encode()
    for part in (day, told["region"], "oss", "aliyun_v4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return {
        "policy": text,
        "x_oss_signature_version": "OSS4-HMAC-SHA256",
        "x_oss_credential": credential,
        "x_oss_date": date,
        "signature": hmac.new(key, text.encode(), hashlib.sha256).hexdigest(),
        "host": f"http://{told['bucket']}.oss-{told['region']}.aliyuncs.com",
        "dir": "dir",
        "security_token": made.security_token,
    }
