"""What doctor looks for in the settings of the function and of the deployment."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from deploy.doctor.check import check
from deploy.doctor.context import Context
from deploy.environment import discovers_keys
from deploy.hooks.preflight import read_faults
from direct_upload.profiles import (
    DEFAULT_MAX_SIZE,
    FILE,
    MAX_FORM_LIFETIME_SECONDS,
    MIN_BYTES_PER_SECOND,
    parse,
    parse_size,
)
from upload_callback.settings import Settings as CallbackSettings

MAX_ENVIRONMENT = 4096
"""Bytes of names and values that Function Compute takes as a function's environment."""

FEWEST_CHARACTERS = 10
"""Different characters that a secret made at random has at least: 64 hexadecimal digits hardly ever have fewer."""


@check(
    "missing",
    impact="Serverless Devs stops at once.",
    fix="Set it in .env (.env.example has all of them) or in the environment.",
)
def missing(context: Context) -> Iterator[str]:
    yield from (f"s.yaml asks for {name}, which is not set." for name in dict.fromkeys(context.deployment.missing))


def prefix_faults(context: Context) -> list[str]:
    """Returns why the roles' rights cannot be made of the prefix."""
    if context.settings.get("UPLOAD_PREFIX", "").endswith("/"):
        return ["UPLOAD_PREFIX ends in a slash: the roles' rights are made of it and another one."]
    return _faults_of(context, "UPLOAD_PREFIX")


@check(
    "names",
    impact="Buckets, roles and functions are named after it: nothing can be deployed, or nothing is found.",
    fix="Set it right in .env, or in the environment, and run this again.",
)
def names(context: Context) -> Iterator[str]:
    yield from (f"{text}." for name, text in context.name_faults.items() if name in ("NAME", "REGION", "AccountID"))


@check(
    "unread",
    impact="It has no effect, and what it should set keeps its default.",
    fix="Spell it as .env.example does, or take it out of .env.",
)
def unread(context: Context) -> Iterator[str]:
    yield from context.unread


@check(
    "settings",
    impact="The function answers every request with 500 `misconfigured`.",
    fix="Fix it in .env or in s.yaml, under environmentVariables; docs/reference/settings.md says what fits.",
)
def settings(context: Context) -> Iterator[str]:
    named = (
        *("UPLOAD_PREFIX", "ALLOWED_ORIGINS", "JWT_SECRET", "JWT_JWKS", "JWT_ISSUER", "JWT_AUDIENCE"),
        *("MULTIPART_THRESHOLD", "MULTIPART_SECRET"),
    )
    faults = context.setting_faults.items()
    yield from (f"{text}." for name, text in faults if name not in named and FILE not in text)


@check(
    "secrets-live",
    impact="The function answers every request with 500 `misconfigured`.",
    fix="Find out who changed it, and deploy.",
    live="function",
    also="callback function",
    declared=False,
)
def secrets_live(context: Context) -> Iterator[str]:
    """Finds secrets that the live functions refuse. Other checks leave out those that are not known here."""
    if not context.declared:
        return
    stated, callback = Context(context.environ, context.declared), context.deployment.callback
    faults = [set(each.setting_faults) if each.function else set() for each in (context, stated)]
    yield from (f"The function refuses its {name}." for name in sorted(faults[0] - faults[1]) if _is_secret(name))
    if callback and stated.settings.get("CALLBACK") == "on":
        own, theirs = (set(_callback_faults(each)) for each in (callback, context.declared.callback))
        yield from (f"The callback function refuses its {name}." for name in sorted(own - theirs) if _is_secret(name))


def _is_secret(name: str) -> bool:
    return name.endswith("_SECRET")


def _callback_faults(function: Mapping[str, Any]) -> list[str]:
    environ = {name: str(value) for name, value in (function.get("environmentVariables") or {}).items()}
    return [
        text.split(" ", 1)[0]
        for text in read_faults(CallbackSettings.from_environ, {**environ, "FC_FUNCTION_NAME": "callback"})
    ]


@check(
    "prefix",
    impact="Every upload fails: the function refuses its settings, or signs keys that the upload role does not cover.",
    fix="Set UPLOAD_PREFIX to a relative path such as uploads, or leave it out.",
)
def prefix(context: Context) -> Iterator[str]:
    if "UPLOAD_PREFIX" in context.settings and not context.settings["UPLOAD_PREFIX"].strip():
        yield "UPLOAD_PREFIX is set, and empty: the function takes `uploads` then."
    yield from prefix_faults(context)


def _faults_of(context: Context, *names: str) -> list[str]:
    return [f"{text}." for name, text in context.setting_faults.items() if name in names]


@check(
    "origins",
    impact="The function answers every request with 500 `misconfigured`: `*` and null would let any web page upload.",
    fix="List in ALLOWED_ORIGINS the origins of your pages, as a browser sends them: https://app.example.com, no path.",
)
def origins(context: Context) -> Iterator[str]:
    yield from _faults_of(context, "ALLOWED_ORIGINS")


@check(
    "jwt",
    impact="Nobody can upload, or anybody who guesses the secret can make upload links.",
    fix="Make one with `openssl rand -hex 32` and set JWT_SECRET in .env; links made with the old one end.",
)
def jwt(context: Context) -> Iterator[str]:
    if any(identity.find(context)):
        return
    faults = list(_faults_of(context, "JWT_SECRET", "JWT_JWKS", "JWT_ISSUER", "JWT_AUDIENCE"))
    yield from faults
    secrets = [word.strip() for word in context.settings.get("JWT_SECRET", "").split(",") if word.strip()]
    if not faults and any(len(set(secret)) < FEWEST_CHARACTERS for secret in secrets):
        yield f"JWT_SECRET has fewer than {FEWEST_CHARACTERS} different characters: nobody made that at random."


