"""What doctor looks for in the domains of page, function and bucket."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from deploy.declared import Deployment
from deploy.doctor.check import check
from deploy.doctor.context import Context
from deploy.names import CERTIFICATES, DOMAINS


@check(
    "domains",
    impact="The domain cannot be bound.",
    fix="Write the name alone: no https://, no path, small letters.",
)
def domains(context: Context) -> Iterator[str]:
    yield from (f"{text}." for name, text in context.name_faults.items() if name in (*DOMAINS, *CERTIFICATES))


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


@check(
    "hosts",
    level="decision",
    impact="Those who have that host receive people's files, or their upload links.",
    fix="Keep it if it is yours; else let s.yaml take it from UPLOAD_DOMAIN or SIGN_DOMAIN again, and deploy.",
    live="function",
)
def hosts(context: Context) -> Iterator[str]:
    """Finds where files and tokens go besides the bucket, the function and the domains that .env names."""
    stated = context.declared or context.deployment
    page = (stated.resources.get("site") or {}).get("props") or {}
    files, tokens = _bucket_urls(context, stated), _domain_urls(context, "SIGN_DOMAIN")
    besides = f"which is neither {files[0]} nor at UPLOAD_DOMAIN"
    upload_url = context.settings.get("UPLOAD_URL") or _endpoint(context.settings)
    if not _is_one_of(upload_url, files) and not {"UPLOAD_URL", "OSS_REGION", "OSS_BUCKET"} & set(
        context.setting_faults
    ):
        yield f"The function has files sent to {_hide_login(upload_url)}, {besides}."
    if context.declared:  # the rest stands in s.yaml alone
        return
    if not _is_one_of(page.get("upload") or files[0], files):
        yield f"The page may send files to {_hide_login(page['upload'])}, {besides}."
    of_function = str(page.get("function") or "")
    if of_function and not _is_output(of_function, "sign") and not _is_one_of(of_function, tokens):
        told = "which is neither the function's own address nor SIGN_DOMAIN"
        yield f"The page sends tokens to {_hide_login(of_function)}, {told}."
    callback_url = context.settings.get("CALLBACK_URL") or ""
    is_meant = not callback_url or _is_output(callback_url, "callback")
    if not is_meant and "CALLBACK_URL" not in context.setting_faults:
        yield f"OSS calls back {_hide_login(callback_url)}, which is not the callback function's address in s.yaml."
    for whose, function in (("the function", stated.function), ("the callback function", stated.callback)):
        domain = function.get("customDomain") or {}
        name = domain.get("domainName") if isinstance(domain, dict) else domain
        if name and not (whose == "the function" and _is_one_of(f"https://{name}", tokens)):
            yield f"s.yaml binds {name} to {whose}, and SIGN_DOMAIN does not name it."


def _bucket_urls(context: Context, stated: Deployment) -> list[str]:
    """Returns where files may go: the address of the bucket where the template makes it, and UPLOAD_DOMAIN."""
    region = ((stated.resources.get("infra") or {}).get("props") or {}).get("region")
    own = stated.function_environ if not region else {**stated.function_environ, "OSS_REGION": str(region)}
    return [_endpoint(own), *_domain_urls(context, "UPLOAD_DOMAIN")]


def _endpoint(settings: Mapping[str, str]) -> str:
    return f"https://{settings.get('OSS_BUCKET')}.oss-{settings.get('OSS_REGION')}.aliyuncs.com"


def _domain_urls(context: Context, name: str) -> list[str]:
    domain = context.environ.get(name, "").strip()
    return [f"https://{domain}"] if domain else []


def _is_output(text: str, resource: str) -> bool:
    """Tells whether s.yaml takes a value from the deployment of this resource, and adds nothing to it."""
    return re.fullmatch(rf"\$\{{resources\.{resource}\.output\.[\w.]+\}}", text) is not None


def _hide_login(url: object) -> str:
    """Returns an address to print; a password may stand before an @."""
    text = str(url)
    return text if "@" not in text else f"…@{text.rpartition('@')[2]}"


def _is_one_of(url: str, urls: Iterable[str]) -> bool:
    return url.rstrip("/").lower() in (each.lower() for each in urls)


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
