"""Conditional and partial reads: If-Match and its like, and Range, as GetObject and "HTTP Range" document them."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from localcloud.oss.errors import OssError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localcloud.oss.storage.bucket import StoredObject

RANGE = re.compile(r"bytes=(?:([0-9]{1,18})-([0-9]{1,18})?|-([0-9]{1,18}))")
SEVERAL_RANGES = re.compile(r"bytes=[0-9-]+(,[ 0-9-]+)+")


def is_not_modified(headers: Mapping[str, str], stored: StoredObject) -> bool:
    """Returns whether the answer is a 304, given the request's headers by lower-case name. Raises OssError (412).

    Of two conditions of one kind the ETag decides and the time is ignored, as RFC 9110 says. OSS only says that both
    may be sent: our choice.
    """
    if "if-match" in headers:
        if not _names_etag(headers["if-match"], stored):
            raise _precondition_failed("If-Match")
    elif (time := _parse_time(headers.get("if-unmodified-since"))) is not None and time < int(stored.last_modified):
        raise _precondition_failed("If-Unmodified-Since")
    if "if-none-match" in headers:
        return _names_etag(headers["if-none-match"], stored)
    time = _parse_time(headers.get("if-modified-since"))
    return time is not None and time >= int(stored.last_modified)


def find_range(headers: Mapping[str, str], size: int) -> tuple[int, int] | None:
    """Returns the first and the last byte that are asked for; None for the whole object. Raises OssError (416).

    `headers` have lower-case names.

    A Range that is malformed, or that reaches beyond the object, is ignored; with `x-oss-range-behavior: standard` its
    end is cut, and one that begins beyond the object is refused. Of several ranges one page says that the first is
    returned, a newer one that they are refused: refusing is our choice.
    """
    text = headers.get("range", "")
    if SEVERAL_RANGES.fullmatch(text):
        raise _invalid_range(text, size)
    match = RANGE.fullmatch(text)
    if match is None:
        return None
    begin, end = _bounds(match, size)
    if 0 <= begin <= end < size:
        return begin, end
    if headers.get("x-oss-range-behavior") != "standard" or end < begin:
        return None
    if begin >= size or size == 0:
        raise _invalid_range(text, size)
    return max(begin, 0), min(end, size - 1)


def _bounds(match: re.Match[str], size: int) -> tuple[int, int]:
    """Returns the first and the last byte, which may lie outside of the object."""
    first, last, length = match.groups()
    if length is not None:
        return size - int(length), size - 1 if int(length) else -1
    return int(first), max(int(first), size - 1) if last is None else int(last)


def _names_etag(text: str, stored: StoredObject) -> bool:
    names = [name.strip().removeprefix("W/").strip('"') for name in text.split(",")]
    return "*" in names or stored.etag in names


def _parse_time(text: str | None) -> float | None:
    """Returns an HTTP date in seconds since the epoch; None if it cannot be read: then the header has no effect."""
    try:
        return parsedate_to_datetime(text).timestamp() if text else None
    except (ValueError, OverflowError):
        return None


def _precondition_failed(header: str) -> OssError:
    message = "At least one of the pre-conditions you specified did not hold."
    return OssError(412, "PreconditionFailed", message, "0017-00001001", Condition=header)


def _invalid_range(text: str, size: int) -> OssError:
    message = "The requested range cannot be satisfied."
    return OssError(416, "InvalidRange", message, ActualObjectSize=str(size), RangeRequested=text)
