"""The callback that an upload asks for: the parameter `callback`, decoded and checked."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from localcloud.oss.errors import OssError, invalid_argument

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_PARAMETER_SIZE = 5 * 1024
"""Bytes of the base64 text."""

MAX_URLS = 5

FORM, JSON = "application/x-www-form-urlencoded", "application/json"

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")
_HOST_HEADER = re.compile(rf"{_HOST.pattern}(:[0-9]{{1,5}})?")
_PRINTABLE = re.compile(r"[!-~]*")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[ -~]*")


@dataclass(frozen=True)
class CallbackConfig:
    """What to send to which receivers."""

    urls: tuple[str, ...]
    host: str | None
    body: str
    """The text of callbackBody, with its variables not filled in yet."""
    body_type: str
    headers: Mapping[str, str]

    @classmethod
    def parse(cls, text: str, receivers: set[str]) -> CallbackConfig:
        """Reads the parameter. Raises OssError, in OSS's words.

        `receivers` (`host:port`) may be private addresses; all other private addresses are refused.
        """
        members = _decode(text)
        urls = tuple(str(members.get("callbackUrl", "")).split(";"))
        if len(urls) > MAX_URLS:
            raise _invalid("The number of callback url exceed max value.", text, "0007-00000005")
        for url in urls:
            _check_url(url, text, receivers)
        if not members.get("callbackBody") or not isinstance(members["callbackBody"], str):
            raise _invalid("The callback body is empty.", text, "0007-00000011")
        body_type = members.get("callbackBodyType", FORM)
        if body_type not in (FORM, JSON):
            raise _invalid("The callback body type configuration is invalid.", text)
        host = members.get("callbackHost") or None
        if host is not None and not (isinstance(host, str) and _HOST_HEADER.fullmatch(host)):
            raise _invalid("The callback host configuration is invalid.", text)  # the wording is our choice
        headers = members.get("additionalHeaders") or {}
        if not isinstance(headers, dict) or not all(map(_is_additional_header, headers, headers.values())):
            raise _invalid("The callback additional headers are invalid.", text, "0007-00000026")
        return cls(urls, host, members["callbackBody"], body_type, headers)

    def render_body(self, variables: Mapping[str, str | int]) -> bytes:
        """Fills in the variables; an unknown one is empty. In a JSON body OSS itself puts text in quotation marks."""

        def fill(variable: re.Match[str]) -> str:
            value = variables.get(variable[1], "")
            if self.body_type == JSON:
                return json.dumps(value, ensure_ascii=False)
            return quote(str(value), safe="")

        return _VARIABLE.sub(fill, self.body).encode()


def _decode(text: str) -> dict[str, Any]:
    if len(text) > MAX_PARAMETER_SIZE:
        raise _invalid("The length of callback exceed max value.", text, "0007-00000001")
    try:
        decoded = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        message = "The callback configuration is not base64 encoded."
        raise _invalid(message, text, "0007-00000002") from None
    try:
        members = json.loads(decoded)
        json.dumps(members, ensure_ascii=False).encode()  # fails for half characters, which could not be sent
    except (ValueError, RecursionError):
        members = None
    if not isinstance(members, dict):
        raise _invalid("The callback configuration is not json format.", text)
    return members


def _check_url(url: str, text: str, receivers: set[str]) -> None:
    try:
        parts = urlsplit(url)
        host = _HOST.fullmatch(parts.hostname or "") if parts.scheme in ("http", "https") else None
        _ = parts.port
    except ValueError:
        host = None
    # Everything except printable ASCII must be percent-encoded.
    if not host or "@" in parts.netloc or not _PRINTABLE.fullmatch(url):
        raise _invalid("The callback url configuration is invalid.", text, "0007-00000004")
    if parts.netloc not in receivers and _is_private(parts.hostname or ""):
        raise _invalid("Private address is forbidden to callback.", text, "0007-00000008")


def _is_additional_header(name: str, value: object) -> bool:
    sound = isinstance(value, str) and _HEADER_VALUE.fullmatch(value) and _HEADER_NAME.fullmatch(name)
    return bool(sound) and not name.lower().startswith("x-oss-")


def _is_private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _invalid(message: str, value: str, ec: str | None = None) -> OssError:
    return invalid_argument(message, "callback", value, ec)
