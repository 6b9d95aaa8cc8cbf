"""What the first form of a new instance costs in CPU: the built package against the same code over the SDK as it is.

Each in a process of its own, in turn; counted is the process's own CPU time. STS is in another process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.server import warm
from benchmarks.server.row import NotMeasured, Row
from benchmarks.server.stand_in import stand_in
from benchmarks.server.table import Table
from benchmarks.server.tutorial import environ_of
from deploy.build import command as build
from deploy.build.pythons import BuildError
from localcloud.dev.cloud import ROOT

ROUNDS = 9

SITE_PACKAGES = next(path for path in sys.path if path.endswith("site-packages"))
SOURCES = tuple(str(ROOT / "functions" / name) for name in ("sign", "shared"))
BY_HAND = str(Path(__file__).parent / "by_hand.py")

OWN_MODULES = "import index\n"

SDK = """
import gc
gc.disable()
from direct_upload.without_aiohttp import without_aiohttp
with without_aiohttp():
    import alibabacloud_sts20150401.client, alibabacloud_sts20150401.models, alibabacloud_credentials.client
    import alibabacloud_tea_openapi.utils_models, darabonba.policy.retry
gc.freeze()
"""

PLAIN = """
from direct_upload import without_aiohttp
from fc_http import instance
without_aiohttp.ENABLED = instance.FREEZE_MODULES = False
"""

FIRST_FORM = """
import sys
from types import SimpleNamespace
import index
context = SimpleNamespace(request_id="1-cold", function=SimpleNamespace(name="sign"))
index.initialize(context)
response = index.handler(sys.stdin.buffer.read(), context)
assert response["statusCode"] == 200, response
print(response["body"], flush=True)
"""

EVENT = json.dumps(
    {
        "version": "v1",
        "rawPath": "/sign",
        "body": json.dumps({"files": [warm.FILE | {"id": "0f8fad5b-d9cb-469f-a165-70867728950e"}]}),
        "isBase64Encoded": False,
        "headers": {"Content-Type": "application/json"},
        "queryParameters": {},
        "requestContext": {"http": {"method": "POST"}},
    }
).encode()


@dataclass(frozen=True)
class Way:
    """One way to have the code."""

    folders: tuple[str, ...]
    first: str = ""
    options: tuple[str, ...] = ("-B",)

    def arguments(self, program: str) -> list[str]:
        """Returns those of a Python that has nothing but the folders, and runs this."""
        paths = f"import sys\nsys.path[:0] = {list(self.folders)!r}\n"
        return ["-I", "-S", *self.options, "-c", paths + self.first + program]


def measure() -> list[Row]:
    """Returns ratios, each the median of pairs; then the time itself, and what it is made of."""
    with tempfile.TemporaryDirectory() as folder, stand_in(f"{folder}/files") as (_, told):
        environ = environ_of(told)
        built = package(f"{folder}/sign")
        ours = Way((str(built.folder),))
        folders = (*SOURCES, SITE_PACKAGES)
        plain = Way(folders, PLAIN, ("-X", f"pycache_prefix={folder}/bytecode"))
        uncompiled = Way(folders, PLAIN, ("-B", "-X", f"pycache_prefix={folder}/nothing"))
        _cpu(plain.arguments(FIRST_FORM), environ)
        ways = [way.arguments(FIRST_FORM) for way in (ours, plain, uncompiled)]
        rounds = [[_cpu(way, environ) for way in (*ways, ["-I", "-S", "-B", BY_HAND])] for _ in range(ROUNDS)]
    seconds, *others = zip(*([used for used, _ in each] for each in rounds), strict=True)
    compiled, without, by_hand = (median(map(float.__truediv__, seconds, other)) for other in others)
    [[_, made], *_, [_, floor]] = rounds[0]
    if len(made) != len(floor):
        raise NotMeasured("by hand, it is not the same form")
    return [
        Row.of("First form of a new instance, CPU, against plain SDK imports", compiled, "{:.2f}x", "<= 0.65x"),
        Row.of("  and against the same with no bytecode", without, "{:.2f}x", "<= 0.33x"),
        Row.of("  in times of the same by hand, with the standard library alone", by_hand, "{:.1f}x"),
        Row.of("  in seconds of CPU on this machine", median(seconds), "{:.2f}"),
        Row.of("The package, zipped", built.zipped / 1e6, "{:.1f} MB", "<= 12 MB"),
    ]


def stages() -> Table:
    """Returns what the first form of a new instance is made of: its CPU, stage by stage."""
    with tempfile.TemporaryDirectory() as folder, stand_in(f"{folder}/files") as (_, told):
        environ = environ_of(told)
        ours = Way((str(package(f"{folder}/sign").folder),))
        programs = [["-I", "-S", "-c", "pass"], *map(ours.arguments, (OWN_MODULES, OWN_MODULES + SDK, FIRST_FORM))]
        rounds = [[_cpu(program, environ)[0] for program in programs] for _ in range(ROUNDS)]
    what = ("Python itself", "our modules", "the SDK's modules", "AssumeRole, and the form")
    ends = [[each[stage] for each in rounds] for stage in range(len(programs))]
    begins = [[0.0] * ROUNDS, *ends]
    spent = [median(map(float.__sub__, end, begin)) for begin, end in zip(begins, ends, strict=False)]
    rows = [(name, f"{share / sum(spent):.0%}") for name, share in zip(what, spent, strict=True)]
    return Table("stages", rows)


def package(folder: str) -> build.BuildResult:
    """Returns the function's package, built there. Raises NotMeasured."""
    runtime = f"python{sys.version_info.major}.{sys.version_info.minor}"
    try:
        return build.build(build.SIGN, runtime, Path(folder), os.environ, lambda _: None)
    except BuildError as fault:
        raise NotMeasured(str(fault)) from None


@contextmanager
def start(arguments: list[str], environ: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Yields a Python of its own that has been sent the event. Raises NotMeasured if it ends badly."""
    with tempfile.TemporaryFile() as said:
        command = [sys.executable, *arguments]
        process = subprocess.Popen(  # noqa: S603 - this Python
            command, env=dict(environ), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said
        )
        assert process.stdin is not None
        process.stdin.write(EVENT)
        process.stdin.close()
        try:
            yield process
        finally:
            process.wait()
        if process.returncode:
            said.seek(0)
            raise NotMeasured((said.read().decode().strip().splitlines() or ["the function says nothing"])[-1])


def _cpu(arguments: list[str], environ: Mapping[str, str]) -> tuple[float, str]:
    """Returns the seconds of CPU of a Python of its own, the system's for it included; and the last line it prints."""
    with start(arguments, environ) as process:
        assert process.stdout is not None
        lines = process.stdout.read().decode().splitlines()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return used.ru_utime + used.ru_stime, lines[-1] if lines else ""
