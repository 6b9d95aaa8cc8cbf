"""What is no fault: sound deployments of each kind, of which doctor names only what the owner must decide."""

from __future__ import annotations

import pytest

from deploy import declared
from deploy.bucket_rules import EXPOSED_HEADERS
from deploy.doctor import command as doctor
from deploy.doctor.checks import CHECKS, examine
from deploy.doctor.context import Context
from deploy.doctor.live_bucket import BucketConfig, LiveBuckets
from deploy.doctor.live_certificates import LiveCertificate
from deploy.env_file import dotenv
from deploy.lifecycle_rules import ExpiryRule, PartsRule
from support.factories import NOON
from support.sound_deployment import ACCOUNT, DAY, DEFAULT_DECISIONS, SEEN, SITE, UPLOADS, SoundDeployment, rule_for


def test_certificates_that_last_and_alerts_for_the_right_people_are_no_fault() -> None:
    given = SoundDeployment()
    given.certificates = (LiveCertificate("up.example.com", NOON + 30 * DAY), LiveCertificate("a.example", code="no"))
    given.notify(EmailList=["a@b"])
    given.environ["ALERT_EMAIL"] = "a@b"
    assert [name for name, _ in given.findings()] == DEFAULT_DECISIONS


def test_an_identity_provider_whose_keys_are_discovered_is_no_fault() -> None:
    given = SoundDeployment()
    given.settings.update(JWT_SECRET="", JWT_ISSUER="https://id.example.com/", JWT_AUDIENCE="uploads")
    assert [name for name, _ in given.findings()] == DEFAULT_DECISIONS


def test_callbacks_that_are_on_and_sound_are_no_fault() -> None:
    given = SoundDeployment()
    given.switch_on()
    assert [name for name, _ in given.findings()] == DEFAULT_DECISIONS


def test_the_rules_of_profiles_are_no_fault_beside_the_templates() -> None:
    given = SoundDeployment()
    given.with_profile(ExpiryRule("uploads/~photos/", 30), keep_days=30)
    without = [name for name, _ in given.findings()]
    given.keep_a_month(ExpiryRule("", 30), ExpiryRule("uploads/~photos/", 7))
    given.profiles = b'{"photos": {"keep_days": 7}}'
    assert (without, [name for name, _ in given.findings()]) == (DEFAULT_DECISIONS, ["site-domain", "sign-domain"])


def test_profiles_that_fit_the_settings_are_no_fault() -> None:
    given = SoundDeployment().switch_on()
    given.profiles = b'{"photos": {"callback": true}, "scans": {"folder_forms": false}}'
    given.environ["PAGE_PROFILE"] = "photos"
    assert [name for name, _ in given.findings()] == DEFAULT_DECISIONS


def test_multipart_uploads_that_are_on_and_sound_are_no_fault_however_large_the_files() -> None:
    given = SoundDeployment().send_in_parts()
    given.settings["MAX_SIZE"] = "1TB"
    assert [name for name, _ in given.findings()] == DEFAULT_DECISIONS


def test_what_only_multipart_uploads_need_is_no_fault_without_them() -> None:
    given = SoundDeployment()
    given.cors().update(AllowedMethod=["POST"])
    given.parts_rule.update(Status="Disabled")
    assert [name for name, _ in given.findings()] == DEFAULT_DECISIONS


def test_on_the_defaults_only_what_the_owner_must_decide_is_named() -> None:
    assert [name for name, _ in SoundDeployment().findings()] == DEFAULT_DECISIONS
    assert [check.id for check in CHECKS if check.level == "decision"] == [
        *("auth", "identity", "large-files", "kept-for-ever"),
        *("drift", "not-checked", "denials", "policy-denials", "upload-website", "shared-bucket"),
        *("site-domain", "sign-domain", "hosts", "upload-domain"),
    ]


def test_a_sound_bucket_that_was_there_before_is_no_fault() -> None:
    given = SoundDeployment().use_existing(KEEP_DAYS="30")
    expiry, own = (ExpiryRule("uploads/", 30),), rule_for(SITE, exposed=EXPOSED_HEADERS)
    given.see(cors=(own,), parts=(PartsRule("uploads/", 7),), expiry=expiry, encryption="AES256")
    assert [name for name, _ in given.send_in_parts().findings()] == ["site-domain", "sign-domain"]


def test_what_is_decided_is_not_named_again() -> None:
    given = SoundDeployment()
    given.environ = {"SITE_DOMAIN": "up.example.com", "SIGN_DOMAIN": "sign.example.com", "KEEP_DAYS": "30"}
    given.settings["ALLOWED_ORIGINS"] = "https://up.example.com"
    given.cors()["AllowedOrigin"] = ["https://up.example.com"]
    assert given.findings() == []


@pytest.mark.parametrize("url", ["https://uploads.example.com", f"https://{UPLOADS}.oss-cn-hangzhou.aliyuncs.com"])
def test_on_the_mainland_an_upload_domain_ends_the_warning_and_the_fault(url: str) -> None:
    given = SoundDeployment()
    given.settings.update(OSS_REGION="cn-hangzhou", UPLOAD_URL=url)
    given.environ["UPLOAD_DOMAIN"] = "uploads.example.com"
    without = [name for name, _ in given.findings()]
    given.live = LiveBuckets(SEEN, endpoint_forbidden=True)
    forbidden = [name for name, _ in given.findings()]
    expected = ([], []) if url.endswith("example.com") else (["upload-domain"], ["endpoint-forbidden"])
    assert tuple(sorted(set(names) - set(DEFAULT_DECISIONS)) for names in (without, forbidden)) == expected


def test_domains_that_are_set_are_hosts_that_are_meant() -> None:
    given = SoundDeployment()
    given.environ.update(UPLOAD_DOMAIN="up.example.com", SIGN_DOMAIN="sign.example.com")
    given.settings["UPLOAD_URL"] = "https://up.example.com/"
    given.state("site", upload="https://up.example.com", function="https://sign.example.com")
    given.function["customDomain"] = {"domainName": "sign.example.com"}
    assert "hosts" not in [name for name, _ in given.findings()]


def test_what_could_not_be_seen_is_no_fault() -> None:
    given = SoundDeployment()
    given.live = LiveBuckets(BucketConfig("The live bucket b"))
    assert [name for name, _ in given.findings()] == DEFAULT_DECISIONS


def test_on_the_shipped_defaults_only_what_the_owner_must_decide_is_named() -> None:
    environ = dotenv((doctor.ROOT / ".env.example").read_text(encoding="utf-8"))
    found = examine(Context(environ, declared.read(doctor.ROOT, environ, ACCOUNT)))
    assert [finding.check.id for finding in found] == ["identity", *DEFAULT_DECISIONS]
