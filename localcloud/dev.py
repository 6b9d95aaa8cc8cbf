"""`python -m localcloud.dev`: the whole thing on this machine, until Ctrl-C.

Takes the function's settings from the environment, and besides: PORT (the page's), JSON=1 (one line of JSON on standard
output instead of words), FAULTS (fault switches, see faults.py), FILES (the folder where files land), and PAGE_TITLE,
PAGE_LOGO, PAGE_ACCENT and PAGE_FOOTER (how the page looks).
"""

from __future__ import annotations

import json
import os
import select
import socket
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from localcloud.cloud import ROOT, Cloud
from localcloud.faults import Faults
from localcloud.server import Record
from localcloud.site import look_of

SETTINGS = (
    *("OSS_BUCKET", "OSS_REGION", "OSS_STS_ROLE_ARN", "UPLOAD_URL", "UPLOAD_PREFIX", "MAX_SIZE", "CONTENT_TYPES"),
    *("MULTIPART_FROM", "MULTIPART_SECRET"),
    *("EXPIRES_IN", "FOLDER_FORMS", "ALLOWED_ORIGINS", "AUTH", "JWT_SECRET", "JWT_JWKS", "JWT_ISSUER", "JWT_AUDIENCE"),
    *("CALLBACK", "CALLBACK_SECRET", "WEBHOOK_URL", "WEBHOOK_SECRET"),
)
"""The functions' settings that are passed on."""


def main(environ: Mapping[str, str]) -> int:
    """Run until the terminal ends it. The exit code: 0, or 2 where something given is wrong."""
    parent = os.getppid()  # as early as can be: it may be gone before we have started
    with explained() as outcome, _cloud(environ) as cloud:
        _wait_until_all_answer(cloud)
        print(json.dumps(_addresses(cloud)) if environ.get("JSON") else _words(cloud), flush=True)
        for service in cloud.services:
            service.on_record = tell
        _wait_for_the_end(parent)
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
    """What a person has to mend is told in its own words; Ctrl-C is an ordinary end."""
    outcome = Outcome()
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
    return Cloud(
        Path(environ.get("FILES") or ROOT / "local-files"),
        settings=function_settings(environ),
        faults=Faults.parse(environ.get("FAULTS", "")),
        page_port=_page_port(environ.get("PORT") or "0"),
        page_look=look_of(environ),
        reload=True,
        log=lambda line: print(line, file=sys.stderr),
    )


def _page_port(text: str) -> int:
    """Raises ValueError where this is no port, or none to be had: the server itself would end the process."""
    if not (text.isascii() and text.isdigit() and int(text) <= 65535):
        raise ValueError(f"PORT must be a number up to 65535, not {text!r}")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(text)))
        except OSError as fault:
            raise ValueError(f"PORT {text} cannot be had: {fault.strerror}") from None
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
        print(f"{record.service:<7} {record.method} {record.path} {record.status} {note}".rstrip(), file=sys.stderr)
        if record.explanation:
            print(f"        {record.explanation}", file=sys.stderr)


def _wait_for_the_end(parent: int) -> None:
    """Until Ctrl-C, until whoever reads our output is gone, or until our parent is."""
    output = select.poll()
    output.register(sys.stdout.fileno(), 0)
    while os.getppid() == parent:
        if any(happened & (select.POLLERR | select.POLLHUP) for _, happened in output.poll(300)):
            return


if __name__ == "__main__":
    sys.exit(main(os.environ))
