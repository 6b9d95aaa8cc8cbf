"""Which deployment `make deploy` or `make remove` is about to change, and whether the last from here was another."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from deploy import credentials
from deploy.environment import env_file, environment
from deploy.names import DEFAULT_NAME, DEFAULT_REGION
from deploy.question import agrees

RECORD = Path("build") / "last-deployment.json"
"""Where the last one is written down, in the project's folder: git ignores it."""


@dataclass(frozen=True)
class Target:
    """A deployment, and the file that its settings are from."""

    name: str
    region: str
    account: str
    file: str

    def __str__(self) -> str:
        return f"{self.name} in {self.region}, account {self.account or 'unknown'}, with the settings of {self.file}"


def target(environ: Mapping[str, str], folder: Path) -> Target:
    """Returns what the commands would change. Raises ValueError where the settings cannot be read."""
    settings = environment(environ, folder)
    return Target(
        settings.get("NAME") or DEFAULT_NAME,
        settings.get("REGION") or DEFAULT_REGION,
        credentials.deployment_account(settings),
        env_file(environ, folder).name,
    )


def confirm(doing: str, own: Target, folder: Path, ask: Callable[[str], str] | None) -> bool:
    """Says what is about to be changed. Returns whether to go on: `ask` is called if the last one was another.

    Without `ask`, nobody can answer, and it goes on.
    """
    last = _read(folder / RECORD)
    print(f"{doing} {own}.", flush=True)
    if last not in (None, own):
        print(f"The last time, from here, it was {last}.", flush=True)
        if ask and not agrees("Go on?", ask):
            return False
    (folder / RECORD).parent.mkdir(exist_ok=True)
    (folder / RECORD).write_text(json.dumps(asdict(own)), encoding="utf-8")
    return True


def _read(file: Path) -> Target | None:
    try:
        return Target(**json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
