"""docs/identity.md: its commands are followed against the local provider, and its examples name what providers have."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from direct_upload.settings import Settings
from localcloud.dev.cloud import ROOT, Cloud, CloudOptions
from support import factories

PAGE = (ROOT / "docs" / "identity.md").read_text(encoding="utf-8")
PROVIDERS = ROOT / "tests" / "sign" / "providers"


def commands() -> str:
    [block] = re.findall(r"<!-- a test runs this -->\n```sh\n(.*?)```", PAGE, re.DOTALL)
    assert isinstance(block, str)
    return block


def test_the_local_provider_is_followed_word_by_word(tmp_path: Path) -> None:
    with Cloud(tmp_path / "files", CloudOptions(identity_provider=True)) as cloud:
        assert cloud.identity_provider
        here = {"FUNCTION": cloud.gateway.url, "PROVIDER": cloud.identity_provider.url}
        script = commands()
        for name, address in here.items():
            script = re.sub(f"(?m)^{name}=.*", f"{name}={address}", script)
        done = subprocess.run(["sh", "-ec", script], capture_output=True, text=True, timeout=60, check=True)  # noqa: S603, S607 - the document's own
    cloud.check()
    answers: list[Any] = [json.loads(line) for line in done.stdout.splitlines()]
    assert [_summary(answer) for answer in answers] == [
        ("alice", 100_000_000),
        ("bob", 1000),
        "token_invalid",
        "token_expired",
        "token_invalid",
        {"kid": "key-2"},
        ("alice", 100_000_000),
        ("alice", 100_000_000),
        {"mode": "down"},
        ("alice", 100_000_000),
        {"mode": ""},
    ]


def _summary(answer: Any) -> Any:
    if "error" in answer:
        return answer["error"]["code"]
    return (answer["subject"], answer["max_size"]) if "subject" in answer else answer


def test_each_expected_answer_stands_beside_its_command() -> None:
    limits = [line for line in commands().splitlines() if line.startswith("limits $")]
    assert [line.partition("# ")[2] for line in limits] == [
        '"subject":"alice"',
        '"max_size":1000',
        "token_invalid",
        "token_expired",
        "token_invalid: not a number",
        "known at once",
        "the key before it is still good",
        "the known keys go on serving",
    ]


@pytest.mark.parametrize(
    ("title", "name"), [("Auth0", "auth0"), ("Keycloak", "keycloak"), ("Authing", "authing"), ("Entra ID", "entra")]
)
def test_an_example_names_the_issuer_that_the_provider_has(title: str, name: str) -> None:
    section = PAGE.partition(f"\n### {title}\n")[2].partition("\n## ")[0].partition("\n### ")[0]
    configuration = json.loads((PROVIDERS / f"{name}.json").read_text(encoding="utf-8"))["configuration"]
    tenant = re.search(r"[0-9a-f-]{36}", configuration["issuer"])
    [issuer] = re.findall(r"(?m)^JWT_ISSUER=(.*?)(?: +#.*)?$", section)
    [audience] = re.findall(r"(?m)^JWT_AUDIENCE=(.*?)(?: +#.*)?$", section)
    issuer = issuer.replace("<tenant ID>", tenant[0] if tenant else "")
    assert issuer == configuration["issuer"]
    environ = {"AUTH": "jwt", "JWT_ISSUER": issuer, "JWT_AUDIENCE": audience}
    read = Settings.from_environ(factories.ENVIRON | environ).issuer
    assert read
    assert (read.name, read.keys) == (issuer, ())
