"""One local cloud by itself: its control address, the hosts that it answers to, its reset, and settings for clients."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import alibabacloud_oss_v2 as oss
import oss2
import pytest
import requests
from alibabacloud_oss_v2.exceptions import OperationError
from alibabacloud_sts20150401.client import Client
from alibabacloud_sts20150401.models import AssumeRoleRequest
from alibabacloud_tea_openapi.utils_models import Config

from localcloud.dev.cloud import ROOT
from localcloud.fault_switches import Faults
from localcloud.oss.storage.bucket import Bucket
from localcloud.ram.identities import Identity
from localcloud.standalone import Options, OssCloud
from support import sentinels
from support.oss_world import ram_policy

TIMEOUT = 60


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OssCloud]:
    options = Options(
        buckets=("team-uploads", "another"),
        region="cn-hangzhou",
        cors_origins=("https://app.example.com",),
        role_arn="acs:ram::1234567890123456:role/uploader",
        allowed_hosts=("oss-emulator",),
    )
    with OssCloud(tmp_path_factory.mktemp("cloud"), options) as cloud:
        sentinels.keep_secret(cloud.access_key_secret)
        yield cloud
    cloud.check()


@pytest.fixture(autouse=True)
def reset(cloud: OssCloud) -> Iterator[None]:
    yield
    cloud.reset()


def client(cloud: OssCloud) -> Any:
    return oss.Client(oss.config.Config(**cloud.client()))


def put(cloud: OssCloud, key: str = "a.txt", bucket: str = "team-uploads") -> None:
    client(cloud).put_object(oss.PutObjectRequest(bucket=bucket, key=key, body=b"hello"))


def control(cloud: OssCloud, method: str, path: str, **headers: str) -> requests.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.request(method, cloud.control.url + path, headers=named, timeout=TIMEOUT)


def test_ready(cloud: OssCloud) -> None:
    answer = control(cloud, "GET", "/-/ready")
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "ready": True,
            "region": "cn-hangzhou",
            "buckets": ["team-uploads", "another"],
            "role_arn": "acs:ram::1234567890123456:role/uploader",
        },
    )


def test_requests_have_what_was_asked_and_which_rule_decided(cloud: OssCloud) -> None:
    put(cloud, "uploads/a.txt")
    requests.post(cloud.oss.url, data={"key": "b"}, files={"file": b"b"}, timeout=TIMEOUT)
    accepted, refused = control(cloud, "GET", "/-/requests").json()["requests"]
    assert accepted == {
        "service": "oss",
        "method": "PUT",
        "path": "/team-uploads/uploads/a.txt",
        "status": 200,
        "operation": "PutObject",
        "key": "uploads/a.txt",
        "size": 5,
    }
    assert (refused["operation"], refused["status"], refused["code"]) == ("PostObject", 403, "AccessDenied")
    assert refused["rule"] == "anonymous-form"
    assert "To fix: " in refused["explanation"]


def test_requests_have_no_secret_signature_or_token(cloud: OssCloud) -> None:
    url: str = client(cloud).presign(oss.GetObjectRequest(bucket="team-uploads", key="a.txt")).url
    assert "x-oss-signature=" in url
    requests.get(url, timeout=TIMEOUT)
    text = control(cloud, "GET", "/-/requests").text
    assert len(json.loads(text)["requests"]) == 1
    assert "x-oss-signature" not in text
    assert cloud.access_key_secret not in text


def describe(cloud: OssCloud) -> dict[str, object]:
    """Returns all that a test can change."""
    return {
        "buckets": {
            name: (each.versions(), each.multipart_uploads.ids(), each.cors_rules, each.versioning, each.find_acl(None))
            for name, each in cloud.buckets.items()
        },
        "roles": dict(cloud.roles),
        "users": vars(cloud.identities),
        "clock": cloud.clock.offset,
        "faults": cloud.faults,
        "requests": list(cloud.requests),
    }


def test_reset_puts_everything_back(cloud: OssCloud) -> None:
    before = repr(describe(cloud))
    put(cloud)
    client(cloud).initiate_multipart_upload(oss.InitiateMultipartUploadRequest(bucket="another", key="b"))
    cloud.bucket.cors_rules.clear()
    cloud.bucket.versioning = "Enabled"
    put(cloud)
    cloud.bucket.allow_public("public-read")
    cloud.add_bucket("third")
    cloud.add_role("reader", ram_policy("oss:GetObject"))
    sentinels.keep_secret(cloud.add_user("someone", ram_policy("oss:GetObject")).access_key_secret)
    cloud.clock.offset = 100
    cloud.faults.oss_error_rate = 1
    assert repr(describe(cloud)) != before
    assert control(cloud, "POST", "/-/reset").status_code == 204
    assert repr(describe(cloud)) == before
    assert cloud.faults == Faults()


def test_a_bucket_that_was_added_again_is_empty(cloud: OssCloud) -> None:
    cloud.add_bucket("third")
    put(cloud, bucket="third")
    cloud.reset()
    assert cloud.add_bucket("third").objects() == []


def test_reset_forgets_what_check_would_raise(cloud: OssCloud) -> None:
    requests.put(cloud.oss.url + "/?lifecycle", data=b"", timeout=TIMEOUT)
    cloud.reset()
    cloud.check()
    requests.put(cloud.oss.url + "/?lifecycle", data=b"", timeout=TIMEOUT)
    with pytest.raises(AssertionError, match="does not have this operation"):
        cloud.check()


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/-/ready", {"Host": "attacker.example"}, 403),
        ("POST", "/-/reset", {"Host": "attacker.example"}, 403),
        ("POST", "/-/reset", {"Origin": "https://attacker.example"}, 403),
        ("POST", "/-/reset", {"Origin": "null"}, 403),
        ("POST", "/-/reset", {"Origin": "https://app.example.com"}, 403),
        ("GET", "/-/requests", {"Sec_Fetch_Site": "cross-site"}, 403),
        ("GET", "/-/requests", {"Sec_Fetch_Site": "same-site"}, 403),
        ("GET", "/-/requests", {"Sec_Fetch_Site": "none"}, 200),
        ("GET", "/-/ready", {"Host": "oss-emulator:9002"}, 200),
        ("GET", "/-/ready", {"Host": "oss-emulator.attacker.example"}, 403),
        ("GET", "/-/reset", {}, 404),
        ("GET", "/", {}, 404),
    ],
)
def test_who_may_ask_for_what(cloud: OssCloud, method: str, path: str, headers: dict[str, str], status: int) -> None:
    put(cloud)
    assert control(cloud, method, path, **headers).status_code == status
    assert cloud.read("a.txt") == b"hello"


def test_the_address_of_oss_has_none_of_it(cloud: OssCloud) -> None:
    put(cloud, "-/ready")
    cloud.bucket.allow_public("public-read")
    assert requests.get(cloud.oss.url + "/-/ready", timeout=TIMEOUT).content == b"hello"
    assert requests.post(cloud.oss.url + "/-/reset", timeout=TIMEOUT).status_code == 501
    assert cloud.read("-/ready") == b"hello"
    cloud.reset()  # for check: the stand-in does not have what was asked for


@pytest.mark.parametrize(
    ("host", "path", "status"),
    [
        ("oss-emulator:9000", "/a.txt", 200),
        ("OSS-emulator", "/a.txt", 200),
        ("team-uploads.oss-emulator:9000", "/a.txt", 200),
        ("another.oss-emulator", "/a.txt", 403),
        ("third.oss-emulator", "/a.txt", 404),
        ("another-emulator:9000", "/a.txt", 403),
        ("team-uploads.127.0.0.1", "/a.txt", 403),
    ],
)
def test_hosts_that_were_allowed_by_name(cloud: OssCloud, host: str, path: str, status: int) -> None:
    put(cloud)
    cloud.bucket.allow_public("public-read")
    assert requests.get(cloud.oss.url + path, headers={"Host": host}, timeout=TIMEOUT).status_code == status


def test_listening_everywhere_it_answers_to_the_same_names(tmp_path: Path) -> None:
    with OssCloud(tmp_path, Options(host="0.0.0.0")) as everywhere:  # noqa: S104 - what is tested
        assert everywhere.oss.url == f"http://127.0.0.1:{everywhere.oss.port}"
        put_into: Bucket = everywhere.bucket
        put(everywhere, bucket=put_into.name)
        for host in ("attacker.example", "0.0.0.0"):  # noqa: S104 - what is tested
            refused = requests.get(everywhere.oss.url + "/hello.txt", headers={"Host": host}, timeout=TIMEOUT)
            assert "must be addressed using the specified endpoint" in refused.text
            assert control(everywhere, "GET", "/-/ready", Host=host).status_code == 403


def test_a_user_that_was_added_may_do_what_the_policy_says(cloud: OssCloud) -> None:
    reader = cloud.add_user("reader", ram_policy("oss:GetObject", resource="acs:oss:*:*:team-uploads/*"))
    sentinels.keep_secret(reader.access_key_secret)
    put(cloud)
    theirs = oss.Client(oss.config.Config(**cloud.client(identity=reader)))
    found = theirs.get_object(oss.GetObjectRequest(bucket="team-uploads", key="a.txt"))
    assert found.body is not None
    assert found.body.content == b"hello"
    with pytest.raises(OperationError, match="AccessDenied"):
        theirs.put_object(oss.PutObjectRequest(bucket="team-uploads", key="a.txt", body=b""))


# Settings for clients.


def assume_role(cloud: OssCloud) -> Identity:
    """Returns temporary credentials of the role, as a signer gets them."""
    config = Config(
        access_key_id=cloud.environ["ALIBABA_CLOUD_ACCESS_KEY_ID"],
        access_key_secret=cloud.environ["ALIBABA_CLOUD_ACCESS_KEY_SECRET"],
        endpoint=cloud.environ["STS_ENDPOINT"].removeprefix("http://"),
        protocol="http",
    )
    asked = AssumeRoleRequest(role_arn=cloud.environ["OSS_STS_ROLE_ARN"], role_session_name="me")
    reply: Any = Client(config).assume_role(asked)
    identity = cloud.identities.find(reply.body.credentials.access_key_id)
    assert identity is not None
    sentinels.keep_identity(identity)
    return identity


def put_with_oss_v2(settings: Any) -> None:
    oss.Client(oss.config.Config(**settings)).put_object(
        oss.PutObjectRequest(bucket="team-uploads", key="a", body=b"hello")
    )


def put_with_oss2(settings: Any) -> None:
    oss2.Bucket(**settings).put_object("a", b"hello")


def put_with_ali_oss(settings: Any) -> None:
    program = "new (require('ali-oss'))(JSON.parse(process.env.SETTINGS)).put('a', Buffer.from('hello'))"
    environ = {"PATH": os.environ["PATH"], "SETTINGS": json.dumps(settings)}
    subprocess.run(["node", "-e", program], cwd=ROOT, env=environ, check=True, timeout=60)  # noqa: S603, S607


@pytest.mark.parametrize("by_role", [False, True], ids=["user", "role"])
@pytest.mark.parametrize(
    ("library", "put_with"),
    [
        ("alibabacloud-oss-v2", put_with_oss_v2),
        ("oss2", put_with_oss2),
        pytest.param("ali-oss", put_with_ali_oss, marks=pytest.mark.node_modules),
    ],
)
def test_settings_for_a_client(cloud: OssCloud, library: str, put_with: Callable[[Any], None], by_role: bool) -> None:
    identity = assume_role(cloud) if by_role else None
    put_with(cloud.client(library, identity=identity))
    assert cloud.read("a") == b"hello"


def test_there_are_no_settings_for_other_clients(cloud: OssCloud) -> None:
    with pytest.raises(ValueError, match=r"no settings for boto3\. Use one of alibabacloud-oss-v2, oss2, ali-oss\."):
        cloud.client("boto3")


# Buckets that do not exist: the vendor's clients name a bucket in the path.


def test_a_bucket_is_made_and_listed_until_the_next_reset(cloud: OssCloud) -> None:
    client(cloud).put_bucket(oss.PutBucketRequest(bucket="new-bucket"))
    put(cloud, "a.txt", bucket="new-bucket")
    assert cloud.read("a.txt", "new-bucket") == b"hello"
    listed = client(cloud).list_buckets(oss.ListBucketsRequest())
    assert [bucket.name for bucket in listed.buckets] == sorted(cloud.buckets)
    cloud.reset()
    assert "new-bucket" not in cloud.buckets


def test_a_bucket_of_another_region(cloud: OssCloud) -> None:
    cloud.add_bucket("in-beijing", region="cn-beijing")
    there = oss.Client(oss.config.Config(**{**cloud.client(), "region": "cn-beijing"}))
    there.put_object(oss.PutObjectRequest(bucket="in-beijing", key="a", body=b"1"))
    assert cloud.read("a", "in-beijing") == b"1"


def test_a_bucket_at_a_host_of_its_own(cloud: OssCloud) -> None:
    host = {"Host": "new-bucket.localhost"}
    assert requests.put(cloud.oss.url, headers=host, timeout=TIMEOUT).status_code == 403
    assert requests.put(cloud.oss.url + "/a", headers=host, timeout=TIMEOUT).status_code == 404


@pytest.mark.parametrize("key", ["a.txt", "a/b"])
def test_an_object_of_a_bucket_that_does_not_exist(cloud: OssCloud, key: str) -> None:
    for ask in (
        lambda: client(cloud).get_object(oss.GetObjectRequest(bucket="no-bucket", key=key)),
        lambda: put(cloud, key, bucket="no-bucket"),
    ):
        with pytest.raises(OperationError, match="NoSuchBucket"):
            ask()


def test_a_wrong_secret_stays_a_wrong_signature(cloud: OssCloud) -> None:
    stranger = replace(cloud.user, access_key_secret="wrong")
    theirs = oss.Client(oss.config.Config(**cloud.client(identity=stranger)))
    for bucket in ("no-bucket", "team-uploads"):
        with pytest.raises(OperationError, match="SignatureDoesNotMatch"):
            theirs.put_object(oss.PutObjectRequest(bucket=bucket, key="a", body=b""))
