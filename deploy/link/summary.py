"""What a link is good for, in the owner's words."""

from __future__ import annotations

from datetime import datetime, timedelta

from deploy.counts import number_of

_UNITS = ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "KB"))


def describe_files(max_files: int | None, max_size: int) -> str:
    """Returns such as `5 files of at most 10 MB`."""
    count = "any number of files" if max_files is None else number_of(max_files, "file")
    return f"{count} of at most {describe_size(max_size)}"


def describe_size(size: int) -> str:
    """Returns bytes in their largest unit, to three decimals."""
    for unit, name in _UNITS:
        if size >= unit:
            return f"{size * 1000 // unit / 1000:,.3f}".rstrip("0").rstrip(".") + f" {name}"
    return number_of(size, "byte")


def describe_end(ends: datetime, now: datetime) -> str:
    """Returns such as `Friday 4 December (UTC)` for the end of that day, or with the time of day."""
    whole_day = ends.time() == datetime.min.time()
    day = ends - timedelta(days=1) if whole_day else ends
    year = "" if day.year == now.year else f" {day.year}"
    time = " (UTC)" if whole_day else f", {ends:%H:%M} UTC"
    return f"{day:%A} {day.day} {day:%B}{year}{time}"
