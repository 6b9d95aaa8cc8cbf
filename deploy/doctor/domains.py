"""What doctor looks for in the domains of page, function and bucket."""

from __future__ import annotations

from collections.abc import Iterator

from deploy.doctor.context import Setup
from deploy.names import DOMAINS


def names(setup: Setup) -> Iterator[str]:
    """Domains alone, as DNS spells them."""
    yield from (f"{text}." for name, text in setup.name_faults.items() if name in DOMAINS)


def page_origin(setup: Setup) -> Iterator[str]:
    """The page's own domain may upload."""
    domain = setup.environ.get("SITE_DOMAIN", "").strip()
    if domain and "SITE_DOMAIN" not in setup.name_faults and f"https://{domain}" not in setup.origins:
        yield f"https://{domain}, where SITE_DOMAIN puts the page, is not in ALLOWED_ORIGINS."


def no_site_domain(setup: Setup) -> Iterator[str]:
    """The page is at OSS's default domain."""
    if not setup.environ.get("SITE_DOMAIN", "").strip():
        yield "SITE_DOMAIN is not set."


def no_sign_domain(setup: Setup) -> Iterator[str]:
    """The function is at Function Compute's default domain."""
    if not setup.environ.get("SIGN_DOMAIN", "").strip():
        yield "SIGN_DOMAIN is not set."


def no_upload_domain(setup: Setup) -> Iterator[str]:
    """Mainland uploads go to OSS's default domain."""
    region = setup.settings.get("OSS_REGION", "")
    on_mainland = region.startswith("cn-") and region != "cn-hongkong"
    if on_mainland and _posts_to_default_domain(setup) and not (setup.live and setup.live.endpoint_forbidden):
        yield f"UPLOAD_DOMAIN is not set, and {region} is on the mainland."


def _posts_to_default_domain(setup: Setup) -> bool:
    return (setup.settings.get("UPLOAD_URL") or ".aliyuncs.com").endswith(".aliyuncs.com")


def endpoint_forbidden(setup: Setup) -> Iterator[str]:
    """The account may not use OSS's default domain."""
    if setup.live and setup.live.endpoint_forbidden and _posts_to_default_domain(setup):
        yield "OSS answers PublicEndpointForbidden at the bucket's default domain."
