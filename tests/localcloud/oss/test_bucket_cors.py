"""PutBucketCors, GetBucketCors and DeleteBucketCors, as the vendor's client asks for them."""

from __future__ import annotations

import base64
import hashlib

import alibabacloud_oss_v2 as oss
import pytest
import requests

from localcloud.oss.cors import CorsRule
from support.oss_client import client, refusal, send, user
from support.oss_world import BUCKET, OssWorld, outcome, ram_policy

RULE = "<CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod>{}</CORSRule>"


def put(world: OssWorld, rules: str, **headers: str) -> requests.Response:
    body = f"<CORSConfiguration>{rules}</CORSConfiguration>".encode()
    return send(world, user(world), "PUT", query={"cors": ""}, body=body, headers=headers)


def test_rules_are_put_and_listed_and_deleted(world: OssWorld) -> None:
    asked = client(world, user(world), use_path_style=True)
    none = (404, "NoSuchCORSConfiguration", "0034-00000001")
    assert refusal(asked.get_bucket_cors, oss.GetBucketCorsRequest(bucket=BUCKET)) == none
    sound = oss.CORSRule(
        allowed_origins=["https://*.example.com", "https://app.example.org"],
        allowed_methods=["POST", "PUT"],
        allowed_headers=["x-oss-*"],
        expose_headers=["ETag"],
        max_age_seconds=600,
    )
    rules = [sound, oss.CORSRule(allowed_origins=["*"], allowed_methods=["GET"])]
    configuration = oss.CORSConfiguration(cors_rules=rules)
    asked.put_bucket_cors(oss.PutBucketCorsRequest(bucket=BUCKET, cors_configuration=configuration))
    assert world.bucket.cors_rules == [
        CorsRule(("https://*.example.com", "https://app.example.org"), ("POST", "PUT"), ("x-oss-*",), ("ETag",), 600),
        CorsRule(("*",), ("GET",)),
    ]
    listed = asked.get_bucket_cors(oss.GetBucketCorsRequest(bucket=BUCKET)).cors_configuration
    assert [(each.allowed_origins, each.allowed_methods, each.max_age_seconds) for each in listed.cors_rules] == [
        (["https://*.example.com", "https://app.example.org"], ["POST", "PUT"], 600),
        (["*"], ["GET"], None),
    ]
    assert asked.delete_bucket_cors(oss.DeleteBucketCorsRequest(bucket=BUCKET)).status_code == 204
    assert world.bucket.cors_rules == []


@pytest.mark.parametrize(
    ("rules", "refused"),
    [
        ("", (400, "InvalidArgument", "0034-00000002")),
        (RULE.format("<AllowedMethod>TEST</AllowedMethod>"), (400, "InvalidArgument", "0034-00000011")),
        *(
            (RULE.format(f"<ExposeHeader>{name}</ExposeHeader>"), (400, "InvalidArgument", "0034-00000013"))
            for name in ("x-oss-*", "x-\n-y", "x-名")
        ),
        (RULE.format("") * 21, (400, "CORSRuleBeyondLimit", None)),
        (RULE.format("<AllowedOrigin>http://*.*</AllowedOrigin>"), (400, "InvalidArgument", None)),
        (RULE.format("<MaxAgeSeconds>soon</MaxAgeSeconds>"), (400, "InvalidArgument", None)),
        (RULE.format("<MaxAgeSeconds>1</MaxAgeSeconds>" * 2), (400, "InvalidArgument", None)),
        ("<CORSRule>", (400, "MalformedXML", None)),
        (RULE.format("") + " " * 16 * 1024, (400, "MalformedXML", None)),
    ],
)
def test_configurations_that_are_refused(world: OssWorld, rules: str, refused: tuple[int, str, str | None]) -> None:
    before = CorsRule(("https://app.example.com",), ("POST",))
    world.bucket.cors_rules = [before]
    assert outcome(put(world, rules)) == refused
    assert world.bucket.cors_rules == [before]


def test_a_digest_counts_if_there_is_one(world: OssWorld) -> None:
    body = f"<CORSConfiguration>{RULE.format('')}</CORSConfiguration>".encode()
    digest = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
    other = base64.b64encode(bytes(16)).decode()
    assert outcome(put(world, RULE.format(""), **{"Content-MD5": other})) == (400, "InvalidDigest", None)
    assert put(world, RULE.format(""), **{"Content-MD5": digest}).status_code == 200


@pytest.mark.parametrize(("method", "action"), [("PUT", "Put"), ("GET", "Get"), ("DELETE", "Delete")])
def test_each_takes_a_permission_of_its_own(world: OssWorld, method: str, action: str) -> None:
    others = [f"oss:{other}BucketCors" for other in ("Put", "Get", "Delete") if other != action]
    identity = user(world, ram_policy(*others, resource="*"))
    answer = send(world, identity, method, query={"cors": ""})
    assert outcome(answer) == (403, "AccessDenied", "0003-00000202")
