"""Tests `make dev` within this process: what it refuses to start with, and what it prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from localcloud.dev import __main__ as dev_command


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("JWT_SECRET", "x" * 32, "JWT_SECRET"),
        ("JWT_JWKS", "{}", "JWT_JWKS"),
        ("JWT_ISSUER", "https://id.example.com", "JWT_ISSUER"),
        ("AUTH", "none", "AUTH=none"),
    ],
)
def test_an_identity_provider_excludes_other_tokens(tmp_path: Path, name: str, value: str, told: str) -> None:
    with pytest.raises(ValueError, match=rf"^IDENTITY_PROVIDER and {told} are both set\. Unset one of them\.$"):
        dev_command._cloud({"FILES": str(tmp_path), "IDENTITY_PROVIDER": "1", name: value})


def test_with_an_identity_provider_the_page_is_opened_by_a_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dev_command, "ROOT", tmp_path)
    cloud = dev_command._cloud({"FILES": str(tmp_path), "IDENTITY_PROVIDER": "1"})
    assert cloud.identity_provider
    with cloud:
        page, _, _, provider, token, how_to_end = dev_command._banner(cloud).splitlines()
    assert (provider.split(), token.split()[0], page.split()) == (
        ["Provider", cloud.identity_provider.url],
        "Token",
        ["Page", f"{cloud.site.url}/#token={token.split()[1]}"],
    )
    assert how_to_end == "Open the page and upload a file. Press Ctrl-C to stop."
