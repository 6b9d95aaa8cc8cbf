"""The headers of an object that both functions know. Pure."""

from __future__ import annotations

FILENAME = "x-oss-meta-filename"
"""The file's name, percent-encoded, which OSS keeps with the object."""

CRC64 = "x-oss-hash-crc64ecma"
"""The CRC-64 of the object's bytes (ECMA-182), in decimal, if OSS names it."""


def attachment(name: str) -> str:
    """Returns the Content-Disposition with which browsers save an object under this name, and never show it.

    The name is percent-encoded: whatever it is, RFC 8187 leaves only letters, digits and a few signs of it.
    """
    return f"attachment; filename*=UTF-8''{name}"
