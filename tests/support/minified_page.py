"""The page as a deployment publishes it, but for the addresses that it may talk to."""

from __future__ import annotations

from pathlib import Path

from deploy.site.files import read_contents
from deploy.site.minifier import minify

WEB = Path(__file__).parents[2] / "web"


def write(folder: Path) -> Path:
    """Writes it into a folder, and returns that."""
    for name, content in minify(WEB, read_contents(WEB)).contents.items():
        (folder / name).write_bytes(content)
    return folder
