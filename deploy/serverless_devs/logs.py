"""What Serverless Devs writes down of a run: `~/.s/logs`, in which the vendor's components put every setting in clear.

Each run has a folder of a name that is known beforehand, for its owner alone; at the end no secret is left in it.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone

from deploy.serverless_devs.components import root

SECRET = ("JWT_SECRET", "CALLBACK_SECRET", "MULTIPART_SECRET", "WEBHOOK_URL", "WEBHOOK_SECRET")
"""Settings that are neither printed nor logged."""

FOR_ITS_OWNER = 0o077
"""The umask of a run."""

_ASSIGNED = re.compile(
    rf"""
    \b({"|".join(SECRET)})(\\?["']?\s*[:=]\s*)
    (?: \\"(?: \\\\(?:\\.|[^\\"]) | \\[^\\"] | [^\\"] )*\\"  # JSON in a text of JSON
      | "(?: \\. | [^\\"] )*"
      | '(?: \\. | '' | [^\\'] )*'
      | [^\s,}}]+ )
    """,
    re.VERBOSE | re.DOTALL,
)


def hiding(settings: Mapping[str, str]) -> Callable[[str], str]:
    """Returns what takes the secrets out of a text: those of `settings`, and others that stand by their names."""
    spelt = {form for name in SECRET if settings.get(name) for form in _forms(settings[name])}
    values = sorted(spelt, key=len, reverse=True)

    def hide(text: str) -> str:
        for value in values:
            text = text.replace(value, "(hidden)")
        return _ASSIGNED.sub(r"\1\2(hidden)", text)

    return hide


def _forms(value: str) -> Iterator[str]:
    """Yields a value, as it is and as JSON spells it."""
    yield value
    for ascii_alone in (True, False):
        yield json.dumps(value, ensure_ascii=ascii_alone)[1:-1]


@contextmanager
def without_secrets(environ: Mapping[str, str], hide: Callable[[str], str]) -> Iterator[dict[str, str]]:
    """Yields the environment for one run of `s`; at the end `hide` has gone over what it has logged."""
    run = f"{datetime.now(timezone.utc):%m%d%H%M%S}-{secrets.token_hex(4)}"
    try:
        yield {**environ, "serverless_devs_traceid": run}
    finally:
        for file in (root(environ) / "logs" / run).rglob("*"):
            if file.is_file():
                text = file.read_text(encoding="utf-8", errors="replace")
                file.write_text(hide(text), encoding="utf-8")
