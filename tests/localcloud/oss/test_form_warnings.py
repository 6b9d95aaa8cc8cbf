"""The warnings about an accepted form: all of them for the tutorial's design, none for this project's forms."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
import requests

from benchmarks.server.tutorial import _form as tutorials_form
from localcloud.dev.cloud import Cloud
from localcloud.oss.form_warnings import form_warnings
from localcloud.oss.post_policy import read_post_policy
from support.oss_world import NOON, iso

NO_KEY = (
    "The policy has no condition on the key: the form can store any object that its credentials can. To fix: add a "
    "condition on $key."
)
NO_SLASH = "The prefix 'user' does not end in a slash, so it also matches other directories. To fix: end it in /."
NO_SIZE = "The policy does not limit the size: a file may have 5 GB. To fix: add a content-length-range."
NO_BUCKET = (
    "The policy does not name the bucket: the form works for every bucket that its credentials can reach. To fix: add "
    "a condition on bucket."
)
TOO_LONG = (
    "The policy expires 7200 s after the security token, and OSS refuses the form from then on. To fix: let the "
    "policy expire before the token."
)

NO_DOLLAR = (
    "The name 'key' in a condition has no $: other clouds refuse such a policy, and what OSS does is not established. To "
    "fix: write $key."
)
OTHER_TYPE = (
    "The policy has a condition on content-type and none on x-oss-content-type. The field x-oss-content-type takes "
    "precedence, and whether OSS checks it with that condition is not established. To fix: where all forms have the "
    "field, add a condition on $x-oss-content-type."
)

SOUND: list[Any] = [{"bucket": "b"}, ["starts-with", "$key", "user/"], ["content-length-range", 1, 9]]


@pytest.mark.parametrize(
    ("conditions", "expiration", "told"),
    [
        (SOUND, NOON + 3600, []),
        ([SOUND[0], ["eq", "$key", "user"], SOUND[2]], NOON, []),
        ([SOUND[0], SOUND[2]], NOON, [NO_KEY]),
        ([SOUND[0], ["starts-with", "$key", "user"], SOUND[2]], NOON, [NO_SLASH]),
        (SOUND[:2], NOON, [NO_SIZE]),
        (SOUND[1:], NOON, [NO_BUCKET]),
        (SOUND, NOON + 10_800, [TOO_LONG]),
        ([SOUND[0], ["starts-with", "key", "user/"], SOUND[2]], NOON, [NO_DOLLAR]),
        ([*SOUND, {"x-oss-object-acl": "private"}], NOON, []),
        ([*SOUND, ["in", "$content-type", ["a/b"]]], NOON, [OTHER_TYPE]),
        ([*SOUND, ["in", "$content-type", ["a/b"]], {"x-oss-content-type": "a/b"}], NOON, []),
    ],
    ids=["sound", "one key", "key", "slash", "size", "bucket", "life", "dollar", "object", "type", "both types"],
)
def test_each_warning_says_how_to_fix_it(conditions: list[Any], expiration: float, told: list[str]) -> None:
    policy = json.dumps({"expiration": iso(expiration), "conditions": conditions})
    assert form_warnings(read_post_policy(base64.b64encode(policy.encode()).decode()), NOON + 3600) == told


def post(cloud: Cloud, fields: dict[str, str]) -> str:
    """Returns the explanation of an accepted form."""
    parts: list[tuple[str, Any]] = [(name, (None, value)) for name, value in fields.items()]
    answer = requests.post(cloud.oss.url, files=[*parts, ("file", ("a", b"seven b", "image/png"))], timeout=60)
    assert answer.status_code == 200, answer.text
    return cloud.oss.records[-1].explanation


def test_the_tutorials_design_works_and_gets_warnings(tmp_path: Path) -> None:
    with Cloud(tmp_path) as cloud:
        own = cloud.function_role
        form = tutorials_form(
            {
                "sts": cloud.sts.url,
                "region": cloud.region,
                "bucket": cloud.bucket.name,
                "role_arn": cloud.role_arn,
                "access_key_id": own.access_key_id,
                "access_key_secret": own.access_key_secret,
                "security_token": own.security_token,
            }
        )
        v4 = {
            name: form[name.replace("-", "_")] for name in ("x-oss-signature-version", "x-oss-credential", "x-oss-date")
        }
        explanation = post(
            cloud,
            {
                "success_action_status": "200",
                "policy": form["policy"],
                "x-oss-signature": form["signature"],
                **v4,
                "key": "uploads/" + form["dir"] + "photo.png",
                "x-oss-security-token": form["security_token"],
            },
        )
    begin, end = " ".join([NO_KEY, NO_SIZE, NO_BUCKET]), "let the policy expire before the token."
    assert explanation.startswith(f"{begin} The policy expires 7")
    assert explanation.endswith(end)


def test_of_this_projects_forms_only_a_folder_form_leaves_a_question(tmp_path: Path) -> None:
    with Cloud(tmp_path) as cloud:
        file = {"filename": "a.png", "size": 7, "content_type": "image/png"}
        [exact] = requests.post(cloud.gateway.url + "/sign", json={"files": [file]}, timeout=60).json()["uploads"]
        assert post(cloud, exact["fields"]) == ""
        folder = requests.get(cloud.gateway.url + "/get_post_signature_for_oss_upload", timeout=60).json()
        names = ("policy", "x_oss_credential", "x_oss_date", "x_oss_signature_version")
        fields = {name.replace("_", "-"): folder[name] for name in names}
        more = {"x-oss-signature": folder["signature"], "x-oss-security-token": folder["security_token"]}
        told = post(cloud, {"success_action_status": "200", "key": folder["dir"] + "a.png", **fields, **more})
        assert told == OTHER_TYPE
