"""`make smoke`: whether a deployment does what it must, tested over its own addresses; exit code 1 if it does not.

With --probe it also asks Function Compute and OSS what no document says, and prints their answers as a table. It
deletes what it has uploaded, if the environment has the deployer's credentials.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import requests
from alibabacloud_oss_v2.credentials import StaticCredentialsProvider

from deploy import credentials
from deploy.addresses import is_safe
from deploy.environment import own_environment
from deploy.link.upload_token import issue_token
from deploy.profiles import sound_profiles
from deploy.site.publish_request import deployed_page
from deploy.smoke.outcome import Step, StepFailed, StepSkipped
from deploy.smoke.probes import Probes
from deploy.smoke.session import Session
from deploy.smoke.smoke import Smoke
from deploy.smoke.target import Target
from direct_upload.profiles import DEFAULT
from fc_http.environment import printable_address
from fc_http.errors import ApiError
from localcloud.terminal import visible

ROOT = Path(__file__).parents[2]
WHO = "smoke"
"""The subject of the token, and so a part of the keys."""

Profiles = Mapping[str, Mapping[str, Any]]

QUESTION_WIDTH = 52
"""Characters of the longest question."""


def main(arguments: list[str], environ: Mapping[str, str], now: datetime, root: Path = ROOT) -> int:
    """Takes every step and prints it. Returns the exit code: 0; 1 if a check failed; 2 for wrong arguments."""
    asked = _parser(environ).parse_args(arguments)
    try:
        profiles = sound_profiles(root)
        target = _dev(json.loads(sys.stdin.readline() or "{}"), environ, now, profiles) if asked.dev else None
        target = target or _live(asked, environ, now, profiles, root)
    except (ValueError, KeyError, ApiError) as fault:
        print(f"{'The JSON line of make dev lacks ' if isinstance(fault, KeyError) else ''}{fault}", file=sys.stderr)
        return 2
    session = Session(target)
    smoke = Smoke(session)
    passed = [_take(name, step) for name, step in smoke.steps()]
    if asked.probe:
        _print_answers(Probes(session))
    passed += [_take(name, step) for name, step in smoke.clean_up()]
    failed = passed.count(False)
    print(f"\n{failed} check{'' if failed == 1 else 's'} failed." if failed else "\nAll checks passed.")
    return 1 if failed else 0


def _take(name: str, step: Step) -> bool | None:
    """Takes a step and prints how it ended. Returns whether it passed; None if it was skipped."""
    passed: bool | None = True
    try:
        seen = step()
    except StepSkipped as reason:
        passed, seen = None, f"not checked: {reason}"
    except StepFailed as instead:
        passed, seen = False, str(instead)
    except requests.RequestException as fault:
        passed, seen = False, f"no answer ({type(fault).__name__})"
    mark = "ok    " if passed else "-     " if passed is None else "FAILED"
    print(f"  {mark}  {name}: {visible(seen)}", flush=True)
    return passed


def _print_answers(probes: Probes) -> None:
    print(f"\n  {'What no document says':<{QUESTION_WIDTH}}  seen here\n")
    for question, ask in probes.questions():
        print(f"  {question:<{QUESTION_WIDTH}}  {visible(_answer(ask))}", flush=True)
    print()


def _answer(ask: Step) -> str:
    try:
        return ask()
    except (StepSkipped, StepFailed) as reason:
        return f"not seen: {reason}"
    except requests.RequestException as fault:
        return f"not seen: no answer ({type(fault).__name__})"


def _live(
    asked: argparse.Namespace, environ: Mapping[str, str], now: datetime, profiles: Profiles, root: Path
) -> Target:
    deployer = credentials.deployer(environ)
    return Target(
        function=_address("--function", asked.function or _domain(environ)),
        page=_address("--page", asked.page or deployed_page(environ, root)).removesuffix("/index.html") + "/",
        token=_token(environ, now, profiles),
        own_secret=_has_own_secret(environ),
        deployer=deployer,
        signer=deployer,
        profiles=profiles,
    )


def _dev(told: Any, environ: Mapping[str, str], now: datetime, profiles: Profiles) -> Target:
    """Reads the line of `make dev`. Raises KeyError for another line, ValueError if keys would go elsewhere."""
    from deploy.smoke.local_upload_role import assume  # noqa: PLC0415 - slow, and needed here alone

    own = StaticCredentialsProvider(told["access_key_id"], told["access_key_secret"], told["security_token"])
    for name in ("function", "page", "oss", "sts"):
        _address(name, told[name])
    return Target(
        function=told["function"],
        page=told["page"],
        token=_token(environ, now, profiles),
        own_secret=_has_own_secret(environ),
        deployer=own,
        signer=assume(told, WHO),
        endpoint=told["oss"],
        profiles=profiles,
        files=told["files"],
    )


def _has_own_secret(environ: Mapping[str, str]) -> bool:
    return bool(environ.get("JWT_SECRET") and not environ.get("TOKEN"))


def _token(environ: Mapping[str, str], now: datetime, profiles: Profiles) -> str:
    """Returns TOKEN, or one for ten minutes made with JWT_SECRET; empty without either. Raises ValueError, ApiError.

    The latter is for every profile.
    """
    if not _has_own_secret(environ):
        return environ.get("TOKEN", "")
    narrowing = {"profiles": [DEFAULT, *profiles]} if profiles else {}
    return issue_token(WHO, environ, now, now + timedelta(minutes=10), narrowing)


def _address(flag: str, text: str | None) -> str:
    if not text:
        raise ValueError(f"{flag} is missing: give the address that `npx --no-install s info` prints")
    if not is_safe(text):
        raise ValueError(f"{flag} must be an address such as https://…, not {printable_address(text)}")
    return text.rstrip("/")


def _domain(environ: Mapping[str, str]) -> str:
    return f"https://{environ['SIGN_DOMAIN']}" if environ.get("SIGN_DOMAIN") else ""


def _parser(environ: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make smoke ARGS=…", description="Test a deployment over its own addresses.")
    add = parser.add_argument
    add(
        "--function",
        metavar="URL",
        default=environ.get("FUNCTION_URL"),
        help="the function's (else FUNCTION_URL, else SIGN_DOMAIN)",
    )
    add(
        "--page",
        metavar="URL",
        default=environ.get("PAGE_URL"),
        help="the page's (else PAGE_URL, else that of the deployed page)",
    )
    add("--probe", action="store_true", help="also ask what no document says, and print the answers")
    add("--dev", action="store_true", help="read both from the JSON line of `JSON=1 make dev` on standard input")
    return parser


def run(_: str, arguments: list[str]) -> int:
    """Runs the command in this process's environment; returns the exit code."""
    return main(arguments, own_environment(ROOT), datetime.now(timezone.utc))
