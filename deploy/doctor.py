"""`make doctor`: what is wrong with the deployment, what follows from it, and what to do; exit code 1 if anything is.

It reads the environment and .env, s.yaml and the ROS template, and, where the environment has the deployer's
credentials, the live bucket, function and roles. What only its owner can decide is told besides, and is no fault.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from alibabacloud_oss_v2.credentials import StaticCredentialsProvider
from alibabacloud_oss_v2.exceptions import BaseError

from deploy import bucket, declared
from deploy.account import Account
from deploy.checks import CHECKS, Finding, examine
from deploy.declared import Deployment
from deploy.environment import environment
from deploy.live import Live, look_at
from deploy.setup import Setup
from localcloud.terminal import guard_output

ROOT = Path(__file__).parent.parent


def main(environ: Mapping[str, str], folder: Path = ROOT) -> int:
    """Print what is found. The exit code: 0; 1 where there is a fault; 2 where nothing can be read."""
    settings = environment(environ, folder)
    try:
        deployment = declared.read(folder, settings, bucket.account_id(settings))
    except (OSError, ValueError) as fault:
        print(fault, file=sys.stderr)
        return 2
    live, account, unseen = _seen(settings, deployment)
    return report(examine(Setup(settings, deployment, live, account)), unseen)


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


def _seen(environ: Mapping[str, str], deployment: Deployment) -> tuple[Live | None, Deployment | None, list[str]]:
    """What the account shows of the bucket, of the function with its roles; and what it does not show."""
    provider, account_id = bucket.deployer(environ), bucket.account_id(environ)
    everything = "the live bucket, the live function and its roles"
    if provider is None:
        return None, None, [f"{everything}: there are no credentials in the environment (docs/operations.md)"]
    if not account_id:
        return None, None, [f"{everything}: their names have the account's ID in them; set AccountID"]
    function = deployment.function
    region = str(function.get("region", ""))
    live, unseen = _bucket(provider, deployment)
    account, unseen_there = Account(provider, account_id=account_id, region=region).deployment(
        str(function.get("functionName", ""))
    )
    return live, account, [*unseen, *unseen_there]


def _bucket(provider: StaticCredentialsProvider, deployment: Deployment) -> tuple[Live | None, list[str]]:
    settings = deployment.function_environ
    try:
        live = look_at(bucket.client(provider, settings.get("OSS_REGION", "")), settings.get("OSS_BUCKET", ""))
    except (BaseError, ValueError) as fault:
        return None, [f"the live bucket: {type(fault).__name__}"]
    return live, [f"of the live bucket, {each}" for each in live.unseen]


if __name__ == "__main__":
    guard_output()
    sys.exit(main(os.environ))
