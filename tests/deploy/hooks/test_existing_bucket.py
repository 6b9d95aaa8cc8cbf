"""A bucket that was there before: what is looked at, what is put into it, and what is taken out again."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import requests

from deploy import bucket_rules
from deploy.bucket_rules import CorsRules, LifecycleRules
from deploy.hooks import existing_bucket, oss_client
from localcloud.oss.cors import CorsRule
from support.oss_client import user
from support.oss_world import ACCOUNT, BUCKET, REGION, OssWorld
from support.upload_bucket import Bucket

ASKED = {
    "name": "team",
    "region": "cn-hongkong",
    "account": ACCOUNT,
    "bucket": "team-files",
    "prefix": "in/here",
    "origins": "https://up.example.com",
    "keep_days": "30",
    "multipart_threshold": "100MB",
    "upload_domain": "",
    "delete_files": "no",  # of the step look alone
}
CMS = "<CORSRule><AllowedOrigin>https://cms.example.com</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule>"
FOREIGN_CORS = f"<CORSConfiguration>{CMS}<ResponseVary>false</ResponseVary></CORSConfiguration>"
ARCHIVE = (
    "<Rule><ID>archive</ID><Prefix>cms/</Prefix><Status>Enabled</Status>"
    "<Transition><Days>30</Days><StorageClass>IA</StorageClass><New>1</New></Transition></Rule>"
)
FOREIGN_LIFECYCLE = f"<LifecycleConfiguration>{ARCHIVE}</LifecycleConfiguration>"

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(
    bucket: Bucket,
    deployers_environ: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Returns what runs a step, and returns its exit code and all that it says."""
    bucket.cors, bucket.lifecycle = FOREIGN_CORS, FOREIGN_LIFECYCLE

    def run_step(step: str, **otherwise: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps({**ASKED, **otherwise, "step": step})))
        code = existing_bucket.main(tmp_path)
        said = capsys.readouterr()
        return code, said.out + said.err

    return run_step


def in_the_way(said: str) -> list[str]:
    return [line[2:] for line in said.splitlines() if line.startswith("- ")]


@pytest.mark.parametrize("step", ["check", "put", "look", "take_away"])
def test_without_such_a_bucket_nothing_is_asked(run: Run, bucket: Bucket, step: str) -> None:
    bucket.refusal = "AccessDenied"
    assert run(step, bucket="", delete_files="yes") == (0, "")


def test_a_sound_bucket_may_be_used_and_looking_changes_nothing(run: Run, bucket: Bucket) -> None:
    assert (run("check"), bucket.asked) == ((0, ""), [])


FAULTS = [
    ({"Owner": "<ID>42</ID>"}, "It belongs to the account 42, and this deployment to 1234567890123456"),
    ({"Location": "oss-cn-hangzhou"}, "It is in cn-hangzhou, and REGION is cn-hongkong"),
    ({"Versioning": "Suspended"}, "It has versioning Suspended: OSS then ignores x-oss-forbid-overwrite"),
    ({"AccessControlList": "<Grant>public-read</Grant>"}, "Its ACL is public-read: strangers could read"),
    (
        {"ServerSideEncryptionRule": "<SSEAlgorithm>KMS</SSEAlgorithm><KMSMasterKeyID>1</KMSMasterKeyID>"},
        "It encrypts with a key of KMS, which the upload role may not use",
    ),
]


@pytest.mark.parametrize(("info", "why"), FAULTS)
def test_a_bucket_that_uploads_must_not_go_to_is_refused(
    run: Run, bucket: Bucket, info: dict[str, str], why: str
) -> None:
    bucket.info = info
    code, said = run("check")
    assert (code, said.splitlines()[0]) == (
        1,
        "Nothing was deployed. UPLOAD_BUCKET team-files cannot be used as it is:",
    )
    [fault] = in_the_way(said)
    assert (why in fault, bucket.asked) == (True, [])


