"""What a file is, by its first bytes. Pure.

The library `filetype` knows most signatures. Here is what it does not know or takes too lightly: programs, pages, and
formats that come in several shapes.
"""

from __future__ import annotations

import re

from filetype import guess

HTML = "text/html"
JAR = "application/java-archive"
OLE = "application/x-ole-storage"
"""The container of old office documents, and of new ones that have a password."""
PDF = "application/pdf"
RTF = "application/rtf"
SCRIPT = "text/x-script"
ZIP = "application/zip"

_MACH = "application/x-mach-binary"
_DOS, _WINDOWS = "application/x-dosexec", "application/vnd.microsoft.portable-executable"
_FLASH, _EXTENSION = "application/x-shockwave-flash", "application/x-google-chrome-extension"

PROGRAMS = frozenset(
    {
        *(_DOS, _WINDOWS, _MACH, SCRIPT, JAR, "application/x-executable", "application/java-vm", "application/wasm"),
        *("application/x-ms-shortcut", "application/x-deb", "application/x-rpm", _FLASH, _EXTENSION),
    }
)
"""What runs or installs something."""

WEAK = frozenset(
    {
        *("application/postscript", "application/x-compress", "audio/aac", "audio/mpeg", "image/bmp"),
        *("image/vnd.microsoft.icon", "video/mpeg"),
    }
)
"""Found by two bytes, or by some that many files have: that confirms a type, and speaks against none."""

_NAMES = {
    "application/font-sfnt": "font/ttf",
    "application/octet-stream": "application/vnd.ms-fontobject",
    "application/x-rar-compressed": "application/vnd.rar",
    "application/x-sqlite3": "application/vnd.sqlite3",
    "audio/x-aiff": "audio/aiff",
    "audio/x-flac": "audio/flac",
    "audio/x-wav": "audio/wav",
    "image/vnd.ms-photo": "image/jxr",
    "image/x-icon": "image/vnd.microsoft.icon",
}
"""Names that the library has for a type, and the type's own."""

_IGNORED = frozenset(
    {"application/font-woff", "application/x-msdownload", "video/3gpp", "video/x-m4v", _FLASH, _EXTENSION}
)
"""What the library finds by too little, or under one name for two types."""

_SIGNATURES = (
    *((magic, _MACH) for magic in (b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf")),
    (b"L\0\0\0\x01\x14\x02\0", "application/x-ms-shortcut"),
    (b"Cr24\2\0\0\0", _EXTENSION),
    (b"Cr24\3\0\0\0", _EXTENSION),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OLE),
    (b"PK\x05\x06", ZIP),
    (b"PK\x07\x08PK", ZIP),
    (b"PK00PK", ZIP),
    (b"\x1a\x45\xdf\xa3", "video/x-matroska"),
    (b"II+\0", "image/tiff"),
    (b"MM\0+", "image/tiff"),
    (b"\0\0\0\x0cJXL ", "image/jxl"),
    (b"\xff\x0a", "image/jxl"),
    (b"\0\0\0\x0cjP  ", "image/jp2"),
    (b"\xff\x4f\xff\x51", "image/jp2"),
    (b"#!AMR", "audio/amr"),
    (b"RF64", "audio/wav"),
    (b"BW64", "audio/wav"),
    (b"riff.\x91\xcf\x11", "audio/wav"),
    (b"ttcf", "font/collection"),
    (b"true\0", "font/ttf"),
    (b"wOFF", "font/woff"),
    (b"wOF2", "font/woff2"),
    (b"gimp xcf ", "image/x-xcf"),
)
"""What the library does not know, or not in every shape."""

_BRANDS = {
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"), "image/heic"),
    **dict.fromkeys((b"mif1", b"mif2", b"msf1", b"miaf", b"1pic"), "image/heif"),
    **dict.fromkeys((b"avif", b"avis"), "image/avif"),
    **dict.fromkeys((b"M4A ", b"M4B ", b"M4P "), "audio/mp4"),
    b"crx ": "image/x-canon-cr3",
    b"qt  ": "video/quicktime",
}
"""Brands of ISO's base media format. There are many others, and all are films or sounds: isom, mp42, 3gp4."""

_OLD_QUICKTIME = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
"""With what a film begins that is older than brands."""

_LOW_BYTE = re.compile(rb"[\0-\x08]")
"""Every Windows program has one in its first 64 bytes: they end with the place, below 150 MB, of what follows."""

_SCRIPT = re.compile(rb"(?:\xef\xbb\xbf)?(?:#![ \t]*/|<\?php\b)", re.IGNORECASE)
_PAGE = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--(?:(?!-->).)*-->\s*)*"
    rb"<(?:!doctype\s+(?:html|svg)|html|head|body|script|iframe|svg)[\s>]",
    re.IGNORECASE | re.DOTALL,
)
_FLASH_HEADER = re.compile(rb"[CFZ]WS[\x01-\x3f].{3}[\0-\x08]", re.DOTALL)
"""With a version and a length, of less than 144 MiB. The three letters alone may begin a text."""

