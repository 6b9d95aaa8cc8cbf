"""What doctor looks for in the upload bucket, declared and live."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from deploy.doctor.context import BUCKET, Setup
from deploy.doctor.live_bucket import CorsRule, UploadBucket
from deploy.doctor.rights import ResourceNames, Right, policy_rights, role_rights
from deploy.doctor.roles import shipped_roles, together
from fc_http.environment import split_list

MAX_SKEW = 60
"""Seconds between this machine's clock and OSS's that nothing minds yet."""


def absent(setup: Setup) -> Iterator[str]:
    """The template makes the bucket that the function names."""
    if not any(each.get("BucketName") == setup.settings.get("OSS_BUCKET") for each in _declared_buckets(setup)):
        yield f"The template has no bucket {setup.settings.get('OSS_BUCKET')}, which OSS_BUCKET names."


def _declared_buckets(setup: Setup) -> Iterable[dict[str, Any]]:
    return setup.deployment.of_type(BUCKET).values()


def versioning(setup: Setup) -> Iterator[str]:
    """A versioned bucket knows no forbid-overwrite."""
    yield from (f"{each.where} has versioning {each.versioning}." for each in setup.buckets() if each.versioning)


def public_access(setup: Setup) -> Iterator[str]:
    """Block Public Access."""
    for each in setup.buckets():
        if each.public_access_blocked is False:
            yield f"{each.where} does not block public access."


def acl(setup: Setup) -> Iterator[str]:
    """The bucket's ACL."""
    yield from (f"{each.where} is {each.acl}." for each in setup.buckets() if each.acl not in (None, "private"))


def site_acl(setup: Setup) -> Iterator[str]:
    """Who may write the page."""
    yield from (f"{each.where} is {each.acl}." for each in setup.site_buckets() if each.acl == "public-read-write")


def policy(setup: Setup) -> Iterator[str]:
    """What the upload bucket's policy allows: this project makes none."""
    yield from _allowances(setup.buckets())


def site_policy(setup: Setup) -> Iterator[str]:
    """What the policy of the page's bucket allows: this project makes none."""
    yield from _allowances(setup.site_buckets())


def _allowances(buckets: Iterable[UploadBucket]) -> Iterator[str]:
    for each in buckets:
        allowed, _ = policy_rights(each.policy)
        yield from (f"{each.where} has a policy that allows {what}." for what in together(allowed))


def policy_refusals(setup: Setup) -> Iterator[str]:
    """What the upload bucket's policy denies our roles, that they need."""
    for each in setup.buckets():
        _, denied = policy_rights(each.policy)
        for role, needed in _needed(setup).items():
            refused = [right for right in needed if any(_takes_away(denial, right, role, setup) for denial in denied)]
            yield from (f"{each.where} has a policy that denies the role {role} {what}." for what in together(refused))


def policy_denials(setup: Setup) -> Iterator[str]:
    """What else the buckets' policies deny."""
    needed = [(role, right) for role, rights in _needed(setup).items() for right in rights]
    for buckets, of_roles in ((setup.buckets(), needed), (setup.site_buckets(), [])):
        for each in buckets:
            _, denied = policy_rights(each.policy)
            besides = [
                one for one in denied if not any(_takes_away(one, right, role, setup) for role, right in of_roles)
            ]
            doubtful = [one for one in besides if any(_may_take_away(one, right, setup) for _, right in of_roles)]
            certain = [one for one in besides if one not in doubtful]
            yield from (f"{each.where} has a policy that denies {what}." for what in together(certain))
            yield from (
                f"{each.where} has a policy that denies this account, {what}: whether OSS counts the account's roles "
                "in, its documents do not say."
                for what in together(doubtful)
            )


def _needed(setup: Setup) -> dict[str, list[Right]]:
    """What the roles may do in the upload bucket, as it is shipped, by the role's name."""
    return {
        str(role["RoleName"]): found
        for role in shipped_roles(setup).values()
        if (found := [right for right in role_rights(role)[0] if right.action.startswith("oss:")])
    }