def test_all_that_is_in_the_way_is_said_at_once(run: Run, bucket: Bucket) -> None:
    bucket.info = {"Versioning": "Enabled"}
    bucket.files = {("in/here/a", "null"): 1}
    bucket.lifecycle = FOREIGN_LIFECYCLE.replace("cms/", "in/here/")
    shadow = "<AllowedOrigin>*</AllowedOrigin><AllowedMethod>PUT</AllowedMethod>"
    bucket.cors = f"<CORSConfiguration><CORSRule>{shadow}</CORSRule></CORSConfiguration>"
    found = in_the_way(run("check", upload_domain="files.example.com")[1])
    begins = (
        "It has versioning",
        "UPLOAD_DOMAIN",
        "Its CORS rule 1",
        "Its lifecycle rule",
        "Its lifecycle",
        "There are",
    )
    assert [each.startswith(begin) for each, begin in zip(found, begins, strict=True)] == [True] * 6


@pytest.mark.parametrize(
    ("refusal", "why"),
    [
        ("AccessDenied", "OSS says AccessDenied: it is another account's, or these credentials may not do that"),
        ("InvalidAccessKeyId", "OSS says InvalidAccessKeyId: no"),
    ],
)
def test_a_bucket_that_is_not_shown_is_refused(run: Run, bucket: Bucket, refusal: str, why: str) -> None:
    bucket.refusal = refusal
    code, said = run("check")
    assert (code, in_the_way(said)[0].startswith(why)) == (1, True)


def test_a_bucket_that_is_not_there_is_refused(run: Run, bucket: Bucket) -> None:
    bucket.exists = False
    why = "OSS says NoSuchBucket: make it, or leave UPLOAD_BUCKET out, and a deployment makes one"
    assert in_the_way(run("check")[1]) == [why]


def test_a_domain_that_is_bound_is_as_it_should_be(run: Run, bucket: Bucket) -> None:
    bucket.domains = {"files.example.com": "1-cn-hangzhou"}
    assert (run("check", upload_domain="files.example.com"), bucket.asked) == ((0, ""), [])


def test_public_access_that_is_not_blocked_is_said(run: Run, bucket: Bucket) -> None:
    bucket.info = {"BlockPublicAccess": "false"}
    assert run("check") == (0, "It does not block public access: switch that on in the OSS console (make doctor).\n")


@pytest.mark.parametrize("keep_days", ["30", "0"])
def test_files_that_are_there_before_must_not_be_deleted(run: Run, bucket: Bucket, keep_days: str) -> None:
    """Not even by a later deployment, which has KEEP_DAYS then."""
    bucket.files = {("in/here/a", "null"): 1, ("other/a", "null"): 1}
    assert run("check", prefix="in/h") == (0, "")
    [fault] = in_the_way(run("check", keep_days=keep_days)[1])
    assert fault.startswith("There are files in in/here/ already, which `make files` would list, and KEEP_DAYS would")


def test_the_files_of_this_deployment_may_be_there(run: Run, bucket: Bucket) -> None:
    run("put")
    bucket.files = {("in/here/a", "null"): 1}
    assert run("check") == (0, "")


def test_rules_are_put_beside_those_of_others(run: Run, bucket: Bucket, tmp_path: Path) -> None:
    (tmp_path / "profiles.json").write_text('{"photos": {"keep_days": 7}}')
    code, said = run("put")
    assert (code, bucket.asked) == (0, ["cors", "lifecycle"])
    assert bucket.cors.startswith(f"<CORSConfiguration>{CMS}<CORSRule>")
    assert bucket.cors.endswith("</CORSRule><ResponseVary>false</ResponseVary></CORSConfiguration>")
    assert bucket.lifecycle.startswith(f"<LifecycleConfiguration>{ARCHIVE}<Rule><ID>oss-direct-upload_team_uploads_")
    assert [line.partition(", ")[2].partition(" for ")[0].rpartition("_")[0] for line in said.splitlines()] == [
        "",
        "the lifecycle rule oss-direct-upload_team_uploads",
        "the lifecycle rule oss-direct-upload_team_profile_photos",
    ]
    assert said.splitlines()[0] == "Of the bucket team-files, the CORS rule for https://up.example.com is new."


