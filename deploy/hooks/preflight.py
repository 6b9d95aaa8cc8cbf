"""Before a deployment begins: whether the functions could work with what is set, as they themselves read it.

Reads JSON on standard input, `{"name", "environment", "callback_environment"}`, from s.yaml. Every fault stops the
deployment.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from deploy.environment import environment
from deploy.names import domain_faults, name_faults, region_faults
from direct_upload.settings import Settings
from fc_http.errors import InvalidSettings
from localcloud.terminal import guard_output
from upload_callback.settings import Settings as CallbackSettings

UNKNOWN = "https://callback.invalid"
"""Stands for the callback function's address, which only a deployment tells (RFC 2606)."""


def faults(name: str, environment: Mapping[str, str], callback_environment: Mapping[str, str]) -> tuple[str, ...]:
    """What is wrong, each in words; none if the deployment may begin."""
    # What else is wrong with a wrong name follows from it.
    return (
        name_faults(name)
        or region_faults(environment.get("OSS_REGION", ""))
        or domain_faults("UPLOAD_DOMAIN", environment.get("UPLOAD_URL", "").removeprefix("https://"))
        or _faults_of_settings(environment, callback_environment)
    )


def _faults_of_settings(environment: Mapping[str, str], callback_environment: Mapping[str, str]) -> tuple[str, ...]:
    found = read_faults(Settings, {**environment, "CALLBACK_URL": UNKNOWN})
    if environment.get("CALLBACK") == "on":
        found += tuple(fault for fault in read_faults(CallbackSettings, callback_environment) if fault not in found)
    elif callback_environment.get("WEBHOOK_URL"):
        found += ("WEBHOOK_URL is set, and CALLBACK is not on: it would never be told",)
    if not found and environment["UPLOAD_PREFIX"].endswith("/"):
        return ("UPLOAD_PREFIX must not end in a slash here: the roles' rights are made of it",)
    return found


def read_faults(settings: type[Settings | CallbackSettings], environment: Mapping[str, str]) -> tuple[str, ...]:
    """What a function would say is wrong with its environment."""
    try:
        settings.from_environ(environment)
    except InvalidSettings as found:
        return found.faults
    return ()


def main() -> int:
    """The exit code: 0, or 1 with each fault on a line of its own."""
    asked = json.load(sys.stdin)
    try:
        # A bare `s deploy` has read .env by itself.
        environment(os.environ, Path(__file__).parents[2])
    except ValueError as unread:
        print(f"Nothing was deployed. Serverless Devs may read .env otherwise than meant.\n{unread}", file=sys.stderr)
        return 1
    found = faults(asked["name"], asked["environment"], asked["callback_environment"])
    if not found:
        return 0
    print("Nothing was deployed. Set these right in .env (see .env.example):", file=sys.stderr)
    for fault in found:
        print(f"- {fault}", file=sys.stderr)
    if not any(asked["environment"].get(name) for name in ("JWT_SECRET", "JWT_JWKS")):
        print("`make deploy` writes a random JWT_SECRET into .env.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    guard_output()
    sys.exit(main())
