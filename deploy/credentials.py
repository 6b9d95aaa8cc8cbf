"""The deployer's credentials: where they are looked for, and in which order.

Those that Serverless Devs deploys with come first, so that each command looks at the account that a deployment changes;
then those of other tools. The hooks and the component of s.yaml get theirs from Serverless Devs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from deploy.environment import OF_ENVIRONMENT
from deploy.serverless_devs import access

if TYPE_CHECKING:
    from alibabacloud_oss_v2.credentials import StaticCredentialsProvider

_KEY_PAIRS = (
    ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN"),
    ("OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET", "OSS_SESSION_TOKEN"),
    ("AccessKeyID", "AccessKeySecret", "SecurityToken"),
)
"""As the vendor's SDKs spell them, that for OSS, and Serverless Devs."""


_JSON_VARIABLE = re.compile(r"\w+_serverless_devs_key")


def account_id(environ: Mapping[str, str]) -> str:
    """Returns the account of the credentials in use, else the environment's; empty where neither tells it."""
    source, _ = _in_use(environ)
    found = (each.get("AccountID") for each in (source, environ, *_sources(environ)))
    return next(filter(None, found), "")


def deployment_account(environ: Mapping[str, str]) -> str:
    """Returns the account that Serverless Devs acts on; empty where nothing tells it."""
    return _of_deployment(environ).get("AccountID", "")


def deployer(environ: Mapping[str, str]) -> StaticCredentialsProvider | None:
    """Returns the deployer's credentials; None where there are none."""
    source, names = _in_use(environ)
    if not names:
        return None
    from alibabacloud_oss_v2.credentials import StaticCredentialsProvider  # noqa: PLC0415 - slow, and seldom needed

    key_id, secret, token = names
    return StaticCredentialsProvider(source[key_id], source[secret], source.get(token) or None)


def no_credentials(environ: Mapping[str, str]) -> tuple[str, bool]:
    """Returns why there are no credentials to use, and whether somebody meant to give some."""
    for key_id, secret, _ in _KEY_PAIRS:
        for there, absent in ((key_id, secret), (secret, key_id)):
            if environ.get(there):
                return f"{there} is set, and {absent} is not", True
    for name in _json_variables(environ):
        return f"{name} is no JSON with AccessKeyID and AccessKeySecret", True
    alias = access.alias(environ)
    if access.holds_unusable(environ):
        return f"~/.s/access.yaml has no AccessKeyID with an AccessKeySecret by the name of {alias}", True
    return f"there are no credentials in the environment, and none in `s config` by the name of {alias}", bool(
        environ.get("ACCESS")
    )


def _in_use(environ: Mapping[str, str]) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """Returns the first source that has credentials, and their names in it; nothing where none has."""
    for source in _sources(environ):
        for names in _KEY_PAIRS:
            if source.get(names[0]) and source.get(names[1]):
                return source, names
    return {}, ()


def _sources(environ: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    yield _of_deployment(environ)
    for name in _json_variables(environ):
        yield _of_json(environ[name])
    yield environ


def _of_deployment(environ: Mapping[str, str]) -> Mapping[str, str]:
    """Returns what Serverless Devs deploys with, however incomplete; nothing where it finds nothing."""
    if all(name in environ for name in OF_ENVIRONMENT):  # before any alias, and even if they are empty
        return {name: environ[name] for name in (*OF_ENVIRONMENT, "SecurityToken") if name in environ}
    alias = access.alias(environ)
    if _JSON_VARIABLE.fullmatch(alias) and alias in environ:
        return _of_json(environ[alias])
    return access.stored_credentials(environ)


def _of_json(text: str) -> dict[str, str]:
    """Reads the content of a variable `NAME_serverless_devs_key`: Serverless Devs takes security tokens in no other."""
    try:
        found: Any = json.loads(text)
    except ValueError:
        return {}
    return {key: str(value) for key, value in found.items()} if isinstance(found, dict) else {}


def _json_variables(environ: Mapping[str, str]) -> list[str]:
    return sorted(name for name in environ if _JSON_VARIABLE.fullmatch(name))
