"""A Chromium for the browser tests. Run as a program it prints where one is, or says what to install."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""The shell first: it draws no window of its own around each page, and so needs a third of the others' time."""

APPLICATIONS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)

HELP = "No Chromium is here. On Debian: apt-get install chromium-headless-shell. Elsewhere: python -m playwright install chromium."


def find() -> str:
    """Returns the program's path: CHROMIUM's, else one on the machine, else Playwright's own. Raises RuntimeError."""
    on_path = (shutil.which(name) for name in NAMES)
    for path in (os.environ.get("CHROMIUM"), *on_path, *APPLICATIONS):
        if path and Path(path).exists():
            return path
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - takes longer to import than the rest to run

    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    if not Path(own).exists():
        raise RuntimeError(HELP)
    return own


if __name__ == "__main__":
    try:
        sys.stdout.write(find() + "\n")
    except RuntimeError as fault:
        sys.exit(str(fault))
