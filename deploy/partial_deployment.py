"""One part of a deployment that is there already, renewed alone: `ONLY=page make deploy`.

Serverless Devs deploys one resource alone, and knows no results of the others then: s.alone.yaml has it ask for them.
The hooks of the whole deployment do not run, so the settings are checked here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy import credentials, declared
from deploy.hooks import preflight
from deploy.names import CERTIFICATES, DEFAULT_NAME, DOMAINS
from deploy.profiles import read_profiles

_RESOURCES = {"page": "site", "sign": "sign", "callback": "callback"}
"""What ONLY may be, and its resource in s.yaml."""

_OTHERS_ADDRESSES = "s.alone.yaml"


def check(part: str, settings: Mapping[str, str], folder: Path) -> None:
    """Raises ValueError if there is no such part, or the settings do not fit."""
    if part not in _RESOURCES:
        raise ValueError(f"ONLY must be {', '.join(_RESOURCES)}, not {part!r}")
    deployment = declared.read(folder, settings, credentials.deployment_account(settings))
    callback = {name: str(each) for name, each in (deployment.callback.get("environmentVariables") or {}).items()}
    profiles = read_profiles(folder)
    faults = preflight.faults(
        settings.get("NAME") or DEFAULT_NAME,
        deployment.function_environ,
        callback,
        {name: settings.get(name, "") for name in (*DOMAINS, *CERTIFICATES)},
        profiles=profiles,
        keep_days=settings.get("KEEP_DAYS") or "0",
    )
    if part == "page" and not faults:
        page = deployment.resources["site"]["props"]
        faults = preflight.page_faults(page, deployment.function_environ["UPLOAD_URL"], profiles)
    if faults:
        raise ValueError("\n".join(["Nothing was deployed. Set these right:", *(f"- {fault}" for fault in faults)]))


def words(part: str, options: Sequence[str], settings: Mapping[str, str]) -> list[str]:
    """Returns the words of `s` for a part, of those for all."""
    # With SIGN_DOMAIN the page needs no other address; the function keeps its domain, whatever its file says.
    if settings.get("SIGN_DOMAIN") and part == "page":
        return [_RESOURCES[part], *options]
    others = [word for word in options if word not in ("-t", "s.domain.yaml")]
    return [_RESOURCES[part], *others, "-t", _OTHERS_ADDRESSES]
