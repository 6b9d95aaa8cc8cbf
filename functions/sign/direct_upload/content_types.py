"""The content types that may be uploaded, each with the extension its objects get."""

from __future__ import annotations

import re

DEFAULT = {
    "application/octet-stream": "bin",  # what a browser's empty type becomes
    "application/pdf": "pdf",
    "application/zip": "zip",
    "application/x-zip-compressed": "zip",  # what Windows says
    "application/gzip": "gz",
    "application/x-7z-compressed": "7z",
    "application/json": "json",
    "application/rtf": "rtf",
    "application/msword": "doc",
    "application/vnd.ms-excel": "xls",  # what Windows says of .csv, too
    "application/vnd.ms-powerpoint": "ppt",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.oasis.opendocument.presentation": "odp",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
    "application/vnd.oasis.opendocument.text": "odt",
    "audio/aac": "aac",
    "audio/flac": "flac",
    "audio/mp4": "m4a",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "audio/wav": "wav",
    "audio/webm": "weba",
    "audio/x-m4a": "m4a",
    "image/avif": "avif",
    "image/bmp": "bmp",
    "image/gif": "gif",
    "image/heic": "heic",
    "image/heif": "heif",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/tiff": "tiff",
    "image/webp": "webp",
    "text/csv": "csv",
    "text/markdown": "md",
    "text/plain": "txt",
    "video/mp4": "mp4",
    "video/mpeg": "mpeg",
    "video/ogg": "ogv",
    "video/quicktime": "mov",
    "video/webm": "webm",
    "video/x-matroska": "mkv",
    "video/x-msvideo": "avi",
}
"""Inert types only: a browser runs nothing in them."""

_TYPE = re.compile(r"[a-z0-9][a-z0-9!#&^_.+-]{0,126}/[a-z0-9][a-z0-9!#&^_.+-]{0,126}")
_EXTENSION = re.compile(r"[a-z0-9]{1,16}")
_RUNS_IN_A_BROWSER = re.compile(
    r".*(html|xml|svg|script|shockwave|mathml|xsl|rdf).*|.*/(x-php|hta)|multipart/.*|message/.*"
)
_RUNS_WHEN_OPENED = re.compile(
    r"[mx]?html?|xht(ml)?|svgz?|xml|xslt?|m?js|jse?|vbs?e?|hta|swf|php\d?|exe|com|bat|cmd|scr|jar"
)
_HARMLESS_XML = re.compile(r"application/vnd\.openxmlformats-officedocument\.[a-z.]+")


def parse(text: str) -> dict[str, str]:
    """Types from a list such as `image/png, image/heic, model/stl=stl`.

    The extension may be left out where DEFAULT knows it. Raises ValueError that names the entry at fault.
    """
    types = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        name, _, extension = (part.strip().lower() for part in entry.partition("="))
        extension = extension or DEFAULT.get(name, "")
        _check(entry, name, extension)
        types[name] = extension
    if not types:
        raise ValueError("names no type")
    return types


def _check(entry: str, name: str, extension: str) -> None:
    if not _TYPE.fullmatch(name):
        raise ValueError(f"{entry!r} is not a content type")
    if _RUNS_IN_A_BROWSER.fullmatch(name) and not _HARMLESS_XML.fullmatch(name):
        raise ValueError(f"{name} can run scripts in the browser of whoever opens the file")
    if not _EXTENSION.fullmatch(extension):
        raise ValueError(f"{entry!r} needs an extension of letters and digits, as in {name}=ext")
    if _RUNS_WHEN_OPENED.fullmatch(extension):
        raise ValueError(f"{entry!r} would store files that can run code when they are opened")
