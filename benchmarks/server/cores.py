"""What a fraction of a core means: an instance's first form and a warm one, at the shares that Function Compute sells.

A share is given as Linux gives it to a container: so much CPU time in each tenth of a second, and then a stop until the
next. Whether Function Compute does it in the same way is not known; bursts at a start are promised, and not given here.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from statistics import median
from threading import Event, Thread

from benchmarks.server import cold
from benchmarks.server.row import NotMeasured
from benchmarks.server.stand_in import stand_in
from benchmarks.server.table import Table
from benchmarks.server.tutorial import environ_of

ROUNDS = 3
STS_LATENCY = 0.1
"""Seconds: three ways there and back, with TLS, to a near STS."""

PERIOD = 0.1
LOOK_EVERY = 0.0005
"""Seconds."""

SETTINGS = ((0.1, 256), (0.25, 256), (0.5, 512), (1.0, 1024))
"""vCPU, and the least memory in MB that fits the package and that Function Compute sells with them."""

COUNTED = 0.0025
"""Seconds that a warm request is taken to keep its instance: it works far less, and what comes to that is not known."""

WARM = """
import time
event, walls = sys.argv[1].encode(), []
for _ in range(40):
    time.sleep(0.02)
    begin = time.perf_counter()
    index.handler(event, context)
    walls.append(time.perf_counter() - begin)
print(sorted(walls)[20], flush=True)
"""


def cu(vcpu: float, megabytes: int, seconds: float) -> float:
    """Returns Function Compute's units (CU) for one call, by its price list of 2026-08."""
    return (vcpu + 0.15 * megabytes / 1024) * seconds + 75 / 10_000


def measure() -> Table:
    """Measures, for each setting, how long people wait and what it costs."""
    if not sys.platform.startswith("linux"):
        raise NotMeasured("only Linux tells the CPU time of another process")
    faults = f"sts_latency={STS_LATENCY}"
    with tempfile.TemporaryDirectory() as folder, stand_in(f"{folder}/files", FAULTS=faults) as (_, told):
        way = cold.Way((str(cold.package(f"{folder}/sign").folder),))
        arguments = [*way.arguments(cold.FIRST_FORM + WARM), cold.EVENT.decode()]
        environ = environ_of(told)
        rounds = [[_waits(arguments, environ, vcpu) for vcpu, _ in SETTINGS] for _ in range(ROUNDS)]
    rows = []
    for (vcpu, megabytes), waits in zip(SETTINGS, zip(*rounds, strict=True), strict=True):
        first, warm = (median(column) for column in zip(*waits, strict=True))
        row = (
            f"{vcpu:g}, {megabytes:,} MB",
            f"{first:.2f} s",
            f"{cu(vcpu, megabytes, round(first, 2)):.2f}",
            f"{warm * 1000:.1f} ms",
            f"{cu(vcpu, megabytes, COUNTED) * 1_000_000:,.0f}",
        )
        rows.append(row)
    return Table("cores", rows)


def _waits(arguments: list[str], environ: Mapping[str, str], share: float) -> tuple[float, float]:
    """Returns the seconds until a new process has made its first form, and the median of warm ones."""
    begin = time.perf_counter()
    with cold.start(arguments, environ) as process, _held_to(process.pid, share):
        assert process.stdout is not None
        first = 0.0
        last = ""
        for line in process.stdout:
            last = line.decode()
            if not first and last.startswith("{"):
                first = time.perf_counter() - begin
    return first, float(last)


@contextmanager
def _held_to(pid: int, share: float) -> Iterator[None]:
    """Gives the process that share of a core meanwhile."""
    over = Event()
    holder = Thread(target=_hold, args=(pid, share, over))
    if share < 1:
        holder.start()
    try:
        yield
    finally:
        over.set()
        if share < 1:
            holder.join()
            os.kill(pid, signal.SIGCONT)


def _hold(pid: int, share: float, over: Event) -> None:
    clock = (~pid << 3) | 2  # the process's own CPU clock, as Linux numbers them
    # Once the process has ended it has none, though its id is its own until it has been waited for.
    with suppress(OSError):
        while not over.is_set():
            ends = time.perf_counter() + PERIOD
            spent = time.clock_gettime(clock) + share * PERIOD
            while time.perf_counter() < ends and time.clock_gettime(clock) < spent and not over.is_set():
                time.sleep(LOOK_EVERY)
            os.kill(pid, signal.SIGSTOP)
            over.wait(max(0.0, ends - time.perf_counter()))
            os.kill(pid, signal.SIGCONT)
