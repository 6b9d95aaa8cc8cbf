"""`make doctor`: what is wrong with the deployment, what follows from it, and what to do.

It reads the environment and .env, s.yaml and the ROS template, and, where there are the deployer's credentials, the
live buckets, functions and roles. What only its owner can decide is named besides, and is no fault. It counts what it
could not look at. The exit code is 1 where there is a fault, 2 where nothing can be read, and 3 where credentials were
given and nothing could be seen with them, or, with --strict, where any check was not made.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy import credentials, declared, names, oss_client
from deploy.declared import Deployment
from deploy.doctor import live_bucket, live_functions
from deploy.doctor.checks import Finding, count_checks, examine, unmade_checks
from deploy.doctor.context import Setup
from deploy.doctor.live_bucket import NO_ANSWER, Live, look_at
from deploy.doctor.live_functions import Account
from deploy.doctor.rights import ResourceNames
from deploy.environment import environment

ROOT = Path(__file__).parents[2]

_ALL = (*live_bucket.FACTS, *live_functions.FACTS)
_WITHOUT_RIGHTS = {"clock"}
"""What is seen even where the credentials are good for nothing."""


@dataclass(frozen=True)
class View:
    """What the account shows, and why it does not show the rest."""

    unseen: Mapping[str, str]
    live: Live | None = None
    account: Deployment | None = None
    given: bool = True
    """Whether somebody gave credentials, so that seeing nothing is a failure."""

    @property
    def blind(self) -> bool:
        """Whether there were credentials, and nothing could be seen with them."""
        return self.given and set(_ALL) - set(self.unseen) <= _WITHOUT_RIGHTS


def main(argv: Sequence[str], environ: Mapping[str, str], folder: Path = ROOT) -> int:
    """Print what is found; the exit code."""
    strict = _parser().parse_args(argv).strict
    try:
        settings = environment(environ, folder)
        deployment = declared.read(folder, settings, credentials.account_id(settings))
        unread = names.unread_names(folder)
    except (OSError, ValueError) as fault:
        print(fault, file=sys.stderr)
        return 2
    seen = _look(settings, deployment)
    findings = examine(Setup(settings, deployment, seen.live, seen.account, unseen=seen.unseen, unread=unread))
    return report(findings, seen, strict=strict)


def report(findings: list[Finding], seen: View, *, strict: bool = False) -> int:
    """Print faults, decisions and the checks that were not made; the exit code."""
    faults = [finding for finding in findings if not finding.check.decide]
    decisions = [finding for finding in findings if finding.check.decide]
    absent = unmade_checks(seen.unseen)
    missing = sum(len(names) for names in absent.values())
    many = "" if len(faults) == 1 else "s"
    _print([f"{count_checks() - missing} checks made, {missing} not made; {len(faults)} fault{many}."])
    unmade = [f"{why[:1].upper()}{why[1:]}:\n  {', '.join(names)}" for why, names in absent.items()]
    for heading, listed in (("Faults", faults), ("For you to decide", decisions), ("Not made", unmade)):
        if listed:
            _print(["", f"{heading}:", *(f"  {line}" for each in listed for line in str(each).splitlines())])
    if seen.blind:
        _print(["", "Credentials were given, and nothing of what is live could be seen: it may be sound or not."])
    if faults:
        return 1
    return 3 if seen.blind or (strict and missing) else 0


def _print(lines: Iterable[str]) -> None:
    """A terminal's width is kept to between words; files and pipes get a line for each.

    What goes on in the next line stands further in than any line begins: strangers' words are none of doctor's there.
    """
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
    for line in lines:
        indent = line[: len(line) - len(line.lstrip())]
        wrapped = (
            textwrap.wrap(line, width, subsequent_indent=f"{indent}      ", break_on_hyphens=False) if width else []
        )
        print("\n".join(wrapped or [line]))


def _look(environ: Mapping[str, str], deployment: Deployment) -> View:
    """What the account shows of the buckets, and of the functions with their roles."""
    provider, account_id = credentials.deployer(environ), credentials.account_id(environ)
    region = str(deployment.function.get("region", ""))
    oss_region = Setup(environ, deployment).regions["oss"]
    if provider is None:
        why, given = credentials.no_credentials(environ)
        return View(dict.fromkeys(_ALL, f"{why} (docs/operations.md, Credentials)"), given=given)
    if not account_id:
        return View(dict.fromkeys(_ALL, "every live name has the account's ID in it: set AccountID"))
    regions = (fault for each in (region, oss_region) for fault in names.region_faults(each))
    if wrong := (*names.account_faults(account_id), *regions):
        return View(dict.fromkeys(_ALL, f"it cannot be told where to look: {wrong[0]}"))
    shown = look_at(
        oss_client.client(provider, oss_region),
        deployment.function_environ.get("OSS_BUCKET", ""),
        deployment.site_bucket,
    )
    resources = ResourceNames.of(deployment)
    functions, unseen = Account(provider, account_id=account_id, region=region).deployment(
        str(deployment.function.get("functionName", "")),
        str(deployment.callback.get("functionName", "")),
        (resources.sign_role, resources.upload_role, resources.callback_role),
    )
    of_buckets = {fact: _of_oss(code, deployment) for fact, code in shown.unseen.items()}
    of_functions = {fact: f"{'RAM' if fact == 'roles' else 'Function Compute'}: {why}" for fact, why in unseen.items()}
    return View({**of_buckets, **of_functions}, shown, functions)


def _of_oss(code: str, deployment: Deployment) -> str:
    if code == NO_ANSWER:
        return "OSS did not answer (is there a way to the internet from here?)"
    if code == "NoSuchBucket":
        where = f"{deployment.function_environ.get('OSS_BUCKET')} and {deployment.site_bucket}"
        return f"there is no such bucket ({where}): it is not deployed yet, or NAME, REGION or AccountID is another's"
    return f"OSS says {code}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make doctor ARGS=…", description="Name what is wrong with the deployment.")
    parser.add_argument("--strict", action="store_true", help="fail, with 3, if any check could not be made")
    return parser


def run(_: str, arguments: list[str]) -> int:
    """Runs the command in this process's environment; returns the exit code."""
    return main(arguments, os.environ)
