"""What a run of Serverless Devs leaves on this machine, and what it prints.

The vendor's components log every setting in clear, a security token, and the private key of a certificate. `s` logs
into `logs/<serverless_devs_traceid>` below its home. So a run has a name that is known beforehand, and a folder for its
owner alone, which is deleted at the end. They print values as they were before a change, too.
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone

from deploy.serverless_devs.components import root

SECRET = (
    *("JWT_SECRET", "CALLBACK_SECRET", "MULTIPART_SECRET", "WEBHOOK_URL", "WEBHOOK_SECRET"),
    *("ALERT_URL", "AlertUrl"),
)
"""Settings that are neither printed nor logged, and what s.yaml makes of the last one."""

FOR_ITS_OWNER = 0o077
"""The umask of a run."""

TALKATIVE = ("DEBUG", "NODE_DEBUG")
"""Variables with which secrets are printed, and with DEBUG=true sent over http. Set to nothing they win over .env."""

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
_LINE = re.compile(rf"(?m)^(\s*(?:[~+-]\s+)?(?:{'|'.join(SECRET)}):[ \t]).+$")
"""A line of a comparison. Nothing is quoted in it: `JWT_SECRET: the old one => the new one`."""


def hiding(settings: Mapping[str, str]) -> Callable[[str], str]:
    """Returns what takes the secrets out of a text: those of `settings`, and others that stand by their names."""
    spelt = {form for name in SECRET if settings.get(name) for form in _forms(settings[name])}
    values = sorted(spelt, key=len, reverse=True)

    def hide(text: str) -> str:
        for value in values:
            text = text.replace(value, "(hidden)")
        return _LINE.sub(r"\1(hidden)", _ASSIGNED.sub(r"\1\2(hidden)", text))

    return hide


def _forms(value: str) -> Iterator[str]:
    """Yields a value, as it is and as JSON spells it."""
    yield value
    for ascii_alone in (True, False):
        yield json.dumps(value, ensure_ascii=ascii_alone)[1:-1]


@contextmanager
def own_logs(environ: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Yields the environment for one run of `s`; what it has logged is deleted at the end, whatever the end is."""
    run = f"{datetime.now(timezone.utc):%m%d%H%M%S}-{secrets.token_hex(4)}"
    folder = root(environ) / "logs" / run
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700)
    try:
        yield {**environ, **dict.fromkeys(TALKATIVE, ""), "serverless_devs_traceid": run}
    finally:
        shutil.rmtree(folder)
