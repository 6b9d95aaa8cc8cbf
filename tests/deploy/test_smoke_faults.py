"""What smoke says of clouds in which something is wrong, and of profiles that were deployed otherwise."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import alibabacloud_oss_v2 as oss
import pytest
import requests
from alibabacloud_oss_v2.credentials import StaticCredentialsProvider
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from deploy import oss_client
from deploy.profiles import sound_profiles
from deploy.smoke import command as smoke
from deploy.smoke.outcome import StepFailed, StepSkipped
from deploy.smoke.probes import Probes
from deploy.smoke.session import CONTENT, Session
from deploy.smoke.smoke import Smoke
from deploy.smoke.target import Target
from localcloud.dev.cloud import Cloud, CloudOptions
from support.tokens import new_secret


def in_parts() -> dict[str, str]:
    """Returns the settings of multipart uploads."""
    return {"MULTIPART_THRESHOLD": "1MB", "MULTIPART_SECRET": new_secret()}


@pytest.fixture(scope="module")
def secret() -> str:
    return new_secret()


def nobody(function: str, page: str = "http://127.0.0.1:1/", **more: Any) -> Target:
    return Target(**{"function": function, "page": page, "token": "", "deployer": None, "signer": None, **more})


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    with Cloud(tmp_path / "files") as cloud:
        yield cloud


def smoke_of(target: Target) -> Smoke:
    return Smoke(Session(target))


def smoke_at(cloud: Cloud, **more: Any) -> Smoke:
    role = cloud.function_role
    own = StaticCredentialsProvider(role.access_key_id, role.access_key_secret, role.security_token)
    target = nobody(cloud.gateway.url, cloud.site.url + "/", deployer=own, endpoint=cloud.oss.url, **more)
    return smoke_of(target)


def outcome_of(step: Callable[[], str]) -> str:
    try:
        return step()
    except StepSkipped as why:
        return f"not tried: {why}"
    except StepFailed as instead:
        return f"not held: {instead}"


def failures(run: Smoke) -> dict[str, str]:
    """Returns what must hold and does not, with what was seen instead."""
    found = {name: outcome_of(step) for name, step in run.steps()}
    return {name: seen.removeprefix("not held: ") for name, seen in found.items() if seen.startswith("not held")}


def no_options(cloud: Cloud) -> None:
    cloud.gateway._methods = ("GET", "POST")


WRONG: list[tuple[Callable[[Cloud], object], dict[str, str]]] = [
    (lambda cloud: None, {}),
    (no_options, {"The function lets the page ask": "403 FCCommonError, allowing no origin and the headers none"}),
    (
        lambda cloud: cloud.bucket.cors_rules.clear(),
        {
            "OSS lets the page post": "403 AccessForbidden, allowing no origin",
            "OSS accepts the form as it is": "200; pages that may read the answer: none",
        },
    ),
    (lambda cloud: setattr(cloud.bucket, "versioning", "Enabled"), {"OSS refuses it the second time": "200"}),
    (lambda cloud: cloud.bucket.allow_public("public-read"), {"Strangers cannot read what was uploaded": "200"}),
    (
        lambda cloud: [setattr(cloud.faults, "sts_mode", "no_permission"), cloud.gateway.end_instance()],  # type: ignore[func-returns-value]
        {"It signs a form": "503 credentials_unavailable"},
    ),
    (
        lambda cloud: setattr(cloud.faults, "oss_fail_next", 4),
        {
            "OSS refuses the form with another key": "503 ServiceUnavailable",
            "OSS refuses the form with another signature": "503 ServiceUnavailable",
            "OSS refuses the form with an ACL added": "503 ServiceUnavailable",
            "OSS accepts the form as it is": "503 ServiceUnavailable; pages that may read the answer: {page}",
            "OSS refuses it the second time": "200",
        },
    ),
]


@pytest.mark.parametrize(("spoil", "expected"), WRONG)
def test_what_does_not_hold_is_named(cloud: Cloud, spoil: Callable[[Cloud], object], expected: dict[str, str]) -> None:
    spoil(cloud)
    page = cloud.site.url
    assert failures(smoke_at(cloud)) == {name: seen.format(page=page) for name, seen in expected.items()}


@pytest.mark.parametrize(
    ("disposition", "content", "status", "other", "seen"),
    [
        ("attachment", CONTENT, 200, 403, "until 2026-11-29T18:40:00Z"),
        ("inline", CONTENT, 200, 403, "not held: 200, inline"),
        ("", CONTENT, 200, 403, "not held: 200, shown by browsers"),
        ("attachment", b"other", 200, 403, "not held: 200, attachment"),
        ("attachment", CONTENT, 403, 403, "not held: 403, attachment"),
        ("attachment", CONTENT, 200, 200, "not held: 200"),
    ],
)
def test_a_download_address_is_for_the_file_alone_and_shows_nothing(
    httpserver: HTTPServer, disposition: str, content: bytes, status: int, other: int, seen: str
) -> None:
    url = httpserver.url_for("/a.txt?signed=1")
    told = {"download_url": url, "download_url_expires_at": "2026-11-29T18:40:00Z"}
    httpserver.expect_request("/answer").respond_with_json(told)
    headers = {"Content-Disposition": disposition} if disposition else {}
    httpserver.expect_request("/a.txt").respond_with_data(content, status, headers)
    httpserver.expect_request("/a.txt.html").respond_with_data("", other)
    smoke = smoke_of(nobody(httpserver.url_for("")))
    smoke._answer = requests.get(httpserver.url_for("/answer"), timeout=60)
    assert outcome_of(smoke._downloads) == seen


IN_PARTS: list[tuple[tuple[str, ...], tuple[str, ...], dict[str, str]]] = [
    (("POST", "PUT"), ("ETag",), {}),
    (
        ("POST", "PUT"),
        (),
        {"OSS accepts the parts, and the page may read their ETags": "200; headers that the page may read: none"},
    ),
    (
        ("POST",),
        ("ETag",),
        {
            "OSS lets the page put parts": "403 AccessForbidden, allowing no origin",
            "OSS accepts the parts, and the page may read their ETags": "200; headers that the page may read: none",
        },
    ),
]
"""The methods and the exposed headers of the bucket's one CORS rule, and what fails."""


