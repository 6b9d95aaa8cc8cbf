"""What doctor looks for in the upload bucket, declared and live."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from deploy.counts import number_of
from deploy.doctor.check import check
from deploy.doctor.context import BUCKET, Context
from deploy.doctor.live_bucket import BucketConfig
from deploy.doctor.rights import ResourceNames, Right, policy_rights, role_rights
from deploy.doctor.roles import shipped_roles, together

MAX_SKEW = 60
"""Seconds between this machine's clock and OSS's that nothing minds yet."""


@check(
    "bucket",
    impact="Uploads go to a bucket that this deployment does not make or guard, or to none.",
    fix="Let OSS_BUCKET and the template's BucketName come from the same variable of s.yaml.",
)
def bucket(context: Context) -> Iterator[str]:
    if not context.existing_bucket and not any(
        each.get("BucketName") == context.settings.get("OSS_BUCKET") for each in _declared_buckets(context)
    ):
        yield f"The template has no bucket {context.settings.get('OSS_BUCKET')}, which OSS_BUCKET names."


def _declared_buckets(context: Context) -> Iterable[dict[str, Any]]:
    return context.deployment.of_type(BUCKET).values()


@check(
    "owner",
    impact="Somebody else receives the uploads, or serves the page: the name of a deleted bucket is free for anybody.",
    fix="Take the functions away (`make remove`), set another NAME, and deploy.",
    live="ACL",
    also="site ACL",
    declared=False,
)
def owner(context: Context) -> Iterator[str]:
    account = ResourceNames.of(context.deployment).account
    for each in (*context.buckets(), *context.site_buckets()):
        if each.owner is not None and each.owner != account:
            yield f"{each.where} belongs to the account {each.owner}, not to {account}."


@check(
    "versioning",
    impact="x-oss-forbid-overwrite has no effect: a form can be posted again and again, each time as a new version, "
    "and a link for a number of files (`make link`, --max-files) takes any number.",
    fix="Use a bucket that never had versioning: it cannot be switched off again, only suspended, which does not help.",
    live="versioning",
)
def versioning(context: Context) -> Iterator[str]:
    yield from (f"{each.where} has versioning {each.versioning}." for each in context.buckets() if each.versioning)


@check(
    "public-access",
    impact="One wrong ACL or policy, and strangers read what was uploaded.",
    fix="Set BlockPublicAccess to true in deploy/ros.yaml and deploy; on a live bucket, in the console under "
    "Permission Control.",
    live="Block Public Access",
)
def public_access(context: Context) -> Iterator[str]:
    for each in context.buckets():
        if each.public_access_blocked is False:
            yield f"{each.where} does not block public access."


@check(
    "acl",
    impact="Strangers read what was uploaded.",
    fix="Set the bucket's ACL to private.",
    live="ACL",
)
def acl(context: Context) -> Iterator[str]:
    yield from (f"{each.where} is {each.acl}." for each in context.buckets() if each.acl not in (None, "private"))


@check(
    "policy",
    impact="Strangers, or other accounts, may do that past the roles and past Block Public Access.",
    fix="Delete the bucket's policy, in deploy/ros.yaml or in the OSS console: this project needs none.",
    live="policy",
)
def policy(context: Context) -> Iterator[str]:
    yield from _allowances(context.buckets(), to_all_alone=bool(context.existing_bucket))


@check(
    "site-policy",
    impact="Anyone who may write the page can make it send people's upload links and files elsewhere.",
    fix="Delete the bucket's policy, in deploy/ros.yaml or in the OSS console: the bucket is public-read by its ACL.",
    live="site policy",
)
def site_policy(context: Context) -> Iterator[str]:
    yield from _allowances(context.site_buckets())


def _allowances(buckets: Iterable[BucketConfig], *, to_all_alone: bool = False) -> Iterator[str]:
    """Yields what policies allow; `to_all_alone` leaves out what they allow to some (the check shared-bucket)."""
    for each in buckets:
        allowed = [right for right in policy_rights(each.policy)[0] if right.who == "*" or not to_all_alone]
        yield from (f"{each.where} has a policy that allows {what}." for what in together(allowed))


@check(
    "site-website",
    impact="People who open the page get another one, which may take their upload links and files, or none.",
    fix="In the OSS console set the page's bucket's static page as deploy/ros.yaml does, and delete its redirect and "
    "mirroring rules: ROS may leave alone what it made before.",
    live="site website",
    declared=False,
)
def site_website(context: Context) -> Iterator[str]:
    """Finds what the page's live bucket shows in place of the page."""
    live = context.live_site
    declared = next(context.site_buckets(), None)
    if live is None or live.website is None or declared is None or declared.website is None:
        return
    for what, found, stated in (
        ("index page", live.website.index, declared.website.index),
        ("error page", live.website.error, declared.website.error),
    ):
        if found != stated:
            yield f"{live.where} has the {what} {found or '(none)'}, and in the template {stated or '(none)'}."
    if count := live.website.rules:
        yield f"{live.where} has {number_of(count, 'rule')} that may send requests elsewhere."