def test_a_second_deployment_changes_nothing(run: Run, bucket: Bucket) -> None:
    run("put")
    bucket.asked.clear()
    assert (run("check"), run("put"), bucket.asked) == ((0, ""), (0, ""), [])


def test_a_changed_setting_replaces_this_deployments_rules_alone(run: Run, bucket: Bucket) -> None:
    run("put")
    said = run("put", origins="https://up.example.com,https://app.example.com", keep_days="30")[1]
    assert said.splitlines() == [
        "Of the bucket team-files, the CORS rule for https://up.example.com is gone.",
        "Of the bucket team-files, the CORS rule for https://up.example.com, https://app.example.com is new.",
    ]
    assert (bucket.cors.count("<CORSRule>"), CMS in bucket.cors) == (2, True)


def test_a_rule_that_was_changed_by_hand_is_put_right_and_that_is_said(run: Run, bucket: Bucket) -> None:
    run("put")
    bucket.cors = bucket.cors.replace("https://up.", "https://crm.")
    said = run("put")[1].splitlines()
    assert "the CORS rule for https://crm.example.com had been changed by hand, and is gone." in said[0]
    assert "https://crm." not in bucket.cors


def test_two_deployments_share_a_bucket(run: Run, bucket: Bucket) -> None:
    run("put")
    alone = (bucket.cors, bucket.lifecycle)
    run("put", name="team-staging", prefix="staging", origins="https://staging.example.com", keep_days="3")
    assert (bucket.cors.count("<CORSRule>"), bucket.lifecycle.count("<Rule>")) == (3, 3)
    run("take_away", name="team-staging")
    assert (bucket.cors, bucket.lifecycle) == alone


def test_what_is_taken_out_is_what_was_put(run: Run, bucket: Bucket) -> None:
    run("put")
    said = run("take_away")[1].splitlines()
    assert (bucket.cors, bucket.lifecycle) == (FOREIGN_CORS, FOREIGN_LIFECYCLE)
    assert said[0] == "Of the bucket team-files, the CORS rule for https://up.example.com is gone."
    bucket.asked.clear()
    assert (run("take_away"), bucket.asked) == ((0, ""), [])


def test_whatever_the_settings_are_by_now(run: Run, bucket: Bucket, tmp_path: Path) -> None:
    run("put")
    (tmp_path / "profiles.json").write_text("{")
    assert run("take_away", prefix="other", origins="", keep_days="0")[0] == 0
    assert (bucket.cors, bucket.lifecycle) == (FOREIGN_CORS, FOREIGN_LIFECYCLE)


def test_a_bucket_that_had_no_rules_has_none_again(run: Run, bucket: Bucket) -> None:
    bucket.cors = bucket.lifecycle = ""
    run("put")
    run("take_away")
    assert (bucket.cors, bucket.lifecycle, bucket.asked[2:]) == ("", "", ["delete cors", "delete lifecycle"])


def test_what_was_changed_by_hand_stays_and_that_is_said(run: Run, bucket: Bucket) -> None:
    run("put")
    bucket.lifecycle = changed = bucket.lifecycle.replace(
        "<Days>30</Days></Expiration>", "<Days>90</Days></Expiration>"
    )
    [photos] = LifecycleRules.create(existing_bucket.needs(ASKED, b'{"photos": {"keep_days": 7}}'))[1:]
    own = ElementTree.tostring(photos, encoding="unicode")
    bucket.lifecycle = changed.replace("</LifecycleConfiguration>", f"{own}</LifecycleConfiguration>")
    code, said = run("take_away")
    assert (code, bucket.lifecycle, bucket.cors) == (0, changed, FOREIGN_CORS)
    assert said.splitlines()[2].endswith(
        " for in/here/ stays: it was changed by hand after a deployment had put it there. Delete it in the OSS console "
        "if nobody needs it."
    )


def test_looking_before_a_removal_says_what_stays(run: Run, bucket: Bucket) -> None:
    bucket.files = {("in/here/a", "null"): 1}
    said = "The bucket team-files stays, with all its files; this deployment's own rules are taken out of it.\n"
    assert (run("look"), bucket.files, bucket.asked) == ((0, said), {("in/here/a", "null"): 1}, [])