def is_open(settings: Mapping[str, str]) -> bool:
    """Tells whether anybody may upload."""
    return settings.get("AUTH", "").strip() == "none"


@check(
    "auth",
    level="decision",
    impact="Anybody on the internet can fill the bucket, at your cost, within sizes, types and the life of forms, "
    "and with DOWNLOAD_URL_EXPIRES_IN pass files on from it.",
    fix="Set AUTH=jwt, and give people upload links (`make link`), unless this is a demonstration.",
)
def auth(context: Context) -> Iterator[str]:
    if is_open(context.settings):
        yield "AUTH is set to none."


@check(
    "auth-live",
    impact="Anybody on the internet can fill the bucket, at your cost, although s.yaml requires a token.",
    fix="Find out who switched it, and deploy.",
    live="function",
    declared=False,
)
def auth_live(context: Context) -> Iterator[str]:
    if context.declared and is_open(context.settings) and not is_open(context.declared.function_environ):
        yield "AUTH is set to none, unlike in s.yaml."


@check(
    "identity",
    level="decision",
    impact="Nobody can upload, and a bare `s deploy` stops.",
    fix="`make deploy` writes a random JWT_SECRET into .env, for upload links. For an identity provider's tokens set "
    "JWT_ISSUER, its https address, and JWT_AUDIENCE; JWT_JWKS, too, if the function cannot reach it.",
)
def identity(context: Context) -> Iterator[str]:
    given = (context.settings.get(name, "").strip() for name in ("JWT_SECRET", "JWT_JWKS"))
    if not is_open(context.settings) and not any(given) and not discovers_keys(context.settings):
        yield "Neither JWT_SECRET nor JWT_JWKS is set, and JWT_ISSUER is no provider's address."


@check(
    "environment-size",
    impact="Function Compute refuses to deploy the function.",
    fix="Shorten CONTENT_TYPES or ALLOWED_ORIGINS; of a JWT_JWKS keep the keys that are in use.",
)
def environment_size(context: Context) -> Iterator[str]:
    size = sum(len(name.encode()) + len(value.encode()) for name, value in context.settings.items())
    if size > MAX_ENVIRONMENT:
        yield f"The function's environment has {size:,} bytes, of {MAX_ENVIRONMENT:,}."


@check(
    "environment-strings",
    impact="The component refuses s.yaml, since every value must be a string.",
    fix='Put it in quotes: "300".',
)
def environment_strings(context: Context) -> Iterator[str]:
    for name, value in (context.function.get("environmentVariables") or {}).items():
        if not isinstance(value, str):
            yield f"{name} in s.yaml is not a string, but {type(value).__name__}."


@check(
    "keep-days",
    impact="The template is refused, or files are not deleted when you think.",
    fix="Set KEEP_DAYS to a number such as 30, or to 0 to keep files for ever.",
)
def keep_days(context: Context) -> Iterator[str]:
    days = context.environ.get("KEEP_DAYS", "").strip()
    if days and not re.fullmatch(r"0|[1-9][0-9]{0,4}", days):
        yield f"KEEP_DAYS must be a whole number of days, or 0, not {days!r}."


@check(
    "large-files",
    level="decision",
    impact="On a slower line such a file fails when its form ends.",
    fix="Lower it to 150MB, send large files in parts (MULTIPART_THRESHOLD, docs/multipart.md), or live with it.",
)
def large_files(context: Context) -> Iterator[str]:
    try:
        size = parse_size(context.settings.get("MAX_SIZE") or DEFAULT_MAX_SIZE)
        least_in_parts = parse_size(context.settings.get("MULTIPART_THRESHOLD") or "1TB")
    except ValueError:
        return
    sizes = [("MAX_SIZE", f"{context.settings.get('MAX_SIZE')}", size, min(size, least_in_parts))]
    for name, members in parse(context.profiles or b"{}").profiles.items():
        of_profile, in_parts = members.get("max_size", size), members.get("multipart", True)
        if "max_size" in members or not in_parts:  # else it is as in the settings
            in_one_form = min(of_profile, least_in_parts) if in_parts else of_profile
            sizes.append((f"{name}.max_size in {FILE}", f"{of_profile:,} bytes", of_profile, in_one_form))
    for what, text, largest, in_one_form in sizes:
        if in_one_form > MAX_FORM_LIFETIME_SECONDS * MIN_BYTES_PER_SECOND:
            yield (
                f"{what} is {text}, and no form lives longer than {MAX_FORM_LIFETIME_SECONDS:,} seconds: "
                f"the largest file needs a line of {-(-largest // MAX_FORM_LIFETIME_SECONDS // 1000):,} KB a second."
            )


@check(
    "kept-for-ever",
    level="decision",
    impact="Uploads stay, and are paid for, until you delete them.",
    fix="Set KEEP_DAYS to have OSS delete them after so many days.",
)
def kept_for_ever(context: Context) -> Iterator[str]:
    if context.environ.get("KEEP_DAYS", "").strip() in ("", "0"):
        yield "KEEP_DAYS is 0, or not set."
