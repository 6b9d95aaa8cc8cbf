"""The lifecycle rules of profiles, beside those of the template and of others."""

from __future__ import annotations

import io
import json
from pathlib import Path

import alibabacloud_oss_v2 as oss
import pytest
from pytest_httpserver import HTTPServer

from deploy.hooks import keep_days, oss_client
from support.upload_bucket import Bucket

TEMPLATES = (
    "<Rule><ID>abandoned-parts</ID><Prefix /><Status>Enabled</Status>"
    "<AbortMultipartUpload><Days>7</Days></AbortMultipartUpload></Rule>"
)
FOREIGN = (
    "<Rule><ID>archive</ID><Prefix>uploads/old/</Prefix><Status>Disabled</Status>"
    "<Filter><Not><Prefix>uploads/old/x/</Prefix></Not></Filter>"
    "<Transition><Days>30</Days><StorageClass>IA</StorageClass><New>1</New></Transition></Rule>"
)
"""With an element that no version of the SDK knows."""


def rule(name: str, days: int, prefix: str = "uploads") -> str:
    return (
        f"<Rule><ID>oss-direct-upload-keep-days-{name}</ID><Prefix>{prefix}/~{name}/</Prefix><Status>Enabled</Status>"
        f"<Expiration><Days>{days}</Days></Expiration></Rule>"
    )


def lifecycle(*rules: str) -> str:
    return f"<LifecycleConfiguration>{''.join(rules)}</LifecycleConfiguration>"


@pytest.fixture
def client(endpoint: HTTPServer, bucket: Bucket, deployers_environ: None) -> oss.Client:
    """Returns the vendor's SDK."""
    bucket.lifecycle = lifecycle(TEMPLATES, FOREIGN)
    return oss_client.client("cn-hongkong")


def set_rules(client: oss.Client, **days_of: int) -> list[str]:
    return keep_days.set_rules(client, "team-uploads-1", "uploads", days_of)


def test_each_profile_gets_a_rule_and_others_rules_stay_as_they_are(client: oss.Client, bucket: Bucket) -> None:
    assert set_rules(client, photos=30, scans=7) == [
        "Files of the profile photos are deleted after 30 days.",
        "Files of the profile scans are deleted after 7 days.",
    ]
    assert bucket.lifecycle == lifecycle(TEMPLATES, FOREIGN, rule("photos", 30), rule("scans", 7))


@pytest.mark.parametrize("days_of", [{}, {"photos": 30}, {"photos": 30, "scans": 7}])
def test_a_second_deployment_changes_nothing(client: oss.Client, bucket: Bucket, days_of: dict[str, int]) -> None:
    set_rules(client, **days_of)
    bucket.asked.clear()
    assert (set_rules(client, **days_of), bucket.asked) == ([], [])


def test_a_rule_follows_its_profile(client: oss.Client, bucket: Bucket) -> None:
    set_rules(client, photos=30, scans=7)
    assert set_rules(client, photos=20, scans=7) == ["Files of the profile photos are deleted after 20 days."]
    assert bucket.lifecycle == lifecycle(TEMPLATES, FOREIGN, rule("photos", 20), rule("scans", 7))


def test_another_prefix_moves_the_rule(client: oss.Client, bucket: Bucket) -> None:
    set_rules(client, photos=30)
    said = keep_days.set_rules(client, "team-uploads-1", "in/here", {"photos": 30})
    assert said == ["Files of the profile photos are deleted after 30 days."]
    assert bucket.lifecycle == lifecycle(TEMPLATES, FOREIGN, rule("photos", 30, "in/here"))


def test_without_its_profile_a_rule_goes(client: oss.Client, bucket: Bucket) -> None:
    set_rules(client, photos=30)
    assert set_rules(client) == [
        "The lifecycle rule oss-direct-upload-keep-days-photos is deleted: profiles.json no longer asks for it."
    ]
    assert bucket.lifecycle == lifecycle(TEMPLATES, FOREIGN)


@pytest.mark.parametrize(
    "changed",
    [
        rule("photos", 30).replace("Enabled", "Disabled"),
        rule("photos", 30).replace("<Status>", "<Filter><ObjectSizeLessThan>9</ObjectSizeLessThan></Filter><Status>"),
        rule("photos", 30) + rule("photos", 30),
        rule("photos", 30).replace("</Days>", "</Days><CreatedBeforeDate>2020-01-01T00:00:00.000Z</CreatedBeforeDate>"),
    ],
)
def test_a_profiles_rule_that_somebody_changed_is_put_right(client: oss.Client, bucket: Bucket, changed: str) -> None:
    bucket.lifecycle = lifecycle(changed, TEMPLATES)
    set_rules(client, photos=30)
    assert bucket.lifecycle == lifecycle(TEMPLATES, rule("photos", 30))


def test_a_bucket_without_any_rule_gets_the_first_and_loses_the_last(client: oss.Client, bucket: Bucket) -> None:
    bucket.lifecycle = ""
    set_rules(client, photos=30)
    assert bucket.lifecycle == lifecycle(rule("photos", 30))
    set_rules(client)
    assert (bucket.lifecycle, bucket.asked) == ("", ["lifecycle", "delete lifecycle"])


def test_a_rule_for_the_whole_bucket_may_overlap(client: oss.Client, bucket: Bucket) -> None:
    whole = TEMPLATES.replace("</Rule>", "<Expiration><Days>90</Days></Expiration></Rule>")
    bucket.lifecycle = lifecycle(whole)
    set_rules(client, photos=30)
    assert bucket.lifecycle == lifecycle(whole, rule("photos", 30))


def test_an_answer_of_another_shape_is_not_written_over(client: oss.Client, bucket: Bucket) -> None:
    bucket.lifecycle = "<html>Log in</html>"
    with pytest.raises(ValueError, match=r"^Nothing was changed: OSS's answer is not what it documents"):
        set_rules(client, photos=30)
    assert (bucket.lifecycle, bucket.asked) == ("<html>Log in</html>", [])


def test_without_profiles_such_an_answer_does_not_matter(client: oss.Client, bucket: Bucket) -> None:
    bucket.lifecycle = "<html>Log in</html>"
    assert set_rules(client) == []


def test_a_refusal_is_not_swallowed(client: oss.Client, bucket: Bucket) -> None:
    bucket.refusal = "AccessDenied"
    with pytest.raises(oss.exceptions.OperationError, match="AccessDenied"):
        set_rules(client)


def test_what_oss_refuses_ends_the_deployment_with_its_code(
    client: oss.Client,
    bucket: Bucket,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "profiles.json").write_text('{"photos": {"keep_days": 30}}')
    bucket.refusal = "AccessDenied"
    asked = {"region": "cn-hongkong", "bucket": "team-uploads-1", "prefix": "uploads", "existing": ""}
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(asked)))
    assert (keep_days.main(tmp_path), capsys.readouterr().err) == (1, "OSS refused: AccessDenied: no\n")
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps({**asked, "existing": "team-files"})))
    assert keep_days.main(tmp_path) == 0
