"""`make doctor` and an account that shows itself: sound, changed by hand, or with something missing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from support.doctor import ALL, LIVE, fault_lines, run
from support.shipped_account import CREDENTIALS, NAMES, WEBSITE, page_list, serve_what_is_shipped
from support.sound_deployment import ACCOUNT
from support.tokens import new_secret
from support.upload_bucket import Asks


def test_a_sound_account_is_seen_whole(project: Path, capsys: pytest.CaptureFixture[str], cloud: HTTPServer) -> None:
    secret = new_secret()
    serve_what_is_shipped(cloud, project, secret)
    code, said, _ = run(project, capsys, "--strict", **CREDENTIALS, **NAMES, AccessKeySecret=secret, JWT_SECRET=secret)
    assert (code, said.splitlines()[0]) == (0, f"{ALL} checks made, 0 not made; 0 faults.")
    assert (secret in said, "drift" in said) == (False, False)


def test_a_setting_that_is_live_and_not_here_is_named_without_its_value(
    project: Path, capsys: pytest.CaptureFixture[str], cloud: HTTPServer
) -> None:
    live_secret, secret = new_secret(), new_secret()
    serve_what_is_shipped(cloud, project, live_secret)
    code, said, _ = run(project, capsys, **CREDENTIALS, **NAMES, AccessKeySecret=secret, JWT_SECRET=secret)
    assert (code, "  drift: Live: The function differs from s.yaml in JWT_SECRET.\n" in said) == (0, True)
    assert (live_secret in said, secret in said) == (False, False)


def test_code_that_was_exchanged_in_the_account_is_a_fault(
    project: Path, capsys: pytest.CaptureFixture[str], cloud: HTTPServer
) -> None:
    secret = new_secret()
    serve_what_is_shipped(cloud, project, secret, {"handler": "evil.handler", "layers": [{"arn": "l", "size": 1}]})
    code, said, _ = run(project, capsys, **CREDENTIALS, **NAMES, AccessKeySecret=secret, JWT_SECRET=secret)
    assert (code, fault_lines(said)) == (
        1,
        [
            f"configuration: Live: {whose} differs from s.yaml in handler, layers."
            for whose in ("The function", "The callback function")
        ],
    )


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"app.js": "1" * 32}, "has another app.js than what lies here."),
        ({"config.json": "1" * 32, "index.html": "2" * 32}, "has another config.json, index.html than what lies here."),
        ({"app.js": ""}, "lacks app.js."),
        ({"evil.js": "1" * 32, "app-0A1B2C3D.js": "2" * 32}, "has evil.js, which is not of the page."),
    ],
)
def test_a_page_that_was_changed_in_the_account_is_a_fault(
    project: Path, capsys: pytest.CaptureFixture[str], cloud: HTTPServer, changed: dict[str, str], fault: str
) -> None:
    cloud.expect_request(f"/team-site-{ACCOUNT}/", query_string=Asks("list-type")).respond_with_data(
        page_list(project, **changed), content_type="application/xml"
    )
    secret = new_secret()
    serve_what_is_shipped(cloud, project, secret)
    code, said, _ = run(project, capsys, **CREDENTIALS, **NAMES, AccessKeySecret=secret, JWT_SECRET=secret)
    assert (code, fault_lines(said)) == (1, [f"page-files: The page's live bucket team-site-{ACCOUNT} {fault}"])


def test_a_page_that_sends_people_elsewhere_is_a_fault(
    project: Path, capsys: pytest.CaptureFixture[str], cloud: HTTPServer
) -> None:
    rule = "<Redirect><RedirectType>External</RedirectType><HostName>evil.example</HostName></Redirect>"
    rules = f"<RoutingRules><RoutingRule>{rule}</RoutingRule></RoutingRules></WebsiteConfiguration>"
    cloud.expect_request(f"/team-site-{ACCOUNT}/", query_string=Asks("website")).respond_with_data(
        WEBSITE.replace("</WebsiteConfiguration>", rules), content_type="application/xml"
    )
    secret = new_secret()
    serve_what_is_shipped(cloud, project, secret)
    code, said, _ = run(project, capsys, **CREDENTIALS, **NAMES, AccessKeySecret=secret, JWT_SECRET=secret)
    where = f"The page's live bucket team-site-{ACCOUNT}"
    assert (code, fault_lines(said)) == (1, [f"site-website: {where} has 1 rule that may send requests elsewhere."])


def test_a_right_that_was_added_in_the_account_is_a_fault(
    project: Path, capsys: pytest.CaptureFixture[str], cloud: HTTPServer
) -> None:
    more = {"Effect": "Allow", "Action": "ram:CreateAccessKey", "Resource": "*"}
    secret = new_secret()
    serve_what_is_shipped(cloud, project, secret, **{"team-sign": more})
    code, said, _ = run(project, capsys, **CREDENTIALS, **NAMES, AccessKeySecret=secret, JWT_SECRET=secret)
    assert (code, fault_lines(said)) == (1, ["grants: Live: The role team-sign may do ram:CreateAccessKey on *."])


NOTHING = "<Error><Code>NoSuchBucket</Code></Error>"


def take_away(cloud: HTTPServer, *names: str) -> None:
    """Has OSS and Function Compute answer that these buckets and functions do not exist."""
    for name in names:
        cloud.expect_request(re.compile(f"/{name}/")).respond_with_data(NOTHING, 404, content_type="application/xml")
        path = re.compile(f"/2023-03-30/functions/{name}(/triggers)?")
        cloud.expect_request(path).respond_with_json({"Code": "FunctionNotFound"}, status=404)


@pytest.mark.parametrize(
    ("names", "fault"),
    [
        ([f"team-uploads-{ACCOUNT}"], f"The upload bucket team-uploads-{ACCOUNT} is not there, though the function team-sign is."),
        ([f"team-site-{ACCOUNT}"], f"The page's bucket team-site-{ACCOUNT} is not there, though the function team-sign is."),
        (["team-sign"], "The function team-sign is not there, though the callback function team-callback is."),
        (["team-callback"], "The callback function team-callback is not there, though the function team-sign is."),
        (
            ["team-sign", "team-callback", f"team-site-{ACCOUNT}"],
            f"The function team-sign and the callback function team-callback and the page's bucket team-site-{ACCOUNT} are not there, though the role team-sign is.",
        ),
    ],
)  # fmt: skip
def test_a_deployment_of_which_a_part_does_not_exist_is_a_fault(
    project: Path, capsys: pytest.CaptureFixture[str], cloud: HTTPServer, names: list[str], fault: str
) -> None:
    take_away(cloud, *names)
    secret = new_secret()
    serve_what_is_shipped(cloud, project, secret)
    code, said, _ = run(project, capsys, **CREDENTIALS, **NAMES, AccessKeySecret=secret, JWT_SECRET=secret)
    assert (code, fault_lines(said)) == (1, [f"existence: {fault}"])


def test_a_role_that_does_not_exist_is_a_fault(
    project: Path, capsys: pytest.CaptureFixture[str], cloud: HTTPServer
) -> None:
    of_role = {"RoleName": "team-upload"}
    cloud.expect_request("/", query_string=of_role).respond_with_json({"Code": "EntityNotExist.Role"}, status=404)
    secret = new_secret()
    serve_what_is_shipped(cloud, project, secret)
    code, said, _ = run(project, capsys, **CREDENTIALS, **NAMES, AccessKeySecret=secret, JWT_SECRET=secret)
    assert (code, fault_lines(said)) == (
        1,
        ["existence: The role team-upload is not there, though the function team-sign is."],
    )


def test_a_deployment_of_which_nothing_exists_is_not_deployed_yet(
    project: Path, capsys: pytest.CaptureFixture[str], cloud: HTTPServer
) -> None:
    take_away(cloud, f"team-uploads-{ACCOUNT}", f"team-site-{ACCOUNT}", "team-sign", "team-callback")
    cloud.expect_request("/").respond_with_json({"Code": "EntityNotExist.Role"}, status=404)
    secret = new_secret()
    code, said, _ = run(project, capsys, **CREDENTIALS, **NAMES, AccessKeySecret=secret, JWT_SECRET=secret)
    assert (code, said.splitlines()[0]) == (
        3,
        f"{ALL - len(LIVE) + 2} checks made, {len(LIVE) - 2} not made; 0 faults.",
    )
