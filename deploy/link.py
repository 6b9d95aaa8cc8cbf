"""`make link`: an upload link, which is the page's address with a token in its fragment, good until a date.

The token is signed with JWT_SECRET (the first, where there are two), as the function's settings have it.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, TypeVar

import jwt

from deploy.addresses import is_safe
from deploy.environment import own_environment
from deploy.site.publish import deployed_page
from direct_upload import content_types, tokens
from direct_upload.authorize import MAX_SUBJECT, subject_part
from direct_upload.settings import parse_size
from fc_http.environment import printable_address, split_list
from fc_http.errors import ApiError

ROOT = Path(__file__).parent.parent

_T = TypeVar("_T")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def main(arguments: list[str], environ: Mapping[str, str], now: datetime) -> int:
    """Prints the link. Returns the exit code: 0, or 2 with a line for what is wrong."""
    asked = _parser(environ).parse_args(arguments)
    try:
        ends = _ends(asked.until, now)
        page = _page(asked.page if asked.page is not None else deployed_page(environ, ROOT))
        link = f"{page}#token={token(asked.who, environ, now, ends, _narrowing(asked))}"
    except (ValueError, ApiError) as fault:
        print(fault, file=sys.stderr)
        return 2
    print(link)
    print(f"For {asked.who}, until {ends:%Y-%m-%d %H:%M} UTC. Anybody who has the link can upload.", file=sys.stderr)
    return 0


def token(
    who: str, environ: Mapping[str, str], now: datetime, ends: datetime, narrowing: Mapping[str, Any] | None = None
) -> str:
    """Returns an upload token for `who` until `ends`, signed with JWT_SECRET; `narrowing` are more claims.

    Raises ValueError, ApiError.
    """
    issuer = _issuer(environ)
    try:
        subject_part(who)
    except ApiError:
        raise ValueError(f"--who must be 1 to {MAX_SUBJECT} characters") from None
    claims = {
        "iss": issuer.name,
        "aud": issuer.audience,
        "sub": who,
        "iat": int(now.timestamp()),
        "exp": int(ends.timestamp()),
        **(narrowing or {}),
    }
    made = jwt.encode(claims, issuer.keys[0].material, issuer.keys[0].algorithm)
    # Refuse here what the function would refuse, so that the recipient of the link does not find out.
    issuer.verify(f"Bearer {made}")
    return made


def _narrowing(asked: argparse.Namespace) -> dict[str, Any]:
    claims: dict[str, Any] = {}
    if asked.max_size:
        claims["max_size"] = _flag("--max-size", parse_size, asked.max_size)
    if asked.types:
        _flag("--types", content_types.parse, asked.types)
        claims["content_types"] = list(split_list(asked.types))
    return claims


def _flag(name: str, parse: Callable[[str], _T], text: str) -> _T:
    try:
        return parse(text)
    except ValueError as fault:
        raise ValueError(f"{name} {fault}") from None


def _issuer(environ: Mapping[str, str]) -> tokens.Issuer:
    secret = environ.get("JWT_SECRET", "")
    if not secret:
        raise ValueError("JWT_SECRET is missing: it must be the function's")
    keys = _flag("JWT_SECRET", tokens.parse_secret_keys, secret)
    return tokens.Issuer(
        environ.get("JWT_ISSUER") or tokens.OWN_ISSUER, environ.get("JWT_AUDIENCE") or tokens.OWN_ISSUER, keys
    )


def _page(address: str | None) -> str:
    if not address:
        raise ValueError(
            "The page's address is missing: give --page, or set PAGE_URL or, for a deployed page, AccountID"
        )
    if not is_safe(address) or "#" in address:
        raise ValueError(f"The page's address must be https://…, without a fragment, not {printable_address(address)}")
    return address


def _ends(text: str, now: datetime) -> datetime:
    """Returns a day (to its end), an instant, or a duration from now; in UTC. Raises ValueError."""
    duration = re.fullmatch(r"([1-9][0-9]{0,3})([mhd])", text)
    if duration:
        return now + timedelta(**{_UNITS[duration[2]]: int(duration[1])})
    try:
        ends = datetime.fromisoformat(text.replace("Z", "+00:00"))
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            ends += timedelta(days=1)
    except (ValueError, OverflowError):
        accepted = "a day or an instant (2026-12-31, 2026-12-31T18:00Z), or 30m, 12h, 7d"
        raise ValueError(f"--until must be {accepted}, not {text!r}") from None
    if ends.tzinfo is None:
        ends = ends.replace(tzinfo=timezone.utc)
    if ends <= now:
        raise ValueError(f"--until {text} is over")
    return ends.astimezone(timezone.utc)


def _parser(environ: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make link ARGS=…", description="Print an upload link.")
    add = parser.add_argument
    add("--who", required=True, help="whose uploads these are: becomes a part of every key")
    add("--until", required=True, help="2026-12-31 (to its end), 2026-12-31T18:00Z, or 30m, 12h, 7d; in UTC")
    add("--max-size", metavar="SIZE", help="narrower than MAX_SIZE: 20MB")
    add("--types", help="narrower than CONTENT_TYPES, in the same words: image/*,application/pdf,.stl")
    add(
        "--page",
        metavar="URL",
        default=environ.get("PAGE_URL") or None,
        help="the page's address (else PAGE_URL, else that of the deployed page)",
    )
    return parser


def run(_: str, arguments: list[str]) -> int:
    """Runs the command in this process's environment; returns the exit code."""
    return main(arguments, own_environment(ROOT), datetime.now(timezone.utc))
