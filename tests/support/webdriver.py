"""Firefox, WebKitGTK and Chromium, driven by the commands of W3C WebDriver: over Marionette, over HTTP, over Chromium's
own protocol."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import requests

from support import chromium
from support.ports import free_port

FIREFOX = ("firefox-esr", "firefox")
WEBKIT = "WebKitWebDriver"
MINI_BROWSERS = ("/usr/lib/*/webkit2gtk-4.1/MiniBrowser", "/usr/lib/*/webkit2gtk-4.0/MiniBrowser")

SHADOW = "const shadow = document.querySelector('oss-upload')?.shadowRoot;"
"""Names for all scripts where the page's inputs and rows are."""

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
"""What WebDriver calls an element in JSON."""

PATIENCE = 60.0
"""Seconds."""


WAIT = """
return new Promise((resolve) => {
    const end = performance.now() + 1000;
    const look = () => {
        const text = JSON.stringify((() => { SHADOW SCRIPT })() ?? null);
        const seen = JSON.parse(text.replaceAll("\\u00a0", " "));
        if (JSON.stringify(seen) === JSON.stringify(EXPECTED) || performance.now() > end) resolve(seen);
        else setTimeout(look, 20);
    };
    look();
});
"""
"""Looks again and again for a second, in the page: asked from outside all the time, a browser does nothing else.

A no-break space counts as a space.
"""


class Driver(Protocol):
    """Takes a command by its Marionette name and its HTTP address."""

    def ask(self, name: str, method: str, path: str, **parameters: Any) -> Any:
        """Returns the answer's value. Raises RuntimeError."""


class Page:
    """A browser's window."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    def open(self, url: str) -> None:
        """Goes there."""
        self._driver.ask("WebDriver:Navigate", "POST", "/url", url=url)

    def run(self, script: str) -> Any:
        """Returns what a script returns."""
        script = f"{SHADOW} {script}"
        return self._driver.ask("WebDriver:ExecuteScript", "POST", "/execute/sync", script=script, args=[])

    def choose(self, selector: str, *files: Path) -> None:
        """Chooses files, in an input of <oss-upload>."""
        found = self.run(f"return shadow.querySelector({json.dumps(selector)})")
        element = found.get("value", found)[ELEMENT]
        text = "\n".join(map(str, files))
        self._driver.ask("WebDriver:ElementSendKeys", "POST", f"/element/{element}/value", id=element, text=text)

    def wait_for(self, script: str, expected: object) -> None:
        """Waits until a script returns what is expected; the error says what it returned last."""
        end = time.monotonic() + PATIENCE
        wait = WAIT.replace("SHADOW", SHADOW).replace("SCRIPT", script).replace("EXPECTED", json.dumps(expected))
        seen = self.run(wait)
        while seen != expected and time.monotonic() < end:
            seen = self.run(wait)
        assert seen == expected


def missing(name: str) -> str | None:
    """Returns why this browser cannot be driven here, with what to install; None if it can."""
    if name == "Chromium":
        return None  # conftest and e2e cannot do without it
    if name == "Firefox":
        return None if _firefox() else "Firefox is not here: apt-get install firefox-esr"
    if not (shutil.which(WEBKIT) and _mini_browser() and shutil.which("Xvfb")):
        return "WebKitGTK is not here: apt-get install webkit2gtk-driver xvfb"
    return None


@contextmanager
def browser(name: str, folder: Path) -> Iterator[Page]:
    """Yields a running browser with an empty profile below `folder`."""
    start = {"Firefox": _marionette, "WebKitGTK": _webkit, "Chromium": _devtools}[name]
    with start(folder) as driver:
        yield Page(driver)


def _firefox() -> str | None:
    return next(filter(None, map(shutil.which, FIREFOX)), None)


def _mini_browser() -> str | None:
    found = (str(path) for pattern in MINI_BROWSERS for path in Path("/").glob(pattern[1:]))
    return next(found, None)


class Marionette:
    """Firefox's own protocol: `length:[0, id, command, parameters]`, and answers alike."""

    def __init__(self, port: int) -> None:
        self._socket = _connect(port)
        self._socket.settimeout(PATIENCE)
        self._number = 0
        self._read()  # it introduces itself
        self.ask("WebDriver:NewSession", "", "", capabilities={})

    def ask(self, name: str, method: str, path: str, **parameters: Any) -> Any:
        """Returns the answer's value. Raises RuntimeError."""
        self._number += 1
        text = json.dumps([0, self._number, name, parameters]).encode()
        self._socket.sendall(b"%d:%s" % (len(text), text))
        _, _, error, value = self._read()
        if error:
            raise RuntimeError(f"{name}: {error}")
        return value["value"] if isinstance(value, dict) and set(value) == {"value"} else value

    def _read(self) -> Any:
        size = b""
        while not size.endswith(b":"):
            size += self._receive(1)
        content = b""
        while len(content) < int(size[:-1]):
            content += self._receive(int(size[:-1]) - len(content))
        return json.loads(content)

    def _receive(self, size: int) -> bytes:
        received = self._socket.recv(size)
        if not received:
            raise RuntimeError("Firefox has gone")
        return received

    def close(self) -> None:
        self._socket.close()


class HttpDriver:
    """W3C WebDriver over HTTP."""

    def __init__(self, url: str, capabilities: dict[str, Any]) -> None:
        self._url = f"{url}/session"
        session = self.ask("", "POST", "", capabilities={"alwaysMatch": capabilities})["sessionId"]
        self._url += f"/{session}"

    def ask(self, name: str, method: str, path: str, **parameters: Any) -> Any:
        """Returns the answer's value. Raises RuntimeError."""
        answer = requests.request(method, self._url + path, json=parameters, timeout=PATIENCE)
        value = answer.json()["value"]
        if not answer.ok:
            raise RuntimeError(f"{path}: {value}")
        return value


