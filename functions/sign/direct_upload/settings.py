"""The settings: the environment, read once into one frozen value; one error names every fault in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from direct_upload import content_types, tokens
from direct_upload.multipart import MultipartSettings
from fc_http import environment
from fc_http.environment import Environment, is_origin, parse_switch, printable_address, split_list
from oss_protocol.bucket import internal_url, parse_bucket_name, parse_key_prefix, parse_region
from oss_protocol.callback import Callback

MAX_POST_BYTES = 5 * 10**9
"""Of one post: OSS takes 5 GB."""

MAX_FORM_LIFETIME_SECONDS = 3000
"""Of a form: credentials live for 3,600 seconds."""

MIN_BYTES_PER_SECOND = 50_000
"""Of a line: on a line of this speed a file must still arrive before its form expires."""

_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


@dataclass(frozen=True)
class Settings:
    """The settings of the signing function. Sizes are in bytes, durations in seconds."""

    bucket: str
    region: str
    """The region's ID, such as cn-hangzhou."""
    role_arn: str
    """The upload role, assumed for the credentials that sign forms."""
    upload_url: str
    """The address to which browsers post, without a slash at its end."""
    prefix: str
    """The first part of every key, without a slash at its end."""
    max_size: int
    content_types: Mapping[str, str]
    """Each allowed type and its extension."""
    expires_in: int
    allowed_origins: tuple[str, ...]
    issuer: tokens.Issuer | None
    """Verifies tokens; None if anybody may upload."""
    folder_forms: bool
    callback: Callback | None
    """None if OSS calls nobody when it has stored a file."""
    multipart: MultipartSettings | None
    """None if large files are not sent in parts."""
    sts_endpoint: str
    """Empty for the region's own, else a stand-in's `http://host:port`."""

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Settings:
        """Reads the settings. Raises InvalidSettings, which names every fault."""
        return _Reader(environ).settings()

    @property
    def max_form_lifetime(self) -> int:
        """The lifetime of the form for the largest file, in seconds."""
        return self.form_lifetime(self.max_size)

    def form_lifetime(self, size: int) -> int:
        """Returns for how many seconds a form for `size` bytes is valid: long enough on a slow line."""
        return min(max(self.expires_in, size // MIN_BYTES_PER_SECOND), MAX_FORM_LIFETIME_SECONDS)


class _Reader:
    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environment = Environment(environ)

    def settings(self) -> Settings:
        read, parse_origin = self._environment.read, self._environment.parse_origin
        bucket = read("OSS_BUCKET", parse_bucket_name)
        region = read("OSS_REGION", parse_region)
        callback = self._callback()
        settings = Settings(
            bucket=bucket,
            region=region,
            role_arn=read("OSS_STS_ROLE_ARN", _parse_role_arn),
            upload_url=read("UPLOAD_URL", parse_origin, "") or f"https://{bucket}.oss-{region}.aliyuncs.com",
            prefix=read("UPLOAD_PREFIX", parse_key_prefix, "uploads"),
            max_size=read("MAX_SIZE", parse_size, "100MB"),
            content_types=read("CONTENT_TYPES", content_types.parse, ",".join(content_types.DEFAULT)),
            expires_in=read("EXPIRES_IN", _parse_lifetime, "600"),
            allowed_origins=read("ALLOWED_ORIGINS", self._parse_origins),
            issuer=self._issuer(),
            folder_forms=read("FOLDER_FORMS", parse_switch, "off" if callback else "on"),
            callback=callback,
            multipart=self._multipart(bucket, region),
            sts_endpoint=read("STS_ENDPOINT", self._environment.parse_local_origin, ""),
        )
        self._check_together(settings)
        self._environment.raise_if_faulty()
        return settings

    def _check_together(self, settings: Settings) -> None:
        """Finds the faults that no single setting has."""
        if settings.folder_forms and settings.callback:
            self._environment.add_fault(
                "FOLDER_FORMS cannot be on while CALLBACK is, since a page could leave the callback out: "
                "set one of them to off"
            )
        # With a fault in it, max_size is None here.
        is_too_large = settings.max_size and settings.max_size > MAX_POST_BYTES
        if is_too_large and not self._environment.has("MULTIPART_THRESHOLD"):
            self._environment.add_fault(
                "MAX_SIZE must be at most 5GB, which is what OSS takes in one post: set MULTIPART_THRESHOLD"
            )

    def _issuer(self) -> tokens.Issuer | None:
        read = self._environment.read
        if read("AUTH", _parse_auth, "jwt") != "jwt":
            return None
        names = [name for name in ("JWT_SECRET", "JWT_JWKS") if self._environment.has(name)]
        if names == ["JWT_JWKS"]:
            keys = read("JWT_JWKS", tokens.parse_public_keys)
            return tokens.Issuer(read("JWT_ISSUER", _parse_issuer_name), read("JWT_AUDIENCE", str), keys)
        if names == ["JWT_SECRET"]:
            keys = read("JWT_SECRET", tokens.parse_secret_keys)
            name = read("JWT_ISSUER", _parse_issuer_name, tokens.OWN_ISSUER)
            return tokens.Issuer(name, read("JWT_AUDIENCE", str, tokens.OWN_ISSUER), keys)
        fault = "are both set: remove one" if names else "are both missing: set one, or AUTH=none to let anybody upload"
        self._environment.add_fault(f"JWT_SECRET and JWT_JWKS {fault}")
        return None

    def _callback(self) -> Callback | None:
        if not self._environment.read("CALLBACK", parse_switch, "off"):
            return None
        return Callback(
            self._environment.read("CALLBACK_URL", self._environment.parse_origin),
            self._environment.read("CALLBACK_SECRET", environment.parse_secrets),
        )

    def _multipart(self, bucket: str, region: str) -> MultipartSettings | None:
        if not self._environment.has("MULTIPART_THRESHOLD"):
            return None
        read = self._environment.read
        return MultipartSettings(
            read("MULTIPART_THRESHOLD", _parse_threshold),
            read("MULTIPART_SECRET", environment.parse_secrets),
            read("OSS_ENDPOINT", self._environment.parse_local_origin, "") or internal_url(bucket, region),
        )

    def _parse_origins(self, text: str) -> tuple[str, ...]:
        origins = split_list(text)
        if not origins:
            raise ValueError("lists no origin: add your page's, such as https://app.example.com")
        for origin in origins:
            if not is_origin(origin, cleartext=self._environment.local is True):
                raise ValueError(
                    f"must list exact origins such as https://app.example.com, not {printable_address(origin)}"
                )
        return origins


def _parse_role_arn(text: str) -> str:
    if not re.fullmatch(r"acs:ram::\d+:role/[A-Za-z0-9.-]{1,64}", text):
        raise ValueError("must look like acs:ram::<account>:role/<name>")
    return text


def parse_size(text: str) -> int:
    """Returns the bytes of a text such as `100MB`. Raises ValueError for other texts, and above 1 TB."""
    match = re.fullmatch(r"([1-9][0-9]{0,12}) ?([KMGT]?B)?", text)
    if not match:
        raise ValueError(f"must be a whole number of bytes, or of KB, MB, GB or TB, such as 100MB, not {text!r}")
    size = int(match[1]) * _UNITS[match[2] or ""]
    if size > 10**12:
        raise ValueError(f"must be at most 1TB, not {text}")
    return size


def _parse_threshold(text: str) -> int:
    size = parse_size(text)
    if not 10**6 <= size <= MAX_POST_BYTES:
        raise ValueError(f"must be 1MB to 5GB, not {text}")
    return size


def _parse_lifetime(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,3}", text) or not 60 <= int(text) <= MAX_FORM_LIFETIME_SECONDS:
        raise ValueError(f"must be 60 to {MAX_FORM_LIFETIME_SECONDS} seconds, not {text!r}")
    return int(text)


def _parse_issuer_name(text: str) -> str:
    if re.match(r"[a-z]+://[^/?#]*@", text, re.IGNORECASE):
        raise ValueError("must not have a user's name or password in it")
    return text


def _parse_auth(text: str) -> str:
    if text not in ("jwt", "none"):
        raise ValueError(f"must be jwt, or none to let anybody upload, not {text!r}")
    return text
