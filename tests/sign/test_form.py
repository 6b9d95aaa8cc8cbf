"""Tests forms: their fields, their order, their size, their lifetime."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from alibabacloud_oss_v2.signer import SignerV4

from direct_upload.errors import FormTooLarge
from direct_upload.form import Form, Signer, _cached_signing_key
from direct_upload.upload import Upload
from support import factories
from support.factories import NOON

UPLOAD = Upload(
    key="uploads/anonymous/0f8fad5b-d9cb-469f-a165-70867728950e.png",
    filename="fotos/ü.png",
    size=7,
    content_type="image/png",
)
IDENTITY = ("x-oss-signature-version", "x-oss-credential", "x-oss-date", "x-oss-security-token")


def signer(now: float = NOON, **more: Any) -> tuple[Signer, Any]:
    credentials = factories.credentials(**more)
    return Signer(credentials, bucket="team-uploads", region="cn-hangzhou", now=now), credentials


def policy(form: Form) -> Any:
    return json.loads(base64.b64decode(form.fields["policy"]))


def test_an_exact_form_has_these_fields_in_this_order() -> None:
    by, credentials = signer()
    fields = list(by.sign_exact_form(UPLOAD, lifetime=600).fields.items())
    assert fields[:-2] == [
        ("key", "uploads/anonymous/0f8fad5b-d9cb-469f-a165-70867728950e.png"),
        ("x-oss-forbid-overwrite", "true"),
        ("x-oss-content-type", "image/png"),
        ("x-oss-meta-filename", "fotos%2F%C3%BC.png"),
        ("Content-Disposition", "attachment; filename*=UTF-8''fotos%2F%C3%BC.png"),
        ("success_action_status", "200"),
        ("x-oss-signature-version", "OSS4-HMAC-SHA256"),
        ("x-oss-credential", f"{credentials.access_key_id}/20241124/cn-hangzhou/oss/aliyun_v4_request"),
        ("x-oss-date", "20241124T120000Z"),
        ("x-oss-security-token", credentials.security_token),
    ]
    assert [name for name, _ in fields[-2:]] == ["policy", "x-oss-signature"]


def test_an_exact_forms_policy_names_every_field_it_comes_with() -> None:
    form = signer()[0].sign_exact_form(UPLOAD, lifetime=600)
    pinned = {name: value for name, value in form.fields.items() if name not in ("policy", "x-oss-signature")}
    assert policy(form) == {
        "expiration": "2024-11-24T12:10:00.000Z",
        "conditions": [
            {"bucket": "team-uploads"},
            ["content-length-range", 7, 7],
            ["in", "$content-type", ["image/png", "image/x-png", "application/octet-stream"]],
            *(["eq", f"${name}", value] for name, value in pinned.items()),
        ],
    }


@pytest.mark.parametrize("now", [NOON, NOON + 43_199.999])
def test_a_form_is_signed_as_the_vendors_sdk_would_sign_it(now: float) -> None:
    by, credentials = signer(now)
    form = by.sign_exact_form(UPLOAD, lifetime=600)
    theirs = SignerV4()._calc_signature(
        credentials.access_key_secret, "20241124", "cn-hangzhou", "oss", form.fields["policy"]
    )
    assert form.fields["x-oss-signature"] == theirs


def test_a_folder_form_has_only_what_a_page_of_the_tutorial_sends() -> None:
    by, credentials = signer()
    form = by.sign_folder_form("uploads/anonymous/0f/", content_types=["image/png"], max_size=1000, lifetime=900)
    assert list(form.fields) == ["success_action_status", *IDENTITY, "policy", "x-oss-signature"]
    assert policy(form) == {
        "expiration": "2024-11-24T12:15:00.000Z",
        "conditions": [
            {"bucket": "team-uploads"},
            ["content-length-range", 0, 1000],
            ["starts-with", "$key", "uploads/anonymous/0f/"],
            ["in", "$content-type", ["image/png"]],
            ["eq", "$success_action_status", "200"],
            ["eq", "$x-oss-signature-version", "OSS4-HMAC-SHA256"],
            ["eq", "$x-oss-credential", f"{credentials.access_key_id}/20241124/cn-hangzhou/oss/aliyun_v4_request"],
            ["eq", "$x-oss-date", "20241124T120000Z"],
            ["eq", "$x-oss-security-token", credentials.security_token],
        ],
    }


@pytest.mark.parametrize(
    ("now", "life", "credentials_end", "expires_at"),
    [
        (NOON, 600, NOON + 3600, "2024-11-24T12:10:00Z"),
        (NOON + 0.999, 600, NOON + 3600, "2024-11-24T12:10:00Z"),
        (NOON, 600, NOON + 599, "2024-11-24T12:09:59Z"),
        (NOON, 600, NOON + 61.9, "2024-11-24T12:01:01Z"),
        (NOON + 43_199.999, 2, NOON + 86_400, "2024-11-25T00:00:01Z"),
    ],
)
def test_a_form_never_outlives_its_life_or_its_credentials(
    now: float, life: int, credentials_end: float, expires_at: str
) -> None:
    by, _ = signer(now, expiration=credentials_end)
    for form in (
        by.sign_exact_form(UPLOAD, lifetime=life),
        by.sign_folder_form("d/", content_types=["a/b"], max_size=1, lifetime=life),
    ):
        assert form.expires_at == expires_at
        assert policy(form)["expiration"] == expires_at.replace("Z", ".000Z")


def size(form: Form) -> int:
    return sum(len(f"{name}{value}".encode()) for name, value in form.fields.items())


def test_a_name_may_take_a_kilobyte() -> None:
    form = signer(token_bytes=560)[0].sign_exact_form(UPLOAD._replace(filename="x" * 1020 + ".png"), lifetime=600)
    assert form.fields["x-oss-meta-filename"] == "x" * 1020 + ".png"


def test_a_longer_name_is_shortened_to_a_kilobyte() -> None:
    form = signer(token_bytes=560)[0].sign_exact_form(UPLOAD._replace(filename="x" * 1021 + ".png"), lifetime=600)
    assert form.fields["x-oss-meta-filename"] == "x" * 1020 + ".png"


@pytest.mark.parametrize("token_bytes", [588, 800, 1000, 1500, 1900])
def test_a_name_is_shortened_until_all_fields_stay_under_8000_bytes(token_bytes: int) -> None:
    by, _ = signer(token_bytes=token_bytes)
    form = by.sign_exact_form(UPLOAD._replace(filename="合" * 400 + ".png"), lifetime=600)
    assert 7_950 < size(form) < 8_000
    name = form.fields["x-oss-meta-filename"]
    assert name.endswith("%88.png")
    assert form.fields["Content-Disposition"] == f"attachment; filename*=UTF-8''{name}"


def test_a_token_that_leaves_no_room_is_refused_rather_than_sent() -> None:
    by, _ = signer(token_bytes=3000)
    with pytest.raises(FormTooLarge):
        by.sign_exact_form(UPLOAD, lifetime=600)
    with pytest.raises(FormTooLarge):
        by.sign_folder_form("d/", content_types=["a/b"] * 100, max_size=1, lifetime=600)


def test_the_signing_key_is_folded_once_for_a_day_and_a_secret() -> None:
    _cached_signing_key.cache_clear()
    credentials = factories.credentials()
    for now in (NOON, NOON + 60, NOON + 86_400):
        Signer(credentials, bucket="team-uploads", region="cn-hangzhou", now=now)
    assert _cached_signing_key.cache_info().misses == 2
