"""Whether a file's first bytes are of the type that it has. Pure.

A real file must never be accused. So types of one family count as one, only a signature is evidence, and what nobody
can tell is left open.
"""

from __future__ import annotations

from typing import NamedTuple

from upload_callback.file_type import HTML, JAR, OLE, PDF, PROGRAMS, RTF, WEAK, ZIP, detect

BYTES = "application/octet-stream"
"""The type that claims nothing."""

_OOXML = "application/vnd.openxmlformats-officedocument."
_ODF = "application/vnd.oasis.opendocument."
_MS = "application/vnd.ms-"

_ZIPS = frozenset(
    {
        *(ZIP, "application/epub+zip"),
        *(
            _OOXML + each
            for each in ("wordprocessingml.document", "spreadsheetml.sheet", "presentationml.presentation")
        ),
        *(_ODF + each for each in ("text", "spreadsheet", "presentation")),
    }
)
_OLES = frozenset({OLE, "application/msword", _MS + "excel", _MS + "powerpoint"})
_FILMS = frozenset({"video/mp4", "video/quicktime", "audio/mp4", "video/mj2"})
_PICTURES = frozenset({"image/heic", "image/heif", "image/avif"})
_MATROSKA = frozenset({"video/x-matroska", "video/webm"})
_JPEG_2000 = frozenset({"image/jp2", "image/jpx"})
_FONTS = frozenset({"font/ttf", "font/collection"})

ALWAYS = {
    **{
        name: frozenset({name})
        for name in (
            *("image/jpeg", "image/gif", "image/webp", "image/jxl", "image/vnd.adobe.photoshop", "image/x-xcf", PDF),
            *("application/gzip", "application/x-bzip2", "application/x-xz", "application/zstd", "application/vnd.rar"),
            *("application/x-7z-compressed", "font/woff", "font/woff2"),
        )
    },
    **dict.fromkeys(("image/png", "image/apng"), frozenset({"image/png", "image/apng"})),
    **dict.fromkeys(_PICTURES, _PICTURES),
    "image/tiff": frozenset({"image/tiff", "image/x-canon-cr2"}),
    ZIP: _ZIPS | {JAR},
    **dict.fromkeys(
        (
            *(_OOXML + f"wordprocessingml.{each}" for each in ("document", "template")),
            *(_OOXML + f"spreadsheetml.{each}" for each in ("sheet", "template")),
            *(_OOXML + f"presentationml.{each}" for each in ("presentation", "template", "slideshow")),
            _MS + "visio.drawing",
        ),
        _ZIPS | {OLE},
    ),
    **dict.fromkeys(
        (
            *(_ODF + each for each in ("text", "spreadsheet", "presentation", "graphics", "formula", "chart")),
            *(_ODF + f"{each}-template" for each in ("text", "spreadsheet", "presentation")),
            *("application/epub+zip", "application/oxps", _MS + "xpsdocument", "application/ofd"),
            *("application/vnd.google-earth.kmz", "model/3mf", "model/vnd.usdz+zip"),
        ),
        _ZIPS,
    ),
    **dict.fromkeys(("video/x-matroska", "video/webm", "audio/x-matroska", "audio/webm"), _MATROSKA),
    **dict.fromkeys(("audio/ogg", "audio/opus", "audio/speex", "video/ogg"), frozenset({"audio/ogg"})),
    **dict.fromkeys(("font/ttf", "font/otf", "font/collection"), _FONTS),
}
"""Types whose files all begin with a signature, and what such a file is found to be."""

