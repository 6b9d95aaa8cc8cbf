"""The page as a deployment publishes it, except for the addresses that it may talk to, with the npm package's modules."""

from __future__ import annotations

from pathlib import Path

from deploy.site.files import read_contents
from deploy.site.minifier import minify
from support import npm_package


def write(folder: Path) -> Path:
    """Writes it into a folder, and returns that."""
    web = npm_package.unpack() / "web"
    for name, content in minify(web, read_contents(web)).contents.items():
        (folder / name).write_bytes(content)
    return folder
