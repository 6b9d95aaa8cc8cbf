"""Before a deployment begins: whether the function could work with what is set, as the function itself reads it.

Reads JSON on standard input, `{"name", "environment"}`, from s.yaml. Every fault stops the deployment.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping

from direct_upload.errors import Misconfigured
from direct_upload.settings import Settings

NAME = r"[a-z]([a-z0-9-]{0,36}[a-z0-9])?"
"""What NAME may be: a bucket's name is made of it, a dash, `uploads`, a dash and an account ID, and ends at 63."""


def faults(name: str, environment: Mapping[str, str]) -> tuple[str, ...]:
    """What is wrong, each in words; none if the deployment may begin."""
    # What else is wrong with a wrong name follows from it.
    return _faults_of_name(name) or _faults_of_settings(environment)


def _faults_of_name(name: str) -> tuple[str, ...]:
    if re.fullmatch(NAME, name):
        return ()
    return (f"NAME must be 1 to 38 of a-z, 0-9 and -, beginning with a letter, not {name!r}",)


def _faults_of_settings(environment: Mapping[str, str]) -> tuple[str, ...]:
    try:
        Settings.from_environ(environment)
    except Misconfigured as found:
        return found.faults
    if environment["UPLOAD_PREFIX"].endswith("/"):
        return ("UPLOAD_PREFIX must not end in a slash here: the roles' rights are made of it",)
    return ()


def main() -> int:
    """The exit code: 0, or 1 with each fault on a line of its own."""
    asked = json.load(sys.stdin)
    found = faults(asked["name"], asked["environment"])
    if not found:
        return 0
    print("Nothing was deployed. Set these right in .env (see .env.example):", file=sys.stderr)
    for fault in found:
        print(f"- {fault}", file=sys.stderr)
    if not any(asked["environment"].get(name) for name in ("JWT_SECRET", "JWT_JWKS")):
        print("`make deploy` writes a random JWT_SECRET into .env.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
