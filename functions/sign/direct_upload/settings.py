"""The settings: the environment, read once into one frozen value; every fault in it named in one error."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlsplit

from direct_upload import content_types, tokens
from direct_upload.errors import Misconfigured

MAX_LIFE = 3000
"""Seconds a form is good for, at most; credentials live 3,600."""

SLOWEST_LINE = 50_000
"""Bytes per second of the slowest line on which a file must still arrive before its form ends."""

_T = TypeVar("_T")
_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9}


@dataclass(frozen=True)
class Settings:
    """What is set for this function. Sizes in bytes, durations in seconds."""

    bucket: str
    region: str
    """The region's ID, such as cn-hangzhou."""
    role_arn: str
    """The upload role, assumed for the credentials that sign forms."""
    upload_url: str
    """Where browsers post, without a slash at its end."""
    prefix: str
    """First part of every key, without a slash at its end."""
    max_size: int
    content_types: Mapping[str, str]
    """Each allowed type and its extension."""
    expires_in: int
    allowed_origins: tuple[str, ...]
    issuer: tokens.Issuer | None
    """Whose tokens are taken; None where anybody may upload."""
    folder_forms: bool
    sts_endpoint: str
    """Empty for the region's own; else a stand-in's `http://host:port`."""

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Settings:
        """Raises Misconfigured, which names every fault at once."""
        return _Reader(environ).settings()

    @property
    def longest_life(self) -> int:
        """Seconds that the longest-lived form may be good for."""
        return self.life_of(self.max_size)

    def life_of(self, size: int) -> int:
        """Seconds that a form for a file of `size` bytes should be good for: long enough on a slow line."""
        return min(max(self.expires_in, size // SLOWEST_LINE), MAX_LIFE)


def listed_origins(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Whatever of ALLOWED_ORIGINS is an origin: replies name one of them even where settings are at fault."""
    words = _words(environ.get("ALLOWED_ORIGINS", ""))
    return tuple(word for word in words if _is_origin(word, cleartext=True))


class _Reader:
    """Reads one setting after the other and collects what is wrong with them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.faults: list[str] = []
        self.local = self._read("LOCAL", _switch, "off")

    def settings(self) -> Settings:
        bucket = self._read("OSS_BUCKET", _bucket)
        region = self._read("OSS_REGION", _region)
        settings = Settings(
            bucket=bucket,
            region=region,
            role_arn=self._read("OSS_STS_ROLE_ARN", _role_arn),
            upload_url=self._read("UPLOAD_URL", self._url, "") or f"https://{bucket}.oss-{region}.aliyuncs.com",
            prefix=self._read("UPLOAD_PREFIX", _prefix, "uploads"),
            max_size=self._read("MAX_SIZE", size_in_bytes, "100MB"),
            content_types=self._read("CONTENT_TYPES", content_types.parse, ",".join(content_types.DEFAULT)),
            expires_in=self._read("EXPIRES_IN", _expires_in, "600"),
            allowed_origins=self._read("ALLOWED_ORIGINS", self._origins),
            issuer=self._issuer(),
            folder_forms=self._read("FOLDER_FORMS", _switch, "on"),
            sts_endpoint=self._read("STS_ENDPOINT", self._local_url, ""),
        )
        self._check_surroundings()
        if self.faults:
            raise Misconfigured(tuple(self.faults))
        return settings

    def _read(self, name: str, parse: Callable[[str], _T], default: str | None = None) -> _T:
        text = self.environ.get(name, "").strip() or default
        try:
            if text is None:
                raise ValueError("is missing")  # noqa: TRY301 - told like any other fault
            return parse(text)
        except ValueError as fault:
            self.faults.append(f"{name} {fault}")
            # Nothing reads this: with a fault noted, settings() raises.
            return None  # type: ignore[return-value]

    def _issuer(self) -> tokens.Issuer | None:
        if self._read("AUTH", _auth, "jwt") != "jwt":
            return None
        given = [name for name in ("JWT_SECRET", "JWT_JWKS") if self.environ.get(name, "").strip()]
        if given == ["JWT_JWKS"]:
            keys = self._read("JWT_JWKS", tokens.public_keys)
            return tokens.Issuer(self._read("JWT_ISSUER", str), self._read("JWT_AUDIENCE", str), keys)
        if given == ["JWT_SECRET"]:
            keys = self._read("JWT_SECRET", tokens.secret_keys)
            return tokens.Issuer(
                self._read("JWT_ISSUER", str, tokens.OURSELVES), self._read("JWT_AUDIENCE", str, tokens.OURSELVES), keys
            )
        wrong = "are both set: remove one" if given else "are both missing: set one, or AUTH=none to let anybody upload"
        self.faults.append(f"JWT_SECRET and JWT_JWKS {wrong}")
        return None

    def _check_surroundings(self) -> None:
        if self.local and "FC_FUNCTION_NAME" in self.environ:
            self.faults.append("LOCAL is for laptops only: remove it from the function's environment")
        if "sdk" in self.environ.get("DEBUG", ""):
            self.faults.append("DEBUG makes the vendor's SDK print security tokens: remove it")

    def _url(self, text: str) -> str:
        if text and not _is_origin(text.rstrip("/"), cleartext=self.local is True):
            raise ValueError(f"must be https://host without a path, not {text!r}")
        return text.rstrip("/")

    def _local_url(self, text: str) -> str:
        if text and not self.local:
            raise ValueError("is for local runs only: remove it, or set LOCAL=on on a laptop")
        return self._url(text)

    def _origins(self, text: str) -> tuple[str, ...]:
        origins = _words(text)
        if not origins:
            raise ValueError("lists no origin")
        for origin in origins:
            if not _is_origin(origin, cleartext=self.local is True):
                raise ValueError(f"must list exact origins such as https://app.example.com, not {origin!r}")
        return origins


def _words(text: str) -> tuple[str, ...]:
    return tuple(filter(None, (word.strip() for word in text.split(","))))


def _is_origin(text: str, *, cleartext: bool = False) -> bool:
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


def _switch(text: str) -> bool:
    if text not in ("on", "off"):
        raise ValueError(f"must be on or off, not {text!r}")
    return text == "on"


def _bucket(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", text):
        raise ValueError(f"must be a bucket's name alone (3 to 63 of a-z, 0-9 and -), not {text!r}")
    return text


def _region(text: str) -> str:
    if text.startswith("oss-"):
        raise ValueError(f"must be the region's ID: {text.removeprefix('oss-')}, not {text}")
    if not re.fullmatch(r"[a-z]{2,}(-[a-z0-9]+)+", text):
        raise ValueError(f"must be a region's ID such as cn-hangzhou, not {text!r}")
    return text


def _role_arn(text: str) -> str:
    if not re.fullmatch(r"acs:ram::\d+:role/[A-Za-z0-9.-]{1,64}", text):
        raise ValueError("must look like acs:ram::<account>:role/<name>")
    return text


def _prefix(text: str) -> str:
    prefix = text.removesuffix("/")
    parts = prefix.split("/")
    if not re.fullmatch(r"[A-Za-z0-9._/-]{1,200}", prefix) or any(part in ("", ".", "..") for part in parts):
        raise ValueError(f"must be a relative path of letters, digits and . _ - such as uploads, not {text!r}")
    return prefix


def size_in_bytes(text: str) -> int:
    """Bytes from a text such as `100MB`. Raises ValueError if it is none, or more than OSS takes in one post."""
    match = re.fullmatch(r"([1-9][0-9]{0,12}) ?([KMG]?B)?", text)
    if not match:
        raise ValueError(f"must be a whole number of bytes, or of KB, MB or GB, such as 100MB, not {text!r}")
    size = int(match[1]) * _UNITS[match[2] or ""]
    if size > 5 * 10**9:
        raise ValueError(f"must be at most 5GB, which is what OSS takes in one post, not {text}")
    return size


def _expires_in(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,3}", text) or not 60 <= int(text) <= MAX_LIFE:
        raise ValueError(f"must be 60 to {MAX_LIFE} seconds, not {text!r}")
    return int(text)


def _auth(text: str) -> str:
    if text not in ("jwt", "none"):
        raise ValueError(f"must be jwt, or none to let anybody upload, not {text!r}")
    return text