_PROGRAM_ENTRY = re.compile(rb"PK\x03\x04.{26}(?:META-INF/MANIFEST\.MF|AndroidManifest\.xml|classes\.dex)", re.DOTALL)
"""What an archive of Java or Android has. It need not come first: Java's own tool begins with the folder META-INF."""


def detect(head: bytes) -> str | None:
    """Returns the type of a file that begins with these bytes, or None if they have no signature that is known."""
    for find in (_find_program, _find_media, _find_by_library):
        if found := find(head):
            return found
    found = next((name for magic, name in _SIGNATURES if head.startswith(magic)), None)
    return found or (HTML if _PAGE.match(head) else None)


def _find_program(head: bytes) -> str | None:
    if head.startswith(b"MZ") and _LOW_BYTE.search(head[:64]):
        # Where the newer header is, if there is one; it may lie beyond what was read.
        place = int.from_bytes(head[60:64], "little")
        return _WINDOWS if head[place : place + 4] in (b"PE\0\0", b"") and 64 <= place < 2**16 else _DOS
    if head.startswith(b"\xca\xfe\xba\xbe"):
        # Both formats begin so. Then comes a number of architectures, or a version: that is 45 at least.
        return _MACH if int.from_bytes(head[4:8], "big") < 45 else "application/java-vm"
    if head.startswith(b"\x7fELF"):
        return "application/x-executable"
    if head.startswith(b"PK\x03\x04") and _PROGRAM_ENTRY.search(head):
        return JAR
    if _FLASH_HEADER.match(head):
        return _FLASH
    return SCRIPT if _SCRIPT.match(head) else None


def _find_media(head: bytes) -> str | None:
    """Finds what begins with a box of ISO's base media format, or with a chunk whose kind is eight bytes later."""
    if head[4:8] == b"ftyp":
        major = _BRANDS.get(head[8:12], "video/mp4")
        others = (head[place : place + 4] for place in range(16, min(len(head), int.from_bytes(head[:4], "big")), 4))
        # A picture's brand may be that of its structure alone, and its kind among those that it is compatible with.
        return next((_BRANDS[brand] for brand in others if major == "image/heif" and brand in _CODED), major)
    if head[4:8] in _OLD_QUICKTIME:
        return "video/quicktime"
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return "audio/aiff"
    return "audio/wav" if head[:4] == b"RIFX" and head[8:12] == b"WAVE" else None


_CODED = frozenset(brand for brand, name in _BRANDS.items() if name in ("image/heic", "image/avif"))


def _find_by_library(head: bytes) -> str | None:
    kind = guess(head)
    if kind is None or kind.mime in _IGNORED:
        return None
    name = str(kind.mime)
    return _NAMES.get(name, name)
