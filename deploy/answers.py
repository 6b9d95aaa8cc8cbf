"""What a service's answer is called where it did not do, or show, what it was asked for."""

from __future__ import annotations

import re

NO_ANSWER = "no answer"
UNREADABLE = "what cannot be read"
OTHER_REGION = "another region"
"""Stand for a service's code where there is none."""


def plain_code(code: object) -> str:
    """Returns a service's code, fit for a terminal."""
    return str(code) if re.fullmatch(r"[A-Za-z0-9._ -]{1,80}", str(code)) else "an answer without a code"
