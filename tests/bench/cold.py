"""What the first form of a new instance costs in CPU: the built package against the same code over the SDK as it is.

Each in a process of its own, in turn; counted is the process's own CPU time. STS is in another process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import warm
from deploy import build
from deploy.pythons import BuildError
from localcloud.cloud import ROOT
from row import NotMeasured, Row
from stand_in import stand_in
from tutorial import environ_of

ROUNDS = 9

SITE_PACKAGES = next(path for path in sys.path if path.endswith("site-packages"))
SOURCES = str(ROOT / "functions" / "sign")

FIRST_FORM = """
import sys
from types import SimpleNamespace
{plain}
import index
context = SimpleNamespace(request_id="1-cold", function=SimpleNamespace(name="sign"))
index.initialize(context)
reply = index.handler(sys.stdin.buffer.read(), context)
assert reply["statusCode"] == 200, reply
"""

PLAIN = """
from direct_upload import door, without_aiohttp
without_aiohttp.ENABLED = door.NO_COLLECTION = False
"""

EVENT = {
    "version": "v1",
    "rawPath": "/sign",
    "body": json.dumps({"files": [warm.FILE]}),
    "isBase64Encoded": False,
    "headers": {"Content-Type": "application/json"},
    "queryParameters": {},
    "requestContext": {"http": {"method": "POST"}},
}


@dataclass(frozen=True)
class Way:
    """One way to have the code."""

    folders: tuple[str, ...]
    first: str = ""
    options: tuple[str, ...] = ()

    def first_form(self, environ: Mapping[str, str], *, keep_bytecode: bool = False) -> float:
        """Seconds of CPU until the first form is there."""
        program = f"import sys\nsys.path[:0] = {list(self.folders)!r}\n" + FIRST_FORM.format(plain=self.first)
        # -S: nothing but the folders.
        options = ["-I", "-S", *([] if keep_bytecode else ["-B"]), *self.options]
        return _cpu([*options, "-c", program], environ, json.dumps(EVENT).encode())


def measure() -> list[Row]:
    """Ratios, each the median of pairs; then the time itself, and bare Python's."""
    with tempfile.TemporaryDirectory() as folder, stand_in(f"{folder}/files") as (_, told):
        package = f"{folder}/sign"
        try:
            build.build(build.SIGN, _runtime(), Path(package), os.environ, lambda _: None)
        except BuildError as fault:
            raise NotMeasured(str(fault)) from None
        environ = environ_of(told)
        ours = Way((package,))
        plain = Way((SOURCES, SITE_PACKAGES), PLAIN)
        uncompiled = Way((SOURCES, SITE_PACKAGES), PLAIN, ("-X", f"pycache_prefix={folder}/nothing"))
        plain.first_form(environ, keep_bytecode=True)
        pairs = [[way.first_form(environ) for way in (ours, plain, uncompiled)] for _ in range(ROUNDS)]
        bare = median(_cpu(["-c", "pass"], {}, b"") for _ in range(ROUNDS))
    compiled = median(one / other for one, other, _ in pairs)
    without = median(one / other for one, _, other in pairs)
    seconds = median(one for one, _, _ in pairs)
    return [
        Row(
            "First form of a new instance, CPU, against plain SDK imports",
            f"{compiled:.2f}x",
            "<= 0.65x",
            compiled <= 0.65,
        ),
        Row("  and against the same with no bytecode", f"{without:.2f}x", "<= 0.33x", without <= 0.33),
        Row("  in times of bare Python", f"{seconds / bare:.0f}x"),
        Row("  in seconds of CPU on this machine", f"{seconds:.2f}"),
    ]


def _runtime() -> str:
    return f"python{sys.version_info.major}.{sys.version_info.minor}"


def _cpu(arguments: list[str], environ: Mapping[str, str], sent: bytes) -> float:
    """Seconds of CPU of a Python of its own, the system's for it included."""
    command = [sys.executable, *arguments]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    process = subprocess.Popen(command, env=dict(environ), **pipes)  # type: ignore[call-overload]  # noqa: S603 - this Python
    process.stdin.write(sent)
    process.stdin.close()
    said = process.stderr.read().decode()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stderr.close()
    if status:
        raise NotMeasured((said.strip().splitlines() or ["the function says nothing"])[-1])
    return float(used.ru_utime + used.ru_stime)
