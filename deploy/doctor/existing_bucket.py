"""What doctor looks for in an upload bucket that was there before, and in settings of one that others may change."""

from __future__ import annotations

from collections.abc import Iterator

from deploy.cors_rules import CorsRule
from deploy.doctor.check import check
from deploy.doctor.context import Context
from deploy.doctor.rights import policy_rights
from deploy.doctor.roles import together
from deploy.names import existing_bucket_faults


@check(
    "existing-bucket",
    impact="A deployment stops before it makes anything.",
    fix="Set it right in .env (docs/existing-bucket.md), or leave UPLOAD_BUCKET out: then a bucket is made.",
)
def existing_bucket(context: Context) -> Iterator[str]:
    made = (str(context.deployment.parameters.get("OwnUploadBucket", "")), context.deployment.site_bucket)
    yield from (f"{text}." for text in existing_bucket_faults(context.environ, made))


@check(
    "encryption",
    impact="OSS refuses every upload: the upload role may not use keys of KMS.",
    fix="In the OSS console, let the bucket encrypt with AES256 (keys of OSS), or not.",
    live="encryption",
    declared=False,
)
def encryption(context: Context) -> Iterator[str]:
    live = context.live_bucket
    if live and live.encryption == "KMS":
        yield f"{live.where} encrypts with a key of KMS."


@check(
    "referers",
    impact="OSS refuses the parts of large files, and perhaps forms: the page sends no Referer with them.",
    fix="In the OSS console, under hotlink protection, allow requests with an empty Referer.",
    live="Referer rules",
    declared=False,
)
def referers(context: Context) -> Iterator[str]:
    live = context.live_bucket
    if live and live.referers and live.referers.pages and not live.referers.allows_none:
        yield f"{live.where} refuses requests without a Referer."


@check(
    "upload-website",
    level="decision",
    impact="Those who may read files are shown, or sent to, something else where a file is missing.",
    fix="Keep it if it is yours; else delete the bucket's static page, with its redirect and mirroring rules, in the "
    "OSS console: uploads need none.",
    live="website",
    declared=False,
)
def upload_website(context: Context) -> Iterator[str]:
    live = context.live_bucket
    if live and live.website and live.website != type(live.website)():
        count = live.website.rules
        rules = f", with {count} rule{'' if count == 1 else 's'} that may send requests elsewhere" if count else ""
        yield f"{live.where} is set up as a website{rules}."


@check(
    "shared-bucket",
    level="decision",
    impact="They reach uploads, too, unless what allows them leaves UPLOAD_PREFIX out.",
    fix="Keep it if it is meant; else change it in the OSS console, or let uploads go to a bucket of their own.",
    live="policy",
    also="CORS",
    declared=False,
)
def shared_bucket(context: Context) -> Iterator[str]:
    live = context.live_bucket
    if not live or not context.existing_bucket:
        return
    allowed, _ = policy_rights(live.policy)
    known = (right for right in allowed if right.who != "*")  # the check policy names what everybody may do
    yield from (f"{live.where} has a policy that allows {what}." for what in together(known))
    for origin in dict.fromkeys(origin for rule in live.cors or () for origin in _of_others(rule, context)):
        yield f"{live.where} lets pages of {origin} read its answers."


def _of_others(rule: CorsRule, context: Context) -> list[str]:
    return [origin for origin in rule.origins if origin not in context.origins]
