"""One part of a deployment alone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from deploy import partial_deployment
from support.scratch import ACCOUNT, PROJECT
from support.tokens import new_secret

KEYS = {"AccountID": ACCOUNT, "AccessKeyID": "k", "AccessKeySecret": "s"}
ALL = ["deploy", "-y", "-a", "work"]
OF_DOMAIN = ["deploy", "-y", "-t", "s.domain.yaml", "-a", "work"]


@pytest.mark.parametrize(
    ("part", "options", "domain", "words"),
    [
        ("page", ALL, "", ["site", *ALL, "-t", "s.alone.yaml"]),
        ("page", OF_DOMAIN, "sign.example.com", ["site", *OF_DOMAIN]),
        ("sign", ALL, "", ["sign", *ALL, "-t", "s.alone.yaml"]),
        ("sign", OF_DOMAIN, "sign.example.com", ["sign", *ALL, "-t", "s.alone.yaml"]),
        ("callback", ALL, "", ["callback", *ALL, "-t", "s.alone.yaml"]),
    ],
)
def test_what_serverless_devs_is_asked_for(part: str, options: list[str], domain: str, words: list[str]) -> None:
    assert partial_deployment.words(part, options, {"SIGN_DOMAIN": domain}) == words


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Returns a folder with what is declared, and nothing of the owner's."""
    for name in ("s.yaml", "deploy", "web"):
        (tmp_path / name).symlink_to(PROJECT / name)
    return tmp_path


@pytest.mark.parametrize("part", ["page", "sign", "callback"])
def test_sound_settings(project: Path, part: str) -> None:
    partial_deployment.check(part, {**KEYS, "JWT_SECRET": new_secret()}, project)


@pytest.mark.parametrize(
    ("part", "otherwise", "begins"),
    [
        ("site", {}, "ONLY must be page, sign, callback, not 'site'"),
        ("sign", {"MAX_SIZE": "much"}, "Nothing was deployed. Set these right:\n- MAX_SIZE must be"),
        ("sign", {"SITE_DOMAIN": "https://a.example"}, "Nothing was deployed. Set these right:\n- SITE_DOMAIN must be"),
        (
            "callback",
            {"WEBHOOK_URL": "https://a.example"},
            "Nothing was deployed. Set these right:\n- WEBHOOK_URL is set",
        ),
        ("page", {"PAGE_ACCENT": "red"}, "Nothing was deployed. Set these right:\n- PAGE_ACCENT must be a colour"),
    ],
)
def test_what_stops_it(project: Path, part: str, otherwise: dict[str, str], begins: str) -> None:
    with pytest.raises(ValueError, match=rf"^{re.escape(begins)}"):
        partial_deployment.check(part, {**KEYS, "JWT_SECRET": new_secret(), **otherwise}, project)


def test_profiles_must_fit(project: Path) -> None:
    (project / "profiles.json").write_text('{"photos": {"callback": true}}')
    with pytest.raises(ValueError, match=r"in profiles\.json cannot be true"):
        partial_deployment.check("sign", {**KEYS, "JWT_SECRET": new_secret()}, project)
