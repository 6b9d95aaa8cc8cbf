"""The settings: the environment, read once into one frozen value; one error names every fault in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from direct_upload import content_types, discovery, profiles, tokens
from direct_upload.multipart import MultipartSettings
from direct_upload.profiles import (
    DEFAULT_MAX_SIZE,
    MAX_FORM_LIFETIME_SECONDS,
    MAX_POST_BYTES,
    MIN_FORM_LIFETIME_SECONDS,
    Profile,
    parse_size,
)
from fc_http import environment
from fc_http.environment import Environment, parse_switch, printable_address
from oss_protocol.bucket import (
    DEFAULT_KEY_PREFIX,
    internal_url,
    parse_bucket_name,
    parse_key_prefix,
    parse_region,
    public_url,
)
from oss_protocol.callback import Callback


@dataclass(frozen=True)
class Settings:
    """The settings of the signing function."""

    bucket: str
    region: str
    """The region's ID, such as cn-hangzhou."""
    role_arn: str
    """The upload role, assumed for the credentials that sign forms."""
    upload_url: str
    """The address to which browsers post, without a slash at its end."""
    prefix: str
    """The first part of every key, without a slash at its end."""
    profiles: Mapping[str, Profile]
    """The rules for uploads, by name: the settings' own are `default`."""
    issuer: tokens.Issuer | None
    """Verifies tokens; None if anybody may upload."""
    callback: Callback | None
    """None if OSS calls nobody when it has stored a file."""
    multipart: MultipartSettings | None
    """None if large files are not sent in parts."""
    sts_endpoint: str
    """Empty for the region's own, else a stand-in's `http://host:port`."""

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], profiles_json: bytes | None = None) -> Settings:
        """Reads the settings, and the content of profiles.json if there is that file.

        Raises InvalidSettings, which names every fault.
        """
        return _Reader(environ).settings(profiles_json)

    @property
    def default(self) -> Profile:
        """Returns the settings' own rules."""
        return self.profiles[profiles.DEFAULT]

    @property
    def max_form_lifetime(self) -> int:
        """Returns the lifetime of the form for the largest file, in seconds."""
        return max(profile.form_lifetime(profile.max_size) for profile in self.profiles.values())


