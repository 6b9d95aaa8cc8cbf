"""The environment: one setting read after the other, and whatever is wrong with them collected."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeVar
from urllib.parse import urlsplit

from fc_http.errors import Misconfigured

MIN_SECRET = 32
"""Bytes of a secret for HMAC-SHA256 (RFC 7518, 3.2)."""

_T = TypeVar("_T")


class Environment:
    """What is set for a function, with the faults found in it so far."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self._faults: list[str] = []
        self.local = self.read("LOCAL", switch, "off")
        """Whether this is a laptop, where http and stand-ins are allowed."""

    def read(self, name: str, parse: Callable[[str], _T], default: str | None = None) -> _T:
        """The value of a setting; a missing one without a default, or one that `parse` raises ValueError for, is a
        fault, and what is then returned must not be used."""
        text = self._variables.get(name, "").strip() or default
        try:
            if text is None:
                raise ValueError("is missing")  # noqa: TRY301 - told like any other fault
            return parse(text)
        except ValueError as fault:
            self.blame(f"{name} {fault}")
            # Nothing reads this: with a fault noted, complain() raises.
            return None  # type: ignore[return-value]

    def has(self, name: str) -> bool:
        """Whether a setting is there; an empty one is not."""
        return bool(self._variables.get(name, "").strip())

    def blame(self, fault: str) -> None:
        """Note a fault."""
        self._faults.append(fault)

    def complain(self) -> None:
        """Raise Misconfigured if there is any fault, those of the surroundings included."""
        if self.local and "FC_FUNCTION_NAME" in self._variables:
            self.blame("LOCAL is for laptops only: remove it from the function's environment")
        if "sdk" in self._variables.get("DEBUG", ""):
            self.blame("DEBUG makes the vendor's SDK print security tokens: remove it")
        if self._faults:
            raise Misconfigured(tuple(self._faults))

    def origin(self, text: str) -> str:
        """An address without a path, and without a slash at its end; http on laptops alone. Raises ValueError."""
        if text and not is_origin(text.rstrip("/"), cleartext=self.local is True):
            raise ValueError(f"must be https://host without a path, not {printable_address(text)}")
        return text.rstrip("/")

    def local_origin(self, text: str) -> str:
        """The address of a stand-in, for laptops alone. Raises ValueError."""
        if text and not self.local:
            raise ValueError("is for local runs only: remove it, or set LOCAL=on on a laptop")
        return self.origin(text)


def words(text: str) -> tuple[str, ...]:
    """The parts of a list with commas between them."""
    return tuple(filter(None, (word.strip() for word in text.split(","))))


def printable_address(text: str) -> str:
    """An address that was refused, for a message; nothing of it where somebody put a password into it."""
    return "one with a user's name or password in it" if "@" in text else repr(text)


def is_origin(text: str, *, cleartext: bool = False) -> bool:
    """Whether `text` is scheme, host and perhaps port, written as a browser writes it."""
    try:
        parts = urlsplit(text)
        port = f":{parts.port}" if parts.port is not None else ""
    except ValueError:
        return False
    if parts.scheme != "https" and not (cleartext and parts.scheme == "http"):
        return False
    host = parts.hostname or ""
    if not re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", host) or port == _default_port(parts.scheme):
        return False
    return text == f"{parts.scheme}://{host}{port}"


def _default_port(scheme: str) -> str:
    return ":443" if scheme == "https" else ":80"


def switch(text: str) -> bool:
    """Raises ValueError for what is neither on nor off."""
    if text not in ("on", "off"):
        raise ValueError(f"must be on or off, not {text!r}")
    return text == "on"


def shared_secrets(text: str) -> tuple[str, ...]:
    """Secrets for HMAC-SHA256 from a list with a comma between them, the one in use first. Raises ValueError."""
    found = words(text)
    if not 1 <= len(found) <= 2:
        raise ValueError("must be one secret, or two with a comma between them while one replaces the other")
    if any(len(word.encode()) < MIN_SECRET for word in found):
        raise ValueError(f"must have at least {MIN_SECRET} bytes; make one with: openssl rand -hex 32")
    if any(len(word.split()) > 1 for word in found):
        raise ValueError("must have no blanks in it; make one with: openssl rand -hex 32")
    return found


def listed_origins(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Whatever of ALLOWED_ORIGINS is an origin: replies name one of them even where settings are at fault."""
    return tuple(word for word in words(environ.get("ALLOWED_ORIGINS", "")) if is_origin(word, cleartext=True))