def _takes_away(denial: Right, right: Right, role: str, setup: Setup) -> bool:
    """Whether a policy's denial takes a right from a role, which OSS and RAM spell in two ways."""
    account = right.resource.split(":")[3]
    # The function names its sessions after itself.
    session = str((setup.declared or setup.deployment).function.get("functionName", ""))[:32]
    sessions = (f"arn:sts::{account}:assumed-role/{role}/{each}" for each in ("*", session))
    spelt = (*sessions, f"acs:ram::{account}:role/{role}")
    return any(denial.takes(replace(right, who=who), setup.regions) for who in spelt)


def _may_take_away(denial: Right, right: Right, setup: Setup) -> bool:
    """Whether a policy's denial names the whole account, and would take the right away if it meant its roles."""
    account = right.resource.split(":")[3]
    whole = denial.who.lower() in (account, f"acs:ram::{account}:root")
    return whole and denial.takes(replace(right, who=denial.who), setup.regions)


def cors_for_all(setup: Setup) -> Iterator[str]:
    """Pages that nobody named."""
    listed = setup.settings.get("ALLOWED_ORIGINS", "")
    named = None if "ALLOWED_ORIGINS" in setup.setting_faults() else split_list(listed)
    for each in setup.buckets():
        for origin in dict.fromkeys(origin for rule in each.cors or () for origin in rule.origins):
            if "*" in origin:
                yield f"{each.where} lets pages of {origin} read its answers."
            elif named is not None and origin not in named:
                yield f"{each.where} lets pages of {origin} read its answers, and ALLOWED_ORIGINS does not name it."


def cors_for_pages(setup: Setup) -> Iterator[str]:
    """Every page may post and read the answer."""
    for each in setup.buckets():
        if each.cors is not None:
            for origin in setup.origins:
                if not any(covers(rule, origin, "POST") for rule in each.cors):
                    yield f"{each.where} has no CORS rule that lets {origin} post."


def covers(rule: CorsRule, origin: str, method: str) -> bool:
    """Whether a rule lets pages of an origin use a method."""
    patterns = (re.escape(each).replace(r"\*", ".*") for each in rule.origins)
    return method in rule.methods and any(re.fullmatch(pattern, origin) for pattern in patterns)


def deletions(setup: Setup) -> Iterator[str]:
    """Rules that delete uploads sooner than KEEP_DAYS says."""
    told = setup.environ.get("KEEP_DAYS", "").strip() or "0"
    if not re.fullmatch(r"[0-9]{1,5}", told):
        return
    kept, folder = int(told), setup.upload_place.partition("/")[2].removesuffix("*")
    for each in setup.buckets():
        for rule in each.expiry or ():
            concerned = folder.startswith(rule.prefix) or rule.prefix.startswith(folder)
            if concerned and (kept == 0 or rule.days < kept):
                when = f"after {rule.days} days" if rule.days else "of before a date"
                yield f"{each.where} deletes uploads {when}, and KEEP_DAYS is {kept}."


def overdue(setup: Setup) -> Iterator[str]:
    """Live uploads that KEEP_DAYS says are to be deleted, and that are not."""
    days = setup.environ.get("KEEP_DAYS", "").strip()
    if not re.fullmatch(r"[1-9][0-9]{0,4}", days):
        return
    folder = setup.upload_place.partition("/")[2].removesuffix("*")
    for each in [setup.live.bucket] if setup.live else []:
        rules = [rule for rule in each.expiry or () if folder.startswith(rule.prefix) and 0 < rule.days <= int(days)]
        if each.expiry is not None and not rules:
            yield f"{each.where} does not delete uploads after {days} days, as KEEP_DAYS says."


def owner(setup: Setup) -> Iterator[str]:
    """Buckets that are somebody else's."""
    account = ResourceNames.of(setup.deployment).account
    for each in (*setup.buckets(), *setup.site_buckets()):
        if each.owner is not None and each.owner != account:
            yield f"{each.where} belongs to the account {each.owner}, not to {account}."


def clock(setup: Setup) -> Iterator[str]:
    """This machine's clock, against OSS's."""
    skew = setup.live.skew if setup.live else None
    if skew is not None and abs(skew) > MAX_SKEW:
        yield f"This machine's clock is {abs(skew):,.0f} seconds {'ahead of' if skew > 0 else 'behind'} OSS's."
