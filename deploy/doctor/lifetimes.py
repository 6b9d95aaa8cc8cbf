"""What doctor looks for in how long uploads are kept: the bucket's lifecycle rules, KEEP_DAYS and profiles.json."""

from __future__ import annotations

import re
from collections.abc import Iterator

from deploy.counts import number_of
from deploy.doctor.check import check
from deploy.doctor.context import Context
from deploy.lifecycle_rules import ExpiryRule
from deploy.profiles import keep_days, keep_days_faults, profile_folder


def _days_of_all(context: Context) -> int | None:
    """Returns KEEP_DAYS, 0 for ever; None where it is no number."""
    days = context.environ.get("KEEP_DAYS", "").strip() or "0"
    return int(days) if re.fullmatch(r"[0-9]{1,5}", days) else None


def _folder(context: Context) -> str:
    """Returns where all uploads lie in the bucket."""
    return context.upload_place.partition("/")[2].removesuffix("*")


def _profile_folders(context: Context) -> dict[str, str]:
    """Returns where the uploads lie of each profile that has keep_days."""
    prefix = _folder(context).removesuffix("/")
    return {name: profile_folder(prefix, name) for name in keep_days(context.profiles)}


@check(
    "profile-days",
    impact="The files of that profile are gone before their time.",
    fix="Lower keep_days in profiles.json, or raise KEEP_DAYS in .env, and deploy.",
)
def profile_days(context: Context) -> Iterator[str]:
    days = _days_of_all(context)
    yield from (f"{fault}." for fault in keep_days_faults(context.profiles, str(days or 0)))


@check(
    "deletions",
    impact="Files are gone before you think, and nothing brings them back.",
    fix="Delete the rule in deploy/ros.yaml, or under Lifecycle in the OSS console, or set KEEP_DAYS, or keep_days in "
    "profiles.json, to what should hold, and deploy.",
    live="lifecycle",
)
def deletions(context: Context) -> Iterator[str]:
    kept, days_of, folder = _days_of_all(context), keep_days(context.profiles), _folder(context)
    for each in context.buckets() if kept is not None else ():
        for rule in each.expiry or ():
            when = f"after {number_of(rule.days, 'day')}" if rule.days else "of before a date"
            profile = next((name for name, its in _profile_folders(context).items() if rule.prefix.startswith(its)), "")
            if profile:
                if rule.days < days_of[profile]:
                    yield (
                        f"{each.where} deletes uploads of the profile {profile} {when}, and its keep_days is "
                        f"{days_of[profile]}."
                    )
            elif (folder.startswith(rule.prefix) or rule.prefix.startswith(folder)) and (not kept or rule.days < kept):
                yield f"{each.where} deletes uploads {when}, and KEEP_DAYS is {kept}."


@check(
    "overdue",
    impact="Files that should be gone stay, can still be read by those who may read them, and are paid for.",
    fix="Deploy, or set KEEP_DAYS, or keep_days in profiles.json, to what should hold.",
    live="lifecycle",
    declared=False,
)
def overdue(context: Context) -> Iterator[str]:
    live = context.live_bucket
    if live is None or live.expiry is None:
        return
    days = _days_of_all(context)
    if days and not _is_deleted(live.expiry, _folder(context), days):
        yield f"{live.where} does not delete uploads after {number_of(days, 'day')}, as KEEP_DAYS says."
    days_of = keep_days(context.profiles)
    for name, folder in _profile_folders(context).items():
        if not _is_deleted(live.expiry, folder, days_of[name]):
            yield (
                f"{live.where} does not delete uploads of the profile {name} after "
                f"{number_of(days_of[name], 'day')}, as profiles.json says."
            )


def _is_deleted(rules: tuple[ExpiryRule, ...], folder: str, days: int) -> bool:
    """Tells whether a rule deletes all that lies in a folder within these days."""
    whole = (rule for rule in rules if folder.startswith(rule.prefix) and not rule.spares_some)
    return any(0 < rule.days <= days for rule in whole)