class Devtools:
    """Chromium's own protocol, over two pipes: JSON, and a zero after each message."""

    def __init__(self, commands: BinaryIO, answers: BinaryIO) -> None:
        self._commands = commands
        self._answers = answers
        self._number = 0
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = {"sessionId": self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]}

    def ask(self, name: str, method: str, path: str, **parameters: Any) -> Any:
        """Returns the answer's value. Raises RuntimeError."""
        match name:
            case "WebDriver:Navigate":
                self._ask("Page.navigate", url=parameters["url"])
                return self._run("new Promise((loaded) => addEventListener('load', loaded)).then(() => null)")
            case "WebDriver:ExecuteScript":
                return self._value_of(self._run(f"(() => {{ {parameters['script']} }})()"))
            case "WebDriver:ElementSendKeys":
                files = parameters["text"].split("\n")
                return self._ask("DOM.setFileInputFiles", objectId=parameters["id"], files=files)
            case _:
                raise RuntimeError(name)

    def _run(self, script: str) -> Any:
        answer = self._ask("Runtime.evaluate", expression=script, awaitPromise=True)
        if fault := answer.get("exceptionDetails"):
            raise RuntimeError(fault)
        return answer["result"]

    def _value_of(self, result: dict[str, Any]) -> Any:
        """Returns a result as WebDriver has it: an element by its identifier, and all else as JSON."""
        if "objectId" not in result:
            return result.get("value")
        identifier = result["objectId"]
        if result.get("subtype") == "node":
            return {ELEMENT: identifier}
        by_value = {
            "objectId": identifier,
            "functionDeclaration": "function () { return this; }",
            "returnByValue": True,
        }
        return self._ask("Runtime.callFunctionOn", **by_value)["result"]["value"]

    def _ask(self, method: str, **parameters: Any) -> Any:
        self._number += 1
        command = {"id": self._number, "method": method, "params": parameters, **getattr(self, "_session", {})}
        self._commands.write(json.dumps(command).encode() + b"\0")
        while True:
            answer = json.loads(self._read())
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]

    def _read(self) -> bytes:
        message = b""
        while not message.endswith(b"\0"):
            if not (byte := self._answers.read(1)):
                raise RuntimeError("Chromium has gone")
            message += byte
        return message[:-1]


@contextmanager
def _devtools(folder: Path) -> Iterator[Driver]:
    (read, commands), (answers, write) = os.pipe(), os.pipe()
    command = [chromium.find(), "--headless", "--remote-debugging-pipe", "--disable-gpu", "--no-first-run"]
    command += [f"--user-data-dir={folder / 'profile'}", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    # It reads from 3 and writes to 4.
    command = ["bash", "-c", f'exec "$0" "$@" 3<&{read} 4>&{write}', *command]
    with (
        os.fdopen(commands, "wb", 0) as to,
        os.fdopen(answers, "rb") as back,
        _running(command, {"HOME": str(folder)}, read, write),
    ):
        os.close(read)
        os.close(write)
        yield Devtools(to, back)


@contextmanager
def _marionette(folder: Path) -> Iterator[Driver]:
    port = free_port()
    profile = folder / "profile"
    profile.mkdir()
    (profile / "user.js").write_text(
        f'user_pref("marionette.port", {port});\n'
        'user_pref("intl.accept_languages", "en-GB");\n'
        'user_pref("browser.shell.checkDefaultBrowser", false);\n'
        'user_pref("datareporting.policy.dataSubmissionEnabled", false);\n'
        'user_pref("network.captive-portal-service.enabled", false);\n'
        'user_pref("app.update.enabled", false);\n',
        encoding="ascii",
    )
    command = [_firefox() or "", "--headless", "--marionette", "--remote-allow-system-access", "--no-remote"]
    command += ["--profile", str(profile), "about:blank"]
    with _running(command, {"HOME": str(folder), "MOZ_DISABLE_AUTO_SAFE_MODE": "1"}):
        driver = Marionette(port)
        try:
            yield driver
        finally:
            driver.close()


@contextmanager
def _webkit(folder: Path) -> Iterator[Driver]:
    port, display = free_port(), f":{free_port() % 1000 + 100}"
    options = {"binary": _mini_browser(), "args": ["--automation", "--private"]}
    environ = {"HOME": str(folder), "DISPLAY": display, "LANG": "en_GB.UTF-8", "LANGUAGE": "en_GB"}
    # As root its sandbox cannot be made, and nothing here is to be kept from it.
    environ |= {"WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1", "NO_AT_BRIDGE": "1", "GDK_BACKEND": "x11"}
    with (
        _running(["Xvfb", display, "-screen", "0", "1200x900x24", "-nolisten", "tcp"], {}),
        _running([WEBKIT, f"--port={port}"], environ),
    ):
        _connect(port).close()
        yield HttpDriver(f"http://127.0.0.1:{port}", {"webkitgtk:browserOptions": options})


@contextmanager
def _running(command: list[str], environ: dict[str, str], *pipes: int) -> Iterator[None]:
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
    quiet: Any = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "pass_fds": pipes}
    with subprocess.Popen(command, env=kept | environ, start_new_session=True, **quiet) as process:  # noqa: S603
        try:
            yield
        finally:
            os.killpg(process.pid, 15)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)


def _connect(port: int) -> socket.socket:
    """Returns a connection to a server that is just starting."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=1)
        except OSError:  # noqa: PERF203 - it is waited for
            if time.monotonic() > end:
                raise
