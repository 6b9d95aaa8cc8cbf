"""One row for each way in which the stand-in OSS refuses a form; and nothing is stored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from alibabacloud_oss_v2.signer import SignerV4

from support.oss_world import (
    NOON,
    REGION,
    Draft,
    File,
    OssWorld,
    elements,
    iso,
    new_identity,
    outcome,
    part,
    post,
    ram_policy,
)

DAY = 24 * 3600
SIGNED = "0002-00000"
POLICY = "0006-00000"
NOT_ALLOWED = (403, "AccessDenied", "0003-00000202")
"""The refusal of what no RAM policy allows."""
Change = Callable[[dict[str, str]], object]


def drop(name: str) -> Change:
    return lambda fields: fields.pop(name)


def put(name: str, value: str) -> Change:
    return lambda fields: fields.update({name: value})


def append(name: str, text: str) -> Change:
    return lambda fields: fields.update({name: fields[name] + text})


ALTERED: dict[str, tuple[Change, tuple[int, str, str | None]]] = {
    "no key": (drop("key"), (400, "InvalidArgument", None)),
    "no policy": (drop("policy"), (400, "InvalidArgument", SIGNED + "702")),
    "no signature": (drop("x-oss-signature"), (400, "InvalidArgument", SIGNED + "703")),
    "an empty signature": (put("x-oss-signature", ""), (400, "InvalidArgument", SIGNED + "704")),
    "another signature": (put("x-oss-signature", "0" * 64), (403, "SignatureDoesNotMatch", SIGNED + "705")),
    "a signature not in ASCII": (put("x-oss-signature", "é"), (403, "SignatureDoesNotMatch", SIGNED + "705")),
    "another policy": (append("policy", "IA=="), (403, "SignatureDoesNotMatch", SIGNED + "705")),
    "an empty policy": (put("policy", ""), (403, "SignatureDoesNotMatch", SIGNED + "705")),
    "no credential": (drop("x-oss-credential"), (400, "InvalidArgument", SIGNED + "706")),
    "an empty credential": (put("x-oss-credential", ""), (400, "InvalidArgument", SIGNED + "707")),
    "a credential of four parts": (
        put("x-oss-credential", "a/20241124/oss/aliyun_v4_request"),
        (400, "InvalidArgument", SIGNED + "710"),
    ),
    "a credential without a key id": (
        put("x-oss-credential", "/20241124/cn-hangzhou/oss/aliyun_v4_request"),
        (400, "InvalidArgument", SIGNED + "708"),
    ),
    "a credential of S3": (
        put("x-oss-credential", "a/20241124/cn-hangzhou/s3/aws4_request"),
        (400, "InvalidArgument", SIGNED + "710"),
    ),
    "an unknown access key": (
        put("x-oss-credential", "STS.a/20241124/cn-hangzhou/oss/aliyun_v4_request"),
        (403, "InvalidAccessKeyId", SIGNED + "902"),
    ),
    "no date": (drop("x-oss-date"), (400, "InvalidArgument", SIGNED + "709")),
    "a date in another form": (
        put("x-oss-date", "2024-11-24T12:00:00Z"),
        (400, "InvalidArgument", SIGNED + "709"),
    ),
    "the date of another day": (
        put("x-oss-date", "20241123T120000Z"),
        (403, "SignatureDoesNotMatch", SIGNED + "705"),
    ),
    "another time of the day": (put("x-oss-date", "20241124T120001Z"), (403, "AccessDenied", POLICY + "227")),
    "no version": (drop("x-oss-signature-version"), (400, "InvalidArgument", SIGNED + "701")),
    "another version": (put("x-oss-signature-version", "2"), (400, "InvalidArgument", SIGNED + "701")),
    "no security token": (drop("x-oss-security-token"), (403, "InvalidAccessKeyId", SIGNED + "003")),
    "an empty security token": (put("x-oss-security-token", ""), (403, "InvalidAccessKeyId", SIGNED + "003")),
    "another security token": (append("x-oss-security-token", "x"), (403, "InvalidSecurityToken", None)),
    "a security token not in ASCII": (put("x-oss-security-token", "é"), (403, "InvalidSecurityToken", None)),
    "a key elsewhere": (put("key", "elsewhere/a.txt"), (403, "AccessDenied", POLICY + "227")),
    "an empty key": (put("key", ""), (400, "InvalidObjectName", "0016-00000001")),
    "a key with a slash at its start": (put("key", "/uploads/a.txt"), (400, "InvalidObjectName", "0016-00000005")),
    "a key with a backslash at its start": (put("key", "\\uploads"), (400, "InvalidObjectName", "0016-00000005")),
    "a key too long": (put("key", "uploads/" + "é" * 508), (400, "InvalidObjectName", "0016-00000003")),
    "tagging": (put("x-oss-tagging", "a=b"), (501, "NotImplemented", None)),
    "an ACL that RAM does not allow": (put("x-oss-object-acl", "private"), NOT_ALLOWED),
    "an unknown ACL": (put("x-oss-object-acl", "everybody"), (400, "InvalidArgument", "0017-00000104")),
    "an ACL in the field acl that RAM does not allow": (put("acl", "public-read"), NOT_ALLOWED),
    "an unknown ACL in the field acl": (put("acl", "abc"), (400, "InvalidArgument", None)),
    "an unknown storage class": (put("x-oss-storage-class", "Cheap"), (400, "InvalidArgument", "0013-00000101")),
    "an unknown wish about overwriting": (
        put("x-oss-forbid-overwrite", "abc"),
        (400, "InvalidArgument", POLICY + "117"),
    ),
    "an unknown encryption": (
        put("x-oss-server-side-encryption", "ROT13"),
        (400, "InvalidEncryptionAlgorithmError", None),
    ),
    "a key id without KMS": (
        put("x-oss-server-side-encryption-key-id", "a"),
        (400, "InvalidEncryptionAlgorithmError", None),
    ),
    "a header with a line break": (put("Cache-Control", "a\r\nSet-Cookie: b"), (400, "InvalidArgument", None)),
    "meta with a line break": (put("x-oss-meta-a", "a\nb"), (400, "InvalidArgument", None)),
    "a redirect with a line break": (put("success_action_redirect", "http://a\r\nb:"), (400, "InvalidArgument", None)),
    "a type with a line break": (put("x-oss-content-type", "a\r\nb"), (400, "InvalidArgument", None)),
    "meta with a space in its name": (put("x-oss-meta-a b", "a"), (400, "InvalidArgument", None)),
    "meta without a name": (put("x-oss-meta-", "a"), (400, "InvalidArgument", None)),
    "too many bytes in all": (put("x:large", "x" * 8192), (400, "MaxPOSTPreDataLengthExceededError", POLICY + "112")),
    "too long a name": (put("x" * 8193, ""), (400, "FieldItemTooLong", POLICY + "110")),
}


@pytest.mark.parametrize(("change", "expected"), ALTERED.values(), ids=ALTERED)
def test_a_form_altered_after_signing(
    world: OssWorld, draft: Draft, change: Change, expected: tuple[int, str, str | None]
) -> None:
    # That the key is pinned to a folder by RAM alone lets the rows about keys reach their own check.
    draft.conditions = [["not-in", "$key", ["elsewhere/a.txt"]]]
    fields = draft.fields()
    change(fields)
    assert outcome(post(world, fields)) == expected
    assert world.bucket.objects() == []


REFUSED_BY_POLICY: dict[str, tuple[dict[str, Any], tuple[int, str, str | None]]] = {
    "another region": ({"region": "cn-beijing"}, (400, "InvalidArgument", SIGNED + "715")),
    "the endpoint's name as region": ({"region": "oss-cn-hangzhou"}, (400, "InvalidArgument", SIGNED + "715")),
    "another product": ({"product": "s3"}, (400, "InvalidArgument", SIGNED + "716")),
    "a credential of yesterday": ({"credential_date": "20241123"}, (403, "SignatureDoesNotMatch", SIGNED + "705")),
    "a date too far ahead": ({"date": NOON + 901}, (403, "RequestTimeTooSkewed", SIGNED + "709")),
    "a date too long ago": ({"date": NOON - 7 * DAY - 1}, (403, "RequestTimeTooSkewed", SIGNED + "709")),
    "a policy that expires now": ({"expiration": NOON}, (403, "AccessDenied", POLICY + "213")),
    "a policy that names no V4 field": ({"v4_conditions": False}, (403, "AccessDenied", POLICY + "228")),
    "a policy that is no JSON": ({"policy": b"{"}, (400, "InvalidPolicyDocument", POLICY + "204")),
    "a condition without its field": ({"conditions": [{"x:a": ""}]}, (403, "AccessDenied", POLICY + "226")),
    "another bucket": ({"conditions": [{"bucket": "b"}]}, (403, "AccessDenied", POLICY + "227")),
    "a type not listed": (
        {"conditions": [["in", "$content-type", ["image/png"]]]},
        (403, "AccessDenied", POLICY + "227"),
    ),
    "too large": ({"conditions": [["content-length-range", 1, 4]]}, (400, "EntityTooLarge", POLICY + "003")),
    "too small": ({"conditions": [["content-length-range", 6, 9]]}, (400, "EntityTooSmall", POLICY + "004")),
}


@pytest.mark.parametrize(("change", "expected"), REFUSED_BY_POLICY.values(), ids=REFUSED_BY_POLICY)
def test_a_form_signed_amiss(
    world: OssWorld, draft: Draft, change: dict[str, Any], expected: tuple[int, str, str | None]
) -> None:
    vars(draft).update(change)
    assert outcome(post(world, draft.fields())) == expected
    assert world.bucket.objects() == []


def test_a_region_that_is_not_the_buckets_is_answered_as_published(world: OssWorld, draft: Draft) -> None:
    draft.region = "cn-beijing"
    answer = post(world, draft.fields())
    assert elements(answer) == {
        "Code": "InvalidArgument",
        "Message": "The signing region in credential is invalid.",
        "RequestId": answer.headers["x-oss-request-id"],
        "HostId": f"127.0.0.1:{world.oss.port}",
        "ArgumentName": "x-oss-credential",
        "ArgumentValue": f"{draft.identity.access_key_id}/20241124/cn-beijing/oss/aliyun_v4_request",
        "EC": "0002-00000715",
        "RecommendDoc": "https://api.aliyun.com/troubleshoot?q=0002-00000715",
    }
    said = "The credential is for the region cn-beijing and the product oss; the bucket is in cn-hangzhou. "
    assert world.oss.records[-1].explanation.startswith(said)


def test_a_credential_of_another_day_than_the_one_signed_for(world: OssWorld, draft: Draft) -> None:
    draft.credential_date = "20241123"
    fields = draft.fields()
    fields["x-oss-signature"] = SignerV4()._calc_signature(
        draft.identity.access_key_secret, "20241124", REGION, "oss", fields["policy"]
    )
    assert outcome(post(world, fields)) == (403, "SignatureDoesNotMatch", "0002-00000705")


def test_the_wrong_secret(world: OssWorld, draft: Draft) -> None:
    draft.identity = new_identity()
    world.add(type(draft.identity)(**{**vars(draft.identity), "access_key_secret": "another"}))
    fields = draft.fields()
    answer = post(world, fields)
    assert elements(answer) == {
        "Code": "SignatureDoesNotMatch",
        "Message": "The request signature we calculated does not match the signature you provided. "
        "Check your key and signing method.",
        "RequestId": answer.headers["x-oss-request-id"],
        "HostId": f"127.0.0.1:{world.oss.port}",
        "OSSAccessKeyId": draft.identity.access_key_id,
        "SignatureProvided": fields["x-oss-signature"],
        "StringToSign": fields["policy"],
        "StringToSignBytes": fields["policy"].encode().hex(" ").upper(),
        "EC": "0002-00000705",
        "RecommendDoc": "https://api.aliyun.com/troubleshoot?q=0002-00000705",
    }
    assert (answer.headers["x-oss-ec"], answer.headers["Content-Type"]) == ("0002-00000705", "application/xml")


MESSAGES: dict[str, tuple[Change, str]] = {
    "the order of the fields": (
        drop("key"),
        "The bucket POST must contain the specified 'key'. If it is specified, please check the order of the fields",
    ),
    "a lost token": (
        drop("x-oss-security-token"),
        "The OSS Access Key Id you provided does not exist in our records. "
        "The Security Token may be lost to specify that it is a STS Access Id.",
    ),
    "a failed condition": (
        drop("success_action_status"),
        'Invalid according to Policy: Policy Condition failed: ["eq", "$success_action_status", "200"]',
    ),
    "an empty signature": (put("x-oss-signature", ""), "Post request signature is empty."),
    "an empty key id": (put("x-oss-credential", ""), "Post request accessKeyId is empty."),
    "an empty name": (put("key", ""), "The Object name can not be empty."),
    "a long name": (put("key", "x" * 1024), "The Length of Object name must be less than 1024."),
    "RAM": (put("key", "elsewhere"), "You have no right to access this object."),
}


@pytest.mark.parametrize(("change", "message"), MESSAGES.values(), ids=MESSAGES)
def test_messages_as_published(world: OssWorld, draft: Draft, change: Change, message: str) -> None:
    draft.conditions = [{"success_action_status": "200"}]
    draft.extra = {"success_action_status": "200"}
    fields = draft.fields()
    change(fields)
    assert elements(post(world, fields))["Message"] == message


def test_a_date_too_far_ahead_says_by_how_much(world: OssWorld, draft: Draft) -> None:
    draft.date = NOON + 901
    found = elements(post(world, draft.fields()))
    assert (found["MaxAllowedSkewMilliseconds"], found["RequestTime"], found["ServerTime"]) == (
        "900000",
        iso(NOON + 901),
        iso(NOON),
    )


def test_an_anonymous_form(world: OssWorld) -> None:
    answer = post(world, {"key": "uploads/a.txt"})
    assert outcome(answer) == (403, "AccessDenied", None)
    assert elements(answer)["Message"] == "Anonymous user has no right to access this bucket."


def test_an_expired_token(world: OssWorld, draft: Draft) -> None:
    world.clock.now = world.identity.expiration
    draft.date, draft.expiration = world.clock.now, world.clock.now + 600
    answer = post(world, draft.fields())
    assert outcome(answer) == (403, "SecurityTokenExpired", "0002-00000007")
    assert elements(answer)["SecurityToken"] == world.identity.security_token


def test_the_last_second_of_a_token(world: OssWorld, draft: Draft) -> None:
    world.clock.now = world.identity.expiration - 1
    draft.date, draft.expiration = world.clock.now, world.clock.now + 600
    assert post(world, draft.fields()).status_code == 204


def test_a_revoked_key(world: OssWorld, draft: Draft) -> None:
    world.identities.revoke(world.identity.access_key_id)
    assert outcome(post(world, draft.fields())) == (403, "InvalidAccessKeyId", "0002-00000902")


def test_a_token_sent_with_a_ram_users_key(world: OssWorld) -> None:
    fields = Draft(world.add(new_identity(sts=False))).fields() | {"x-oss-security-token": "a"}
    assert outcome(post(world, fields)) == (403, "InvalidSecurityToken", None)


def test_a_token_that_no_condition_names(world: OssWorld, draft: Draft) -> None:
    fields = draft.v4
    named = ",".join(f'{{"{name}":"{fields[name]}"}}' for name in fields if name != "x-oss-security-token")
    draft.policy = f'{{"expiration":"{iso(NOON + 600)}","conditions":[{named}]}}'.encode()
    answer = post(world, draft.fields())
    assert elements(answer)["Message"] == "Invalid according to Policy: Extra input fields: x-oss-security-token"


PERMISSIONS: dict[str, tuple[list[dict[str, Any]], dict[str, Any], str | None]] = {
    "the role does not allow it": ([ram_policy("oss:GetObject")], {}, "0003-00000202"),
    "the session does not allow it": (
        [ram_policy("oss:*"), ram_policy("oss:PutObject", resource="acs:oss:*:*:b/*")],
        {},
        "0003-00000301",
    ),
    "the session is for another folder": (
        [ram_policy("oss:*"), ram_policy("oss:PutObject", resource="acs:oss:*:*:team-uploads/uploads/b/*")],
        {},
        "0003-00000301",
    ),
    "the account is another": ([ram_policy("oss:*")], {"account": "6543210987654321"}, None),
}


@pytest.mark.parametrize(("policies", "more", "ec"), PERMISSIONS.values(), ids=PERMISSIONS)
def test_identities_that_may_not(
    world: OssWorld, policies: list[dict[str, Any]], more: dict[str, Any], ec: str | None
) -> None:
    identity = world.add(new_identity(*policies, **more))
    assert outcome(post(world, Draft(identity).fields())) == (403, "AccessDenied", ec)
    assert world.bucket.objects() == []


def test_an_acl_in_a_header_takes_the_permission_too(world: OssWorld, draft: Draft) -> None:
    answer = post(world, draft.fields(), headers={"x-oss-object-acl": "public-read"})
    assert outcome(answer) == NOT_ALLOWED


def test_ram_judges_the_key_with_its_filename(world: OssWorld) -> None:
    identity = world.add(new_identity(ram_policy("oss:PutObject", resource="acs:oss:*:*:team-uploads/uploads/*.txt")))
    draft = Draft(identity, extra={"key": "uploads/${filename}"})
    assert outcome(post(world, draft.fields(), File(filename="a.png"))) == NOT_ALLOWED


def test_a_key_after_the_file(world: OssWorld, draft: Draft) -> None:
    fields = draft.fields()
    key = fields.pop("key")
    assert outcome(post(world, fields, after=part("key", key.encode()))) == (400, "InvalidArgument", None)


@pytest.mark.parametrize("name", ["key", "KEY", "x-oss-date", "x:a"])
def test_a_field_twice(world: OssWorld, draft: Draft, name: str) -> None:
    draft.extra = {"x:a": "1"}
    pairs = [*draft.fields().items(), (name, draft.fields().get(name.lower(), ""))]
    answer = post(world, pairs)
    assert outcome(answer) == (400, "InvalidArgument", None)
    assert elements(answer)["ArgumentName"] == name.lower()


def test_no_file(world: OssWorld, draft: Draft) -> None:
    answer = post(world, draft.fields(), None)
    assert outcome(answer) == (400, "IncorrectNumberOfFilesInPOSTRequest", "0006-00000107")


def test_two_files(world: OssWorld, draft: Draft) -> None:
    answer = post(world, draft.fields(), after=part("File", b"second", "b.txt"))
    assert outcome(answer) == (400, "IncorrectNumberOfFilesInPOSTRequest", None)
    assert world.bucket.objects() == []


def test_the_digest_of_another_body(world: OssWorld, draft: Draft) -> None:
    answer = post(world, draft.fields(), headers={"Content-MD5": "XUFAKrxLKna5cZ2REBfFkg=="})
    assert outcome(answer) == (400, "InvalidDigest", None)


def test_a_refusal_leaves_no_file_behind(world: OssWorld, draft: Draft) -> None:
    post(world, draft.fields() | {"key": "elsewhere"}, File(b"x" * 100_000))
    assert [path for path in world.folder.rglob("*") if path.is_file()] == []


def test_a_record_says_why(world: OssWorld) -> None:
    post(world, {"key": "a"})
    (record,) = world.oss.records
    assert (record.status, record.note["code"], record.note["key"]) == (403, "AccessDenied", "a")


def test_an_unknown_bucket(world: OssWorld, draft: Draft) -> None:
    answer = post(world, draft.fields(), headers={"Host": "nobody.localhost"})
    assert outcome(answer) == (404, "NoSuchBucket", "0015-00000101")
    assert elements(answer)["BucketName"] == "nobody"


def test_an_unknown_host(world: OssWorld, draft: Draft) -> None:
    assert outcome(post(world, draft.fields(), headers={"Host": "example.com"})) == (403, "AccessDenied", None)
