"""`python -m localcloud.dev.invoke` (`make invoke`): sends one request through the real handler, without a server.

Stand-ins for STS and OSS are behind it. The handler's response is printed as JSON on standard output, and what the
function logs on standard error.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

from localcloud.dev.cloud import ROOT, Cloud, CloudOptions
from localcloud.dev.settings import function_settings
from localcloud.terminal import guard_output, print_entry, report_user_errors

REQUEST_ID = "1-local-invoke"


def main(arguments: list[str]) -> int:
    """Runs the command. Returns the exit code: 0 for a status below 400, else 1; 2 for wrong settings or arguments."""
    options = _parser().parse_args(arguments)
    with tempfile.TemporaryDirectory() as files, report_user_errors() as outcome:
        settings = function_settings(os.environ)
        event = options.event.read_bytes() if options.event else None
        profiles = ROOT / "profiles.json"
        with Cloud(Path(files), CloudOptions(settings=settings, profiles=profiles, log=print_entry)) as cloud:
            response = cloud.gateway.invoke(_event(cloud, options) if event is None else event, REQUEST_ID)
            print(json.dumps(response, indent=2, ensure_ascii=False))
            outcome.exit_code = 0 if response["statusCode"] < 400 else 1
    return outcome.exit_code


def _event(cloud: Cloud, options: argparse.Namespace) -> bytes:
    headers = [("Host", "localhost"), *(_parse_header(text) for text in options.header)]
    if options.body and not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", "application/json"))
    return cloud.gateway.event(options.method, options.path, headers, options.body.encode(), REQUEST_ID)


def _parse_header(text: str) -> tuple[str, str]:
    name, _, value = text.partition(":")
    return name.strip(), value.strip()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make invoke ARGS=…", description="Send one request through the real handler."
    )
    add = parser.add_argument
    add("method", nargs="?", default="GET", help="GET, POST or OPTIONS (default: GET)")
    add("path", nargs="?", default="/limits", help="the path with its query, such as /sign (default: /limits)")
    add("--body", default="", help="the request's body; it is JSON unless --header gives a Content-Type")
    add("--header", action="append", default=[], metavar="NAME:VALUE", help="a header; may be repeated")
    add("--event", type=Path, metavar="FILE", help="send a whole event of Function Compute instead")
    return parser


if __name__ == "__main__":
    guard_output()
    sys.exit(main(sys.argv[1:]))
