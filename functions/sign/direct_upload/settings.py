"""The settings: the environment, read once into one frozen value; every fault in it named in one error."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from direct_upload import content_types, tokens
from direct_upload.multipart import Multipart
from fc_http import environment
from fc_http.environment import Environment, is_origin, printable_address, switch, words
from oss_protocol.bucket import bucket_name, internal_url, key_prefix, region_id
from oss_protocol.callback import Callback

MAX_POST = 5 * 10**9
"""Bytes of a file that goes in one post; OSS takes 5 GB."""

MAX_LIFE = 3000
"""Seconds a form is good for, at most; credentials live 3,600."""

SLOWEST_LINE = 50_000
"""Bytes per second of the slowest line on which a file must still arrive before its form ends."""

_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


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
    callback: Callback | None
    """What OSS is to call when a file has arrived; None where it calls nobody."""
    multipart: Multipart | None
    """How large files are sent in parts; None where they are not."""
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


class _Reader:
    """Reads the settings of this function."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environment = Environment(environ)

    def settings(self) -> Settings:
        read, origin = self.environment.read, self.environment.origin
        bucket = read("OSS_BUCKET", bucket_name)
        region = read("OSS_REGION", region_id)
        callback = self._callback()
        settings = Settings(
            bucket=bucket,
            region=region,
            role_arn=read("OSS_STS_ROLE_ARN", _role_arn),
            upload_url=read("UPLOAD_URL", origin, "") or f"https://{bucket}.oss-{region}.aliyuncs.com",
            prefix=read("UPLOAD_PREFIX", key_prefix, "uploads"),
            max_size=read("MAX_SIZE", size_in_bytes, "100MB"),
            content_types=read("CONTENT_TYPES", content_types.parse, ",".join(content_types.DEFAULT)),
            expires_in=read("EXPIRES_IN", _expires_in, "600"),
            allowed_origins=read("ALLOWED_ORIGINS", self._origins),
            issuer=self._issuer(),
            folder_forms=read("FOLDER_FORMS", switch, "off" if callback else "on"),
            callback=callback,
            multipart=self._multipart(bucket, region),
            sts_endpoint=read("STS_ENDPOINT", self.environment.local_origin, ""),
        )
        if settings.folder_forms and callback:
            self.environment.blame("FOLDER_FORMS cannot be on while CALLBACK is: whoever had one could leave it out")
        if settings.max_size and settings.max_size > MAX_POST and not self.environment.has("MULTIPART_THRESHOLD"):
            self.environment.blame(
                "MAX_SIZE must be at most 5GB, which is what OSS takes in one post: set MULTIPART_THRESHOLD"
            )
        self.environment.complain()
        return settings

    def _issuer(self) -> tokens.Issuer | None:
        read = self.environment.read
        if read("AUTH", _auth, "jwt") != "jwt":
            return None
        given = [name for name in ("JWT_SECRET", "JWT_JWKS") if self.environment.has(name)]
        if given == ["JWT_JWKS"]:
            keys = read("JWT_JWKS", tokens.public_keys)
            return tokens.Issuer(read("JWT_ISSUER", _issuer_name), read("JWT_AUDIENCE", str), keys)
        if given == ["JWT_SECRET"]:
            keys = read("JWT_SECRET", tokens.secret_keys)
            return tokens.Issuer(
                read("JWT_ISSUER", _issuer_name, tokens.OURSELVES), read("JWT_AUDIENCE", str, tokens.OURSELVES), keys
            )
        wrong = "are both set: remove one" if given else "are both missing: set one, or AUTH=none to let anybody upload"
        self.environment.blame(f"JWT_SECRET and JWT_JWKS {wrong}")
        return None

    def _callback(self) -> Callback | None:
        if not self.environment.read("CALLBACK", switch, "off"):
            return None
        return Callback(
            self.environment.read("CALLBACK_URL", self.environment.origin),
            self.environment.read("CALLBACK_SECRET", environment.shared_secrets),
        )

    def _multipart(self, bucket: str, region: str) -> Multipart | None:
        if not self.environment.has("MULTIPART_THRESHOLD"):
            return None
        return Multipart(
            self.environment.read("MULTIPART_THRESHOLD", _least_in_parts),
            self.environment.read("MULTIPART_SECRET", environment.shared_secrets),
            self.environment.read("OSS_ENDPOINT", self.environment.local_origin, "") or internal_url(bucket, region),
        )

    def _origins(self, text: str) -> tuple[str, ...]:
        origins = words(text)
        if not origins:
            raise ValueError("lists no origin")
        for origin in origins:
            if not is_origin(origin, cleartext=self.environment.local is True):
                raise ValueError(
                    f"must list exact origins such as https://app.example.com, not {printable_address(origin)}"
                )
        return origins


def _role_arn(text: str) -> str:
    if not re.fullmatch(r"acs:ram::\d+:role/[A-Za-z0-9.-]{1,64}", text):
        raise ValueError("must look like acs:ram::<account>:role/<name>")
    return text


def size_in_bytes(text: str) -> int:
    """Bytes from a text such as `100MB`. Raises ValueError if it is none, or more than 1 TB."""
    match = re.fullmatch(r"([1-9][0-9]{0,12}) ?([KMGT]?B)?", text)
    if not match:
        raise ValueError(f"must be a whole number of bytes, or of KB, MB, GB or TB, such as 100MB, not {text!r}")
    size = int(match[1]) * _UNITS[match[2] or ""]
    if size > 10**12:
        raise ValueError(f"must be at most 1TB, not {text}")
    return size


def _least_in_parts(text: str) -> int:
    size = size_in_bytes(text)
    if not 10**6 <= size <= MAX_POST:
        raise ValueError(f"must be 1MB to 5GB, not {text}")
    return size


def _expires_in(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,3}", text) or not 60 <= int(text) <= MAX_LIFE:
        raise ValueError(f"must be 60 to {MAX_LIFE} seconds, not {text!r}")
    return int(text)


def _issuer_name(text: str) -> str:
    if re.match(r"[a-z]+://[^/?#]*@", text, re.IGNORECASE):
        raise ValueError("must not have a user's name or password in it")
    return text


def _auth(text: str) -> str:
    if text not in ("jwt", "none"):
        raise ValueError(f"must be jwt, or none to let anybody upload, not {text!r}")
    return text
