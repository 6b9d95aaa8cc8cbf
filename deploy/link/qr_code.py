"""A link as a QR code: in the terminal, and as a PNG that its owner alone may read."""

from __future__ import annotations

import io
import os
from pathlib import Path

import segno

from deploy.files.safe_path import safe_path

LARGEST = 2953
"""Characters of a link that the largest code holds, at the lowest level of error correction (ISO/IEC 18004)."""

SCALE = 8
"""Pixels of a module in the PNG."""


class QrCode:
    """One link's code."""

    def __init__(self, link: str) -> None:
        """Raises ValueError if the link is too long for a code."""
        try:
            self._code = segno.make_qr(link, error="l")
        except segno.DataOverflowError:
            raise ValueError(
                f"The link has {len(link):,} characters, and a QR code holds {LARGEST:,}: shorten --note or --title"
            ) from None

    @property
    def columns(self) -> int:
        """Returns how wide the terminal must be."""
        return int(self._code.symbol_size()[0])

    def terminal_text(self) -> str:
        """Returns lines of half blocks: what is light in the code has the colour of the terminal's text."""
        out = io.StringIO()
        self._code.terminal(out, compact=True)
        return out.getvalue()

    def write_png(self, path: Path) -> None:
        """Creates the file, for its owner alone. Raises FileExistsError, OSError."""
        out = io.BytesIO()
        self._code.save(out, kind="png", scale=SCALE)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(out.getvalue())


def png_paths(names: list[str], folder: Path) -> list[Path]:
    """Returns where each one's PNG goes. Raises ValueError if something is there already, or two would be one file."""
    paths = [folder / f"{safe_path(name.replace('/', '_').replace(chr(92), '_'))}.png" for name in names]
    used: dict[str, str] = {}
    for name, path in zip(names, paths, strict=True):
        key = path.name.casefold()
        if key in used:
            raise ValueError(f"The QR codes of {used[key]!r} and {name!r} would be one file, {path.name}: rename one")
        if os.path.lexists(path):
            raise ValueError(f"{path} is there already: move it away, or delete it")
        used[key] = name
    return paths
