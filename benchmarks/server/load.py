"""What the stand-in for OSS bears: many posts at once, many objects, many large files at once; and what is left of it."""

from __future__ import annotations

import json
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from benchmarks.server.growth import MIB, fields_and_file, memory, status_of_post
from benchmarks.server.row import Row
from benchmarks.server.stand_in import stand_in

AT_ONCE = 200
SMALL, SENDERS = 10_000, 8
LARGE, LARGE_SIZE = 10, 1024 * MIB
AT_MOST = 64 * MIB

PATIENCE = 10
"""Seconds in which threads may still end."""


def measure() -> list[Row]:
    """Returns failures, memory and threads, over all three."""
    with tempfile.TemporaryDirectory() as files, stand_in(files, MAX_SIZE="5GB") as (pid, addresses):
        with urlopen(addresses["function"] + "/get_post_signature_for_oss_upload") as answer:  # noqa: S310 - our own
            post = partial(_post, json.load(answer))
        post("first", 5)
        memory_before, threads_before = memory(pid, "VmRSS"), _threads(pid)
        failed = {
            f"{AT_ONCE} posts at once, failed": _failures(post, "burst", AT_ONCE, 5, AT_ONCE),
            f"{SMALL:,} small objects, failed": _failures(post, "small", SMALL, 5, SENDERS),
            f"{LARGE} uploads of 1 GiB at once, failed": _failures(post, "large", LARGE, LARGE_SIZE, LARGE),
        }
        growth = memory(pid, "VmHWM") - memory_before
        left = _left_behind(pid, threads_before)
    rows = [Row(f"The stand-in for OSS: {what}", str(count), "0", count == 0) for what, count in failed.items()]
    return [
        *rows,
        Row("  memory that it takes for all of these", f"{growth / MIB:.1f} MiB", "< 64 MiB", growth < AT_MOST),
        Row("  threads left behind", str(left), "0", left == 0),
    ]


def _failures(post: Callable[[str, int], int], name: str, count: int, size: int, senders: int) -> int:
    with ThreadPoolExecutor(senders) as pool:
        statuses = list(pool.map(lambda number: post(f"{name}-{number}", size), range(count)))
    return sum(status != 200 for status in statuses)


def _post(form: Any, name: str, size: int) -> int:
    """Returns the status of one post; 0 where there was no answer."""
    fields = {
        "key": form["dir"] + name,
        "success_action_status": "200",
        "policy": form["policy"],
        "x-oss-signature": form["signature"],
        "x-oss-signature-version": form["x_oss_signature_version"],
        "x-oss-credential": form["x_oss_credential"],
        "x-oss-date": form["x_oss_date"],
        "x-oss-security-token": form["security_token"],
    }
    try:
        return status_of_post(form["host"], *fields_and_file(fields, size))
    except OSError:
        return 0


def _threads(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


def _left_behind(pid: int, before: int) -> int:
    """Returns how many more there are than before, once those that are ending have had time to."""
    pause = threading.Event()
    for _ in range(PATIENCE * 10):
        if _threads(pid) <= before:
            return 0
        pause.wait(0.1)
    return _threads(pid) - before
