"""What fc3 sends to Function Compute: it packs each function into a file, and keeps those that it did not send."""

from __future__ import annotations

import re
from collections.abc import Mapping

from deploy.names import DEFAULT_NAME, DEFAULT_REGION
from deploy.serverless_devs.components import root


def delete_packages(environ: Mapping[str, str]) -> None:
    """Deletes the packed functions of this deployment; those of other deployments and projects stay."""
    region, name = environ.get("REGION") or DEFAULT_REGION, environ.get("NAME") or DEFAULT_NAME
    own = re.compile(rf"{re.escape(f'{region}_{name}')}-(sign|callback)_[0-9]+\.zip")
    for file in (root(environ) / ".s" / "fc" / "zip").glob("*.zip"):
        if own.fullmatch(file.name):
            file.unlink(missing_ok=True)