class _Reader:
    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environment = Environment(environ)

    def settings(self, profiles_json: bytes | None) -> Settings:
        read, parse_origin = self._environment.read, self._environment.parse_origin
        bucket = read("OSS_BUCKET", parse_bucket_name)
        region = read("OSS_REGION", parse_region)
        auth = read("AUTH", _parse_auth, "jwt")
        callback, multipart = self._callback(), self._multipart(bucket, region)
        settings = Settings(
            bucket=bucket,
            region=region,
            role_arn=read("OSS_STS_ROLE_ARN", _parse_role_arn),
            upload_url=read("UPLOAD_URL", parse_origin, "") or public_url(bucket, region),
            prefix=read("UPLOAD_PREFIX", parse_key_prefix, DEFAULT_KEY_PREFIX),
            profiles=self._profiles(self._default(callback, multipart), profiles_json, tokens=auth != "none"),
            issuer=self._issuer() if auth == "jwt" else None,
            callback=callback,
            multipart=multipart,
            sts_endpoint=read("STS_ENDPOINT", self._environment.parse_local_origin, ""),
        )
        # They are in no field: the instance itself uses them (listed_origins), whatever is wrong with other settings.
        read("ALLOWED_ORIGINS", self._environment.check_page_origins)
        self._environment.raise_if_faulty()
        return settings

    def _default(self, callback: Callback | None, multipart: MultipartSettings | None) -> Profile:
        """Returns the settings' own rules, and finds the faults that no single one of them has."""
        read = self._environment.read
        default = Profile(
            name=profiles.DEFAULT,
            max_size=read("MAX_SIZE", parse_size, DEFAULT_MAX_SIZE),
            content_types=read("CONTENT_TYPES", content_types.parse)
            if self._environment.has("CONTENT_TYPES")
            else content_types.DEFAULT,
            expires_in=read("EXPIRES_IN", _parse_lifetime, "600"),
            folder_forms=read("FOLDER_FORMS", parse_switch, "off" if callback else "on"),
            callback=callback is not None,
            multipart=multipart is not None,
        )
        if default.folder_forms and default.callback:
            self._environment.add_fault(
                "FOLDER_FORMS cannot be on while CALLBACK is, since a page could leave the callback out: "
                "set one of them to off"
            )
        # With a fault in it, max_size is None here.
        if default.max_size and default.max_size > MAX_POST_BYTES and not default.multipart:
            self._environment.add_fault(
                "MAX_SIZE must be at most 5GB, which is what OSS takes in one post: set MULTIPART_THRESHOLD"
            )
        return default

    def _profiles(self, default: Profile, profiles_json: bytes | None, *, tokens: bool) -> Mapping[str, Profile]:
        declarations = profiles.parse(b"{}" if profiles_json is None else profiles_json)
        resolved, contradictions = profiles.resolve(declarations, default, tokens=tokens)
        for fault in (*declarations.faults, *contradictions):
            self._environment.add_fault(fault)
        return resolved

    def _issuer(self) -> tokens.Issuer | None:
        read = self._environment.read
        names = [name for name in ("JWT_SECRET", "JWT_JWKS") if self._environment.has(name)]
        if names == ["JWT_JWKS"]:
            keys = read("JWT_JWKS", tokens.parse_public_keys)
            return tokens.Issuer(read("JWT_ISSUER", _parse_issuer_name), read("JWT_AUDIENCE", str), keys)
        if names == ["JWT_SECRET"]:
            keys = read("JWT_SECRET", tokens.parse_secret_keys)
            name = read("JWT_ISSUER", _parse_issuer_name, tokens.OWN_ISSUER)
            return tokens.Issuer(name, read("JWT_AUDIENCE", str, tokens.OWN_ISSUER), keys)
        if names:
            self._environment.add_fault("JWT_SECRET and JWT_JWKS are both set: remove one")
            return None
        if self._environment.has("JWT_ISSUER"):
            return tokens.Issuer(read("JWT_ISSUER", self._parse_provider), read("JWT_AUDIENCE", str), keys=())
        self._environment.add_fault(
            "JWT_SECRET is missing, and so are JWT_JWKS and JWT_ISSUER: set one of them, "
            "or AUTH=none to let anybody upload"
        )
        return None

    def _parse_provider(self, text: str) -> str:
        if not discovery.is_provider_address(text, is_local=self._environment.local is True) or "?" in text:
            raise ValueError(
                "must be the https address of your identity provider, as its tokens spell it, "
                f"or set JWT_SECRET or JWT_JWKS, not {printable_address(text)}"
            )
        return text

    def _callback(self) -> Callback | None:
        read = self._environment.read
        if not read("CALLBACK", parse_switch, "off"):
            # These concern the callback function, which cannot know that nobody calls it.
            for name, is_set in (
                ("CONTENT_CHECK", read("CONTENT_CHECK", str, "off") != "off"),
                ("DOWNLOAD_URL_EXPIRES_IN", bool(read("DOWNLOAD_URL_EXPIRES_IN", str, ""))),
            ):
                if is_set:
                    self._environment.add_fault(
                        f"{name} is set, and CALLBACK is not on: set CALLBACK=on, or remove {name}"
                    )
            return None
        return Callback(
            read("CALLBACK_URL", self._environment.parse_origin), read("CALLBACK_SECRET", environment.parse_secrets)
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


def _parse_role_arn(text: str) -> str:
    if not re.fullmatch(r"acs:ram::\d+:role/[A-Za-z0-9.-]{1,64}", text):
        raise ValueError("must look like acs:ram::<account>:role/<name>")
    return text


def _parse_threshold(text: str) -> int:
    size = parse_size(text)
    if not 10**6 <= size <= MAX_POST_BYTES:
        raise ValueError(f"must be 1MB to 5GB, not {text}")
    return size


def _parse_lifetime(text: str) -> int:
    return environment.parse_seconds(text, MIN_FORM_LIFETIME_SECONDS, MAX_FORM_LIFETIME_SECONDS)


def _parse_issuer_name(text: str) -> str:
    if re.match(r"[a-z]+://[^/?#]*@", text, re.IGNORECASE):
        raise ValueError("must not have a user's name or password in it")
    return text


def _parse_auth(text: str) -> str:
    if text not in ("jwt", "none"):
        raise ValueError(f"must be jwt, or none to let anybody upload, not {text!r}")
    return text
