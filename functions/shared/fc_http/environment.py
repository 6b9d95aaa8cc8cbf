"""The environment: reads one setting after the other, and collects every fault."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeVar
from urllib.parse import urlsplit

from fc_http.errors import InvalidSettings

MIN_SECRET_BYTES = 32
"""Of a secret for HMAC-SHA256 (RFC 7518, 3.2)."""

_WEB_VIEW_ORIGIN = re.compile(r"(capacitor|ionic|tauri)://[a-z0-9]([a-z0-9.-]*[a-z0-9])?|http://tauri\.localhost")
"""Capacitor's and Ionic's on iOS, Tauri's on macOS, iOS and Linux, and Tauri's on Windows and Android."""

_T = TypeVar("_T")


class Environment:
    """A function's settings, and the faults found in them so far."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self._faults: list[str] = []
        self.local = self.read("LOCAL", parse_switch, "off")
        """Whether this is a laptop, where http and stand-ins are allowed."""

    def read(self, name: str, parse: Callable[[str], _T], default: str | None = None) -> _T:
        """Returns the value of a setting.

        It is a fault if the setting is missing and has no default, or if `parse` raises ValueError. The value returned
        then must not be used.
        """
        text = self._variables.get(name, "").strip() or default
        try:
            if text is None:
                raise ValueError("is missing")  # noqa: TRY301 - handled like any other fault
            return parse(text)
        except ValueError as error:
            self.add_fault(f"{name} {error}")
            # Nothing reads this: raise_if_faulty() raises once there is a fault.
            return None  # type: ignore[return-value]

    def has(self, name: str) -> bool:
        """Returns whether a setting has a value. An empty one has none."""
        return bool(self._variables.get(name, "").strip())

    def add_fault(self, fault: str) -> None:
        """Notes a fault: the name of the setting, what is wrong, and what to do."""
        self._faults.append(fault)

    def raise_if_faulty(self) -> None:
        """Raises InvalidSettings if there is any fault, those of the environment as a whole included."""
        if self.local and "FC_FUNCTION_NAME" in self._variables:
            self.add_fault("LOCAL is for laptops only: remove it from the function's environment")
        if "sdk" in self._variables.get("DEBUG", ""):
            self.add_fault("DEBUG makes the vendor's SDK print security tokens: remove it")
        if self._faults:
            raise InvalidSettings(tuple(self._faults))

    def parse_origin(self, text: str) -> str:
        """Returns an address without a path, without the slash at its end. Raises ValueError.

        On laptops it may begin with http://.
        """
        if text and not is_origin(text.rstrip("/"), cleartext=self.local is True):
            raise ValueError(f"must be https://host without a path, not {printable_address(text)}")
        return text.rstrip("/")

    def parse_local_origin(self, text: str) -> str:
        """Returns the address of a stand-in, which only laptops may have. Raises ValueError."""
        if text and not self.local:
            raise ValueError("is for local runs only: remove it, or set LOCAL=on on a laptop")
        return self.parse_origin(text)

    def check_page_origins(self, text: str) -> None:
        """Raises ValueError if the text does not list origins of pages, and nothing else. See `listed_origins`."""
        origins = split_list(text)
        if not origins:
            raise ValueError("lists no origin: add your page's, such as https://app.example.com")
        for origin in origins:
            if not is_page_origin(origin, cleartext=self.local is True):
                raise ValueError(
                    f"must list exact origins such as https://app.example.com, not {printable_address(origin)}"
                )


def split_list(text: str) -> tuple[str, ...]:
    """Returns the entries of a list with commas between them."""
    return tuple(filter(None, (entry.strip() for entry in text.split(","))))


def printable_address(text: str) -> str:
    """Returns a faulty address for a message. If there is a password in it, a phrase stands in its place."""
    return "one with a user's name or password in it" if "@" in text else repr(text)


def is_origin(text: str, *, cleartext: bool = False) -> bool:
    """Returns whether the text is a scheme, a host and perhaps a port, as a browser writes an origin."""
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


def is_page_origin(text: str, *, cleartext: bool = False) -> bool:
    """Returns whether the text is the origin of pages: of a web site, or of the web views of apps."""
    return is_origin(text, cleartext=cleartext) or bool(_WEB_VIEW_ORIGIN.fullmatch(text))


def is_address(text: str, *schemes: str) -> bool:
    """Returns whether the text is an address that a request can be sent to: no user, no fragment, nothing to escape."""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    is_plain = text.isascii() and text.isprintable() and " " not in text and "@" not in parts.netloc
    return is_plain and parts.scheme in schemes and bool(parts.hostname) and not parts.fragment


def _default_port(scheme: str) -> str:
    return ":443" if scheme == "https" else ":80"


def parse_switch(text: str) -> bool:
    """Returns whether the text is `on`. Raises ValueError if it is neither `on` nor `off`."""
    if text not in ("on", "off"):
        raise ValueError(f"must be on or off, not {text!r}")
    return text == "on"


def parse_seconds(text: str, least: int, most: int) -> int:
    """Returns a whole number of seconds, `least` to `most`. Raises ValueError."""
    if not re.fullmatch(r"[1-9][0-9]{0,5}", text) or not least <= int(text) <= most:
        raise ValueError(f"must be {least} to {most} seconds, not {text!r}")
    return int(text)


def parse_secrets(text: str) -> tuple[str, ...]:
    """Returns the secrets for HMAC-SHA256 in a list, the current one first. Raises ValueError."""
    secrets = split_list(text)
    if not 1 <= len(secrets) <= 2:
        raise ValueError("must be one secret, or two with a comma between them while one replaces the other")
    if any(len(secret.encode()) < MIN_SECRET_BYTES for secret in secrets):
        raise ValueError(f"must have at least {MIN_SECRET_BYTES} bytes; make one with: openssl rand -hex 32")
    if any(len(secret.split()) > 1 for secret in secrets):
        raise ValueError("must have no blanks in it; make one with: openssl rand -hex 32")
    return secrets


def listed_origins(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Returns the pages that may call the function: the origins in ALLOWED_ORIGINS.

    Responses need them whatever is wrong with the settings, so what is no origin is left out.
    """
    entries = split_list(environ.get("ALLOWED_ORIGINS", ""))
    return tuple(entry for entry in entries if is_page_origin(entry, cleartext=True))
