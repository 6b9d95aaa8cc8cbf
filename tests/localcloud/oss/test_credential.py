"""What is wrong with the credential of a form, a header or a query: each place has ECs of its own, after their pages."""

from __future__ import annotations

from urllib.parse import quote

import pytest
import requests

from support.oss_world import Draft, OssWorld, elements, outcome, post

SOUND = "LTAI/20241124/cn-hangzhou/oss/aliyun_v4_request"

FAULTS = {
    "a tab in the key id": (SOUND.replace("LTAI", "LT\tAI"), "708", "206", "222"),
    "no key id": (SOUND.replace("LTAI", ""), "708", "206", "222"),
    "a date with hyphens": (SOUND.replace("20241124", "2024-11-24"), "709", "212", "223"),
    "a day there is not": (SOUND.replace("20241124", "20241324"), "709", "212", "223"),
    "no date": (SOUND.replace("20241124/", ""), "710", "213", "224"),
    "six parts": ("a/" + SOUND, "710", "213", "224"),
    "another ending": (SOUND.replace("aliyun_v4_request", "abc"), "710", "213", "224"),
    "another region": (SOUND.replace("cn-hangzhou", "cn-beijing"), "715", "228", "226"),
    "the endpoint's name as region": (SOUND.replace("cn-hangzhou", "oss-cn-hangzhou"), "715", "228", "226"),
    "no region": (SOUND.replace("cn-hangzhou", ""), "715", "228", "226"),
    "another product": (SOUND.replace("/oss/", "/s3/"), "716", "227", "224"),
}
"""A credential, and the last three digits of its EC in a form, in a header and in a query."""

CASES = pytest.mark.parametrize(("credential", "form", "header", "query"), FAULTS.values(), ids=FAULTS)


@CASES
def test_a_credential_in_a_form(
    world: OssWorld, draft: Draft, credential: str, form: str, header: str, query: str
) -> None:
    answer = post(world, draft.fields() | {"x-oss-credential": credential})
    assert outcome(answer) == (400, "InvalidArgument", f"0002-00000{form}")
    assert elements(answer)["ArgumentName"] == "x-oss-credential"


@CASES
def test_a_credential_in_a_header(world: OssWorld, credential: str, form: str, header: str, query: str) -> None:
    authorization = f"OSS4-HMAC-SHA256 Credential={credential},Signature={'0' * 64}"
    headers = {"Authorization": authorization, "x-oss-date": "20241124T120000Z"}
    answer = requests.get(f"{world.oss.url}/uploads/a", headers=headers, timeout=60)
    assert outcome(answer) == (400, "InvalidArgument", f"0002-00000{header}")


@CASES
def test_a_credential_in_a_query(world: OssWorld, credential: str, form: str, header: str, query: str) -> None:
    names = "x-oss-signature-version=OSS4-HMAC-SHA256&x-oss-date=20241124T120000Z&x-oss-expires=60&x-oss-signature=0"
    url = f"{world.oss.url}/uploads/a?{names}&x-oss-credential={quote(credential, safe='')}"
    assert outcome(requests.get(url, timeout=60)) == (400, "InvalidArgument", f"0002-00000{query}")


def test_the_explanation_names_what_was_sent_and_what_was_expected(world: OssWorld) -> None:
    authorization = f"OSS4-HMAC-SHA256 Credential={SOUND.replace('cn-hangzhou', 'cn-beijing')},Signature=0"
    headers = {"Authorization": authorization, "x-oss-date": "20241124T120000Z"}
    requests.get(f"{world.oss.url}/uploads/a", headers=headers, timeout=60)
    assert world.oss.records[-1].explanation.startswith(
        "The credential is for the region cn-beijing and the product oss; the bucket is in cn-hangzhou. "
    )
