"""Hundreds of small files: the element and Uppy, each in a page that no debugger watches, and curl with as many connections.

A debugger, such as Playwright's, hears of each request, which costs as much again as a small request itself. The time
begins once both are loaded: people choose files after a page has come.
"""

from __future__ import annotations

import http.client
import json
import mimetypes
import os
import queue
import signal
import statistics
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser
from werkzeug.wrappers import Request, Response

from benchmarks.page.large import clear
from benchmarks.page.local import Local, local
from benchmarks.server.row import NotMeasured, Row
from localcloud.stand_in import StandIn
from support import chromium

ROOT = Path(__file__).parents[2]

FILES = ((500, 20_000), (1000, 2_000))
"""How many, and bytes of each."""

DELAY = 0.15
"""Seconds until a function far away answers."""

ROUNDS = 2
CONNECTIONS = 4
"""Of the queue, if nothing else is said."""

PATIENCE = 300
"""Seconds."""

MEMORY = Path("/dev/shm")  # noqa: S108 - the folder in it has a name that nobody guesses
"""Where files cost the processors next to nothing, on Linux: some disks take longer than all the rest to make them, and
the longer the more were deleted just before."""

OF_THE_CONNECTION = ("content-length", "content-type", "connection", "transfer-encoding", "date")

PAGE = """<!doctype html>
<meta charset="utf-8">
<title>Small files</title>
<link rel="icon" href="data:,">
<script type="module">
    import { upload } from "./NAME.js";
    const [count, size] = location.search.slice(1).split(",").map(Number);
    const files = Array.from({ length: count }, (_, at) => {
        const bytes = crypto.getRandomValues(new Uint8Array(size));
        return new File([bytes], `${at}.txt`, { type: "text/plain" });
    });
    const begin = performance.now();
    const stored = await upload(files).catch(String);
    await fetch("/", { method: "POST", body: JSON.stringify([stored, (performance.now() - begin) / 1000]) });
</script>
"""

OURS = """
import "./web/element.js";
const element = Object.assign(document.createElement("oss-upload"), { function: "ADDRESS" });
document.body.append(element);
for (await element.ready; !element.queue; ) {
    await new Promise((resolve) => setTimeout(resolve, 10));
}
export async function upload(files) {
    const done = new Promise((resolve) => element.addEventListener("done", resolve));
    element.addFiles(files);
    await done;
    return element.uploads.filter(({ state }) => state === "done").length;
}
"""

UPPY = """
import { uppy } from "./example.js";
export async function upload(files) {
    uppy.addFiles(files.map((file) => ({ name: file.name, type: file.type, data: file })));
    return (await uppy.upload()).successful.length;
}
"""


def measure(_: Browser, __: Local) -> Iterator[Row]:
    """Yields the element's speed over Uppy's, with the function near and far, and over that of curl."""
    with (
        tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder,
        _Pages(Path(folder)) as pages,
        local(Path(folder) / "files", ALLOWED_ORIGINS=pages.url) as cloud,
        _Relay(cloud.function) as relay,
    ):
        for where, function in (("near", cloud.function), ("far", relay.url)):
            pages.write(f"ours-{where}", OURS.replace("ADDRESS", function))
            pages.write_bundle(f"uppy-{where}", UPPY, function)
        for count, size in FILES:
            yield from _measure(pages, relay, cloud, count, size)


