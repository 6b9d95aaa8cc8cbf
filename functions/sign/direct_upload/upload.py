"""What is asked for, checked; and the object key, which is made here and never by the caller."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import quote
from uuid import UUID

from direct_upload import content_types
from direct_upload.authorize import Grant
from direct_upload.errors import InvalidFilename, InvalidId, InvalidSize, TooLarge, TooManyFiles, TypeNotAllowed
from fc_http.errors import BadRequest

MAX_FILES = 20
"""Files per request."""

MAX_NAME = 1024
"""Bytes of a file's name, percent-encoded."""

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)

_UNFIT = frozenset({"Cc", "Cs", "Zl", "Zp", "Cf"})
"""Unicode's categories of control characters, lone surrogates, line and paragraph separators, and of format characters,
among them those that make `gnp.exe` read as `exe.png`."""

_NEEDED = frozenset(
    map(
        chr,
        (
            *(0x00AD, 0x180E, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF),  # join and part letters, words and emoji
            *range(0x0600, 0x0606),  # stand by Arabic, Syriac and Kaithi numbers, and are seen
            *(0x06DD, 0x070F, 0x0890, 0x0891, 0x08E2, 0x110BD, 0x110CD),
            *range(0x13430, 0x13440),  # arrange hieroglyphs
            *range(0xE0020, 0xE0080),  # spell the flags of England, Scotland and Wales
        ),
    )
)
"""Format characters that names in real languages have, and that leave the order of the others alone."""

_SEPARATOR = re.compile(r"[/\\]")

_NO_NAMES = frozenset({"", ".", ".."})
"""As a part of a path: none, this folder, the one above."""

_MAX_EXTENSION = 32

_SLASH = "%2F"


class Upload(NamedTuple):
    """One file that may be uploaded, under one key."""

    key: str
    filename: str
    """As the user knows it, with its folder path; NFC."""
    size: int
    """Bytes."""
    content_type: str


def entries(body: Any) -> list[Any]:
    """The files of a request's body. Raises BadRequest, TooManyFiles."""
    files = body.get("files") if isinstance(body, dict) else None
    if not isinstance(files, list):
        raise BadRequest('The body must be a JSON object such as {"files":[{"filename":"a.png","size":1}]}.')
    if not 1 <= len(files) <= MAX_FILES:
        raise TooManyFiles(f"Ask for 1 to {MAX_FILES} files at a time.")
    return files


def upload(entry: Any, grant: Grant, *, taken: set[str], random_hex: Callable[[int], str]) -> Upload:
    """One entry of `files`, checked against the grant.

    `taken` holds the ids of the same request so far: two files under one id would share a key, and one be lost.
    Raises BadRequest, InvalidFilename, InvalidSize, TooLarge, TypeNotAllowed, InvalidId.
    """
    if not isinstance(entry, dict):
        raise BadRequest("Each file must be a JSON object.")
    declared = _declared_type(entry.get("content_type"))
    size = _size(entry.get("size"), grant)
    filename = _filename(entry.get("filename"))
    content_type = content_types.type_of(declared, filename, grant.content_types)
    if content_type is None:
        raise TypeNotAllowed("Files of this type may not be uploaded here.")
    upload_id = _id(entry.get("id"), taken, random_hex)
    key = f"{grant.key_prefix}{upload_id}.{grant.content_types[content_type]}"
    return Upload(key=key, filename=filename, size=size, content_type=content_type)


def directory(grant: Grant, random_hex: Callable[[int], str]) -> str:
    """A fresh directory that nobody can guess (128 random bits); ends in a slash."""
    return f"{grant.key_prefix}{random_hex(16)}/"


def _declared_type(asked: object) -> str:
    if asked is not None and not isinstance(asked, str):
        raise BadRequest("content_type must be a string.")
    if asked and not (asked.isascii() and asked.isprintable()):
        raise TypeNotAllowed("content_type must be a content type.")
    return asked or ""


def _size(size: object, grant: Grant) -> int:
    if type(size) is not int or size < 0:
        raise InvalidSize("size must be the file's size in bytes, a whole number from 0.")
    if size > grant.max_size:
        raise TooLarge(f"The file is larger than {grant.max_size} bytes.")
    return size


def _filename(name: object) -> str:
    if not isinstance(name, str) or not 1 <= len(name) <= 4096 or not _is_readable(name):
        raise InvalidFilename(
            "filename must be 1 to 4,096 characters, without control characters, line breaks, and marks that change "
            "the direction of the text."
        )
    if not _NO_NAMES.isdisjoint(_SEPARATOR.split(name)):
        raise InvalidFilename("filename must be a relative path without empty parts, `.` or `..`.")
    return unicodedata.normalize("NFC", name)


def _is_readable(name: str) -> bool:
    """Whether it reads as what it is, in one line."""
    if name.isascii():
        return name.isprintable()  # the same, quickly
    return all(unicodedata.category(each) not in _UNFIT or each in _NEEDED for each in name)


def _id(asked: object, taken: set[str], random_hex: Callable[[int], str]) -> str:
    if asked is None:
        return str(UUID(hex=random_hex(16), version=4))
    if not isinstance(asked, str) or not _UUID.fullmatch(asked):
        raise InvalidId("id must be a UUID.")
    upload_id = asked.lower()
    if upload_id in taken:
        raise InvalidId("Another file of this request has the same id.")
    taken.add(upload_id)
    return upload_id


def name_headers(name: str) -> dict[str, str]:
    """How a file's name, percent-encoded, is stored with the object and names the download."""
    return {"x-oss-meta-filename": name, "Content-Disposition": f"attachment; filename*=UTF-8''{name}"}


def percent_encoded(filename: str, limit: int) -> str:
    """The file's name, percent-encoded (RFC 8187's characters), in at most `limit` bytes.

    What is too long loses its leading folders first, then the end of its stem; never its extension.
    """
    whole = quote(filename, safe="")
    if len(whole) <= limit:
        return whole
    parts = whole.split(_SLASH)
    size = sum(map(len, parts)) + len(_SLASH) * (len(parts) - 1)
    first = 0
    while size > limit and first < len(parts) - 1:
        size -= len(parts[first]) + len(_SLASH)
        first += 1
    return _SLASH.join(parts[first:]) if size <= limit else _shortened(filename.rpartition("/")[2], limit)


def _shortened(filename: str, limit: int) -> str:
    stem, dot, extension = filename.rpartition(".")
    ending = quote(dot + extension, safe="") if stem and len(extension) <= _MAX_EXTENSION else ""
    if not ending or len(ending) >= limit:
        stem, ending = filename, ""
    kept = ""
    for character in stem:
        step = quote(character, safe="")
        if len(kept) + len(step) + len(ending) > limit:
            break
        kept += step
    return kept + ending
