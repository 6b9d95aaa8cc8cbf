"""Reads the form of a PostObject request from the bytes of its multipart body as they arrive."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from localcloud.oss.errors import MALFORMED_PART, OssError, invalid_argument, malformed_form

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_NAME = 8 * 1024
"""Bytes of a field's name."""

MAX_FIELDS = 8 * 1024
"""Bytes of all names and values before the file. The documents say 8 MB, 2 MB a value, or 8 KB: the least counts."""

MAX_PART_HEADER = 64 * 1024
"""Bytes of one header line of a part: our choice."""

parse_header = lru_cache(maxsize=64)(parse_options_header)
"""Each form has the same few headers as the one before."""

NO_HEADER = re.compile(b"[\\x00\\r\\n]")

logging.getLogger("python_multipart").setLevel(logging.ERROR)


@dataclass
class PostForm:
    """The fields before the file, and what the file part says about itself."""

    fields: dict[str, str] = field(default_factory=dict)
    """Values by lower-case name, in the order in which they were sent."""
    filename: str | None = None
    content_type: str | None = None
    """The file part's own Content-Type."""


def parse_boundary(content_type: str) -> bytes:
    """Returns the boundary in a request's Content-Type. Raises OssError."""
    kind, options = parse_options_header(content_type)
    if kind.lower() != b"multipart/form-data":
        raise OssError(
            400,
            "RequestIsNotMultiPartContent",
            "Bucket POST must be of the enclosure-type multipart/form-data.",
        )
    if not options.get(b"boundary"):
        raise malformed_form(MALFORMED_PART)
    return options[b"boundary"]


def wrong_number_of_files(ec: str | None = None) -> OssError:
    """Makes a 400 for a form with no file, or with several (whose EC is not known)."""
    return OssError(
        400, "IncorrectNumberOfFilesInPOSTRequest", "POST requires exactly one file upload per request.", ec
    )


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
                    "on_part_begin": self._begin_part,
                    "on_header_field": self._append_header_name,
                    "on_header_value": self._append_header_value,
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._end_headers,
                    "on_part_data": self._append_data,
                    "on_part_end": self._end_part,
                    "on_end": self._end_body,
                },
                max_header_size=MAX_PART_HEADER,
            )
        except FormParserError:
            raise malformed_form(MALFORMED_PART) from None

    def feed(self, chunk: bytes) -> None:
        """Reads a piece of the body. Raises OssError, and what `write` raises."""
        try:
            self._parser.write(chunk)
        except FormParserError:
            raise malformed_form() from None

    def close(self) -> PostForm:
        """Returns the form, once the body has ended. Raises OssError if it ended too soon or had no file."""
        if not self._ended:
            raise malformed_form()
        if not self._has_file:
            raise wrong_number_of_files("0006-00000107")
        return self.form

    def _begin_part(self) -> None:
        self._headers = {}
        self._field_name = None

    def _append_header_name(self, chunk: bytes, start: int, end: int) -> None:
        self._header_name += chunk[start:end]

    def _append_header_value(self, chunk: bytes, start: int, end: int) -> None:
        self._header_value += chunk[start:end]

    def _end_header(self) -> None:
        name = self._header_name.lower()
        if name in self._headers or NO_HEADER.search(self._header_value):
            raise malformed_form(MALFORMED_PART)
        self._headers[name] = self._header_value
        self._header_name = self._header_value = b""

    def _end_headers(self) -> None:
        kind, options = parse_header(self._headers.get(b"content-disposition"))
        if kind.lower() != b"form-data" or b"name" not in options:
            raise malformed_form(MALFORMED_PART)
        name = options[b"name"]
        if len(name) > MAX_NAME:
            raise OssError(400, "FieldItemTooLong", "Your name of form field is too long.", "0006-00000110")
        self._name_part(_decode(name).lower(), options.get(b"filename"))

    def _name_part(self, name: str, filename: bytes | None) -> None:
        self._field_name = name
        if name == "file" and self._has_file:
            raise wrong_number_of_files()
        if name == "file":
            self._has_file = True
            self.form.filename = None if filename is None else _decode(filename)
            content_type = self._headers.get(b"content-type")
            self.form.content_type = _decode(content_type) if content_type else None
        elif not self._has_file:
            self._count_bytes(len(name.encode()))

    def _append_data(self, chunk: bytes, start: int, end: int) -> None:
        if not self._has_file:
            self._count_bytes(end - start)
            self._value += chunk[start:end]
        elif self._field_name == "file":
            self._write(memoryview(chunk)[start:end])

    def _end_part(self) -> None:
        name, value = self._field_name, _decode(bytes(self._value))
        self._value.clear()
        if self._has_file or name is None:
            return  # the file itself, or a part after it, which is ignored
        if name in self.form.fields:
            # How OSS handles a repeated name is not documented; refusing it is our choice.
            raise invalid_argument("The bucket POST contains a field name twice.", name, value)
        self.form.fields[name] = value

    def _count_bytes(self, size: int) -> None:
        self._fields_size += size
        if self._fields_size > MAX_FIELDS:
            raise OssError(
                400,
                "MaxPOSTPreDataLengthExceededError",
                "Your POST request fields preceding the upload file were too large.",
                "0006-00000112",
            )

    def _end_body(self) -> None:
        self._ended = True


def _decode(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise malformed_form() from None
