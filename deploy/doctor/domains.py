"""What doctor looks for in the domains of page, function and bucket."""

from __future__ import annotations

from collections.abc import Iterator

from deploy.doctor.check import check
from deploy.doctor.context import Context
from deploy.names import DOMAINS


@check(
    "domains",
    impact="The domain cannot be bound.",
    fix="Write the name alone: no https://, no path, small letters.",
)
def domains(context: Context) -> Iterator[str]:
    yield from (f"{text}." for name, text in context.name_faults.items() if name in DOMAINS)


@check(
    "page-origin",
    impact="The function refuses the page with 403 `origin_not_allowed`.",
    fix="Add it to ALLOWED_ORIGINS, or leave ALLOWED_ORIGINS to s.yaml.",
)
def page_origin(context: Context) -> Iterator[str]:
    domain = context.environ.get("SITE_DOMAIN", "").strip()
    if domain and "SITE_DOMAIN" not in context.name_faults and f"https://{domain}" not in context.origins:
        yield f"https://{domain}, where SITE_DOMAIN puts the page, is not in ALLOWED_ORIGINS."


@check(
    "endpoint-forbidden",
    impact="This account may not use the default domain of mainland buckets for data (accounts made since 2025-03-20): "
    "every upload fails.",
    fix="Set UPLOAD_DOMAIN to a domain with an ICP filing and deploy; or set the region to cn-hongkong.",
    live="list of objects",
    declared=False,
)
def endpoint_forbidden(context: Context) -> Iterator[str]:
    if context.live_buckets and context.live_buckets.endpoint_forbidden and _posts_to_default_domain(context):
        yield "OSS answers PublicEndpointForbidden at the bucket's default domain."


@check(
    "site-domain",
    level="decision",
    impact="OSS's default domain makes browsers download the page instead of showing it.",
    fix="Set SITE_DOMAIN to a domain of yours (docs/deploy.md), unless people get the page elsewhere.",
)
def site_domain(context: Context) -> Iterator[str]:
    if not context.environ.get("SITE_DOMAIN", "").strip():
        yield "SITE_DOMAIN is not set."


@check(
    "sign-domain",
    level="decision",
    impact="The function answers at its fcapp.run address, which Alibaba Cloud does not allow in production.",
    fix="Set SIGN_DOMAIN to a domain of yours (docs/deploy.md) before people depend on it.",
)
def sign_domain(context: Context) -> Iterator[str]:
    if not context.environ.get("SIGN_DOMAIN", "").strip():
        yield "SIGN_DOMAIN is not set."


def _posts_to_default_domain(context: Context) -> bool:
    return (context.settings.get("UPLOAD_URL") or ".aliyuncs.com").endswith(".aliyuncs.com")


@check(
    "upload-domain",
    level="decision",
    impact="Accounts made since 2025-03-20 may not use the default domain of mainland buckets: every upload fails with "
    "PublicEndpointForbidden.",
    fix="With such an account, set UPLOAD_DOMAIN to a domain with an ICP filing, or the region to cn-hongkong.",
)
def upload_domain(context: Context) -> Iterator[str]:
    region = context.settings.get("OSS_REGION", "")
    on_mainland = region.startswith("cn-") and region != "cn-hongkong"
    if (
        on_mainland
        and _posts_to_default_domain(context)
        and not (context.live_buckets and context.live_buckets.endpoint_forbidden)
    ):
        yield f"UPLOAD_DOMAIN is not set, and {region} is on the mainland."
