"""`make replay`: re-sends the events that the webhook missed, from the callback function's log.

Reads log lines, as `s callback logs` prints them or the log service's console exports them, from a file or standard
input. It sends each event that no line reports as delivered, under its first ID, by which a receiver recognizes an
event that it has already. A chat robot recognizes none, and gets a message every three seconds. The exit code is 1 if
an event could not be delivered.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from deploy.environment import own_environment
from fc_http.environment import Environment
from fc_http.errors import InvalidSettings
from localcloud.terminal import visible
from upload_callback.chat_robot import ChatRobot
from upload_callback.settings import read_webhook
from upload_callback.webhook import Webhook

ROOT = Path(__file__).parent.parent

_decoder = json.JSONDecoder()
_BEGINNING = re.compile('["{]')
_NAMES_A_MEMBER = re.compile(r"\s*:")
_STAMP = re.compile(r"\s*(?:\d{4}-\d\d-\d\d[T ][^\"{]*)?(?=[\"{\[])")
"""What may stand before the JSON of a whole log line."""

_DEEPEST = 4
"""How far the function's line may be within others."""

_OF_EXPORTS = ("content", "message")
"""Members in which an export has a log line. Others may hold what strangers chose, such as a path."""

FACT = ("bucket", "key", "size", "content_type", "etag", "filename", "subject")
"""What a stored fact is made of."""

LABELS = ("profile", "slot", "detected_type", "type_matches", "deleted")
"""What some facts have, too."""


ROBOT_SECONDS = 3
"""Between two messages of a chat robot: DingTalk blocks one for ten minutes that sends more than 20 in a minute."""


def main(
    arguments: list[str], environ: Mapping[str, str], now: float, wait: Callable[[float], object] = time.sleep
) -> int:
    """Sends the events; returns the exit code: 0; 1 if one could not be delivered; 2 for a wrong setting or log."""
    asked = _parser().parse_args(arguments)
    try:
        target = _webhook(environ)
        missed = missed_events(_lines(asked.log))
    except (InvalidSettings, OSError, ValueError) as fault:
        print(fault, file=sys.stderr)
        return 2
    failed = 0
    pause = ROBOT_SECONDS if isinstance(target, ChatRobot) and not asked.dry_run else 0
    for number, (webhook_id, fact) in enumerate(missed.items()):
        if number and pause:
            wait(pause)
        error = None if asked.dry_run else target.send(fact, webhook_id, now + number * pause)
        failed += error is not None
        outcome = "would send" if asked.dry_run else error or "sent"
        print(f"{outcome:<12} {visible(webhook_id)} {visible(str(fact['key']))}")
    print(_summary(len(missed), failed, dry_run=asked.dry_run))
    return 1 if failed else 0


def _summary(number: int, failed: int, *, dry_run: bool) -> str:
    if not number:
        return "Nothing to replay: the log has no event that the webhook missed."
    events = f"{number} event{'' if number == 1 else 's'} to replay"
    return f"{events}, nothing sent (--dry-run)." if dry_run else f"{events}, {failed} failed."


def missed_events(lines: Iterable[str]) -> dict[str, dict[str, object]]:
    """Returns the events that no line reports as delivered, by their IDs, in the order in which they happened."""
    missed: dict[str, dict[str, object]] = {}
    delivered: set[str] = set()
    for line in _objects(lines):
        webhook_id = line.get("id")
        if (
            line.get("event") in ("stored", "deleted")
            and isinstance(webhook_id, str)
            and all(name in line for name in FACT)
        ):
            if line.get("webhook_delivered") is True:
                delivered.add(webhook_id)
            elif line.get("webhook_delivered") is False:
                missed.setdefault(webhook_id, {name: line[name] for name in (*FACT, *LABELS) if name in line})
    return {webhook_id: fact for webhook_id, fact in missed.items() if webhook_id not in delivered}


def _objects(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yields the function's JSON objects; an export may have put a line into a string, or into objects."""
    for line in lines:
        yield from _objects_in(line)


def _objects_in(line: str) -> Iterator[dict[str, Any]]:
    """Yields the objects of a line up to what is not JSON: after that, names that people chose may look like JSON."""
    place, member = 0, _OF_EXPORTS[0]
    while match := _BEGINNING.search(line, place):
        try:
            value, place = _decoder.raw_decode(line, match.start())
        except (ValueError, RecursionError):
            return
        if isinstance(value, str) and _NAMES_A_MEMBER.match(line, place):
            member = value
        elif member in _OF_EXPORTS:
            yield from _objects_of(value, _DEEPEST)


def _objects_of(value: Any, deepest: int) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict) and "event" in value:
        yield value
    elif deepest and isinstance(value, dict | list):
        for each in value if isinstance(value, list) else (value.get(name) for name in _OF_EXPORTS):
            yield from _objects_of(each, deepest - 1)
    elif deepest and isinstance(value, str) and (stamp := _STAMP.match(value)):
        # A whole log line, and nothing else.
        with suppress(ValueError, RecursionError):
            yield from _objects_of(json.loads(value[stamp.end() :]), deepest - 1)


def _lines(path: str) -> list[str]:
    """Returns the lines of a log. Raises OSError, ValueError."""
    content = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    try:
        return content.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError:
        raise ValueError("The log is not UTF-8: export it as UTF-8") from None


def _webhook(environ: Mapping[str, str]) -> Webhook | ChatRobot:
    """Raises InvalidSettings."""
    found = Environment(environ)
    target = read_webhook(found)
    if target is None:
        found.add_fault("WEBHOOK_URL is missing: set it, and WEBHOOK_SECRET, in .env or in the environment")
    found.raise_if_faulty()
    assert target  # noqa: S101 - complained of above
    return target


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make replay ARGS=…", description="Re-send the events that the webhook missed."
    )
    parser.add_argument(
        "log", nargs="?", default="-", help="a file with the callback function's log (else standard input)"
    )
    parser.add_argument("--dry-run", action="store_true", help="print what would be sent, and send nothing")
    return parser


def run(_: str, arguments: list[str]) -> int:
    """Runs the command in this process's environment; returns the exit code."""
    return main(arguments, own_environment(ROOT), time.time())
