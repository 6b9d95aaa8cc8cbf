"""The environment of whoever deploys: his own variables, over those of the file .env."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path


def environment(environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """`environ` over what the file .env in `folder` sets, as Serverless Devs reads it."""
    file = folder / ".env"
    return {**(dotenv(file.read_text(encoding="utf-8")) if file.is_file() else {}), **environ}


def dotenv(text: str) -> dict[str, str]:
    """The variables of a .env file: NAME=value a line, perhaps in quotes; `#` begins a comment."""
    found = {}
    for line in text.splitlines():
        match = re.fullmatch(r"\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*?)\s*", line)
        if match:
            name, value = match.groups()
            quoted = re.match(r"(['\"`])(.*?)\1", value)
            found[name] = quoted[2] if quoted else re.sub(r"(^|\s+)#.*", "", value)
    return found
