"""The form of a PostObject request, read from the bytes of its multipart body as they arrive."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from localcloud.oss.errors import MALFORMED_PART, Refused, invalid_argument, malformed

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_NAME = 8 * 1024
"""Bytes of a field's name."""

MAX_FIELDS = 8 * 1024
"""Bytes of all names and values but the file's. The documents say 8 MB, 2 MB a value, or 8 KB: we take the least."""

MAX_PART_HEADER = 64 * 1024
"""Bytes of one header line of a part: our choice."""

NO_HEADER = re.compile(b"[\\x00\\r\\n]")

logging.getLogger("python_multipart").setLevel(logging.ERROR)


@dataclass
class PostForm:
    """What was before the file, and what is known of the file besides its bytes."""

    fields: dict[str, str] = field(default_factory=dict)
    """Values by lower-case name, in the order in which they came."""
    filename: str | None = None
    content_type: str | None = None
    """The file part's own Content-Type."""


def boundary_of(content_type: str) -> bytes:
    """The boundary in a request's Content-Type. Raises Refused."""
    kind, options = parse_options_header(content_type)
    if kind.lower() != b"multipart/form-data":
        raise Refused(
            400,
            "RequestIsNotMultiPartContent",
            "Bucket POST must be of the enclosure-type multipart/form-data.",
        )
    if not options.get(b"boundary"):
        raise malformed(MALFORMED_PART)
    return options[b"boundary"]


def wrong_number_of_files(ec: str | None = None) -> Refused:
    """400 for a form with no file, or with several (whose error number is not known)."""
    return Refused(400, "IncorrectNumberOfFilesInPOSTRequest", "POST requires exactly one file upload per request.", ec)


class FormReader:
    """Reads a form piece by piece. Bytes of the file go to `write`; fields stay in memory, and are few."""

    def __init__(self, boundary: bytes, write: Callable[[memoryview], None]) -> None:
        self.form = PostForm()
        self._write = write
        self._has_file = False
        self._ended = False
        self._fields_size = 0
        self._headers: dict[bytes, bytes] = {}
        self._header_name = self._header_value = b""
        self._field_name: str | None = None
        self._value = bytearray()
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._part_begins,
                    "on_header_field": self._header_name_goes_on,
                    "on_header_value": self._header_value_goes_on,
                    "on_header_end": self._header_ends,
                    "on_headers_finished": self._headers_end,
                    "on_part_data": self._data_goes_on,
                    "on_part_end": self._part_ends,
                    "on_end": self._body_ends,
                },
                max_header_size=MAX_PART_HEADER,
            )
        except FormParserError:
            raise malformed(MALFORMED_PART) from None

    def feed(self, chunk: bytes) -> None:
        """Read a piece of the body. Raises Refused, and what `write` raises."""
        try:
            self._parser.write(chunk)
        except FormParserError:
            raise malformed() from None

    def close(self) -> PostForm:
        """The form, once the body has ended. Raises Refused if it ended too soon or had not one file."""
        if not self._ended:
            raise malformed()
        if not self._has_file:
            raise wrong_number_of_files("0006-00000107")
        return self.form

    def _part_begins(self) -> None:
        self._headers = {}
        self._field_name = None

    def _header_name_goes_on(self, chunk: bytes, start: int, end: int) -> None:
        self._header_name += chunk[start:end]

    def _header_value_goes_on(self, chunk: bytes, start: int, end: int) -> None:
        self._header_value += chunk[start:end]

    def _header_ends(self) -> None:
        name = self._header_name.lower()
        if name in self._headers or NO_HEADER.search(self._header_value):
            raise malformed(MALFORMED_PART)
        self._headers[name] = self._header_value
        self._header_name = self._header_value = b""

    def _headers_end(self) -> None:
        kind, options = parse_options_header(self._headers.get(b"content-disposition"))
        if kind.lower() != b"form-data" or b"name" not in options:
            raise malformed(MALFORMED_PART)
        name = options[b"name"]
        if len(name) > MAX_NAME:
            raise Refused(400, "FieldItemTooLong", "Your name of form field is too long.", "0006-00000110")
        self._part_is_named(_text(name).lower(), options.get(b"filename"))

    def _part_is_named(self, name: str, filename: bytes | None) -> None:
        self._field_name = name
        if name == "file" and self._has_file:
            raise wrong_number_of_files()
        if name == "file":
            self._has_file = True
            self.form.filename = None if filename is None else _text(filename)
            content_type = self._headers.get(b"content-type")
            self.form.content_type = _text(content_type) if content_type else None
        elif not self._has_file:
            self._count(len(name.encode()))

    def _data_goes_on(self, chunk: bytes, start: int, end: int) -> None:
        if not self._has_file:
            self._count(end - start)
            self._value += chunk[start:end]
        elif self._field_name == "file":
            self._write(memoryview(chunk)[start:end])

    def _part_ends(self) -> None:
        name, value = self._field_name, _text(bytes(self._value))
        self._value.clear()
        if self._has_file or name is None:
            return  # the file itself, or what comes after it and is ignored
        if name in self.form.fields:
            # What OSS does with a name given twice is not documented; refusing it is our choice.
            raise invalid_argument("The bucket POST contains a field name twice.", name, value)
        self.form.fields[name] = value

    def _count(self, size: int) -> None:
        self._fields_size += size
        if self._fields_size > MAX_FIELDS:
            raise Refused(
                400,
                "MaxPOSTPreDataLengthExceededError",
                "Your POST request fields preceding the upload file were too large.",
                "0006-00000112",
            )

    def _body_ends(self) -> None:
        self._ended = True


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise malformed() from None
