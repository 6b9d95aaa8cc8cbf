"""Says before a deployment which version it replaces: the deployed function itself names its own (`GET /limits`).

Reads JSON on standard input, `{"region", "account", "function"}`, from s.yaml. Nothing depends on the answer, so a
deployment goes on whatever it is.
"""

from __future__ import annotations

import json
import re
import sys

import requests
from urllib3.exceptions import HTTPError

from deploy.addresses import is_safe
from deploy.hooks.api import open_api
from deploy.openapi import ApiFailure, OpenApi, Operation
from fc_http.version import VERSION
from localcloud.terminal import guard_output

_TIMEOUT_SECONDS = 5
_MAX_BYTES = 64 * 1024


def describe(api: OpenApi, function: str) -> str:
    """Returns the version that is about to be deployed, and which one it replaces."""
    try:
        triggers = api.call(Operation("fc", "ListTriggers", f"/2023-03-30/functions/{function}/triggers", "GET")).body
    except ApiFailure as failure:
        if str(failure) == "FunctionNotFound":
            return f"Version {VERSION}, the first here."
        return f"Version {VERSION}. Which one it replaces could not be seen: {failure}."
    urls = [str((each.get("httpTrigger") or {}).get("urlInternet")) for each in triggers.get("triggers") or ()]
    deployed = _ask(urls[0]) if urls and is_safe(urls[0]) else ""
    if not deployed:
        return f"Version {VERSION}. The deployed function does not say which one it is."
    return f"Version {VERSION} replaces {deployed}." if deployed != VERSION else f"Version {VERSION}, as before."


def _ask(url: str) -> str:
    """Returns the version that a function names; empty if it names none."""
    try:
        with requests.get(f"{url}/limits", timeout=_TIMEOUT_SECONDS, allow_redirects=False, stream=True) as response:
            limits = json.loads(response.raw.read(_MAX_BYTES, decode_content=True))
    except (requests.RequestException, HTTPError, OSError, ValueError):
        return ""
    version = str(limits.get("version")) if isinstance(limits, dict) else ""
    return version if re.fullmatch(r"\d{1,9}(\.\d{1,9}){2}", version) else ""


def main() -> int:
    """Returns the exit code: always 0."""
    request = json.load(sys.stdin)
    try:
        print(describe(open_api("Function Compute", request["region"], request["account"]), request["function"]))
    except ValueError as unsafe:
        print(f"Version {VERSION}. Which one it replaces could not be seen: {unsafe}.")
    return 0


if __name__ == "__main__":
    guard_output()
    sys.exit(main())
