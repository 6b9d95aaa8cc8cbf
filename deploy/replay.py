"""`make replay`: tells the webhook what it was not told, out of the callback function's log.

Reads log lines, as `s callback logs` prints them or the log service's console exports them, from a file or standard
input. Of each stored fact that no line says was told, it sends what the function would have sent, under the same id: a
receiver that has it already knows it again. Exit code 1 if some could not be told.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from arrival.settings import webhook
from arrival.webhook import Webhook
from deploy.environment import environment
from direct_upload.environment import Environment
from direct_upload.errors import Misconfigured
from localcloud.terminal import guard_output

ROOT = Path(__file__).parent.parent

_decoder = json.JSONDecoder()

FACT = ("bucket", "key", "size", "content_type", "etag", "filename", "subject")
"""What a stored fact is made of."""


def main(arguments: list[str], environ: Mapping[str, str], now: float) -> int:
    """The exit code: 0; 1 where somebody could not be told; 2 where something given is wrong."""
    asked = _parser().parse_args(arguments)
    try:
        target = _webhook(environ)
        untold = untold_facts(_lines(asked.log))
    except (Misconfigured, OSError) as fault:
        print(fault, file=sys.stderr)
        return 2
    failed = 0
    for webhook_id, fact in untold.items():
        why = None if asked.dry_run else target.send(fact, webhook_id, now)
        failed += why is not None
        print(f"{'would tell' if asked.dry_run else why or 'told':<12} {webhook_id} {fact['key']}")
    print(f"{len(untold)} not told before, {failed} not told now.")
    return 1 if failed else 0


def untold_facts(lines: Iterable[str]) -> dict[str, dict[str, object]]:
    """The facts that no line says were told, by their ids, in the order in which they happened."""
    untold: dict[str, dict[str, object]] = {}
    told: set[str] = set()
    for line in _objects(lines):
        webhook_id = line.get("id")
        if line.get("event") == "stored" and isinstance(webhook_id, str) and all(name in line for name in FACT):
            if line.get("told") is True:
                told.add(webhook_id)
            elif line.get("told") is False:
                untold.setdefault(webhook_id, {name: line[name] for name in FACT})
    return {webhook_id: fact for webhook_id, fact in untold.items() if webhook_id not in told}


def _objects(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The function's JSON object in each line; an export may have put the line into a string of its own."""
    for line in lines:
        for text in (line, line.replace('\\"', '"')):
            found = next(filter(None, (_object_at(text, match.start()) for match in re.finditer("{", text))), None)
            if found:
                yield found
                break


def _object_at(text: str, start: int) -> dict[str, Any] | None:
    try:
        found = _decoder.raw_decode(text, start)[0]
    except ValueError:
        return None
    return found if "event" in found else None


def _lines(path: str) -> list[str]:
    return (sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")).splitlines()


def _webhook(environ: Mapping[str, str]) -> Webhook:
    """Raises Misconfigured."""
    found = Environment(environ)
    target = webhook(found)
    if target is None:
        found.blame("WEBHOOK_URL is missing: set it, and WEBHOOK_SECRET, in .env or in the environment")
    found.complain()
    assert target  # noqa: S101 - complained of above
    return target


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make replay ARGS=…", description="Tell the webhook what it was not told.")
    parser.add_argument("log", nargs="?", default="-", help="a file with the callback function's log; else stdin")
    parser.add_argument("--dry-run", action="store_true", help="print what would be told, and tell nobody")
    return parser


if __name__ == "__main__":
    guard_output()
    sys.exit(main(sys.argv[1:], environment(os.environ, ROOT), time.time()))
