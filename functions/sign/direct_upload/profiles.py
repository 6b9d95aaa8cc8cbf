"""Profiles: named sets of rules for uploads. The settings' own are the profile `default`; profiles.json has others.

`parse` finds what is wrong with the file by itself, `resolve` what is wrong with it beside the settings.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

from direct_upload import content_types
from oss_protocol.callback import PROFILE_NAME

FILE = "profiles.json"

DEFAULT = "default"
"""The name of the settings' own rules."""

DEFAULT_MAX_SIZE = "100MB"

MAX_POST_BYTES = 5 * 10**9
"""Of one post: OSS takes 5 GB."""

MIN_FORM_LIFETIME_SECONDS = 60

MAX_FORM_LIFETIME_SECONDS = 3000
"""Of a form: credentials live for 3,600 seconds."""

MIN_BYTES_PER_SECOND = 50_000
"""Of a line: on a line of this speed a file must still arrive before its form expires."""

MAX_KEEP_DAYS = 3650

_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}

_SHOWN_CHARACTERS = 40
"""Of a faulty value in a message."""

_FAULT_CHARACTERS = 300
"""Of what a parser says of a value, which it repeats whole."""


@dataclass(frozen=True)
class Profile:
    """A set of rules. Sizes are in bytes, durations in seconds."""

    name: str
    max_size: int
    content_types: Mapping[str, str]
    """Each allowed type and its extension."""
    expires_in: int
    folder_forms: bool
    callback: bool
    """Whether OSS calls back when it has stored a file."""
    multipart: bool
    """Whether large files may be sent in parts."""
    requires_claim: bool = False
    """Whether only tokens whose claim `profiles` names this profile may use it."""
    keep_days: int | None = None
    """After so many days OSS deletes a file of this profile; None if the bucket's own rule decides."""

    @property
    def label(self) -> str | None:
        """Returns the name in tickets and in the log. Uploads by the settings' own rules have none there."""
        return None if self.name == DEFAULT else self.name

    def form_lifetime(self, size: int) -> int:
        """Returns for how many seconds a form for `size` bytes is valid: long enough on a slow line."""
        return min(max(self.expires_in, size // MIN_BYTES_PER_SECOND), MAX_FORM_LIFETIME_SECONDS)


class Declarations(NamedTuple):
    """What profiles.json says."""

    profiles: Mapping[str, Mapping[str, Any]]
    """The members that each profile has, as values of `Profile`."""
    faults: tuple[str, ...]
    """Everything that is wrong with the file, a sentence each, which begins with the place."""


def parse(content: bytes) -> Declarations:
    """Reads the content of profiles.json."""
    try:
        members = json.loads(content.decode("utf-8-sig"), object_pairs_hook=_Object)
    except json.JSONDecodeError as error:
        problem = error.msg.removesuffix(" at").removesuffix(" starting")
        return Declarations({}, (f"{FILE} is not JSON: {problem}, in line {error.lineno}",))
    except (ValueError, RecursionError):
        return Declarations({}, (f"{FILE} is not JSON in UTF-8",))
    if not isinstance(members, _Object):
        return Declarations({}, (f'{FILE} must be an object such as {{"photos": {{"max_size": "10MB"}}}}',))
    faults = [f"{_show_name(name)} is in {FILE} twice: remove one, or rename it" for name in members.repeated]
    profiles = {}
    for name, value in members.items():
        if name != "$schema":
            profiles[name] = _parse_profile(name, value, faults)
        elif not isinstance(value, str):
            faults.append(f"$schema in {FILE} must be a text, not {_show(value)}")
    return Declarations(profiles, tuple(faults))


def resolve(declarations: Declarations, default: Profile, *, tokens: bool) -> tuple[dict[str, Profile], list[str]]:
    """Returns all profiles by their names, `default` among them, and why any of them does not fit the settings.

    A member that the file leaves out is as in the settings, except `requires_claim`, which then is true. `tokens` says
    whether callers have any.
    """
    profiles = {DEFAULT: default}
    faults: list[str] = []
    for name, members in declarations.profiles.items():
        profile = replace(default, **{"requires_claim": True, **members, "name": name})
        profiles[name] = profile
        faults += [
            f"{_show_name(name)}.{fault}" for fault in _find_contradictions(profile, members, default, tokens=tokens)
        ]
    return profiles, faults


def _find_contradictions(profile: Profile, members: Mapping[str, Any], default: Profile, *, tokens: bool) -> list[str]:
    """Returns the faults that a profile has only beside these settings. What a setting is at fault for is not in it."""
    found = []
    if profile.callback and not default.callback:
        found.append(f"callback in {FILE} cannot be true while CALLBACK is off: set one of them right")
    elif profile.callback and members.get("folder_forms"):
        found.append(
            f"folder_forms in {FILE} cannot be true while callback is, since a page could leave the callback out: "
            "set one of them to false"
        )
    if profile.multipart and not default.multipart:
        found.append(f"multipart in {FILE} cannot be true without MULTIPART_THRESHOLD: set it, or multipart to false")
    # With a fault in MAX_SIZE, the inherited size is None here.
    elif profile.max_size and profile.max_size > MAX_POST_BYTES and not profile.multipart:
        found.append(
            f"max_size in {FILE} must be at most 5GB, which is what OSS takes in one post: "
            "lower it, or set multipart to true"
        )
    if profile.requires_claim and not tokens:
        found.append(
            f"requires_claim in {FILE} cannot be true with AUTH=none, since nobody has a token: "
            "set it to false, or set AUTH=jwt"
        )
    return found


class _Object(dict[str, Any]):
    """A JSON object, and the names that occur in it more than once."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        counts = Counter(name for name, _ in pairs)
        self.repeated = [name for name, count in counts.items() if count > 1]


def _parse_profile(name: str, value: object, faults: list[str]) -> dict[str, Any]:
    """Returns the sound members of a profile, and adds what is wrong with the others."""
    if not PROFILE_NAME.fullmatch(name):
        faults.append(
            f"{_show_name(name)} in {FILE} is not a profile's name: use 1 to 32 of a-z, 0-9 and -, a letter first"
        )
    elif name == DEFAULT:
        faults.append(f"{DEFAULT} in {FILE} is the name of the settings' own rules: choose another one")
    if not isinstance(value, _Object):
        faults.append(f"{_show_name(name)} in {FILE} must be an object, not {_show(value)}")
        return {}
    place = _show_name(name)
    faults += [f"{place}.{_show_name(member)} is in {FILE} twice: remove one" for member in value.repeated]
    members = {}
    for member, text in value.items():
        try:
            members[member] = _parse_member(member, text)
        except ValueError as error:  # noqa: PERF203 - there are few, and every fault is to be named
            faults.append(f"{place}.{_show_name(member)} in {FILE} {_shorten(str(error), _FAULT_CHARACTERS)}")
    return members


def _parse_member(member: str, value: object) -> object:
    if member not in _PARSERS:
        raise ValueError(f"is not known: a profile has {', '.join(_PARSERS)}")
    return _PARSERS[member](value)


def _parse_text(parse: Callable[[str], object], example: str, value: object) -> object:
    if not isinstance(value, str):
        raise ValueError(f'must be a text such as "{example}", not {_show(value)}')  # noqa: TRY004 - a fault of the file
    return parse(value)


def _parse_number(least: int, most: int, unit: str, value: object) -> int:
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"must be {least} to {most} {unit}, not {_show(value)}")
    return value


def _parse_switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"must be true or false, not {_show(value)}")  # noqa: TRY004 - a fault of the file
    return value


def _show_name(name: str) -> str:
    return name if re.fullmatch(r"[a-z$][a-z0-9_-]{0,40}", name) else repr(name)[:_SHOWN_CHARACTERS]


def _show(value: object) -> str:
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    return _shorten(json.dumps(value), _SHOWN_CHARACTERS)


def _shorten(text: str, max_length: int) -> str:
    return text if len(text) <= max_length else f"{text[:max_length]}…"


def parse_size(text: str) -> int:
    """Returns the bytes of a text such as `100MB`. Raises ValueError for other texts, and above 1 TB."""
    match = re.fullmatch(r"([1-9][0-9]{0,12}) ?([KMGT]?B)?", text)
    if not match:
        raise ValueError(f"must be a whole number of bytes, or of KB, MB, GB or TB, such as 100MB, not {text!r}")
    size = int(match[1]) * _UNITS[match[2] or ""]
    if size > 10**12:
        raise ValueError(f"must be at most 1TB, not {text}")
    return size


_PARSERS: Mapping[str, Callable[[object], object]] = {
    "content_types": partial(_parse_text, content_types.parse, "image/*,.pdf"),
    "max_size": partial(_parse_text, parse_size, "10MB"),
    "expires_in": partial(_parse_number, MIN_FORM_LIFETIME_SECONDS, MAX_FORM_LIFETIME_SECONDS, "seconds"),
    "folder_forms": _parse_switch,
    "callback": _parse_switch,
    "multipart": _parse_switch,
    "requires_claim": _parse_switch,
    "keep_days": partial(_parse_number, 1, MAX_KEEP_DAYS, "days"),
}
