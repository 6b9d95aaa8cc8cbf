"""`make doctor` and an account that does not show itself: refusals, other regions, proxies, no network."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from deploy import declared, oss_client
from support.doctor import ALL, LIVE, fault_lines, run
from support.shipped_account import CREDENTIALS, NAMES, OF_UPLOADS, serve_what_is_shipped
from support.sound_deployment import ACCOUNT
from support.tokens import new_secret
from support.upload_bucket import Asks


@pytest.mark.parametrize(("region", "asked"), [("ap-southeast-1", ["ap-southeast-1"]), ("x@evil.example/", [])])
def test_the_buckets_are_looked_for_where_oss_region_says(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, region: str, asked: list[str]
) -> None:
    text = (project / "s.yaml").read_text(encoding="utf-8")
    (project / "s.yaml").unlink()
    (project / "s.yaml").write_text(
        text.replace("OSS_REGION: ${vars.region}", f"OSS_REGION: {region}"), encoding="utf-8"
    )
    regions: list[str] = []

    def client(_: object, region: str) -> None:
        regions.append(region)
        raise OSError("no further")

    monkeypatch.setattr(oss_client, "client", client)
    with contextlib.suppress(OSError):
        run(project, capsys, **CREDENTIALS, **NAMES, AccessKeySecret=new_secret())
    assert regions == asked


@pytest.mark.parametrize(
    ("oss_code", "reason"),
    [
        ("InvalidAccessKeyId", "OSS says InvalidAccessKeyId"),
        (
            "\x1b",
            "The answer is not what OSS sends (does something else answer in its place, such as a proxy?)",
        ),
        (
            "NoSuchBucket",
            f"There is no such bucket (the upload bucket team-uploads-{ACCOUNT} and the page's bucket team-site-{ACCOUNT}): it is not deployed yet, or NAME, REGION or AccountID is another's",
        ),
    ],
)
def test_credentials_that_are_refused_everywhere_fail(
    project: Path, capsys: pytest.CaptureFixture[str], cloud: HTTPServer, oss_code: str, reason: str
) -> None:
    cloud.expect_request(re.compile("/team-.*")).respond_with_data(
        f"<Error><Code>{oss_code}</Code></Error>",
        404 if oss_code == "NoSuchBucket" else 403,
        content_type="application/xml",
    )
    cloud.expect_request(re.compile(".*")).respond_with_json({"Code": "InvalidAccessKeyId.NotFound"}, status=404)
    secret = new_secret()
    code, said, _ = run(project, capsys, **CREDENTIALS, **NAMES, AccessKeySecret=secret, JWT_SECRET=secret)
    assert (code, said.splitlines()[0]) == (
        3,
        f"{ALL - len(LIVE) + 1} checks made, {len(LIVE) - 1} not made; 0 faults.",
    )
    assert (f"  {reason}:\n" in said, secret in said) == (True, False)


@pytest.mark.parametrize("left_out", ["site", "callback"])
def test_credentials_that_are_refused_everywhere_fail_however_little_is_declared(
    project: Path, capsys: pytest.CaptureFixture[str], cloud: HTTPServer, left_out: str
) -> None:
    text = (project / "s.yaml").read_text(encoding="utf-8")
    less = re.sub(rf"(?ms)^  {left_out}:\n    component: .*?(?=^  sign:|^# Without)", "", text)
    less = re.sub(r"\*(hidden|functionDeployed)\b", "[]", less)
    (project / "s.yaml").unlink()
    (project / "s.yaml").write_text(less, encoding="utf-8")
    refused = "<Error><Code>InvalidAccessKeyId</Code></Error>"
    cloud.expect_request(re.compile("/team-.*")).respond_with_data(refused, 403, content_type="application/xml")
    cloud.expect_request(re.compile(".*")).respond_with_json({"Code": "InvalidAccessKeyId.NotFound"}, status=404)
    secret = new_secret()
    argv = ["--skip", "extra-resources"]
    code, said, _ = run(project, capsys, *argv, **CREDENTIALS, **NAMES, AccessKeySecret=secret, JWT_SECRET=secret)
    assert (left_out in declared.read(project, NAMES, ACCOUNT).resources, fault_lines(said), code) == (False, [], 3)


def unseen_line(said: str) -> str:
    """Returns what is said at the end."""
    return said.splitlines()[-1]


DENIED = "<Error><Code>AccessDenied</Code></Error>"


@pytest.mark.parametrize("kind", [("the upload bucket", "uploads"), ("the page's bucket", "site")])
@pytest.mark.parametrize("shown", ["", "policy"])
def test_a_bucket_that_is_refused_may_be_another_accounts_and_fails(
    project: Path, capsys: pytest.CaptureFixture[str], cloud: HTTPServer, kind: tuple[str, str], shown: str
) -> None:
    secret, name = new_secret(), f"team-{kind[1]}-{ACCOUNT}"
    asked = [each for each in (*OF_UPLOADS, "policy", "website") if each != shown]
    for each in asked:  # who took the name may show the rest
        cloud.expect_request(f"/{name}/", query_string=Asks(each)).respond_with_data(
            DENIED, 403, content_type="application/xml"
        )
    serve_what_is_shipped(cloud, project, secret)
    code, said, _ = run(project, capsys, **CREDENTIALS, **NAMES, AccessKeySecret=secret, JWT_SECRET=secret)
    reason = f"\n  OSS says AccessDenied for {kind[0]} {name}: the name is taken by another account, or the bucket is in another region, or you may not read it:\n"
    assert (code, fault_lines(said), reason in said) == (3, [], True)
    assert unseen_line(said) == f"The credentials do not show {kind[0]} {name}: whether that is sound is not known."


ELSEWHERE = (
    "<Error><Code>AccessDenied</Code><Message>The bucket you are attempting to access must be addressed using the "
    "specified endpoint. Please send all future requests to this endpoint.</Message></Error>",
    "<Error><Code>InvalidArgument</Code><Message>no</Message><EC>0002-00000228</EC></Error>",
)


@pytest.mark.parametrize("answer", ELSEWHERE)
def test_a_bucket_in_another_region_is_said_to_be_there(
    project: Path, capsys: pytest.CaptureFixture[str], cloud: HTTPServer, answer: str
) -> None:
    for each in (*OF_UPLOADS, "policy", "website"):
        cloud.expect_request("/team-files/", query_string=Asks(each)).respond_with_data(
            answer, 403, content_type="application/xml"
        )
    secret = new_secret()
    serve_what_is_shipped(cloud, project, secret)
    existing = {"UPLOAD_BUCKET": "team-files"}
    _, said, _ = run(project, capsys, **CREDENTIALS, **NAMES, **existing, AccessKeySecret=secret, JWT_SECRET=secret)
    assert "\n  The bucket is in another region: set REGION to its own:\n" in said
    assert unseen_line(said) == (
        "The credentials do not show the upload bucket team-files: whether that is sound is not known."
    )


def test_one_refusal_by_a_bucket_of_this_account_is_said_as_such(
    project: Path, capsys: pytest.CaptureFixture[str], cloud: HTTPServer
) -> None:
    cloud.expect_request(f"/team-uploads-{ACCOUNT}/", query_string=Asks("versioning")).respond_with_data(
        DENIED, 403, content_type="application/xml"
    )
    secret = new_secret()
    serve_what_is_shipped(cloud, project, secret)
    code, said, _ = run(project, capsys, **CREDENTIALS, **NAMES, AccessKeySecret=secret, JWT_SECRET=secret)
    assert (code, "\n  OSS says AccessDenied:\n    versioning\n" in said) == (0, True)


def test_a_function_that_is_refused_fails(project: Path, capsys: pytest.CaptureFixture[str], cloud: HTTPServer) -> None:
    cloud.expect_request("/2023-03-30/functions/team-sign").respond_with_json({"Code": "AccessDenied"}, status=403)
    secret = new_secret()
    serve_what_is_shipped(cloud, project, secret)
    sees = {**CREDENTIALS, **NAMES, "AccessKeySecret": secret, "JWT_SECRET": secret}
    code, said, _ = run(project, capsys, **sees)
    line = "The credentials do not show the function team-sign: whether that is sound is not known."
    assert (code, unseen_line(said)) == (3, line)
    assert run(project, capsys, "--only", "versioning", **sees)[0] == 0


def test_a_proxy_that_answers_for_the_services_shows_nothing(
    project: Path, capsys: pytest.CaptureFixture[str], cloud: HTTPServer
) -> None:
    cloud.expect_request(re.compile(".*")).respond_with_data("<html>Sign in</html>", content_type="text/html")
    secret = new_secret()
    code, said, _ = run(project, capsys, **CREDENTIALS, **NAMES, AccessKeySecret=secret, JWT_SECRET=secret)
    assert (code, said.splitlines()[0], "no answer" in said) == (
        3,
        f"{ALL - len(LIVE) + 1} checks made, {len(LIVE) - 1} not made; 0 faults.",
        False,
    )


def test_without_a_network_credentials_fail(
    project: Path, capsys: pytest.CaptureFixture[str], cloud: HTTPServer
) -> None:
    cloud.stop()
    secret = new_secret()
    code, said, _ = run(project, capsys, **CREDENTIALS, **NAMES, AccessKeySecret=secret, JWT_SECRET=secret)
    cloud.start()
    assert (code, said.splitlines()[0]) == (3, f"{ALL - len(LIVE)} checks made, {len(LIVE)} not made; 0 faults.")
