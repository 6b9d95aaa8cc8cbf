"""The deployer's environment: their own variables, over those of the file .env."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from deploy.env_file import dotenv, read

_PACKAGES = ("build/sign", "build/callback")
"""What s.yaml names as `code`: Serverless Devs reads a .env there, too."""

OF_ENVIRONMENT = ("AccountID", "AccessKeyID", "AccessKeySecret")
"""The variables that Serverless Devs takes instead of what is stored, if all of them are there."""

_OTHER_ENV_FILES = (".env.example", ".env.vault")
"""What is committed, and what Serverless Devs reads in another way."""


def env_file(environ: Mapping[str, str], folder: Path) -> Path:
    """Returns the file of the settings: .env, or the one beside it that ENV_FILE names. Raises ValueError."""
    name = environ.get("ENV_FILE") or ".env"
    file = folder / name
    # Those are the names that git ignores, and that are never published.
    if name != ".env" and (not re.fullmatch(r"\.env\.[A-Za-z0-9_-]+", name) or name in _OTHER_ENV_FILES):
        raise ValueError(f"ENV_FILE must be a file beside .env whose name is like .env.staging, not {name!r}")
    if name != ".env" and not file.exists():
        raise ValueError(f"ENV_FILE is {name}, and there is no such file: cp .env.example {name}")
    return file


def environment(environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Returns `environ` over what .env, or ENV_FILE, sets, as Serverless Devs reads .env. Raises ValueError."""
    file = env_file(environ, folder)
    of_file = dotenv(read(file), file.name)
    _refuse_other_files({**of_file, **environ}, folder)
    if file.name == ".env":
        _refuse_variables(of_file, environ)
    return {**of_file, **environ}


def for_serverless_devs(environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Returns the environment in which `s`, which reads .env by itself, takes the settings of ENV_FILE alone."""
    file = env_file(environ, folder)
    if file.name == ".env":
        return dict(environ)
    # An empty variable wins over .env, and counts as absent, but not among the three of the credentials.
    unset = dict.fromkeys(dotenv(read(folder / ".env")), "")
    _refuse_variables(unset, environ)
    settings = {**unset, **environment(environ, folder), "ENV_FILE": ""}
    if all(name in settings for name in OF_ENVIRONMENT) and not all(settings[name] for name in OF_ENVIRONMENT):
        raise ValueError(
            f"{' and '.join(name for name in OF_ENVIRONMENT if name in unset)} in .env would keep Serverless Devs from "
            f"the credentials of {file.name}: take them out of .env, and keep them with `s config add` (ACCESS)."
        )
    return settings


def _refuse_variables(names: Iterable[str], environ: Mapping[str, str]) -> None:
    """Raises ValueError where one of the names, which stand in .env, has a value that Serverless Devs would change."""
    for name in names:
        # It fills in the variables of every value whose name stands in the file, wherever the value is from.
        if "$" in environ.get(name, ""):
            raise ValueError(
                f"{name} is set in the environment, with a $ in it, and in .env too: Serverless Devs would put other "
                f"values in. Take {name} out of .env."
            )


def _refuse_other_files(settings: Mapping[str, str], folder: Path) -> None:
    """Raises ValueError where Serverless Devs would read another file instead of .env, or before it."""
    for place in (*_PACKAGES, "."):
        vault, before = (folder / place / name for name in (".env.vault", ".env"))
        if settings.get("DOTENV_KEY") and vault.exists():
            raise ValueError(
                f"DOTENV_KEY is set: Serverless Devs would read {vault.relative_to(folder)} instead of .env. Unset it."
            )
        if place != "." and before.exists():
            raise ValueError(
                f"{before.relative_to(folder)} is there, and Serverless Devs would read it before .env: delete it"
            )


def discovers_keys(settings: Mapping[str, str]) -> bool:
    """Tells whether JWT_ISSUER is an identity provider's address: without another setting its keys are found there."""
    return settings.get("JWT_ISSUER", "").strip().startswith("https://")


def own_environment(folder: Path) -> dict[str, str]:
    """Returns this process's environment over .env in `folder`; ends the process where that cannot be read."""
    try:
        return environment(os.environ, folder)
    except ValueError as fault:
        print(fault, file=sys.stderr)
        sys.exit(2)