@pytest.mark.parametrize(("methods", "exposed", "expected"), IN_PARTS)
def test_uploads_in_parts_need_cors_of_their_own(
    tmp_path: Path, methods: tuple[str, ...], exposed: tuple[str, ...], expected: dict[str, str]
) -> None:
    with Cloud(tmp_path / "files", CloudOptions(settings=in_parts())) as cloud:
        [rule] = cloud.bucket.cors_rules
        cloud.bucket.cors_rules[:] = [replace(rule, allowed_methods=methods, expose_headers=exposed)]
        assert failures(smoke_at(cloud)) == expected


def test_what_cannot_be_completed_is_given_up(tmp_path: Path) -> None:
    with Cloud(tmp_path / "files", CloudOptions(settings=in_parts())) as cloud:
        steps = dict(smoke_at(cloud).steps())
        outcome_of(steps["The function states its limits"])
        assert outcome_of(steps["The function begins a multipart upload"]).endswith(", 2 parts")
        assert outcome_of(steps["The parts become one file"]) == "not held: 409 parts_missing; it was aborted"
        assert outcome_of(steps["The parts become one file"]) == "not held: 410 upload_gone; it was aborted"


CARELESS_FORM = {
    "key": "uploads/x/1.txt",
    "x-oss-content-type": "text/plain",
    "x-oss-credential": "STS.1/20241124/cn-hongkong/oss/aliyun_v4_request",
    "policy": base64.b64encode(b'{"conditions":[{"bucket":"team-uploads"}]}').decode(),
    "x-oss-signature": "0" * 64,
}


