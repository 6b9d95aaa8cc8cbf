"""Forms and requests signed in another way than with version 4: named in a 501, since the real OSS may accept them."""

from __future__ import annotations

import pytest
import requests

from support.oss_world import OssWorld, elements, outcome, post

AMZ = "EXAMPLEAKID/20170710/cn-hangzhou/oss/aws4_request"

FORMS = {
    "signature version 1": {"OSSAccessKeyId": "a", "policy": "e30=", "Signature": "b"},
    "signature version 2": {
        "x-oss-signature-version": "OSS2",
        "x-oss-access-key-id": "a",
        "policy": "e30=",
        "x-oss-signature": "b",
    },
    "version 2 of Amazon S3's signatures": {"AWSAccessKeyId": "a", "policy": "e30=", "signature": "b"},
    "version 4 of Amazon S3's signatures": {"x-amz-credential": AMZ, "policy": "e30=", "x-amz-signature": "b"},
}
"""The fields of each dialect, after the pages of 0002-00000703, 706 and 711."""


@pytest.mark.parametrize(("dialect", "fields"), FORMS.items(), ids=FORMS)
def test_forms_of_other_dialects(world: OssWorld, dialect: str, fields: dict[str, str]) -> None:
    answer = post(world, {"key": "uploads/a.txt", **fields})
    assert outcome(answer) == (501, "NotImplemented", None)
    assert elements(answer)["Message"] == f"The stand-in for OSS does not support forms signed with {dialect}."
    assert "The real OSS accepts such forms" in world.oss.records[-1].explanation


@pytest.mark.parametrize(
    "credential", ["EXAMPLEAKID/20170710/cn-hangzhou/aws4_request", AMZ.replace("aws4", "aliyun_v4"), ""]
)
def test_a_malformed_credential_of_s3(world: OssWorld, credential: str) -> None:
    fields = {"key": "a", "x-amz-credential": credential, "policy": "e30=", "x-amz-signature": "b"}
    assert outcome(post(world, fields)) == (400, "InvalidArgument", "0002-00000711")


REQUESTS = {
    "OSS a:b": "signature version 1",
    "OSS2 AccessKeyId:a,Signature:b": "signature version 2",
    "AWS a:b": "version 2 of Amazon S3's signatures",
    f"AWS4-HMAC-SHA256 Credential={AMZ},SignedHeaders=host,Signature=b": "version 4 of Amazon S3's signatures",
    "?OSSAccessKeyId=a&Expires=1&Signature=b": "signature version 1",
    "?x-oss-signature-version=OSS2&x-oss-access-key-id=a&x-oss-signature=b": "signature version 2",
    "?AWSAccessKeyId=a&Expires=1&Signature=b": "version 2 of Amazon S3's signatures",
    f"?X-Amz-Credential={AMZ}&X-Amz-Signature=b": "version 4 of Amazon S3's signatures",
}
"""An Authorization header, or a query."""


@pytest.mark.parametrize(("signed", "dialect"), REQUESTS.items(), ids=REQUESTS)
def test_requests_of_other_dialects(world: OssWorld, signed: str, dialect: str) -> None:
    query, headers = (signed, {}) if signed.startswith("?") else ("", {"Authorization": signed})
    answer = requests.get(f"{world.oss.url}/uploads/a{query}", headers=headers, timeout=60)
    assert outcome(answer) == (501, "NotImplemented", None)
    assert elements(answer)["Message"] == f"The stand-in for OSS does not support requests signed with {dialect}."
    assert "The real OSS accepts such requests" in world.oss.records[-1].explanation
