"""The uploads that a caller asks for: checks them against the grant, and encodes their names."""

from __future__ import annotations

import unicodedata
from typing import Any, NamedTuple
from urllib.parse import quote

from direct_upload import content_types
from direct_upload.authorize import Grant
from direct_upload.errors import InvalidFilename, InvalidSize, TooLarge, TooManyFiles, TypeNotAllowed
from direct_upload.object_keys import ObjectKeys
from direct_upload.readable_text import is_readable_line
from fc_http.errors import BadRequest
from oss_protocol import object_headers

MAX_FILES = 20
"""Files in one request."""

MAX_NAME_BYTES = 1024
"""Of a file's name, percent-encoded."""

_UNFIT_PARTS = frozenset({"", ".", ".."})
"""No part of a path may be one of these."""

_MAX_EXTENSION = 32

_SLASH = "%2F"


class Upload(NamedTuple):
    """One file that may be uploaded, under one key."""

    key: str
    filename: str
    """As the user sees it, with its folder path; NFC."""
    size: int
    """Bytes."""
    content_type: str
    slot: int | None = None
    """Of a counted link."""


def parse_files(body: Any) -> list[Any]:
    """Returns the entries of `files` in a request's body. Raises BadRequest, TooManyFiles."""
    files = body.get("files") if isinstance(body, dict) else None
    if not isinstance(files, list):
        raise BadRequest('The body must be a JSON object such as {"files":[{"filename":"a.png","size":1}]}.')
    if not 1 <= len(files) <= MAX_FILES:
        raise TooManyFiles(f"Ask for 1 to {MAX_FILES} files at a time.")
    return files


def check_upload(entry: Any, grant: Grant, keys: ObjectKeys) -> Upload:
    """Returns the upload for one entry of `files`, if the grant allows it. `keys` makes the keys of the whole request.

    Raises BadRequest, InvalidFilename, InvalidSize, TooLarge, TypeNotAllowed, InvalidId, InvalidSlot.
    """
    if not isinstance(entry, dict):
        raise BadRequest("Each file must be a JSON object.")
    declared = _check_declared_type(entry.get("content_type"))
    size = _check_size(entry.get("size"), grant)
    filename = _check_filename(entry.get("filename"))
    content_type = content_types.find_type(declared, filename, grant.content_types)
    if content_type is None:
        raise TypeNotAllowed("Files of this type may not be uploaded here.")
    key, slot = keys.new_key(entry, grant.content_types[content_type])
    return Upload(key, filename, size, content_type, slot)


def _check_declared_type(declared: object) -> str:
    if declared is not None and not isinstance(declared, str):
        raise BadRequest("content_type must be a string.")
    if declared and not (declared.isascii() and declared.isprintable()):
        raise TypeNotAllowed("content_type must be a content type.")
    return declared or ""


def _check_size(size: object, grant: Grant) -> int:
    if type(size) is not int or size < 0:
        raise InvalidSize("size must be the file's size in bytes, a whole number from 0.")
    if size > grant.max_size:
        raise TooLarge(f"The file is larger than {grant.max_size} bytes.")
    return size


def _check_filename(name: object) -> str:
    if not isinstance(name, str) or not 1 <= len(name) <= 4096 or not is_readable_line(name):
        raise InvalidFilename(
            "filename must be 1 to 4,096 characters, without control characters, line breaks, and marks that change "
            "the direction of the text."
        )
    if not _UNFIT_PARTS.isdisjoint(name.replace("\\", "/").split("/")):
        raise InvalidFilename("filename must be a relative path without empty parts, `.` or `..`.")
    return unicodedata.normalize("NFC", name)


def filename_headers(name: str) -> dict[str, str]:
    """Returns the headers that keep a file's name, percent-encoded, with the object, and that name its download."""
    return {object_headers.FILENAME: name, "Content-Disposition": object_headers.attachment(name)}


def encode_filename(filename: str, max_bytes: int) -> str:
    """Returns the file's name, percent-encoded (RFC 8187's characters), in at most `max_bytes`.

    A name that is too long loses its leading folders first, then the end of its stem, and never its extension.
    """
    whole = quote(filename, safe="/").replace("/", _SLASH)  # quick where the slash is all that has to be encoded
    if len(whole) <= max_bytes:
        return whole
    parts = whole.split(_SLASH)
    size = sum(map(len, parts)) + len(_SLASH) * (len(parts) - 1)
    first = 0
    while size > max_bytes and first < len(parts) - 1:
        size -= len(parts[first]) + len(_SLASH)
        first += 1
    return _SLASH.join(parts[first:]) if size <= max_bytes else _shorten(filename.rpartition("/")[2], max_bytes)


def _shorten(filename: str, max_bytes: int) -> str:
    stem, dot, extension = filename.rpartition(".")
    ending = quote(dot + extension, safe="") if stem and len(extension) <= _MAX_EXTENSION else ""
    if not ending or len(ending) >= max_bytes:
        stem, ending = filename, ""
    start = ""
    for character in stem:
        step = quote(character, safe="")
        if len(start) + len(step) + len(ending) > max_bytes:
            break
        start += step
    return start + ending
