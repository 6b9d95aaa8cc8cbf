"""What a large file costs the stand-in for OSS in memory: 1 GiB, streamed to it as a browser would post it."""

from __future__ import annotations

import json
import re
import secrets
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.server.row import NotMeasured, Row
from benchmarks.server.stand_in import stand_in

MIB = 2**20
SIZE = 1024 * MIB
AT_MOST = 64 * MIB

CHUNK = secrets.token_bytes(MIB)
SAMPLE_EVERY = 16
"""Chunks between two looks at the memory."""

FILE = {"filename": "film.mp4", "size": SIZE, "content_type": "video/mp4"}
BOUNDARY = "----a-boundary"


def measure() -> list[Row]:
    """Returns how far the process grows beyond what it held when it had just signed the form."""
    with tempfile.TemporaryDirectory() as files, stand_in(files, MAX_SIZE="5GB") as (pid, addresses):
        upload = _sign(addresses["function"])
        before = memory(pid, "VmRSS")
        samples: list[int] = []
        _post(upload, pid, samples)
        growth = max(*samples, memory(pid, "VmHWM")) - before
        if (Path(addresses["files"]) / upload["key"]).stat().st_size != SIZE:
            raise NotMeasured("the file did not arrive whole")
    what = "Memory that the stand-in for OSS takes while 1 GiB is posted to it"
    return [Row(what, f"{growth / MIB:.1f} MiB", f"< {AT_MOST // MIB} MiB", growth < AT_MOST)]


def _sign(function: str) -> Any:
    status, body = _answer(function, "/sign", json.dumps({"files": [FILE]}), {"Content-Type": "application/json"})
    if status != 200:
        raise NotMeasured(f"/sign answers {status}: {body}")
    return json.loads(body)["uploads"][0]


def _post(upload: Any, pid: int, samples: list[int]) -> None:
    """Posts the form. While it is sent, the process's memory is looked at and appended to `samples`."""
    length, pieces = fields_and_file(upload["fields"], SIZE)

    def body() -> Iterator[bytes]:
        for number, piece in enumerate(pieces):
            yield piece
            if number % SAMPLE_EVERY == 0:
                samples.append(memory(pid, "VmHWM"))

    status = status_of_post(upload["url"], length, body())
    if status != 200:
        raise NotMeasured(f"OSS answers {status}")


def fields_and_file(fields: Mapping[str, str], size: int) -> tuple[int, Iterator[bytes]]:
    """Returns the body of a post, its file `size` random bytes: how long it is, and its pieces."""
    head = "".join(map(_part, fields.items())) + _part_head('name="file"; filename="film.mp4"', "video/mp4")
    tail = f"\r\n--{BOUNDARY}--\r\n"

    def pieces() -> Iterator[bytes]:
        yield head.encode()
        for _ in range(size // MIB):
            yield CHUNK
        yield CHUNK[: size % MIB]
        yield tail.encode()

    return len(head) + size + len(tail), pieces()


def status_of_post(url: str, length: int, body: Iterator[bytes]) -> int:
    """Returns what is answered to a form of so many bytes."""
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}", "Content-Length": str(length)}
    return _answer(url, "/", body, headers)[0]


def _part(field: tuple[str, str]) -> str:
    return _part_head(f'name="{field[0]}"') + field[1] + "\r\n"


def _part_head(names: str, content_type: str = "") -> str:
    typed = f"Content-Type: {content_type}\r\n" if content_type else ""
    return f"--{BOUNDARY}\r\nContent-Disposition: form-data; {names}\r\n{typed}\r\n"


def _answer(url: str, path: str, body: str | Iterator[bytes], headers: Mapping[str, str]) -> tuple[int, str]:
    connection = HTTPConnection(urlsplit(url).netloc, timeout=120)
    try:
        connection.request("POST", path, body, headers)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def memory(pid: int, name: str) -> int:
    """Returns bytes that a process holds: now (VmRSS) or at its most so far (VmHWM); without /proc, now."""
    status = Path(f"/proc/{pid}/status")
    if status.exists():
        [kibibytes] = re.findall(rf"^{name}:\s+(\d+) kB$", status.read_text(encoding="ascii"), re.MULTILINE)
    else:
        command = ["ps", "-o", "rss=", "-p", str(pid)]
        kibibytes = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603
    return int(kibibytes) * 1024
