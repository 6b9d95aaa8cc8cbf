"""Runs a query of Simple Log Service over log lines: the search before the bar, and the SQL behind it, in SQLite.

SQLite has most of the SQL that the queries use. What it lacks is here, as "Regular expression functions" and "Date and
time functions" describe it. A record has the fields of "Log field details" of Function Compute 3.0.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Any

FIELDS = ("__time__", "message", "isColdStart", "hasFunctionError", "durationMs")
DELIMITER = ", '\";=()[]{}?@&<>/:\n\t\r"
"""The index's."""

_FORMAT = {"%m": "%m", "%d": "%d", "%H": "%H", "%i": "%M"}


def run_query(query: str, records: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Returns the rows. Without SQL they are the records that the search finds."""
    search, bar, sql = query.partition("|")
    matching = [record for record in records if _matches(search, record)]
    if not bar:
        return [dict(record) for record in matching]
    database = sqlite3.connect(":memory:")
    database.row_factory = sqlite3.Row
    database.execute("PRAGMA case_sensitive_like = ON")
    database.create_function("regexp_extract", 3, _extract)
    database.create_function("from_unixtime", 1, lambda instant: instant)
    database.create_function("date_format", 2, _format_date)
    database.execute(f"CREATE TABLE log ({', '.join(FIELDS)})")
    database.executemany(
        f"INSERT INTO log VALUES ({', '.join('?' * len(FIELDS))})",  # noqa: S608 - nothing of a caller's is in it
        [[record.get(name) for name in FIELDS] for record in matching],
    )
    return [dict(row) for row in database.execute(sql)]


def _matches(search: str, record: Mapping[str, Any]) -> bool:
    """Returns whether each word of a search is a word of some field: without regard to case, as the index is."""
    words = re.split(r"\s+and\s+", search.strip(), flags=re.IGNORECASE)
    text = " ".join(str(value) for value in record.values() if value is not None).lower()
    tokens = set(re.split(f"[{re.escape(DELIMITER)}]+", text))
    return all(word == "*" or word.strip('"').lower() in tokens for word in words)


def _extract(text: str | None, pattern: str, group: int) -> str | None:
    found = re.search(pattern, text) if text else None
    return found[group] if found else None


def _format_date(instant: int, pattern: str) -> str:
    for theirs, ours in _FORMAT.items():
        pattern = pattern.replace(theirs, ours)
    return datetime.fromtimestamp(instant, timezone.utc).strftime(pattern)
