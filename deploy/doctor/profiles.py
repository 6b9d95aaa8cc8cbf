"""What doctor looks for in profiles.json, beside the settings."""

from __future__ import annotations

from collections.abc import Iterator

from deploy.doctor.check import check
from deploy.doctor.context import Context
from deploy.profiles import check_profile
from direct_upload.profiles import FILE


@check(
    "profiles",
    impact="`make build` or `make deploy` stops, or the function answers every request with 500 `misconfigured`.",
    fix="Fix it in profiles.json (docs/reference/profiles.md says what fits), or in .env.",
)
def profiles(context: Context) -> Iterator[str]:
    yield from (f"{text}." for text in context.setting_faults.values() if FILE in text)


@check(
    "page-profile",
    impact="`make deploy` stops; a page that is published says that its profile is unknown.",
    fix="Set PAGE_PROFILE in .env to a profile of profiles.json, or leave it out.",
)
def page_profile(context: Context) -> Iterator[str]:
    if name := context.environ.get("PAGE_PROFILE", "").strip():
        try:
            check_profile("PAGE_PROFILE", name, context.profiles)
        except ValueError as fault:
            yield f"{fault}."
