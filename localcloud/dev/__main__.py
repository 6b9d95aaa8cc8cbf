"""`python -m localcloud.dev` (`make dev`): runs everything on this machine, until Ctrl-C.

It takes the functions' settings from the environment, and besides: PORT (the page's), FUNCTION_PORT, JSON=1 (prints one
line of JSON instead of words), IDENTITY_PROVIDER=1 (runs one, whose tokens the function then requires) with
IDENTITY_PROVIDER_PORT, FAULTS (fault switches, see fault_switches.py), FILES (the folder that stores uploaded files),
PAGE_TITLE, PAGE_LOGO, PAGE_ACCENT and PAGE_FOOTER (how the page looks), and PAGE_PROFILE (the profile that it uploads
by). The profiles are those of the checkout's profiles.json. Standard output gets nothing but these addresses; the log
goes to standard error.
"""

from __future__ import annotations

import json
import os
import select
import sys
import urllib.request
from collections.abc import Mapping
from contextlib import redirect_stdout
from itertools import combinations
from pathlib import Path
from typing import TextIO

from localcloud.dev.cloud import ROOT, Cloud, CloudOptions
from localcloud.dev.settings import function_settings
from localcloud.dev.site import read_look
from localcloud.fault_switches import Faults
from localcloud.ports import parse_port
from localcloud.record import print_record
from localcloud.terminal import guard_output, print_entry, report_user_errors


def main(environ: Mapping[str, str]) -> int:
    """Runs until the user ends it. Returns the exit code: 0, or 2 for a setting that is wrong."""
    parent = os.getppid()  # as early as possible: the parent may end before everything has started
    output = sys.stdout  # before it is redirected: what the function prints goes to the log
    with report_user_errors() as outcome, redirect_stdout(sys.stderr), _cloud(environ) as cloud:
        _wait_until_all_answer(cloud)
        print(json.dumps(_addresses(cloud)) if environ.get("JSON") else _banner(cloud), file=output, flush=True)
        for service in cloud.services:
            service.on_record = print_record
        _wait_for_the_end(parent, output)
    return outcome.exit_code


def _cloud(environ: Mapping[str, str]) -> Cloud:
    page_port, function_port, provider_port = _parse_ports(environ)
    _check_identity(environ)
    return Cloud(
        Path(environ.get("FILES") or ROOT / "local-files"),
        CloudOptions(
            settings=function_settings(environ),
            faults=Faults.parse(environ.get("FAULTS", "")),
            page_port=page_port,
            function_port=function_port,
            page_look=read_look(environ),
            profiles=ROOT / "profiles.json",
            reload=True,
            identity_provider=bool(environ.get("IDENTITY_PROVIDER")),
            identity_provider_port=provider_port,
            log=print_entry,
        ),
    )


def _parse_ports(environ: Mapping[str, str]) -> list[int]:
    names = ("PORT", "FUNCTION_PORT", "IDENTITY_PROVIDER_PORT")
    ports = {name: parse_port(name, environ.get(name) or "0") for name in names}
    for first, second in combinations(names, 2):
        if ports[first] and ports[first] == ports[second]:
            raise ValueError(f"{first} and {second} are both {ports[first]}. Give them different ports.")
    return list(ports.values())


def _check_identity(environ: Mapping[str, str]) -> None:
    others = [name for name in ("JWT_SECRET", "JWT_JWKS", "JWT_ISSUER") if environ.get(name)]
    others += ["AUTH=none"] if environ.get("AUTH") == "none" else []
    if environ.get("IDENTITY_PROVIDER") and others:
        raise ValueError(f"IDENTITY_PROVIDER and {others[0]} are both set. Unset one of them.")


def _wait_until_all_answer(cloud: Cloud) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for url in (cloud.site.url + "/", cloud.gateway.url + "/limits"):
        with opener.open(url, timeout=10) as response:
            response.read()


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
        **_provider(cloud),
    }


def _provider(cloud: Cloud) -> dict[str, str]:
    provider = cloud.identity_provider
    return {"identity_provider": provider.url, "token": provider.token()} if provider else {}


def _banner(cloud: Cloud) -> str:
    provider = _provider(cloud)
    fragment = f"#token={provider['token']}" if provider else ""
    return "\n".join(
        (
            f"Page      {cloud.site.url}/{fragment}",
            f"Function  {cloud.gateway.url}",
            f"Files     {cloud.bucket.folder}",
            *([f"Provider  {provider['identity_provider']}", f"Token     {provider['token']}"] if provider else []),
            "Open the page and upload a file. Press Ctrl-C to stop.",
        )
    )


def _wait_for_the_end(parent: int, output: TextIO) -> None:
    """Waits until the reader of the output or the parent process has ended; Ctrl-C raises KeyboardInterrupt."""
    reader = select.poll()
    reader.register(output.fileno(), 0)
    while os.getppid() == parent:
        if any(event & (select.POLLERR | select.POLLHUP) for _, event in reader.poll(300)):
            return


if __name__ == "__main__":
    guard_output()
    sys.exit(main(os.environ))
