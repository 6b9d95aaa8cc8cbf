"""What stops a deployment before it begins."""

from __future__ import annotations

import pytest

from deploy import ready

ENVIRONMENT = {
    "OSS_BUCKET": "team-uploads-1",
    "OSS_REGION": "cn-hongkong",
    "OSS_STS_ROLE_ARN": "acs:ram::1234567890123456:role/team-upload",
    "ALLOWED_ORIGINS": "https://upload.example.com",
    "UPLOAD_PREFIX": "uploads",
    "AUTH": "none",
    "MAX_SIZE": "",
}


def test_nothing() -> None:
    assert ready.faults("team", ENVIRONMENT) == ()


@pytest.mark.parametrize("name", ["a", "a1", "a" * 38, "oss-direct-upload"])
def test_a_name(name: str) -> None:
    assert ready.faults(name, ENVIRONMENT) == ()


@pytest.mark.parametrize("name", ["", "A", "1a", "-a", "a-", "a_b", "a.b", "a" * 39, "ä", "a\n"])
def test_a_name_that_not_everything_may_be_called(name: str) -> None:
    assert ready.faults(name, {}) == (f"NAME must be 1 to 38 of a-z, 0-9 and -, beginning with a letter, not {name!r}",)


def test_every_fault_of_the_settings() -> None:
    (size, auth) = ready.faults("team", {**ENVIRONMENT, "MAX_SIZE": "much", "AUTH": "maybe"})
    assert (size.split()[0], auth.split()[0]) == ("MAX_SIZE", "AUTH")


def test_a_prefix_with_a_slash_at_its_end() -> None:
    assert ready.faults("team", {**ENVIRONMENT, "UPLOAD_PREFIX": "uploads/"}) == (
        "UPLOAD_PREFIX must not end in a slash here: the roles' rights are made of it",
    )
