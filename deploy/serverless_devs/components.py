"""Which versions of Serverless Devs' components are about to run with the deployer's keys.

`s` fetches a component once, without a hash, into a cache, and runs what is there; one without a version it renews in
the background after a command, so that the next command runs the newest. The cache says which version it holds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from deploy.declared import yaml_document

BY_ITSELF = {"fc3": "fc3-domain"}
"""What a component loads besides, in its newest version."""

PINNED = "core_load_serverless_devs_component"
"""The variable in which Serverless Devs takes versions: `ros@0.0.1;fc3-domain@0.0.29`."""


def report(folder: Path, environ: Mapping[str, str]) -> Iterator[str]:
    """Yields a line for each component that `s.yaml` in `folder` names, and for what these load besides."""
    pins = dict(_name_and_version(word) for word in environ.get(PINNED, "").split(";") if "@" in word)
    cache = root(environ) / "components" / "devsapp.cn" / "v3"
    for component in _components(folder):
        name, version = _name_and_version(component)
        version = pins.get(name, version)
        held = _version_in(cache / (f"{name}@{version}" if version else name))
        if version:
            yield f"Component {name} {held or version}, pinned{'' if held else ', which is fetched now'}"
        else:
            yield f"Component {name} {held or 'in its newest version, which is fetched now'}, not pinned"


def _components(folder: Path) -> list[str]:
    resources = yaml_document(folder / "s.yaml")["resources"]
    # Those of this project are paths.
    found = [resource["component"] for resource in resources.values() if "/" not in resource["component"]]
    besides = [BY_ITSELF[name] for name, _ in map(_name_and_version, found) if name in BY_ITSELF]
    return list(dict.fromkeys([*found, *besides]))


def _name_and_version(text: str) -> tuple[str, str]:
    name, _, version = text.partition("@")
    return name, version


def _version_in(place: Path) -> str:
    """Returns the version of a component in the cache; empty where there is none."""
    try:
        return str(json.loads((place / ".s.lock").read_text(encoding="utf-8"))["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def root(environ: Mapping[str, str]) -> Path:
    """Returns where Serverless Devs keeps what it fetches and logs: ~/.s, or what its configuration names instead."""
    home = Path(environ.get("serverless_devs_config_home") or Path.home())
    try:
        named = json.loads((home / ".s" / "config" / "s.json").read_text(encoding="utf-8")).get("workspace")
        return Path(str(named).replace("~", str(home))) if named else home / ".s"
    except (OSError, ValueError, AttributeError):
        # It takes a CI with such a variable for Alibaba Cloud's Yunxiao, and keeps things elsewhere there.
        return home / ".cache" / ".s" if any(name.startswith("PIPELINE") for name in environ) else home / ".s"
