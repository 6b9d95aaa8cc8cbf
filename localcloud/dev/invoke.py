"""`python -m localcloud.dev.invoke`: one request through the real handler, with stand-ins for STS and OSS behind it.

Prints the handler's reply as JSON on standard output, and what the function logs on standard error.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from localcloud.dev.__main__ import explained, function_settings, tell_line
from localcloud.dev.cloud import Cloud
from localcloud.terminal import guard_output


def main(arguments: list[str]) -> int:
    """Returns the exit code: 0 where the reply's status is below 400, else 1; 2 for wrong settings or arguments."""
    asked = _parser().parse_args(arguments)
    with tempfile.TemporaryDirectory() as files, explained() as outcome:
        settings = function_settings(os.environ)
        event = asked.event.read_bytes() if asked.event else None
        with Cloud(Path(files), settings=settings, log=tell_line) as cloud:
            reply = _reply(cloud, asked, event)
            print(json.dumps(reply, indent=2, ensure_ascii=False))
            outcome.code = 0 if reply["statusCode"] < 400 else 1
    return outcome.code


def _reply(cloud: Cloud, asked: argparse.Namespace, event: bytes | None) -> Any:
    request_id = "1-local-invoke"
    if event is not None:
        return cloud.gateway.call(event, request_id)
    headers = [("Host", "localhost"), *(_header(text) for text in asked.header)]
    if asked.body and not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", "application/json"))
    event = cloud.gateway.event(asked.method, asked.path, headers, asked.body.encode(), request_id)
    return cloud.gateway.call(event, request_id)


def _header(text: str) -> tuple[str, str]:
    name, _, value = text.partition(":")
    return name.strip(), value.strip()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make invoke ARGS=…", description="Send one request through the real handler."
    )
    parser.add_argument("method", nargs="?", default="GET", help="GET, POST or OPTIONS")
    parser.add_argument("path", nargs="?", default="/limits", help="such as /sign; with its query, if any")
    parser.add_argument("--body", default="", help="the request's body, JSON unless a Content-Type is given")
    parser.add_argument(
        "--header", action="append", default=[], metavar="NAME:VALUE", help="may be given several times"
    )
    parser.add_argument(
        "--event", type=Path, metavar="FILE", help="a whole event instead, as Function Compute makes it"
    )
    return parser


if __name__ == "__main__":
    guard_output()
    sys.exit(main(sys.argv[1:]))
