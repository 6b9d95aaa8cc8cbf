"""`make link`: an upload link, which is the page's address with a token in its fragment, good until a date.

With --many it prints one for each name of a CSV file. Standard output has the links alone; what each is good for, and
the QR code, go to standard error.
"""

from __future__ import annotations

import argparse
import csv
import re
import secrets
import shutil
import sys
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from deploy.addresses import is_safe
from deploy.counts import number_of
from deploy.environment import own_environment
from deploy.link import summary
from deploy.link.people import read_people
from deploy.link.upload_token import issue_token, read_flag
from deploy.profiles import check_profile, keep_days, read_profiles
from deploy.site.publish_request import deployed_page
from direct_upload import content_types
from direct_upload.authorize import MAX_LINK_FILES, MAX_NOTE, MAX_TITLE
from direct_upload.profiles import DEFAULT_MAX_SIZE, parse, parse_size
from direct_upload.readable_text import is_readable_line
from fc_http.environment import printable_address, split_list
from fc_http.errors import ApiError
from localcloud.terminal import visible

ROOT = Path(__file__).parents[2]

FOLDER = "upload-links"
"""Where the PNGs of QR codes go, below the project's folder. Git ignores it, and nothing publishes it."""

_READABLE = "without control characters and marks that change the direction of the text"

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}

_FORMULA = tuple("=+-@\uff1d\uff0b\uff0d\uff20")
"""What a cell begins with that a spreadsheet calculates; their wide forms, too, where people write Chinese."""


def main(
    arguments: list[str],
    environ: Mapping[str, str],
    now: datetime,
    random_hex: Callable[[int], str] = secrets.token_hex,
    root: Path = ROOT,
) -> int:
    """Prints the links. Returns the exit code: 0, or 2 with a line for what is wrong."""
    asked = _parser(environ).parse_args(arguments)
    try:
        ends = _ends(asked.until, now)
        page = _page(asked.page if asked.page is not None else deployed_page(environ, root))
        profiles = read_profiles(root)
        narrowing = _narrowing(asked, profiles)
        terms = f"{_terms(asked, narrowing, environ, profiles)}, until {summary.describe_end(ends, now)}"
        of_profile = f"&profile={asked.profile}" if asked.profile else ""
        names = [asked.who] if asked.many is None else read_people(asked.many)
        # Each counted link has slots of its own.
        claims = [narrowing | ({"jti": random_hex(8)} if "max_files" in narrowing else {}) for _ in names]
        tokens = [issue_token(name, environ, now, ends, own) for name, own in zip(names, claims, strict=True)]
        links = [f"{page}#token={token}{of_profile}" for token in tokens]
        about_codes = _write_codes(names, links, root) if asked.qr else ""
    except (ValueError, ApiError, OSError) as fault:
        print(fault, file=sys.stderr)
        return 2
    if asked.many is None:
        print(links[0])
        said = f"{visible(asked.who)}: {terms}. Anybody who has the link can upload."
    else:
        _print_rows(names, links)
        said = f"{number_of(len(links), 'link')}, each for {terms}. Anybody who has a link can upload with it."
    print(f"{about_codes}{said}", file=sys.stderr)
    days = _days_kept(asked, environ, profiles)
    if asked.max_files and 0 < days < (ends - now).days:
        print(f"OSS deletes files after {number_of(days, 'day')}: then their places are free again.", file=sys.stderr)
    return 0


def _days_kept(asked: argparse.Namespace, environ: Mapping[str, str], profiles: bytes | None) -> int:
    """Returns after how many days OSS deletes the link's files; 0 if it does not."""
    of_all = environ.get("KEEP_DAYS", "").strip()
    days = (keep_days(profiles).get(asked.profile, 0), int(of_all) if of_all.isdecimal() else 0)
    return min(filter(None, days), default=0)


def _print_rows(names: list[str], links: list[str]) -> None:
    """Prints a row of CSV for each link. A name that a spreadsheet would calculate becomes text there.

    Cells are in quotes, so that no part of a name is a cell where a semicolon or a tab separates them.
    """
    rows = csv.writer(sys.stdout, lineterminator="\n", quoting=csv.QUOTE_ALL)
    for name, link in zip(names, links, strict=True):
        shown = visible(name)
        rows.writerow([f"'{shown}" if shown.startswith(_FORMULA) else shown, link])


def _write_codes(names: list[str], links: list[str], root: Path) -> str:
    """Writes the PNG of each link's QR code; returns what to print. Raises OSError, ValueError."""
    from deploy.link.qr_code import QrCode, png_paths  # noqa: PLC0415 - not every link needs the library

    folder = root / FOLDER
    codes = [QrCode(link) for link in links]
    paths = png_paths(names, folder)
    folder.mkdir(mode=0o700, exist_ok=True)
    for code, path in zip(codes, paths, strict=True):
        code.write_png(path)
    if len(codes) > 1:
        return f"The QR codes are in {FOLDER}/, a PNG each. Each is its link: keep it as secret.\n"
    columns = shutil.get_terminal_size().columns
    fits = columns >= codes[0].columns or not sys.stderr.isatty()
    drawn = codes[0].terminal_text() if fits else f"The QR code needs a terminal of {codes[0].columns} columns.\n"
    return f"{drawn}The QR code is in {FOLDER}/{visible(paths[0].name)}. It is the link: keep it as secret.\n"