def _measure(pages: _Pages, relay: _Relay, cloud: Local, count: int, size: int) -> Iterator[Row]:
    names = ("ours-near", "uppy-near", "ours-far", "uppy-far", "curl")
    took: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(ROUNDS):
        for name, seconds in took.items():
            relay.signed = 0
            seconds.append(_by_curl(cloud, count, size) if name == "curl" else pages.time(name, count, size))
            clear(cloud)
            if name == "ours-far":
                signed = relay.signed
    near, uppy_near, far, uppy_far, curl = (statistics.median(took[name]) for name in names)
    yield _ratio(f"{count:,} files of {size // 1000} KB: speed over that of Uppy", uppy_near / near, 2)
    yield _ratio(f"  with a function that answers after {DELAY * 1000:.0f} ms", uppy_far / far, 2)
    yield _ratio(f"  and over that of curl, {CONNECTIONS} at once", curl / near, 0.5)
    yield Row("  requests to the function", f"{signed}", f"<= {count // 12}", signed <= count // 12)


def _ratio(what: str, ratio: float, target: float) -> Row:
    return Row(what, f"{ratio:.2f}", f">= {target}", ratio >= target)


class _Pages(StandIn):
    """Serves each uploader in a page, which posts how many files it stored, and the seconds that they took."""

    def __init__(self, folder: Path) -> None:
        super().__init__(time.time)
        self.folder = folder
        self.results: queue.Queue[tuple[int, float]] = queue.Queue()
        (folder / "web").symlink_to(ROOT / "web")

    def handle(self, request: Request) -> Response:
        """Returns a file, or takes a result."""
        if request.method == "POST":
            self.results.put(json.loads(request.get_data()))
            return Response(status=204)
        return Response((self.folder / request.path[1:]).read_bytes(), content_type=_content_type(request.path))

    def write(self, name: str, script: str) -> None:
        (self.folder / f"{name}.js").write_text(script, encoding="utf-8")
        (self.folder / f"{name}.html").write_text(PAGE.replace("NAME", name), encoding="utf-8")

    def write_bundle(self, name: str, script: str, function: str) -> None:
        """Bundles a script that imports examples/uppy.js as ./example.js, for this function."""
        example = (ROOT / "examples/uppy.js").read_text(encoding="utf-8").replace("ADDRESS", function)
        (self.folder / "example.js").write_text(example, encoding="utf-8")
        source = self.folder / "source.js"
        source.write_text(script, encoding="utf-8")
        command = [str(ROOT / "node_modules/.bin/esbuild"), str(source), "--bundle", "--format=esm"]
        environ = {**os.environ, "NODE_PATH": str(ROOT / "node_modules")}
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True, timeout=60)  # noqa: S603
        self.write(name, done.stdout)

    def time(self, name: str, count: int, size: int) -> float:
        """Returns the seconds that an uploader takes."""
        as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
            flags = ["--headless", "--disable-gpu", "--remote-debugging-port=0", f"--user-data-dir={profile}", *as_root]
            command = [chromium.find(), *flags, f"{self.url}/{name}.html?{count},{size}"]
            with subprocess.Popen(  # noqa: S603
                command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
            ) as process:
                try:
                    stored, seconds = self.results.get(timeout=PATIENCE)
                except queue.Empty:
                    raise NotMeasured(f"{name}: no answer after {PATIENCE} s") from None
                finally:
                    os.killpg(process.pid, signal.SIGTERM)  # Debian's is a script that starts the browser
        if stored != count:
            raise NotMeasured(f"{name}: {stored} of {count} files were stored")
        return seconds


def _content_type(path: str) -> str:
    return mimetypes.guess_type(path)[0] or "application/octet-stream"


class _Relay(StandIn):
    """Makes the function answer after DELAY."""

    def __init__(self, function: str) -> None:
        super().__init__(time.time)
        self.target = urlsplit(function).netloc
        self.signed = 0
        """Requests for forms."""

    def handle(self, request: Request) -> Response:
        """Returns the function's answer."""
        self.signed += request.method == "POST"
        time.sleep(DELAY)
        connection = http.client.HTTPConnection(self.target, timeout=PATIENCE)
        headers = {**request.headers, "Host": self.target}
        connection.request(request.method, request.path, request.get_data(), headers)
        answer = connection.getresponse()
        response = Response(answer.read(), answer.status)
        connection.close()
        response.headers.extend([each for each in answer.getheaders() if each[0].lower() not in OF_THE_CONNECTION])
        return response


def _by_curl(cloud: Local, count: int, size: int) -> float:
    """Returns the seconds that curl takes, once the forms are signed."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "small.txt"
        file.write_bytes(os.urandom(size))
        forms = [form for at in range(0, count, 20) for form in _sign(cloud, min(20, count - at), size)]
        config = Path(folder) / "curl.conf"
        config.write_text("\nnext\n".join(_curl_options(form, file) for form in forms), encoding="utf-8")
        command = ["curl", "--noproxy", "*", "--parallel", "--parallel-max", str(CONNECTIONS), "-K", str(config)]
        begin = time.monotonic()
        subprocess.run(command, check=True, timeout=PATIENCE, capture_output=True)  # noqa: S603
        return time.monotonic() - begin


def _sign(cloud: Local, count: int, size: int) -> list[dict[str, Any]]:
    files = [{"filename": "curl.txt", "size": size, "content_type": "text/plain"}] * count
    request = urllib.request.Request(f"{cloud.function}/sign", json.dumps({"files": files}).encode())  # noqa: S310
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
        forms: list[dict[str, Any]] = json.load(answer)["uploads"]
    return forms


def _curl_options(form: dict[str, Any], file: Path) -> str:
    options = ["silent", "fail", 'output = "/dev/null"', f'url = "{form["url"]}"']
    for name, value in form["fields"].items():
        quoted = f"{name}={value}".replace("\\", "\\\\").replace('"', '\\"')
        options.append(f'form-string = "{quoted}"')
    return "\n".join([*options, f'form = "file=@{file};type=text/plain"'])
