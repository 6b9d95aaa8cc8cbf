"""What stops a deployment before it begins."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from deploy.hooks import preflight
from deploy.site.files import PLACEHOLDER

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
CERTIFICATES = ("SITE_CERTIFICATE", "SIGN_CERTIFICATE", "UPLOAD_CERTIFICATE")


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
    found = preflight.faults("team", {**ENVIRONMENT, "MAX_SIZE": "much", "AUTH": "maybe"}, CALLBACK)
    assert sorted(fault.split()[0] for fault in found) == ["AUTH", "MAX_SIZE"]


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
        "WEBHOOK_URL is set, and CALLBACK is not on: set CALLBACK=on, or leave WEBHOOK_URL out",
    )


@pytest.mark.parametrize(
    ("setting", "fault"),
    [
        ({"OSS_REGION": "oss-cn-hangzhou"}, "REGION must be the region's ID: cn-hangzhou, not 'oss-cn-hangzhou'"),
    ],
)
def test_the_name_that_was_written_is_blamed_and_not_the_setting_made_of_it(
    setting: dict[str, str], fault: str
) -> None:
    assert preflight.faults("team", {**ENVIRONMENT, **setting}, CALLBACK) == (fault,)


@pytest.mark.parametrize(
    ("name", "setting"),
    [("UPLOAD_DOMAIN", "UPLOAD_URL"), ("SITE_DOMAIN", "ALLOWED_ORIGINS"), ("SIGN_DOMAIN", "OSS_BUCKET")],
)
def test_a_wrong_domain_is_blamed_and_not_the_setting_made_of_it(name: str, setting: str) -> None:
    environment = {**ENVIRONMENT, setting: "https://https://up.example.com"}
    domains = {"SIGN_CERTIFICATE": "1", name: "https://up.example.com"}
    assert preflight.faults("team", environment, CALLBACK, domains) == (
        f"{name} must be a domain alone, such as upload.example.com, not 'https://up.example.com'",
    )


@pytest.mark.parametrize("certificate", ["", "7246639", "7246639-cn-hangzhou", "7246639-ap-southeast-1"])
def test_a_certificate_in_either_form(certificate: str) -> None:
    assert preflight.faults("team", ENVIRONMENT, CALLBACK, dict.fromkeys(CERTIFICATES, certificate)) == ()


@pytest.mark.parametrize("name", CERTIFICATES)
@pytest.mark.parametrize(
    ("certificate", "repeated"),
    [
        ("cn-hangzhou", ", not 'cn-hangzhou'"),
        ("0", ", not '0'"),
        ("7246639-", ", not '7246639-'"),
        ("7246639 ", ", not '7246639 '"),
        ("7246639-CN", ", not '7246639-CN'"),
        ("１２", ", not '１２'"),
        ("1" * 16, f", not '{'1' * 16}'"),
        ("cert.pem", ", not 'cert.pem'"),
        ("-----BEGIN PRIVATE KEY-----MIIEvQIBADANBg", ""),
    ],
)
def test_what_is_no_certificate_stops_before_anything_is_made(name: str, certificate: str, repeated: str) -> None:
    assert preflight.faults("team", ENVIRONMENT, CALLBACK, {name: certificate}) == (
        f"{name} must be the certificate's ID, such as 1234567 or 1234567-cn-hangzhou{repeated}",
    )


def test_the_functions_domain_needs_a_certificate() -> None:
    assert preflight.faults("team", ENVIRONMENT, CALLBACK, {"SIGN_DOMAIN": "sign.example.com"}) == (
        "SIGN_CERTIFICATE is missing: Function Compute serves SIGN_DOMAIN over https alone",
    )


@pytest.mark.parametrize(
    ("profiles", "keep_days", "found"),
    [
        (b'{"photos": {"requires_claim": false, "keep_days": 30}}', "0", ()),
        (b'{"photos": {"requires_claim": false, "keep_days": 30}}', "30", ()),
        (
            b'{"photos": {"requires_claim": false, "keep_days": 30}, "scans": {"requires_claim": false}}',
            "29",
            (
                "photos.keep_days in profiles.json is 30, and KEEP_DAYS=29 deletes every file after 29 days: "
                "lower the one, or raise the other",
            ),
        ),
        (
            b'{"photos": {"requires_claim": false, "callback": true, "max_size": 7}}',
            "0",
            (
                'photos.max_size in profiles.json must be a text such as "10MB", not 7',
                "photos.callback in profiles.json cannot be true while CALLBACK is off: set one of them right",
            ),
        ),
    ],
)
def test_profiles_must_fit_the_settings(profiles: bytes, keep_days: str, found: tuple[str, ...]) -> None:
    assert preflight.faults("team", ENVIRONMENT, CALLBACK, profiles=profiles, keep_days=keep_days) == found


@pytest.mark.parametrize(
    ("settings", "hint"),
    [
        ({"AUTH": "jwt"}, True),
        ({"AUTH": "jwt", "JWT_ISSUER": "https://id.example.com"}, False),
        ({"AUTH": "none", "MAX_SIZE": "much"}, False),
    ],
)
def test_make_deploy_is_named_only_where_it_helps(
    settings: dict[str, str],
    hint: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    request = {
        "name": "team",
        "environment": ENVIRONMENT | settings,
        "callback_environment": CALLBACK,
        "domains": {},
        "keep_days": "0",
        "existing_bucket": {},
        "alerts": {},
    }
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(request)))
    assert preflight.main(tmp_path) == 1
    assert ("`make deploy` writes a random JWT_SECRET" in capsys.readouterr().err) is hint


EXISTING = {"UPLOAD_BUCKET": "team-files", "UPLOAD_PREFIX": "in", "own": "team-uploads-1", "site": "team-site-1"}


@pytest.mark.parametrize(
    ("otherwise", "begins"),
    [
        ({}, []),
        ({"UPLOAD_BUCKET": "", "UPLOAD_PREFIX": "", "UPLOAD_CERTIFICATE": "1"}, []),
        ({"UPLOAD_BUCKET": "Team"}, ["UPLOAD_BUCKET must be a bucket's name, 3 to 63 of a-z, 0-9 and -, not 'Team'"]),
        (
            {"UPLOAD_BUCKET": "team-uploads-1"},
            ["UPLOAD_BUCKET is team-uploads-1, which this deployment makes by itself"],
        ),
        ({"UPLOAD_BUCKET": "team-site-1"}, ["UPLOAD_BUCKET is team-site-1, which this deployment makes by itself"]),
        (
            {"UPLOAD_PREFIX": ""},
            ["UPLOAD_PREFIX is missing: in a bucket that others use, too, rights and rules are for"],
        ),
        (
            {"UPLOAD_PREFIX": "", "UPLOAD_CERTIFICATE": "1"},
            ["UPLOAD_PREFIX is missing", "UPLOAD_CERTIFICATE is set, and UPLOAD_BUCKET, too"],
        ),
    ],
)
def test_a_bucket_that_was_there_before_needs_a_prefix_of_its_own(otherwise: dict[str, str], begins: list[str]) -> None:
    found = preflight.faults("team", ENVIRONMENT, CALLBACK, existing_bucket={**EXISTING, **otherwise})
    assert [each.startswith(begin) for each, begin in zip(found, begins, strict=True)] == [True] * len(begins)


UPLOAD_URL = "https://up.example.com"


@pytest.fixture
def web(tmp_path: Path) -> Path:
    """Returns a page that can be published."""
    (tmp_path / "index.html").write_text(PLACEHOLDER, encoding="utf-8")
    return tmp_path


def test_a_page_that_can_be_published(web: Path) -> None:
    assert preflight.page_faults({"folder": str(web), "logo": "", "accent": "#ff0000"}, UPLOAD_URL) == ()


def test_a_page_that_cannot_be_published_stops_the_deployment(web: Path) -> None:
    (web / ".env").write_text("A=1", encoding="utf-8")
    assert preflight.page_faults({"folder": str(web)}, UPLOAD_URL) == (
        f"These files are not for everybody. Move them out of {web}:",
        ".env is settings or keys",
    )


@pytest.mark.parametrize(
    ("profile", "profiles", "found"),
    [
        ("photos", b'{"photos": {}}', ()),
        ("default", None, ()),
        ("", None, ()),
        ("scans", b'{"photos": {}}', ("PAGE_PROFILE must be a profile, not 'scans': profiles.json has photos",)),
        ("scans", None, ("PAGE_PROFILE must be a profile, not 'scans': there are none in profiles.json",)),
    ],
)
def test_the_page_uploads_by_a_profile_that_there_is(
    web: Path, profile: str, profiles: bytes | None, found: tuple[str, ...]
) -> None:
    assert preflight.page_faults({"folder": str(web), "profile": profile}, UPLOAD_URL, profiles) == found


@pytest.mark.parametrize(
    ("look", "fault"),
    [
        ({"logo": "no.svg"}, "PAGE_LOGO must be a file in the page's folder, or a data: address, not 'no.svg'"),
        ({"accent": "red"}, "PAGE_ACCENT must be a colour as #rrggbb, not 'red'"),
    ],
)
def test_a_look_that_the_page_cannot_have(web: Path, look: dict[str, str], fault: str) -> None:
    assert preflight.page_faults({"folder": str(web), **look}, UPLOAD_URL) == (fault,)
