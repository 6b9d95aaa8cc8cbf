"""What stops a deployment before it begins."""

from __future__ import annotations

import pytest

from deploy.hooks import preflight

ENVIRONMENT = {
    "OSS_BUCKET": "team-uploads-1",
    "OSS_REGION": "cn-hongkong",
    "OSS_STS_ROLE_ARN": "acs:ram::1234567890123456:role/team-upload",
    "ALLOWED_ORIGINS": "https://upload.example.com",
    "UPLOAD_PREFIX": "uploads",
    "AUTH": "none",
    "MAX_SIZE": "",
}
CALLBACK = {"OSS_BUCKET": "team-uploads-1", "OSS_REGION": "cn-hongkong", "UPLOAD_PREFIX": "uploads"}
SECRET = "s" * 32


def test_nothing() -> None:
    assert preflight.faults("team", ENVIRONMENT, CALLBACK) == ()


@pytest.mark.parametrize("name", ["a", "a1", "a" * 38, "oss-direct-upload"])
def test_a_name(name: str) -> None:
    assert preflight.faults(name, ENVIRONMENT, CALLBACK) == ()


@pytest.mark.parametrize("name", ["", "A", "1a", "-a", "a-", "a_b", "a.b", "a" * 39, "ä", "a\n"])
def test_a_name_that_not_everything_may_be_called(name: str) -> None:
    assert preflight.faults(name, {}, {}) == (
        f"NAME must be 1 to 38 of a-z, 0-9 and -, beginning with a letter, not {name!r}",
    )


def test_every_fault_of_the_settings() -> None:
    (size, auth) = preflight.faults("team", {**ENVIRONMENT, "MAX_SIZE": "much", "AUTH": "maybe"}, CALLBACK)
    assert (size.split()[0], auth.split()[0]) == ("MAX_SIZE", "AUTH")


def test_a_prefix_with_a_slash_at_its_end() -> None:
    assert preflight.faults("team", {**ENVIRONMENT, "UPLOAD_PREFIX": "uploads/"}, CALLBACK) == (
        "UPLOAD_PREFIX must not end in a slash here: the roles' rights are made of it",
    )


def test_callbacks_need_a_secret_that_both_functions_have() -> None:
    on = {"CALLBACK": "on", "CALLBACK_SECRET": SECRET}
    assert preflight.faults("team", {**ENVIRONMENT, **on}, {**CALLBACK, "CALLBACK_SECRET": SECRET}) == ()
    assert preflight.faults("team", {**ENVIRONMENT, "CALLBACK": "on"}, CALLBACK) == ("CALLBACK_SECRET is missing",)


def test_the_callback_functions_faults_count_while_it_is_used() -> None:
    broken = {**CALLBACK, "CALLBACK_SECRET": SECRET, "WEBHOOK_URL": "https://app.example.com/"}
    on = {**ENVIRONMENT, "CALLBACK": "on", "CALLBACK_SECRET": SECRET}
    assert preflight.faults("team", on, broken) == ("WEBHOOK_SECRET is missing",)


def test_a_webhook_that_nobody_would_call() -> None:
    assert preflight.faults("team", ENVIRONMENT, {**CALLBACK, "WEBHOOK_URL": "https://app.example.com/"}) == (
        "WEBHOOK_URL is set, and CALLBACK is not on: it would never be told",
    )


@pytest.mark.parametrize(
    ("setting", "fault"),
    [
        ({"OSS_REGION": "oss-cn-hangzhou"}, "REGION must be the region's ID: cn-hangzhou, not 'oss-cn-hangzhou'"),
        (
            {"UPLOAD_URL": "https://https://up.example.com"},
            "UPLOAD_DOMAIN must be a domain alone, such as upload.example.com, not 'https://up.example.com'",
        ),
    ],
)
def test_the_name_that_was_written_is_blamed_and_not_the_setting_made_of_it(
    setting: dict[str, str], fault: str
) -> None:
    assert preflight.faults("team", {**ENVIRONMENT, **setting}, CALLBACK) == (fault,)
