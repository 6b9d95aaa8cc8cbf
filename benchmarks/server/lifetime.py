"""How often the function assumes its role: the real SDK, against the stand-in for STS, on a clock that is moved."""

from __future__ import annotations

import tempfile
from itertools import cycle
from pathlib import Path

import time_machine

from benchmarks.server import warm
from benchmarks.server.row import NotMeasured, Row
from direct_upload.credential_cache import RENEWAL_MARGIN_SECONDS
from direct_upload.profiles import MIN_BYTES_PER_SECOND
from direct_upload.sts import DURATION_SECONDS
from localcloud.dev.cloud import Cloud, CloudOptions

BEGIN = 1_732_449_600
"""2024-11-24T12:00:00Z, in seconds since the epoch."""

REQUESTS = 10_000

SERVES = DURATION_SECONDS - RENEWAL_MARGIN_SECONDS - 100_000_000 // MIN_BYTES_PER_SECOND
"""Seconds until credentials are renewed, by the default settings: no form for the largest file may outlive them."""


def measure() -> list[Row]:
    """Measures within the time that one set of credentials serves; and over an hour, for comparison."""
    once, hourly = calls(SERVES), calls(DURATION_SECONDS)
    return [
        Row(f"AssumeRole calls for 10,000 requests in {SERVES:,} s, as long as one serves", f"{once}", "1", once == 1),
        Row(f"AssumeRole calls for 10,000 requests in {DURATION_SECONDS:,} s", f"{hourly}"),
    ]


def calls(seconds: int) -> int:
    """Returns how many AssumeRole calls STS has seen after REQUESTS requests, evenly spread over so many seconds."""
    with time_machine.travel(BEGIN, tick=False) as clock, tempfile.TemporaryDirectory() as files:
        with Cloud(Path(files), CloudOptions(settings={"ALLOWED_ORIGINS": warm.ORIGIN})) as cloud:
            for number, event in zip(range(REQUESTS), cycle(warm.events(cloud))):
                clock.move_to(BEGIN + number * seconds / REQUESTS)
                response = cloud.gateway.invoke(event, warm.CONTEXT.request_id)
                if response["statusCode"] != 200:
                    raise NotMeasured(f"request {number} is answered with {response['statusCode']}")
        return len(cloud.sts.records)