USUALLY = {
    **{
        name: frozenset({name})
        for name in (
            *("image/bmp", "audio/mpeg", "audio/wav", "audio/aiff", "audio/amr"),
            *("video/mpeg", "video/x-msvideo", "video/x-flv", "application/x-tar", "application/vnd.sqlite3", RTF),
        )
    },
    **dict.fromkeys(
        (
            *("video/mp4", "video/quicktime", "video/3gpp", "video/3gpp2", "video/x-f4v"),
            *("audio/mp4", "audio/3gpp"),
        ),
        _FILMS,
    ),
    **dict.fromkeys(("image/jp2", "image/jpx"), _JPEG_2000),
    **dict.fromkeys(("video/x-ms-wmv", "video/x-ms-asf", "audio/x-ms-wma"), frozenset({"video/x-ms-wmv"})),
    "image/vnd.microsoft.icon": frozenset({"image/vnd.microsoft.icon", "image/png"}),
    "audio/aac": frozenset({"audio/aac", *_FILMS}),
    "audio/flac": frozenset({"audio/flac", "audio/mpeg"}),  # a tag may stand before it
    # Office opens them whatever they are, so people rename one for the other.
    **dict.fromkeys(("application/msword", _MS + "excel", _MS + "powerpoint"), _OLES | _ZIPS | {RTF}),
}
"""The same for types whose files may also begin otherwise: bytes without a signature say nothing then."""

TEXTS = frozenset(
    {
        *("application/json", "application/yaml", "application/toml", "application/x-ndjson", "application/geo+json"),
        *("application/ld+json", "application/x-ipynb+json", "application/sql", "application/x-subrip"),
        *("application/x-lrc", "application/mbox", "model/gltf+json"),
    }
)
"""Types of text besides text/…: none of them has a signature."""

_NOT_TEXT = frozenset({"text/x-microdvd"})
"""Subtitles as pictures have the same extension."""

_MAY_BE_A_PAGE = frozenset({"text/plain", "text/markdown", BYTES})

_CONTROLS = bytes(each for each in range(32) if each not in b"\t\n\v\f\r\x1a\x1b")
"""What no text has, whatever its encoding, except in UTF-16. DOS's end of file and a terminal's escape may occur."""

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class Contents(NamedTuple):
    """What the first bytes of a file say."""

    detected_type: str | None
    """What the file is; None if it has no signature that is known."""
    type_matches: bool | None
    """Whether that fits its type; None if nobody can tell."""

    def to_json(self) -> dict[str, object]:
        """Returns what is known, as members of a stored fact."""
        members = {"detected_type": self.detected_type, "type_matches": self.type_matches}
        return {name: value for name, value in members.items() if value is not None}


def compare(content_type: str, head: bytes, *, is_encoded: bool = False) -> Contents:
    """Compares a type with the first bytes of a file.

    What browsers get of a file that `is_encoded` are other bytes than these, so nothing shows that it is of its type.
    """
    detected = detect(head)
    if content_type == PDF and detected is None and b"%PDF-" in head[:1024]:
        detected = PDF  # readers take it that far from the beginning, too
    accepted = ALWAYS.get(content_type) or USUALLY.get(content_type) or frozenset()
    if not is_encoded and (detected in accepted or detected == content_type):
        return Contents(detected, type_matches=True)
    if detected in WEAK:
        detected = None
    is_mismatch = content_type != BYTES and bool(head) and (is_encoded or _is_mismatch(content_type, head, detected))
    return Contents(detected, type_matches=False if is_mismatch else None)


def _is_mismatch(content_type: str, head: bytes, detected: str | None) -> bool:
    """Returns whether a file that is not found to be of its type cannot be of it."""
    if content_type in ALWAYS or detected in PROGRAMS:
        return True
    if detected == HTML:
        return content_type not in _MAY_BE_A_PAGE
    if is_text(content_type) and len(head.translate(None, _CONTROLS)) == len(head):
        return detected in (PDF, RTF)  # their signatures are text, too
    if is_text(content_type) and head.startswith(_UTF_16):
        return False
    return detected is not None and (is_text(content_type) or content_type in USUALLY)


def is_text(content_type: str) -> bool:
    """Returns whether files of a type are text."""
    return content_type in TEXTS or (content_type.startswith("text/") and content_type not in _NOT_TEXT)
