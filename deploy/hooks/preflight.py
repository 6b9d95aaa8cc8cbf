"""Before a deployment begins: whether the functions can work with their settings, and the page can be published.

Reads JSON on standard input, `{"name", "domains", "keep_days", "existing_bucket", "alerts", "page", "environment",
"callback_environment"}`, from s.yaml, and profiles.json. A fault stops the deployment before anything is created.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from deploy.alerts import alert_faults
from deploy.environment import environment
from deploy.names import (
    CERTIFICATES,
    DOMAINS,
    certificate_faults,
    domain_faults,
    existing_bucket_faults,
    name_faults,
    region_faults,
)
from deploy.profiles import check_profile, keep_days_faults, read_profiles
from deploy.site.files import site_files
from direct_upload.settings import Settings
from fc_http.errors import InvalidSettings
from localcloud.terminal import guard_output
from upload_callback.settings import Settings as CallbackSettings

ROOT = Path(__file__).parents[2]

UNKNOWN = "https://callback.invalid"
"""Stands for a function's address, which is known only after a deployment (RFC 2606)."""


def faults(
    name: str,
    environment: Mapping[str, str],
    callback_environment: Mapping[str, str],
    domains: Mapping[str, str] = {},
    *,
    profiles: bytes | None = None,
    keep_days: str = "0",
    existing_bucket: Mapping[str, str] = {},
    alerts: Mapping[str, str] = {},
) -> tuple[str, ...]:
    """Returns what is wrong with the settings, a text each; empty if the deployment may begin."""
    # Other faults follow from a wrong name: s.yaml makes the settings of it.
    return (
        name_faults(name)
        or region_faults(environment.get("OSS_REGION", ""))
        or _faults_of_domains(domains)
        or existing_bucket_faults(existing_bucket, [existing_bucket.get(each, "") for each in ("own", "site")])
        or _faults_of_settings(environment, callback_environment, profiles)
        or (*keep_days_faults(profiles, keep_days), *alert_faults(alerts))
    )


def _faults_of_domains(domains: Mapping[str, str]) -> tuple[str, ...]:
    """Returns what is wrong with the domains and certificates, by the names that the deployer wrote."""
    found = [fault for name in DOMAINS for fault in domain_faults(name, domains.get(name, ""))]
    found += [fault for name in CERTIFICATES for fault in certificate_faults(name, domains.get(name, ""))]
    if domains.get("SIGN_DOMAIN") and not domains.get("SIGN_CERTIFICATE"):
        found.append("SIGN_CERTIFICATE is missing: Function Compute serves SIGN_DOMAIN over https alone")
    return tuple(found)


def _faults_of_settings(
    environment: Mapping[str, str], callback_environment: Mapping[str, str], profiles: bytes | None
) -> tuple[str, ...]:
    found = read_faults(
        partial(Settings.from_environ, profiles_json=profiles), {**environment, "CALLBACK_URL": UNKNOWN}
    )
    if environment.get("CALLBACK") == "on":
        found += tuple(
            fault for fault in read_faults(CallbackSettings.from_environ, callback_environment) if fault not in found
        )
    elif callback_environment.get("WEBHOOK_URL"):
        found += ("WEBHOOK_URL is set, and CALLBACK is not on: set CALLBACK=on, or leave WEBHOOK_URL out",)
    if not found and environment["UPLOAD_PREFIX"].endswith("/"):
        return ("UPLOAD_PREFIX must not end in a slash here: the roles' rights are made of it",)
    return found


def read_faults(read: Callable[[Mapping[str, str]], object], environment: Mapping[str, str]) -> tuple[str, ...]:
    """Returns the faults that a function would find in its environment."""
    try:
        read(environment)
    except InvalidSettings as found:
        return found.faults
    return ()


def page_faults(page: Mapping[str, str], upload_url: str, profiles: bytes | None = None) -> tuple[str, ...]:
    """Returns why the page could not be published, a line each: its folder, logo, accent or profile."""
    try:
        site_files(Path(page["folder"]), UNKNOWN, upload_url, page)
        if page.get("profile"):
            check_profile("PAGE_PROFILE", page["profile"], profiles)
    except ValueError as fault:
        return tuple(str(fault).splitlines())
    return ()


def main(project: Path = ROOT) -> int:
    """Returns the exit code: 0, or 1 with each fault on a line of its own."""
    request = json.load(sys.stdin)
    settings = request["environment"]
    try:
        # A bare `s deploy` has read .env by itself.
        environment(os.environ, project)
    except ValueError as unread:
        print(f"Nothing was deployed. Serverless Devs may read .env otherwise than meant.\n{unread}", file=sys.stderr)
        return 1
    try:
        profiles = read_profiles(project)
    except ValueError as unread:
        print(f"Nothing was deployed. {unread}", file=sys.stderr)
        return 1
    found = faults(
        request["name"],
        settings,
        request["callback_environment"],
        request["domains"],
        profiles=profiles,
        keep_days=request["keep_days"],
        existing_bucket=request["existing_bucket"],
        alerts=request["alerts"],
    )
    if found:
        print("Nothing was deployed. Set these right in .env (see .env.example) or profiles.json:", file=sys.stderr)
        print("\n".join(f"- {fault}" for fault in found), file=sys.stderr)
        if any(fault.startswith("JWT_SECRET is missing") for fault in found):
            print("`make deploy` writes a random JWT_SECRET into .env.", file=sys.stderr)
        return 1
    if found := page_faults(request["page"], settings["UPLOAD_URL"], profiles):
        print("Nothing was deployed. The page cannot be published:", file=sys.stderr)
        print("\n".join(found), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    guard_output()
    sys.exit(main())
