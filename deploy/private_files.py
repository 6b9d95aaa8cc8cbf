"""What is nobody else's: settings, keys and editors' copies, by their names and by what they hold."""

from __future__ import annotations

import fnmatch
import re

_NAMES = {
    "settings or keys": (
        *(".env", ".env.*", "*.env", "*.env.*", ".netrc", ".npmrc", ".htpasswd", ".git"),
        *("*.key", "*.p12", "*.pfx", "*.ppk", "*.jks", "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*"),
    ),
    "an editor's copy": ("*~", "*.bak", "*.swp", "*.swo", "*.orig", "*.rej", ".#*", "#*#"),
}

# Packages speak of keys: a key has a body, too. LTAI begins an AccessKeyId of a user (a role's begins STS).
# In JSON and in programs the ends of lines are escaped; old keys and PGP's have headers before the body.
_KEY = re.compile(
    rb"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----(?:\s|\\[rn])+"
    rb"(?:[A-Za-z0-9-]{1,40}: [^\r\n\\]{0,200}(?:[\r\n]|\\[rn])+){0,8}"
    rb"(?:[A-Za-z0-9+/=\s]|\\[rn]){64}|\bLTAI[0-9A-Za-z]{12,}"
)


def why_private(name: str, content: bytes) -> list[str]:
    """Returns why a file of this path and content must not go to others: a text for each reason."""
    parts = name.lower().split("/")
    return [
        *(f"is {what}" for what, patterns in _NAMES.items() if any(fits(part, patterns) for part in parts)),
        *(["has a key in it"] if _KEY.search(content) else []),
    ]


def fits(name: str, patterns: tuple[str, ...]) -> bool:
    """Tells whether a name fits one of the patterns."""
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