def test_files_are_not_deleted_there_with_delete_files(run: Run, bucket: Bucket) -> None:
    code, said = run("look", delete_files="yes")
    assert (code, in_the_way(said)[0].endswith("none of its files is deleted. Leave DELETE_FILES out")) == (1, True)


@pytest.mark.parametrize("step", ["look", "take_away"])
def test_of_a_bucket_that_is_gone_nothing_is_left_to_take(run: Run, bucket: Bucket, step: str) -> None:
    bucket.exists = False
    assert run(step) == (0, "There is no bucket team-files any more, and so no rule to take out of it.\n")


@pytest.mark.parametrize(
    ("step", "stopped"), [("look", "Nothing was removed."), ("take_away", "Nothing more is removed.")]
)
def test_rules_that_cannot_be_seen_stop_a_removal(run: Run, bucket: Bucket, step: str, stopped: str) -> None:
    bucket.refusal = "AccessDenied"
    code, said = run(step)
    assert (code, said.startswith(stopped)) == (1, True)


def test_rules_that_somebody_puts_at_the_same_time_are_noticed(run: Run, bucket: Bucket) -> None:
    bucket.interfere = FOREIGN_CORS
    code, said = run("put")
    assert (code, "The CORS rules of team-files are not those that were put" in said) == (1, True)


def test_rules_that_somebody_puts_before_these_are_put_are_not_lost(
    run: Run, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    merge = bucket_rules.merge

    def merge_late(*what: Any) -> Any:
        bucket.cors = FOREIGN_CORS.replace("cms.", "shop.")
        return merge(*what)

    monkeypatch.setattr(bucket_rules, "merge", merge_late)
    code, said = run("put")
    assert (code, bucket.asked, "shop." in bucket.cors) == (1, [], True)
    assert "Somebody is changing the CORS rules of team-files" in said


@pytest.mark.parametrize("step", ["check", "put", "look", "take_away"])
def test_an_answer_of_another_shape_is_not_written_over(run: Run, bucket: Bucket, step: str) -> None:
    bucket.cors = "<html>Log in</html>"
    code, said = run(step)
    assert (code, bucket.asked, "is not what it documents (cors)" in said) == (1, [], True)


def test_pages_of_the_deployment_may_upload_then_and_others_as_before(
    world: OssWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through the stand-in for OSS, which takes the first rule that fits."""
    deployer = user(world)
    monkeypatch.setenv("OSS_ACCESS_KEY_ID", deployer.access_key_id)
    monkeypatch.setenv("OSS_ACCESS_KEY_SECRET", deployer.access_key_secret)
    monkeypatch.setenv("OSS_ENDPOINT", world.oss.url)
    world.bucket.cors_rules = before = [CorsRule(("https://cms.example.com",), ("GET",))]
    bucket = existing_bucket.ExistingBucket(oss_client.client(REGION), BUCKET)
    own = existing_bucket.needs(ASKED, None)

    def preflight(origin: str, method: str) -> int:
        headers = {"Origin": origin, "Access-Control-Request-Method": method}
        return requests.options(f"{world.oss.url}/{BUCKET}", headers=headers, timeout=60).status_code

    def answers() -> list[int]:
        pages = (("https://up.example.com", "POST"), ("https://cms.example.com", "GET"))
        return [preflight(*each) for each in pages]

    assert (existing_bucket.bucket_faults(bucket.info(), ACCOUNT, REGION), answers()) == ([], [403, 200])
    rules = bucket.rules(CorsRules)
    bucket.put(CorsRules, rules, bucket_rules.merge(CorsRules, rules, own))
    assert (answers(), bucket.rules(LifecycleRules)) == ([200, 200], [])
    assert [text.partition(",")[0] for text in existing_bucket.take_away(bucket, "team")] == [f"Of the bucket {BUCKET}"]
    assert (answers(), world.bucket.cors_rules) == ([403, 200], before)
