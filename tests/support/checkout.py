"""Provides the checkout as it is before its owner has put anything into it: no test depends on what they have there."""

from __future__ import annotations

import os
from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from localcloud.dev.cloud import ROOT

OWNERS = (".env", "profiles.json")
"""What commands read there."""

_OWNERS_PATHS = {str(ROOT / name) for name in OWNERS}

COMMANDS = {"deploy", "localcloud.dev", "localcloud.dev.invoke"}
"""The modules whose processes read it."""


def untouched_checkout() -> Path:
    """Returns a folder in which commands find all that the checkout has, except what its owner has put there."""
    return Path(_folder().name)


@cache
def _folder() -> TemporaryDirectory[str]:
    folder = TemporaryDirectory(prefix="checkout-")
    for path in ROOT.iterdir():
        if path.name not in OWNERS:
            (Path(folder.name) / path.name).symlink_to(path)
    return folder


def refuse_owners_files(event: str, arguments: tuple[Any, ...]) -> None:
    """Raises AssertionError where a test reads the owner's files, or starts a command that would. An audit hook."""
    if event == "open" and not isinstance(arguments[0], int):
        # A relative path may be one in another folder, which os.open() is given as `dir_fd`.
        path = os.fsdecode(arguments[0])
        assert path not in _OWNERS_PATHS, path
    elif event == "subprocess.Popen":
        _, command, folder, _ = arguments
        modules = {word for before, word in pairwise(command) if before == "-m"}
        assert folder is None or Path(os.fsdecode(folder)) != ROOT or COMMANDS.isdisjoint(modules), command
