"""`make smoke`: whether a deployment does what it must, tried over its own addresses; exit code 1 if it does not.

And what no document settles about Function Compute and OSS is asked of them, and printed as a table. Whatever it stores
it deletes again, if the environment has the deployer's credentials.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from alibabacloud_oss_v2.credentials import StaticCredentialsProvider
from alibabacloud_sts20150401.client import Client as StsClient
from alibabacloud_sts20150401.models import AssumeRoleRequest
from alibabacloud_tea_openapi.utils_models import Config

from deploy import credentials, link
from deploy.addresses import is_safe
from deploy.environment import own_environment
from deploy.site.publish import deployed_page
from deploy.smoke.outcome import NotHeld, NotTried
from deploy.smoke.smoke import Target, Trial
from direct_upload import sdk_session
from fc_http.environment import printable_address
from fc_http.errors import ApiError
from localcloud.terminal import visible

ROOT = Path(__file__).parents[2]
WHO = "smoke"
"""Whose uploads these are, and with it a part of their keys."""

QUESTION = 52
"""Characters of the longest question."""


def main(arguments: list[str], environ: Mapping[str, str], now: datetime) -> int:
    """Try everything and print it. The exit code: 0; 1 where something that must hold does not; 2 for a wrong call."""
    asked = _parser(environ).parse_args(arguments)
    try:
        target = _dev(json.loads(sys.stdin.readline() or "{}"), environ, now) if asked.dev else None
        target = target or _live(asked, environ, now)
    except (ValueError, KeyError, ApiError) as fault:
        print(f"{'The JSON line of make dev lacks ' if isinstance(fault, KeyError) else ''}{fault}", file=sys.stderr)
        return 2
    trial = Trial(target)
    held = [_tell(name, step) for name, step in trial.musts()]
    print(f"\n  {'What no document settles':<{QUESTION}}  seen here\n")
    for question, step in trial.questions():
        print(f"  {question:<{QUESTION}}  {visible(_seen(step))}", flush=True)
    print()
    held += [_tell(name, step) for name, step in trial.ends()]
    failed = held.count(False)
    print(f"\n{failed} of what must hold does not." if failed else "\nAll that was tried holds.")
    return 1 if failed else 0


def _tell(name: str, step: Callable[[], str]) -> bool | None:
    """Print how a step ended. Whether it held; None if it was not tried."""
    held: bool | None = True
    try:
        seen = step()
    except NotTried as why:
        held, seen = None, f"not checked: {why}"
    except NotHeld as instead:
        held, seen = False, str(instead)
    except requests.RequestException as fault:
        held, seen = False, f"no answer ({type(fault).__name__})"
    print(f"  {'ok    ' if held else '-     ' if held is None else 'FAILED'}  {name}: {visible(seen)}", flush=True)
    return held


def _seen(step: Callable[[], str]) -> str:
    try:
        return step()
    except (NotTried, NotHeld) as why:
        return f"not seen: {why}"
    except requests.RequestException as fault:
        return f"not seen: no answer ({type(fault).__name__})"


def _live(asked: argparse.Namespace, environ: Mapping[str, str], now: datetime) -> Target:
    deployer = credentials.deployer(environ)
    return Target(
        function=_address("--function", asked.function or _domain(environ)),
        page=_address("--page", asked.page or deployed_page(environ, ROOT)).removesuffix("/index.html") + "/",
        token=_token(environ, now),
        own_secret=_has_own_secret(environ),
        deployer=deployer,
        signer=deployer,
    )


def _dev(told: Any, environ: Mapping[str, str], now: datetime) -> Target:
    """Raises KeyError where this is not the line of JSON, ValueError where it sends keys to another machine."""
    own = StaticCredentialsProvider(told["access_key_id"], told["access_key_secret"], told["security_token"])
    for name in ("function", "page", "oss", "sts"):
        _address(name, told[name])
    return Target(
        function=told["function"],
        page=told["page"],
        token=_token(environ, now),
        own_secret=_has_own_secret(environ),
        deployer=own,
        signer=_assumed(told),
        endpoint=told["oss"],
        files=told["files"],
    )


def _assumed(told: Any) -> StaticCredentialsProvider:
    """Credentials of the upload role: in the stand-ins, the function's own may not put objects."""
    sdk_session.install()
    client = StsClient(
        Config(
            access_key_id=told["access_key_id"],
            access_key_secret=told["access_key_secret"],
            security_token=told["security_token"],
            endpoint=urlsplit(told["sts"]).netloc,
            protocol="http",
        )
    )
    try:
        reply: Any = client.assume_role(AssumeRoleRequest(role_arn=told["role_arn"], role_session_name=WHO))
    except Exception as fault:  # noqa: BLE001 - the SDK raises whatever its layers raise, with tokens in it
        raise ValueError(f"The local STS refuses the upload role: {sdk_session.error_code(fault)}") from None
    made = reply.body.credentials
    return StaticCredentialsProvider(made.access_key_id, made.access_key_secret, made.security_token)


def _has_own_secret(environ: Mapping[str, str]) -> bool:
    return bool(environ.get("JWT_SECRET") and not environ.get("TOKEN"))


def _token(environ: Mapping[str, str], now: datetime) -> str:
    """TOKEN, or one made for ten minutes with JWT_SECRET; empty without either. Raises ValueError, ApiError."""
    if not _has_own_secret(environ):
        return environ.get("TOKEN", "")
    return link.token(WHO, environ, now, now + timedelta(minutes=10))


def _address(flag: str, text: str | None) -> str:
    if not text:
        raise ValueError(f"{flag} is missing")
    if not is_safe(text):
        raise ValueError(f"{flag} must be an address such as https://…, not {printable_address(text)}")
    return text.rstrip("/")


def _domain(environ: Mapping[str, str]) -> str:
    return f"https://{environ['SIGN_DOMAIN']}" if environ.get("SIGN_DOMAIN") else ""


def _parser(environ: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make smoke ARGS=…", description="Try a deployment over its own addresses.")
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
    add("--dev", action="store_true", help="read both from the JSON line of `JSON=1 make dev` on standard input")
    return parser


def run(_: str, arguments: list[str]) -> int:
    """Runs the command in this process's environment; returns the exit code."""
    return main(arguments, own_environment(ROOT), datetime.now(timezone.utc))
