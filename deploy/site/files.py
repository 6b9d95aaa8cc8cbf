"""The page as it is published: the files of a folder, its configuration, and the headers that each gets."""

from __future__ import annotations

import hashlib
import json
import mimetypes
import os
import re
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from deploy.addresses import is_safe
from deploy.private_files import why_private
from deploy.site.minifier import MinifiedPage, minify

INDEX = "index.html"
CONFIG = "config.json"
LOOK = ("title", "logo", "accent", "footer", "profile")
"""Members of the page's configuration that its owner sets: how it looks, and the profile that it uploads by."""

AT_MOST = 20
"""An error names no more than so many of the files that must not be published."""

PLACEHOLDER = "https://function.invalid https://upload.invalid"
"""What stands in the page's Content-Security-Policy for the addresses it may talk to."""

PACKAGE_ALONE = frozenset({"LICENSE", "README.md", "package.js", "package.json", "tsconfig.json"})
"""Files of the page's folder that only its npm package needs."""

CACHE_CONTROL = "no-cache"
"""Of files whose names do not say which version they are: browsers ask each time, and mostly hear that none changed."""

VERSION_CACHE_CONTROL = "public, max-age=31536000, immutable"
"""Of files that have their content's hash in their name."""

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "application/javascript",
    ".json": "application/json",
    ".map": "application/json",
    ".mjs": "application/javascript",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
"""OSS compresses text/html, text/css, application/javascript and application/json among others, from 1 KB on, but not
text/javascript, nor what has a Content-Encoding (https://www.alibabacloud.com/help/faq-detail/39645.html)."""

_KNOWN = mimetypes.MimeTypes()
"""Python's own table: the machine's differs from one machine to the next."""


@dataclass(frozen=True)
class SiteFile:
    """One object of the site."""

    key: str
    content: bytes = field(repr=False)
    content_type: str
    cache_control: str = CACHE_CONTROL

    @property
    def md5(self) -> str:
        """Returns the MD5 in lower-case hexadecimal digits. OSS makes it the ETag of an object that is put."""
        return hashlib.md5(self.content, usedforsecurity=False).hexdigest()

    @property
    def mark(self) -> str:
        """Returns a text that changes whenever the object does."""
        return f"{self.md5} {self.content_type} {self.cache_control}"


def site_files(folder: Path, function: str, upload: str, look: Mapping[str, str]) -> list[SiteFile]:
    """Returns what belongs in the bucket, the index last, since it uses the rest.

    `function` is the URL of the function, `upload` the one that files are posted to. Hidden files are not published,
    nor are `types.d.ts`, `package.json` and other files that no browser loads. Raises ValueError with what is wrong.
    """
    if not (folder / INDEX).is_file():
        raise ValueError(f"There is no {INDEX} in {folder}")
    origins = f"{origin('function', function)} {origin('upload', upload)}"
    page = minify(folder, read_contents(folder))
    contents = page.contents
    if PLACEHOLDER.encode() not in contents[INDEX]:
        raise ValueError(
            f"{INDEX} must have {PLACEHOLDER} in its Content-Security-Policy, for the addresses to go there"
        )
    contents[INDEX] = contents[INDEX].replace(PLACEHOLDER.encode(), origins.encode())
    check_look(look, contents.keys())
    configuration = {"function": function.rstrip("/"), **{name: look[name] for name in LOOK if look.get(name)}}
    contents[CONFIG] = (json.dumps(configuration, ensure_ascii=False, indent=4) + "\n").encode()
    order = sorted(contents, key=lambda key: (key == INDEX, key))
    return [SiteFile(key, contents[key], content_type(key), _cache_control(key, page)) for key in order]


def is_version(key: str) -> bool:
    """Returns whether a file has a hash in its name: one of an earlier deployment may still be there."""
    return bool(re.search(r"-[0-9A-Z]{8}\.(css|js)(\.map)?$", key))


def _cache_control(key: str, page: MinifiedPage) -> str:
    return VERSION_CACHE_CONTROL if key in page.made else CACHE_CONTROL


def read_contents(folder: Path) -> dict[str, bytes]:
    """Returns what is published of a folder, by its name. Raises ValueError if one must not be published."""
    contents, faults = {}, []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.is_symlink() and not (path.is_file() and _leads_into(folder, path)):
            faults.append(f"{name} is a link that leads elsewhere")
        elif path.is_file():
            content = path.read_bytes()
            # why_private() lets certificates pass, because packages contain some. A page needs none.
            why = ["is a certificate or a key"] if path.suffix.lower() == ".pem" else []
            faults += [f"{name} {each}" for each in why + why_private(name.as_posix(), content)]
            if not _is_left_out(name):
                contents[name.as_posix()] = content
    if faults:
        raise ValueError(
            "\n".join([f"These files are not for everybody. Move them out of {folder}:", *faults[:AT_MOST]])
        )
    return contents


def _leads_into(folder: Path, link: Path) -> bool:
    return Path(os.path.realpath(link)).is_relative_to(os.path.realpath(folder))


def _is_left_out(name: Path) -> bool:
    is_hidden = any(part.startswith(".") for part in name.parts)
    return is_hidden or name.name.endswith(".d.ts") or name.as_posix() in PACKAGE_ALONE


def check_look(look: Mapping[str, str], keys: Container[str]) -> None:
    """Raises ValueError if the page could not show what is asked for."""
    logo, accent = look.get("logo", ""), look.get("accent", "")
    if logo and not logo.startswith("data:image/") and logo not in keys:
        raise ValueError(f"PAGE_LOGO must be a file in the page's folder, or a data: address, not {logo!r}")
    if accent and not re.fullmatch("#[0-9A-Fa-f]{6}", accent):
        raise ValueError(f"PAGE_ACCENT must be a colour as #rrggbb, not {accent!r}")


def origin(name: str, url: str) -> str:
    """Returns `https://host` of a URL, as a Content-Security-Policy has it. Raises ValueError."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        host = "" if "@" in parts.netloc else host
    except ValueError:
        host = ""
    if not re.fullmatch(r"[a-z0-9.-]+", host) or not is_safe(url):
        shown = "one with a user's name or password in it" if "@" in url else repr(url)
        raise ValueError(f"{name} must be an address that begins with https://, not {shown}")
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "")


def content_type(key: str) -> str:
    """Returns the type that the extension of a name stands for."""
    suffix = Path(key).suffix.lower()
    return _TYPES.get(suffix) or _KNOWN.guess_type(f"a{suffix}")[0] or "application/octet-stream"