def _narrowing(asked: argparse.Namespace, profiles: bytes | None) -> dict[str, Any]:
    """Returns the claims that narrow what the link is good for, and those that the page shows."""
    claims: dict[str, Any] = {}
    if asked.profile:
        check_profile("--profile", asked.profile, profiles)
        claims["profiles"] = [asked.profile]
    if asked.max_size:
        claims["max_size"] = read_flag("--max-size", parse_size, asked.max_size)
    if asked.types:
        read_flag("--types", content_types.parse, asked.types)
        claims["content_types"] = list(split_list(asked.types))
    if asked.max_files:
        claims["max_files"] = read_flag("--max-files", _parse_count, asked.max_files)
    if asked.title is not None:
        claims["title"] = read_flag("--title", _parse_title, asked.title)
    if asked.note is not None:
        claims["note"] = read_flag("--note", _parse_note, asked.note)
    return claims


def _parse_count(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,3}", text) or int(text) > MAX_LINK_FILES:
        raise ValueError(f"must be a whole number from 1 to {MAX_LINK_FILES:,}, not {text!r}")
    return int(text)


def _parse_title(text: str) -> str:
    if not 1 <= len(text) <= MAX_TITLE or not is_readable_line(text):
        raise ValueError(f"must be one line of 1 to {MAX_TITLE} characters, {_READABLE}")
    return text


def _parse_note(text: str) -> str:
    note = text.replace("\\n", "\n")
    if not 1 <= len(note) <= MAX_NOTE or not all(map(is_readable_line, note.split("\n"))):
        raise ValueError(f"must be 1 to {MAX_NOTE} characters, {_READABLE}; \\n begins a line")
    return note


def _terms(
    asked: argparse.Namespace, claims: Mapping[str, Any], environ: Mapping[str, str], profiles: bytes | None
) -> str:
    """Returns what the link is good for, in words."""
    of_all = read_flag("MAX_SIZE", parse_size, environ.get("MAX_SIZE", "").strip() or DEFAULT_MAX_SIZE)
    members = parse(profiles).profiles.get(asked.profile, {}) if profiles is not None else {}
    largest = members.get("max_size", of_all)
    files = summary.describe_files(claims.get("max_files"), min(largest, claims.get("max_size", largest)))
    types = f", of the types {visible(asked.types)}" if asked.types else ""
    return files + types + (f", by the profile {asked.profile}" if asked.profile else "")


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
    day = re.match(r"\d{4}-\d{2}-\d{2}(?=([T ])|$)", text)
    try:
        if day is None:
            raise ValueError  # noqa: TRY301 - Pythons differ in which other forms they take
        ends = datetime.fromisoformat(text.replace("Z", "+00:00"))
        ends = ends.replace(tzinfo=ends.tzinfo or timezone.utc).astimezone(timezone.utc)
        ends += timedelta(days=0 if day[1] else 1)
    except (ValueError, OverflowError):
        accepted = "a day or an instant (2026-12-31, 2026-12-31T18:00Z), or 30m, 12h, 7d"
        raise ValueError(f"--until must be {accepted}, not {text!r}") from None
    if ends <= now:
        raise ValueError(f"--until {text} is over")
    return ends


def _parser(environ: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make link ARGS=…", description="Print an upload link.")
    people = parser.add_mutually_exclusive_group(required=True)
    people.add_argument("--who", help="whose uploads these are: becomes a part of every key")
    people.add_argument("--many", type=Path, metavar="FILE.csv", help="a link for each name in this file")
    add = parser.add_argument
    add("--until", required=True, help="2026-12-31 (to its end), 2026-12-31T18:00Z, or 30m, 12h, 7d; in UTC")
    count = parser.add_mutually_exclusive_group()
    count.add_argument("--max-files", metavar="N", help=f"good for so many files, 1 to {MAX_LINK_FILES:,}, and no more")
    count.add_argument("--once", action="store_const", const="1", dest="max_files", help="the same as --max-files 1")
    add("--profile", metavar="NAME", help="for uploads by this profile of profiles.json, and no other")
    add("--max-size", metavar="SIZE", help="narrower than the profile's max_size, or MAX_SIZE: 20MB")
    add("--types", help="narrower than the profile's content_types, or CONTENT_TYPES, in the same words: image/*,.stl")
    add("--title", metavar="TEXT", help=f"what the page shows of the link, in a line: at most {MAX_TITLE} characters")
    add("--note", metavar="TEXT", help=f"more that the page shows: at most {MAX_NOTE} characters; \\n begins a line")
    add("--qr", action="store_true", help=f"draw a QR code, and write it as a PNG into {FOLDER}/")
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