def careless(request: Request) -> Response:
    """Returns a function, a page and a bucket that refuse nothing and nobody."""
    here = request.host_url.rstrip("/")
    answers = {
        "/limits": {"max_size": 10**9, "content_types": ["text/plain"], "auth": "jwt", "multipart_threshold": 1},
        "/multipart": {"ticket": "t", "key": "uploads/x/1.bin"},
        "/multipart/parts": {"parts": [{"size": 8 * 1024**2, "url": f"{here}/oss"}, {"size": 6, "url": f"{here}/oss"}]},
        "/sign": {"uploads": [{"url": f"{here}/oss", "fields": CARELESS_FORM, "key": CARELESS_FORM["key"], "expires_at": ""}]},
        "/config.json": {"function": "https://elsewhere.example"},
    }  # fmt: skip
    headers = {"Access-Control-Allow-Origin": request.headers.get("Origin", "*")}
    if request.path == "/oss":
        headers = {"Access-Control-Allow-Origin": "https://elsewhere.example"}
    allowed = {"Access-Control-Allow-Headers": "Authorization"} if request.method == "OPTIONS" else {}
    return Response(json.dumps(answers.get(request.path, {})), headers={**headers, **allowed}, content_type="text/html")


def test_services_that_refuse_nothing_fail_wherever_something_must_be_refused() -> None:
    own = StaticCredentialsProvider("STS.1", new_secret(), "t")
    with HTTPServer(host="127.0.0.1") as server:
        server.expect_request(re.compile("/.*")).respond_with_handler(careless)
        here = f"http://127.0.0.1:{server.port}"
        found = failures(smoke_of(nobody(here, here + "/", deployer=own, endpoint=here, token="t")))
    assert found == {
        "The page names the function": "200; its config.json names https://elsewhere.example",
        "It lets no other page ask": "200, allowing https://page.invalid",
        "It signs nothing for another page": "200",
        "It signs nothing without a token": "200",
        "OSS lets the page post": "200, allowing https://elsewhere.example",
        "OSS refuses the form with another key": "200",
        "OSS refuses the form with another signature": "200",
        "OSS refuses the form with an ACL added": "200",
        "OSS accepts the form as it is": "200; pages that may read the answer: https://elsewhere.example",
        "OSS refuses it the second time": "200",
        "OSS lets the page put parts": "200, allowing https://elsewhere.example",
        "OSS refuses a part of another length": "200",
        "OSS accepts the parts, and the page may read their ETags": "200; headers that the page may read: none",
        "The parts become one file": "200",
        "Strangers cannot read what was uploaded": "200",
        "It is stored as it was declared": "(2, 'text/html', '')",
    }


class Deleting:
    """A client of OSS that takes note of what is deleted, or refuses."""

    def __init__(self, refusing: str = "") -> None:
        self.deleted: list[tuple[str, str]] = []
        self.refusing = refusing

    def delete_object(self, request: oss.DeleteObjectRequest) -> None:
        if self.refusing:
            names = ("request_id", "message", "ec", "timestamp", "request_target")
            raise oss.exceptions.ServiceError(status_code=403, code=self.refusing, **dict.fromkeys(names, "x"))
        self.deleted.append((request.bucket, request.key))


def upload(smoke: Smoke) -> str:
    """Signs and uploads; returns the key."""
    for step in (smoke._states_limits, smoke._signs, smoke._other_key, smoke._uploads, smoke._uploads_again):
        outcome_of(step)
    return str(smoke._session.form()["key"])


