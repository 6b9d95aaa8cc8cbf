"""The pytest fixture `oss_cloud`: what its first test waits for, and what every further one does."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from statistics import median

import alibabacloud_oss_v2 as oss

from benchmarks.server.row import Row
from localcloud.dev.cloud import ROOT
from localcloud.standalone import OssCloud

STARTS, RESETS, OBJECTS = 7, 20, 10

COLD = """
import tempfile, time
from pathlib import Path
import pytest
begin = time.process_time()
from localcloud.standalone import OssCloud
with tempfile.TemporaryDirectory() as folder, OssCloud(Path(folder)) as cloud:
    cloud.reset()
    print(time.process_time() - begin)
"""
"""What the fixture does for its first test, in a process that has begun to run tests."""


def measure() -> list[Row]:
    """Measures both in CPU: nothing else is waited for."""
    return [
        Row.of("CPU of the fixture oss_cloud for the first test that uses it", _cold_seconds(), "{:.2f} s", "<= 0.3 s"),
        Row.of(
            f"  for each further test, after one that stored {OBJECTS} objects",
            1000 * _reset_seconds(),
            "{:.1f} ms",
            "<= 10 ms",
        ),
    ]


def _cold_seconds() -> float:
    """Measures with bytecode, as an installed package has it: the first run makes it."""
    command = [sys.executable, "-c", COLD]
    with tempfile.TemporaryDirectory() as bytecode:
        environ = {"PATH": os.environ["PATH"], "PYTHONPYCACHEPREFIX": bytecode}
        run = partial(subprocess.run, command, cwd=ROOT, env=environ, capture_output=True, check=True)
        run()
        return median(float(run().stdout) for _ in range(STARTS))


def _reset_seconds() -> float:
    spent = []
    with tempfile.TemporaryDirectory() as folder, OssCloud(Path(folder)) as cloud:
        client = oss.Client(oss.config.Config(**cloud.client()))
        for _ in range(RESETS):
            for number in range(OBJECTS):
                client.put_object(
                    oss.PutObjectRequest(bucket=cloud.bucket.name, key=f"uploads/{number}", body=b"hello")
                )
            begin = time.process_time()
            cloud.reset()
            spent.append(time.process_time() - begin)
    return median(spent)
