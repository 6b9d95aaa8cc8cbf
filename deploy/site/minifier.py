"""What browsers load of the page, with fewer bytes and in fewer files, by esbuild (minify.mjs).

Each file that is made has its content's hash in its name. So browsers may keep it, and a page that was opened before a
deployment never mixes its modules with the next one's.
"""

from __future__ import annotations

import json
import os
import posixpath
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[2]
ESBUILD = PROJECT / "node_modules" / "esbuild"
SCRIPT = Path(__file__).with_name("minify.mjs")

_LOADED = re.compile(rb'<(script type="module" src|link rel="stylesheet" href)="([^"?#]+)">(?:</script>)?')
"""What a page of HTML loads at once."""


@dataclass(frozen=True)
class MinifiedPage:
    """The files of a page, by their names."""

    contents: dict[str, bytes]
    made: frozenset[str]
    """The names of those that were made. The others are as they lie there, but for a few addresses in HTML, and the
    blanks in JSON that the modules load."""


def minify(folder: Path, contents: Mapping[str, bytes]) -> MinifiedPage:
    """Returns a page with the modules and style sheets minified that its HTML loads. Raises ValueError.

    `contents` are the files of `folder` that are published. All that neither HTML nor a module loads stays as it is.
    """
    pages = {name: html for name, html in contents.items() if name.endswith(".html")}
    entries = sorted({name for page, html in pages.items() for name in _loaded_names(page, html) if name in contents})
    if not entries:
        return MinifiedPage(dict(contents), frozenset())
    answer = _run_esbuild(folder, entries)
    if unpublished := sorted(set(answer["sources"]) - contents.keys()):
        raise ValueError(
            f"The page imports {', '.join(unpublished)}, which is not among the files that are published: everybody "
            "could read it then. Copy what may be read into the page's folder, under a name without a dot before it"
        )
    made = {name: text.encode() for name, text in answer["files"].items()}
    for page, html in pages.items():
        pages[page] = _replace_addresses(page, html, answer["loads"])
    others = {name: text for name, text in {**contents, **pages}.items() if name not in answer["sources"]}
    if _mention(others, answer["sources"]):
        others = {**contents, **pages}
    scripts = b"".join(made.values())
    texts = {name: _compact_json(text) for name, text in others.items() if f'"./{name}"'.encode() in scripts}
    return MinifiedPage({**others, **texts, **made}, frozenset(made))


def _compact_json(text: bytes) -> bytes:
    """Returns JSON in as few bytes as it takes, and anything else as it is."""
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":")).encode()
    except ValueError:
        return text


def _loaded_names(page: str, html: bytes) -> list[str]:
    return [_resolve(page, address.decode()) for _, address in _LOADED.findall(html)]


def _resolve(page: str, address: str) -> str:
    """Returns the name of the file that an address in a page stands for."""
    return posixpath.normpath(posixpath.join("/", posixpath.dirname(page), address)).lstrip("/")


def _replace_addresses(page: str, html: bytes, loads: Mapping[str, list[str]]) -> bytes:
    """Returns HTML that loads what was made, and at the same time what that imports."""

    def replace(match: re.Match[bytes]) -> bytes:
        old = match[2].decode()
        new, *imported = loads.get(_resolve(page, old), [""])
        if not new:
            return match[0]
        preloads = "".join(f'<link rel="modulepreload" href="{address(each, old)}">' for each in imported)
        return preloads.encode() + match[0].replace(match[2], address(new, old).encode())

    def address(name: str, old: str) -> str:
        return f"/{name}" if old.startswith("/") else posixpath.relpath(name, posixpath.dirname(page) or ".")

    return _LOADED.sub(replace, html)


def _mention(others: Mapping[str, bytes], sources: Iterable[str]) -> bool:
    """Tells whether HTML or a script, perhaps of the owner's own, loads a module in another way."""
    texts = [text for name, text in others.items() if name.endswith((".html", ".js", ".mjs"))]
    names = [posixpath.basename(name).encode() for name in sources]
    return any(name in text for text in texts for name in names)


def _run_esbuild(folder: Path, entries: list[str]) -> dict[str, Any]:
    """Returns what minify.mjs makes. No credential gets to it. Raises ValueError with what is wrong."""
    node = shutil.which("node")
    if node is None or not ESBUILD.is_dir():
        raise ValueError(
            "The page is made smaller with Node.js and esbuild, which are missing. To install both: make build"
        )
    done = subprocess.run(  # noqa: S603 - files of the page, by name
        [node, str(SCRIPT), str(folder), *entries],
        env={"PATH": os.environ.get("PATH", "")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        raise ValueError(f"The page cannot be minified: {done.stderr.strip()}")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
