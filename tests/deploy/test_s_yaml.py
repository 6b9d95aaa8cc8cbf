"""s.yaml through the real Serverless Devs, with stand-ins for the components: what each is asked for, and in which order."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from support.default_props import SITE, UPLOADS, callback, environment, function, parameters
from support.scratch import ACCOUNT, DEPLOYED, DOMAINS, EXISTING, PROJECT, REMOVED, SCHEMA, Scratch
from support.upload_bucket import Bucket


def test_what_the_components_are_asked_for(scratch: Scratch) -> None:
    scratch.ok("deploy", "-y")
    asked = [(call["component"], call["command"], call["resource"], call["props"]) for call in scratch.calls()]
    assert asked == [
        (
            "ros",
            "deploy",
            "infra",
            {
                "region": "cn-hongkong",
                "name": "oss-direct-upload",
                "endpoint": scratch.environ["ROS_ENDPOINT"],
                "template": str(scratch.folder / "deploy" / "ros.yaml"),
                "parameters": parameters(),
            },
        ),
        ("fc3", "deploy", "callback", callback()),
        ("fc3", "deploy", "sign", function(scratch)),
        (
            "site",
            "deploy",
            "site",
            {
                "folder": str(scratch.folder / "web"),
                "bucket": f"oss-direct-upload-site-{ACCOUNT}",
                "region": "cn-hongkong",
                "function": "https://oss-direct-upload-sign-abcdefghij.cn-hongkong.fcapp.run",
                "upload": UPLOADS,
                "domain": "",
                "title": "",
                "logo": "",
                "accent": "",
                "footer": "",
                "profile": "",
            },
        ),
    ]


@pytest.mark.thorough
def test_deployed_twice_and_removed_twice(scratch: Scratch) -> None:
    """Each deployment builds, and the second asks for the same as the first."""
    for command in ("deploy", "deploy", "remove", "remove"):
        scratch.ok(command, "-y")
    assert scratch.order() == DEPLOYED + DEPLOYED + REMOVED + REMOVED
    calls = scratch.calls()
    assert (calls[:4], scratch.builds()) == (calls[4:8], 2)


def test_the_preview_leaves_two_things_to_the_deployment(scratch: Scratch) -> None:
    shown = json.loads(scratch.ok("preview", "-o", "json", "--silent"))
    left = re.findall(r"\$\{[^}]*\}", json.dumps(shown["resources"]))
    assert left == ["${resources.callback.output.url.system_url}", "${resources.sign.output.url.system_url}"]


def test_verify(scratch: Scratch) -> None:
    if not SCHEMA.exists():
        pytest.skip("the schema of the component fc3 is not here: s.yaml was not checked against it")
    assert "passed" in scratch.ok("verify")


def test_a_function_at_a_domain_of_its_own_is_deployed(scratch: Scratch) -> None:
    scratch.ok("deploy", "-y", "-t", "s.domain.yaml", **DOMAINS)
    assert scratch.props("sign") == {
        **function(scratch),
        "environmentVariables": environment(
            scratch, ALLOWED_ORIGINS="https://upload.example.com", UPLOAD_URL="https://files.example.com"
        ),
        "customDomain": {
            "domainName": "sign.example.com",
            "protocol": "HTTPS",
            "certConfig": {"certId": "1"},
            "route": {"path": "/*", "qualifier": "LATEST", "methods": ["GET", "POST", "OPTIONS"]},
        },
    }
    site = scratch.props("site")
    assert (site["function"], site["upload"], site["domain"]) == (
        "https://sign.example.com",
        "https://files.example.com",
        "upload.example.com",
    )
    assert scratch.order() == DEPLOYED


@pytest.mark.thorough
def test_profiles_become_lifecycle_rules_and_everything_can_still_be_removed(scratch: Scratch, bucket: Bucket) -> None:
    (scratch.folder / "profiles.json").write_text('{"photos": {"keep_days": 30}}')
    said = scratch.ok("deploy", "-y", UPLOAD_PREFIX="in/here")
    [rule] = re.findall(r"<Rule>.*?</Rule>", bucket.lifecycle)
    assert "Files of the profile photos are deleted after 30 days." in said
    assert rule == (
        "<Rule><ID>oss-direct-upload-keep-days-photos</ID><Prefix>in/here/~photos/</Prefix><Status>Enabled</Status>"
        "<Expiration><Days>30</Days></Expiration></Rule>"
    )
    scratch.ok("remove", "-y")
    assert scratch.order() == DEPLOYED + REMOVED


CMS = "<CORSRule><AllowedOrigin>https://cms.example.com</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule>"


def test_a_bucket_that_was_there_before_is_used_and_left_as_it_was(scratch: Scratch, bucket: Bucket) -> None:
    bucket.cors = before = f"<CORSConfiguration>{CMS}</CORSConfiguration>"
    bucket.info = {"Owner": f"<ID>{ACCOUNT}</ID>"}
    bucket.files = files = {("cms/a.png", "null"): 5}
    scratch.ok("deploy", "-y", **EXISTING)
    assert scratch.props("infra")["parameters"] == parameters(UploadBucket="team-files", UploadPrefix="in/here")
    own = {"OSS_BUCKET": "team-files", "UPLOAD_PREFIX": "in/here"}
    url = {"UPLOAD_URL": "https://team-files.oss-cn-hongkong.aliyuncs.com"}
    assert scratch.props("sign")["environmentVariables"] == environment(scratch, **own, **url)
    assert scratch.props("callback")["environmentVariables"] == {"OSS_REGION": "cn-hongkong", **own, **url}
    assert scratch.props("site")["upload"] == url["UPLOAD_URL"]
    assert (CMS in bucket.cors, f"<AllowedOrigin>{SITE}</AllowedOrigin>" in bucket.cors) == (True, True)
    said = scratch.ok("remove", "-y", **EXISTING)
    assert "The bucket team-files stays, with all its files" in said
    assert (bucket.cors, bucket.lifecycle, bucket.files, scratch.order()) == (before, "", files, DEPLOYED + REMOVED)


@pytest.mark.parametrize(
    ("file", "environ"), [pytest.param("s.yaml", {}, marks=pytest.mark.thorough), ("s.domain.yaml", DOMAINS)]
)
def test_users_files_go_when_that_is_said(scratch: Scratch, bucket: Bucket, file: str, environ: dict[str, str]) -> None:
    bucket.files, bucket.unfinished = {("uploads/a.png", "null"): 5}, [("uploads/b.png", "u1")]
    scratch.ok("remove", "-y", "-t", file, DELETE_FILES="yes", **environ)
    assert (bucket.files, bucket.unfinished, scratch.order()) == ({}, [], REMOVED)


def test_temporary_credentials_reach_the_hooks_and_their_account_the_names(scratch: Scratch, bucket: Bucket) -> None:
    known = {name: scratch.environ.pop(name) for name in ("AccountID", "AccessKeyID", "AccessKeySecret")}
    given = {**known, "AccountID": "99999", "SecurityToken": "a-token"}
    scratch.environ["ci_serverless_devs_key"] = json.dumps(given)
    scratch.ok("deploy", "-y", "-a", "ci_serverless_devs_key")
    assert bucket.tokens == {"a-token"}
    assert scratch.props("infra")["parameters"]["UploadBucket"] == "oss-direct-upload-uploads-99999"


def test_the_components_of_the_vendor_are_the_known_ones() -> None:
    declared = yaml.safe_load((PROJECT / "s.yaml").read_text())["resources"]
    assert {name: resource["component"] for name, resource in declared.items()} == {
        "infra": "ros",
        "callback": "fc3@0.1.22",
        "sign": "fc3@0.1.22",
        "site": "${path('./deploy/site')}",
    }


@pytest.mark.parametrize("file", ["s.domain.yaml", "s.alone.yaml"])
def test_a_file_that_extends_it_changes_props_alone_so_that_hooks_and_order_stay(file: str) -> None:
    extension = yaml.safe_load((PROJECT / file).read_text())
    changed = {name: list(resource) for name, resource in extension.pop("resources").items()}
    assert (extension, changed) == ({"extend": "s.yaml"}, {"sign": ["props"], "site": ["props"]})


def test_the_stand_ins_are_the_only_difference(scratch: Scratch) -> None:
    real, copy = (yaml.safe_load((folder / "s.yaml").read_text()) for folder in (PROJECT, scratch.folder))
    for name in ("infra", "callback", "sign"):
        assert Path(copy["resources"][name].pop("component")).exists()
        del real["resources"][name]["component"]
    assert copy == real
