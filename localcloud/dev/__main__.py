"""`python -m localcloud.dev`: the whole thing on this machine, until Ctrl-C.

Takes the function's settings from the environment, and besides: PORT (the page's), FUNCTION_PORT, JSON=1 (one line of
JSON instead of words), FAULTS (fault switches, see faults.py), FILES (the folder where files land), and PAGE_TITLE,
PAGE_LOGO, PAGE_ACCENT and PAGE_FOOTER (how the page looks). These addresses are all that standard output gets; the log
goes to standard error.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from localcloud.dev.cloud import ROOT, Cloud
from localcloud.dev.site import look_of
from localcloud.faults import Faults
from localcloud.stand_in import Record
from localcloud.terminal import guard_output, set_apart, visible

SETTINGS = (
    *("OSS_BUCKET", "OSS_REGION", "OSS_STS_ROLE_ARN", "UPLOAD_URL", "UPLOAD_PREFIX", "MAX_SIZE", "CONTENT_TYPES"),
    *("MULTIPART_THRESHOLD", "MULTIPART_SECRET"),
    *("EXPIRES_IN", "FOLDER_FORMS", "ALLOWED_ORIGINS", "AUTH", "JWT_SECRET", "JWT_JWKS", "JWT_ISSUER", "JWT_AUDIENCE"),
    *("CALLBACK", "CALLBACK_SECRET", "WEBHOOK_URL", "WEBHOOK_SECRET"),
)
"""The functions' settings that are passed on."""


def main(environ: Mapping[str, str]) -> int:
    """Run until the terminal ends it. The exit code: 0, or 2 where something given is wrong."""
    parent = os.getppid()  # as early as can be: it may be gone before we have started
    output = sys.stdout  # as early: while the function answers, what goes there is the function's log
    with explained() as outcome, redirect_stdout(sys.stderr), _cloud(environ) as cloud:
        _wait_until_all_answer(cloud)
        print(json.dumps(_addresses(cloud)) if environ.get("JSON") else _words(cloud), file=output, flush=True)
        for service in cloud.services:
            service.on_record = tell
        _wait_for_the_end(parent, output)
    return outcome.code


def function_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """The functions' settings in our environment."""
    return {name: environ[name] for name in SETTINGS if environ.get(name)}


@dataclass
class Outcome:
    """How a command ended."""

    code: int = 0


@contextmanager
def explained() -> Iterator[Outcome]:
    """What a person has to mend is told in its own words; Ctrl-C is an ordinary end, and so is SIGTERM."""
    outcome = Outcome()
    # Where Ctrl-C is ignored, as in the background of a shell script, SIGTERM is the way to end it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield outcome
    except KeyboardInterrupt:
        pass
    except Exception as fault:
        # By its name: the function's modules are its own, and nothing here imports them.
        if not isinstance(fault, (ValueError, OSError)) and type(fault).__name__ != "Misconfigured":
            raise
        print(fault, file=sys.stderr)
        outcome.code = 2


def _cloud(environ: Mapping[str, str]) -> Cloud:
    page_port, function_port = _port(environ, "PORT"), _port(environ, "FUNCTION_PORT")
    if page_port and page_port == function_port:
        raise ValueError(f"PORT and FUNCTION_PORT are both {page_port}: give the function another")
    return Cloud(
        Path(environ.get("FILES") or ROOT / "local-files"),
        settings=function_settings(environ),
        faults=Faults.parse(environ.get("FAULTS", "")),
        page_port=page_port,
        function_port=function_port,
        page_look=look_of(environ),
        reload=True,
        log=tell_line,
    )


def _port(environ: Mapping[str, str], name: str) -> int:
    """Raises ValueError where this is no port, or none to be had: the server itself would end the process."""
    text = environ.get(name) or "0"
    if not (text.isascii() and text.isdigit() and int(text) <= 65535):
        raise ValueError(f"{name} must be a number up to 65535, not {text!r}")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(text)))
        except OSError as fault:
            raise ValueError(f"{name} {text} cannot be had: {fault.strerror}") from None
    return int(text)


def _wait_until_all_answer(cloud: Cloud) -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for url in (cloud.site.url + "/", cloud.gateway.url + "/limits"):
        with direct.open(url, timeout=10) as answer:
            answer.read()


def _addresses(cloud: Cloud) -> dict[str, str]:
    return {
        "page": cloud.site.url + "/",
        "function": cloud.gateway.url,
        "oss": cloud.oss.url,
        "sts": cloud.sts.url,
        "bucket": cloud.bucket.name,
        "files": str(cloud.bucket.folder),
        "region": cloud.region,
        "role_arn": cloud.role_arn,
        "access_key_id": cloud.function_role.access_key_id,
        "access_key_secret": cloud.function_role.access_key_secret,
        "security_token": cloud.function_role.security_token,
    }


def _words(cloud: Cloud) -> str:
    return "\n".join(
        (
            f"The page      {cloud.site.url}/",
            f"The function  {cloud.gateway.url}",
            f"Files land in {cloud.bucket.folder}",
            "Ctrl-C ends it.",
        )
    )


def tell(record: Record) -> None:
    """One line a request, but for the page's own files; below it, what is to be learned from the request."""
    if record.service != "site":
        note = " ".join(f"{name}={value}" for name, value in record.note.items())
        line = visible(f"{record.service:<7} {record.method} {record.path} {record.status} {note}".rstrip())
        tell_line("\n".join(filter(None, (line, record.explanation))))


def tell_line(text: str) -> None:
    """Print for people, in one write: requests end at the same time, and no two lines run into each other."""
    sys.stderr.write(set_apart(text))


def _wait_for_the_end(parent: int, output: TextIO) -> None:
    """Until Ctrl-C, until whoever reads our output is gone, or until our parent is."""
    reader = select.poll()
    reader.register(output.fileno(), 0)
    while os.getppid() == parent:
        if any(happened & (select.POLLERR | select.POLLHUP) for _, happened in reader.poll(300)):
            return


if __name__ == "__main__":
    guard_output()
    sys.exit(main(os.environ))
