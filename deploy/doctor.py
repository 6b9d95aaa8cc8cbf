"""`make doctor`: what is wrong with the deployment, what follows from it, and what to do; exit code 1 if anything is.

It reads the environment and .env, s.yaml and the ROS template, and, where the environment has the deployer's
credentials, the live bucket. What only its owner can decide is told besides, and is no fault.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from alibabacloud_oss_v2.exceptions import BaseError

from deploy import bucket, declared
from deploy.checks import CHECKS, Finding, Setup, examine
from deploy.declared import Deployment
from deploy.environment import environment
from deploy.live import Live, look_at

ROOT = Path(__file__).parent.parent


def main(environ: Mapping[str, str], folder: Path = ROOT) -> int:
    """Print what is found. The exit code: 0; 1 where there is a fault; 2 where nothing can be read."""
    settings = environment(environ, folder)
    try:
        deployment = declared.read(folder, settings, bucket.account_id(settings))
    except (OSError, ValueError) as fault:
        print(fault, file=sys.stderr)
        return 2
    live, unseen = _live(settings, deployment)
    return report(examine(Setup(settings, deployment, live)), unseen)


def report(findings: list[Finding], unseen: Iterable[str]) -> int:
    """Print faults, decisions and what was not looked at; the exit code."""
    faults = [finding for finding in findings if not finding.check.decide]
    decisions = [finding for finding in findings if finding.check.decide]
    print(f"{len(CHECKS)} checks, {len(faults)} fault{'' if len(faults) == 1 else 's'}.")
    for heading, listed in (("Faults", faults), ("For you to decide", decisions), ("Not looked at", unseen)):
        lines = [f"  {each}" for each in listed]
        if lines:
            print("\n".join(["", f"{heading}:", *lines]))
    return 1 if faults else 0


def _live(environ: Mapping[str, str], deployment: Deployment) -> tuple[Live | None, list[str]]:
    provider, name = bucket.deployer(environ), deployment.function_environ.get("OSS_BUCKET", "")
    always = ["the live function and the live roles: `make smoke` tries them"]
    if provider is None:
        return None, ["the live bucket: there are no credentials in the environment (docs/operations.md)", *always]
    if declared.NO_ACCOUNT in name:
        return None, ["the live bucket, whose name has the account's ID in it: set AccountID", *always]
    try:
        live = look_at(bucket.client(provider, deployment.function_environ.get("OSS_REGION", "")), name)
    except (BaseError, ValueError) as fault:
        return None, [f"the live bucket: {type(fault).__name__}", *always]
    return live, [*(f"of the live bucket, {each}" for each in live.unseen), *always]


if __name__ == "__main__":
    sys.exit(main(os.environ))