def test_what_was_uploaded_is_deleted_once(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Deleting()
    monkeypatch.setattr(oss_client, "client", lambda *_: client)
    run = smoke_at(cloud)
    key = upload(run)
    [(name, delete)] = run.clean_up()
    assert (name, outcome_of(delete)) == ("What was uploaded is deleted", "1 object")
    assert client.deleted == [(cloud.bucket.name, key)]


@pytest.mark.parametrize(
    ("files", "printed"),
    [("", "not held: {key} (AccessDenied)"), ("/files", "not tried: AccessDenied; the files stay in /files")],
)
def test_what_cannot_be_deleted_fails_in_the_cloud_and_stays_on_this_machine(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, files: str, printed: str
) -> None:
    monkeypatch.setattr(oss_client, "client", lambda *_: Deleting("AccessDenied"))
    run = smoke_at(cloud, files=files)
    key = upload(run)
    assert outcome_of(run.clean_up()[0][1]) == printed.format(key=key)


def test_without_credentials_it_says_what_is_left(cloud: Cloud) -> None:
    run = smoke_of(nobody(cloud.gateway.url, cloud.site.url + "/"))
    key = upload(run)
    assert outcome_of(run._check_stored_object) == "not tried: there are no credentials in the environment"
    assert outcome_of(Probes(run._session)._not_in_absent) == "not tried: there are no credentials to sign a form with"
    assert (
        outcome_of(run.clean_up()[0][1])
        == f"not tried: there are no credentials in the environment; these may be there: {key}"
    )


def test_a_log_that_strangers_can_read_is_reported_and_not_repeated() -> None:
    with HTTPServer(host="127.0.0.1") as server:
        server.expect_request("/limits").respond_with_json({}, headers={"X-Fc-Log-Result": "c2VjcmV0"})
        assert outcome_of(Probes(Session(nobody(server.url_for("").rstrip("/"))))._log_tail) == "yes: 8 characters"


# --- profiles

DEPLOYED = (
    '{"photos": {"content_types": "image/png", "max_size": "10MB", "expires_in": 300, "folder_forms": false, '
    '"multipart": false}, "open": {"requires_claim": false}}'
)


@pytest.fixture
def cloud_with_profiles(tmp_path: Path, secret: str) -> Iterator[Cloud]:
    """Yields a cloud with profiles."""
    (tmp_path / "profiles.json").write_text(DEPLOYED)
    settings = {"AUTH": "jwt", "JWT_SECRET": secret, **in_parts()}
    with Cloud(tmp_path / "files", CloudOptions(settings=settings, profiles=tmp_path / "profiles.json")) as cloud:
        yield cloud


def of_profiles(cloud: Cloud, tmp_path: Path, declared: str, secret: str, **more: Any) -> dict[str, str]:
    """Returns what smoke says of the profiles, with another file here than was deployed."""
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "profiles.json").write_text(declared)
    profiles = sound_profiles(tmp_path / "here")
    token = smoke._token({"JWT_SECRET": secret}, datetime.now(timezone.utc), profiles)
    run = smoke_at(cloud, **{"token": token, "own_secret": True, "profiles": profiles, **more})
    return {name: outcome_of(step) for name, step in run.steps() if "profile" in name}


def test_profiles_as_they_were_deployed_hold(cloud_with_profiles: Cloud, tmp_path: Path, secret: str) -> None:
    found = of_profiles(cloud_with_profiles, tmp_path, DEPLOYED, secret)
    assert {name: re.sub(r"/[0-9a-f-]{36}", "/…", said) for name, said in found.items()} == {
        "The profile photos is that of profiles.json": "10,000,000 bytes",
        "The profile open is that of profiles.json": "100,000,000 bytes",
        "OSS accepts a form of the profile photos": "uploads/~photos/smoke/….png",
        "OSS accepts a form of the profile open": "uploads/~open/smoke/….txt",
    }


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ('"max_size": "10MB"', '"max_size": "9MB"'),
        ('"expires_in": 300', '"expires_in": 301'),
        ('"image/png"', '"image/png,image/jpeg"'),
        ('"folder_forms": false', '"folder_forms": true'),
    ],
)
def test_a_profile_that_was_deployed_otherwise_fails(
    cloud_with_profiles: Cloud, tmp_path: Path, secret: str, changed: str, what: str
) -> None:
    member = "content_types" if "image" in changed else changed.split('"')[1]
    found = of_profiles(cloud_with_profiles, tmp_path, DEPLOYED.replace(changed, what), secret)
    assert found["The profile photos is that of profiles.json"] == f"not held: it differs in {member}: deploy"


def test_a_profile_that_was_not_deployed_fails(cloud_with_profiles: Cloud, tmp_path: Path, secret: str) -> None:
    found = of_profiles(cloud_with_profiles, tmp_path, '{"scans": {}}', secret)
    assert set(found.values()) == {"not held: 400 unknown_profile"}


def test_a_token_from_elsewhere_need_not_be_for_every_profile(
    cloud_with_profiles: Cloud, tmp_path: Path, secret: str
) -> None:
    token = smoke._token({"JWT_SECRET": secret}, datetime.now(timezone.utc), {})
    found = of_profiles(cloud_with_profiles, tmp_path, DEPLOYED, secret, token=token, own_secret=False)
    assert found["OSS accepts a form of the profile photos"] == "not tried: the token may not use it"
    assert found["The profile open is that of profiles.json"] == (
        "not tried: a token from elsewhere may narrow the profile"
    )
