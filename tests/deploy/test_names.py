"""The names that a deployer writes, and what is meant by them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from deploy import names
from deploy.env_file import dotenv
from oss_protocol.bucket import DEFAULT_KEY_PREFIX
from support.scratch import PROJECT


@pytest.mark.parametrize(
    ("region", "meant"),
    [
        ("oss-cn-hangzhou", ": cn-hangzhou"),
        ("oss-cn-hangzhou.aliyuncs.com", ": cn-hangzhou"),
        ("oss-cn-hangzhou-internal.aliyuncs.com", ": cn-hangzhou"),
        ("https://oss-cn-hangzhou.aliyuncs.com/", ": cn-hangzhou"),
        ("bucket.oss-ap-southeast-1.aliyuncs.com", ": ap-southeast-1"),
        ("cn-hangzhou.aliyuncs.com", ": cn-hangzhou"),
        ("CN-Hangzhou", ": cn-hangzhou"),
        (" cn-hangzhou", ": cn-hangzhou"),
        ("Hangzhou", " such as cn-hongkong"),
        ("", " such as cn-hongkong"),
        ("cn-hangzhou/..", " such as cn-hongkong"),
    ],
)
def test_a_region_that_is_none_is_named_with_what_is_meant(region: str, meant: str) -> None:
    assert names.region_faults(region) == (f"REGION must be the region's ID{meant}, not {region!r}",)


@pytest.mark.parametrize(
    ("name", "default"),
    [("NAME", names.DEFAULT_NAME), ("REGION", names.DEFAULT_REGION), ("UPLOAD_PREFIX", DEFAULT_KEY_PREFIX)],
)
def test_what_nobody_wrote_is_for_the_commands_what_it_is_for_s_yaml(name: str, default: str) -> None:
    assert f": ${{env('{name}', '{default}')}}\n" in (PROJECT / "s.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("region", ["cn-hongkong", "ap-southeast-1", "cn-wulanchabu", "me-central-1"])
def test_a_region(region: str) -> None:
    assert names.region_faults(region) == ()


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("MAX_SZIE=5GB", "Nothing reads MAX_SZIE; did you mean MAX_SIZE?"),
        ("max_size=5GB", "Nothing reads max_size; did you mean MAX_SIZE?"),
        ("AccountId=1", "Nothing reads AccountId; did you mean AccountID?"),
        ("JWT_SECRETS=x", "Nothing reads JWT_SECRETS; did you mean JWT_SECRET?"),
        ("UNHEARD=x", "Nothing reads UNHEARD."),
    ],
)
def test_a_name_that_nothing_reads_is_named_with_the_nearest(tmp_path: Path, line: str, says: str) -> None:
    (tmp_path / "s.yaml").write_bytes((PROJECT / "s.yaml").read_bytes())
    (tmp_path / ".env").write_text(f"NAME=team\n{line}\n", encoding="utf-8")
    assert names.unread_names(tmp_path / ".env") == (says,)


def test_every_name_of_the_example_and_of_the_credentials_is_read(tmp_path: Path) -> None:
    for name in ("s.yaml", "s.domain.yaml"):
        (tmp_path / name).write_bytes((PROJECT / name).read_bytes())
    example = (PROJECT / ".env.example").read_text(encoding="utf-8")
    commented_out = re.sub(r"(?m)^# (?=[A-Za-z_]+=)", "", example)
    listed = {*dotenv(commented_out), "ALIBABA_CLOUD_ACCESS_KEY_ID", "AccountID", "ci_serverless_devs_key"}
    assert len(listed) > 25
    (tmp_path / ".env").write_text("".join(f"{name}=x\n" for name in listed), encoding="utf-8")
    assert names.unread_names(tmp_path / ".env") == ()


def test_without_an_env_file_there_is_nothing_to_name(tmp_path: Path) -> None:
    assert names.unread_names(tmp_path / ".env") == ()


def test_a_password_in_a_domain_is_not_told() -> None:
    assert names.domain_faults("SITE_DOMAIN", "https://me:pass@word@up.example.com") == (
        "SITE_DOMAIN must be a domain alone, such as upload.example.com, not '…@up.example.com'",
    )


def test_a_wrong_certificate_is_named_to_doctor_by_the_name_that_was_written() -> None:
    found = names.faults({"SIGN_CERTIFICATE": "1234567", "SITE_CERTIFICATE": "cert-1"}, "")
    assert found == {
        "SITE_CERTIFICATE": "SITE_CERTIFICATE must be the certificate's ID, such as 1234567 or 1234567-cn-hangzhou, "
        "not 'cert-1'"
    }