@check(
    "site-acl",
    impact="Anybody may exchange the page for one that sends people's upload links and files elsewhere.",
    fix="Set the ACL of the page's bucket to public-read, and deploy.",
    live="site ACL",
)
def site_acl(context: Context) -> Iterator[str]:
    yield from (f"{each.where} is {each.acl}." for each in context.site_buckets() if each.acl == "public-read-write")


@check(
    "site-private",
    impact="Nobody can open the page: OSS answers 403 AccessDenied.",
    fix="Deploy: that makes the page's bucket public-read.",
    live="site ACL",
    declared=False,
)
def site_private(context: Context) -> Iterator[str]:
    live = context.live_site
    if live and live.acl == "private":
        yield f"{live.where} is private."


@check(
    "site-blocked",
    impact="Nobody can open the page: OSS answers 403 AccessDenied, whatever the bucket's ACL says.",
    fix="Switch Block Public Access off in the OSS console: the account's under Data Service, the bucket's under "
    "Permission Control. (Deploying switches off the bucket's.)",
    live="site Block Public Access",
    also="Block Public Access of the account",
    declared=False,
)
def site_blocked(context: Context) -> Iterator[str]:
    live = context.live_site
    if live and live.public_access_blocked:
        yield f"{live.where} blocks public access."
    if context.live_buckets and context.live_buckets.account_blocked:
        yield "The account blocks public access to all of its buckets."


@check(
    "policy-refusals",
    impact="OSS refuses uploads, or what the functions ask for, with 403 AccessDenied, whatever the roles may do.",
    fix="Delete the bucket's policy, in deploy/ros.yaml or in the OSS console: this project needs none.",
    live="policy",
)
def policy_refusals(context: Context) -> Iterator[str]:
    for each in context.buckets():
        _, denied = policy_rights(each.policy)
        for role, needed in _shipped_rights(context).items():
            refused = [right for right in needed if any(_takes_away(denial, right, role, context) for denial in denied)]
            yield from (f"{each.where} has a policy that denies the role {role} {what}." for what in together(refused))


def _shipped_rights(context: Context) -> dict[str, list[Right]]:
    """Returns what the roles may do in the upload bucket, as it is shipped, by the role's name."""
    return {
        str(role["RoleName"]): found
        for role in shipped_roles(context).values()
        if (found := [right for right in role_rights(role)[0] if right.action.startswith("oss:")])
    }


def _takes_away(denial: Right, right: Right, role: str, context: Context) -> bool:
    """Tells whether a policy's denial takes a right from a role, which OSS and RAM spell in two ways."""
    account = right.resource.split(":")[3]
    # The function names its sessions after itself.
    session = str((context.declared or context.deployment).function.get("functionName", ""))[:32]
    sessions = (f"arn:sts::{account}:assumed-role/{role}/{each}" for each in ("*", session))
    spelt = (*sessions, f"acs:ram::{account}:role/{role}")
    return any(denial.takes(replace(right, who=who), context.regions) for who in spelt)


def _may_take_away(denial: Right, right: Right, context: Context) -> bool:
    """Tells whether a policy's denial names the whole account, and would take the right away if it meant its roles."""
    account = right.resource.split(":")[3]
    whole = denial.who.lower() in (account, f"acs:ram::{account}:root")
    return whole and denial.takes(replace(right, who=denial.who), context.regions)


@check(
    "policy-denials",
    level="decision",
    impact="It takes rights away and gives none. Uploads, or the page, fail where it takes away what they need.",
    fix="Keep it if it is yours; else delete it.",
    live="policy",
)
def policy_denials(context: Context) -> Iterator[str]:
    needed = [(role, right) for role, rights in _shipped_rights(context).items() for right in rights]
    for buckets, of_roles in ((context.buckets(), needed), (context.site_buckets(), [])):
        for each in buckets:
            _, denied = policy_rights(each.policy)
            besides = [
                one for one in denied if not any(_takes_away(one, right, role, context) for role, right in of_roles)
            ]
            doubtful = [one for one in besides if any(_may_take_away(one, right, context) for _, right in of_roles)]
            certain = [one for one in besides if one not in doubtful]
            yield from (f"{each.where} has a policy that denies {what}." for what in together(certain))
            yield from (
                f"{each.where} has a policy that denies this account, {what}: whether OSS counts the account's roles "
                "in, its documents do not say."
                for what in together(doubtful)
            )


@check(
    "clock",
    impact="Deploying signs with this clock: OSS refuses what is 15 minutes off, and with a clock that is ahead the "
    "ros component may wait forever.",
    fix="Set the clock, or switch on time synchronisation.",
    live="clock",
    declared=False,
)
def clock(context: Context) -> Iterator[str]:
    skew = context.live_buckets.skew if context.live_buckets else None
    if skew is not None and abs(skew) > MAX_SKEW:
        yield f"This machine's clock is {abs(skew):,.0f} seconds {'ahead of' if skew > 0 else 'behind'} OSS's."
