"""`make doctor`: what is wrong with the deployment, what follows from it, and how to fix it.

It reads the environment and .env, profiles.json, s.yaml and the ROS template, the certificates of the domains that are
set and, with the deployer's credentials, the live buckets, functions and roles. Decisions that only the owner can make
are listed apart, and are no faults. Checks that could not be made are counted. The exit code is 1 if there is a fault;
2 if nothing can be read, or a check is unknown; 3 if the credentials do not show a part of the deployment, or, with
--strict, if any check was not made.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import textwrap
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from deploy import credentials, declared, names
from deploy.counts import number_of
from deploy.doctor import checks
from deploy.doctor.check import Check, Finding
from deploy.doctor.context import Context
from deploy.doctor.inspection import Inspection, inspect
from deploy.doctor.live_certificates import inspect_certificates
from deploy.environment import env_file, environment
from deploy.profiles import read_profiles
from localcloud.terminal import visible

ROOT = Path(__file__).parents[2]


def main(argv: Sequence[str], environ: Mapping[str, str], folder: Path = ROOT) -> int:
    """Prints the findings; returns the exit code."""
    arguments = _parser().parse_args(argv)
    try:
        chosen = checks.select(_ids(arguments.only), _ids(arguments.skip))
        settings = environment(environ, folder)
        deployment = declared.read(folder, settings, credentials.account_id(settings))
        unread = names.unread_names(env_file(environ, folder))
        profiles = read_profiles(folder)
    except (OSError, ValueError) as fault:
        print(fault, file=sys.stderr)
        return 2
    needs_account = any(each.live not in {"", "certificates"} for each in chosen)
    seen = inspect(settings, deployment) if needs_account else Inspection({}, has_credentials=False)
    needs_certificates = any(each.live == "certificates" for each in chosen)
    shown = inspect_certificates(_domains(settings) if needs_certificates else ())
    if unseen := next((each.code for each in shown if each.code), ""):
        seen = replace(seen, not_visible={**seen.not_visible, "certificates": unseen})
    context = Context(
        settings,
        deployment,
        seen.live_buckets,
        seen.live_functions,
        resources=seen.resources,
        not_visible=seen.not_visible,
        unread=unread,
        profiles=profiles,
        certificates=shown,
        now=time.time(),
    )
    try:
        findings = checks.examine(context, chosen)
    except ValueError as fault:
        print(fault, file=sys.stderr)
        return 2
    return report(findings, seen, chosen, strict=arguments.strict)


def _domains(settings: Mapping[str, str]) -> list[str]:
    """Returns the domains that are set, without those that are none."""
    given = {name: settings.get(name, "").strip() for name in names.DOMAINS}
    return [domain for name, domain in given.items() if domain and not names.domain_faults(name, domain)]


def report(
    findings: list[Finding], seen: Inspection, chosen: Sequence[Check] = checks.CHECKS, *, strict: bool = False
) -> int:
    """Prints faults, decisions and the checks that were not made; returns the exit code."""
    faults = [each for each in findings if each.check.level == "fault"]
    decisions = [each for each in findings if each.check.level == "decision"]
    not_made = checks.not_made(chosen, seen.not_visible)
    missing = sum(len(ids) for ids in not_made.values())
    made, found = number_of(checks.count(chosen) - missing, "check"), number_of(len(faults), "fault")
    _print([f"{made} made, {missing} not made; {found}."])
    reasons = [f"{visible(reason[:1].upper() + reason[1:])}:\n  {', '.join(ids)}" for reason, ids in not_made.items()]
    for heading, entries in (("Faults", faults), ("For you to decide", decisions), ("Not made", reasons)):
        if entries:
            _print(["", f"{heading}:", *(f"  {line}" for each in entries for line in str(each).splitlines())])
    unseen = seen.unseen if missing else ()
    if seen.is_blind:
        _print(["", "The credentials show nothing of what is live: whether it is sound is not known."])
    elif unseen:
        _print(["", f"The credentials do not show {', '.join(unseen)}: whether that is sound is not known."])
    if faults:
        return 1
    return 3 if seen.is_blind or unseen or (strict and missing) else 0


def _print(lines: Iterable[str]) -> None:
    """Prints lines, wrapped between words to a terminal's width; files and pipes get them whole.

    A continued line is indented deeper than any line begins, so that strangers' words do not pass for doctor's.
    """
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
    for line in lines:
        indent = line[: len(line) - len(line.lstrip())]
        wrapped = (
            textwrap.wrap(line, width, subsequent_indent=f"{indent}      ", break_on_hyphens=False) if width else []
        )
        print("\n".join(wrapped or [line]))


def _ids(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make doctor ARGS=…", description="Name what is wrong with the deployment.")
    add = parser.add_argument
    add("--only", metavar="ID,…", default="", help="make these checks alone")
    add("--skip", metavar="ID,…", default="", help="make all checks except these")
    add("--strict", action="store_true", help="fail, with exit code 3, if any check could not be made")
    return parser


def run(_: str, arguments: list[str]) -> int:
    """Runs the command in this process's environment; returns the exit code."""
    return main(arguments, os.environ)
