"""profiles.json, which lies beside s.yaml, as the owner's commands read it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.counts import number_of
from direct_upload.profiles import DEFAULT, FILE, parse


def read_profiles(folder: Path) -> bytes | None:
    """Returns the content of profiles.json in a folder; None if there is no such file. Raises ValueError."""
    file = folder / FILE
    try:
        return file.read_bytes()
    except FileNotFoundError:
        if file.is_symlink():
            raise ValueError(f"{FILE} is a link to a file that is not there") from None
        return None
    except OSError as fault:
        raise ValueError(f"{FILE} cannot be read: {fault.strerror}") from None


def sound_profiles(folder: Path) -> Mapping[str, Mapping[str, Any]]:
    """Returns what profiles.json in a folder says of each profile. Raises ValueError with everything that is wrong."""
    content = read_profiles(folder)
    declared, faults = parse(content if content is not None else b"{}")
    if faults:
        raise ValueError("\n".join(faults))
    return declared


def profile_folder(prefix: str, name: str) -> str:
    """Returns where the files of a profile lie in the bucket."""
    return f"{prefix}/~{name}/"


def keep_days(content: bytes | None) -> dict[str, int]:
    """Returns after how many days files are deleted, by the names of the profiles that say so."""
    declared = parse(content).profiles if content is not None else {}
    return {name: members["keep_days"] for name, members in declared.items() if "keep_days" in members}


def keep_days_faults(content: bytes | None, of_all: str) -> tuple[str, ...]:
    """Returns why a profile's files would not be kept as long as it says; `of_all` is KEEP_DAYS."""
    limit = int(of_all) if of_all.isdecimal() else 0
    return tuple(
        f"{name}.keep_days in {FILE} is {days}, and KEEP_DAYS={limit} deletes every file after "
        f"{number_of(limit, 'day')}: lower the one, or raise the other"
        for name, days in keep_days(content).items()
        if 0 < limit < days
    )


def check_profile(named_by: str, name: str, content: bytes | None) -> None:
    """Raises ValueError if there is no sound profile of this name; `named_by` is the option or setting that has it."""
    declared, faults = parse(content if content is not None else b"{}")
    if faults:
        raise ValueError("\n".join(faults))
    names = [DEFAULT, *declared]
    if name not in names:
        there = f"{FILE} has {', '.join(names[1:])}" if len(names) > 1 else f"there are none in {FILE}"
        raise ValueError(f"{named_by} must be a profile, not {name!r}: {there}")
