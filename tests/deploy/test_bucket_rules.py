"""The rules in a bucket that others use, too: which are this deployment's, and what stands in their way."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
import yaml

from deploy import bucket_rules
from deploy.bucket_rules import CorsRules, LifecycleRules, Needs, Rules
from support.scratch import PROJECT

NEEDS = Needs("team", "in/here", ("https://up.example.com", "https://app.example.com"), 30, {"photos": 7}, True)
FOREVER = replace(NEEDS, keep_days=0, days_of={})

CORS = (
    "<CORSRule><AllowedOrigin>https://up.example.com</AllowedOrigin>"
    "<AllowedOrigin>https://app.example.com</AllowedOrigin><AllowedMethod>POST</AllowedMethod>"
    "<AllowedMethod>PUT</AllowedMethod><ExposeHeader>ETag</ExposeHeader><ExposeHeader>x-oss-request-id</ExposeHeader>"
    "<ExposeHeader>x-oss-ec</ExposeHeader><ExposeHeader>x-oss-hash-crc64ecma</ExposeHeader>"
    "<ExposeHeader>oss-direct-upload-team-{seal}</ExposeHeader><MaxAgeSeconds>600</MaxAgeSeconds></CORSRule>"
)
UPLOADS = (
    "<Rule><ID>oss-direct-upload_team_uploads_{seal}</ID><Prefix>in/here/</Prefix><Status>Enabled</Status>"
    "<AbortMultipartUpload><Days>7</Days></AbortMultipartUpload><Expiration><Days>30</Days></Expiration></Rule>"
)
PHOTOS = (
    "<Rule><ID>oss-direct-upload_team_profile_photos_{seal}</ID><Prefix>in/here/~photos/</Prefix>"
    "<Status>Enabled</Status><Expiration><Days>7</Days></Expiration></Rule>"
)
FOREIGN_CORS = (
    "<CORSRule><AllowedOrigin>https://cms.example.com</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule>"
)
SHADOW = (
    "<CORSRule><AllowedOrigin>https://*.example.com</AllowedOrigin><AllowedMethod>PUT</AllowedMethod>"
    "<ExposeHeader>etag</ExposeHeader>{more}</CORSRule>"
)
ALL_EXPOSED = "".join(f"<ExposeHeader>{name}</ExposeHeader>" for name in bucket_rules.EXPOSED_HEADERS[1:])


def rule(text: str) -> Element:
    return ElementTree.fromstring(text)  # noqa: S314 - the tests' own


def own(kind: Rules, needs: Needs = NEEDS) -> list[Element]:
    return kind.create(needs)


def text(rule: Element, kind: Rules, name: str = "team") -> str:
    """Returns a rule, with a word for its seal."""
    return ElementTree.tostring(rule, encoding="unicode").replace(kind.seal(rule, name), "{seal}")


def lifecycle(what: str, prefix: str = "", status: str = "Enabled", rule_id: str = "old") -> Element:
    return rule(f"<Rule><ID>{rule_id}</ID><Prefix>{prefix}</Prefix><Status>{status}</Status>{what}</Rule>")


def test_what_is_put() -> None:
    assert [text(each, CorsRules) for each in own(CorsRules)] == [CORS]
    assert [text(each, LifecycleRules) for each in own(LifecycleRules)] == [UPLOADS, PHOTOS]


def test_the_rules_are_those_of_the_template() -> None:
    uploads = yaml.safe_load((PROJECT / "deploy" / "ros.yaml").read_text())["Resources"]["Uploads"]["Properties"]
    [cors] = uploads["CORSConfiguration"]["CORSRule"]
    assert (tuple(cors["AllowedMethod"]), tuple(cors["ExposeHeader"]), cors["MaxAgeSeconds"]) == (
        bucket_rules.METHODS,
        bucket_rules.EXPOSED_HEADERS,
        bucket_rules.MAX_AGE_SECONDS,
    )
    [rules, with_end] = (each["Rule"] for each in uploads["LifecycleConfiguration"]["Fn::If"][1:])
    days = {each["AbortMultipartUpload"]["Days"] for each in (*rules, *with_end)}
    assert days == {bucket_rules.ABANDONED_PARTS_DAYS}


KINDS = pytest.mark.parametrize("kind", bucket_rules.KINDS)
FOREIGN = {CorsRules: rule(FOREIGN_CORS), LifecycleRules: lifecycle("<Expiration><Days>9</Days></Expiration>", "cms/")}


@KINDS
def test_others_rules_stay_before_this_deployments(kind: Rules) -> None:
    after = bucket_rules.merge(kind, [FOREIGN[kind]], NEEDS)
    assert after[0] is FOREIGN[kind]
    assert [text(each, kind) for each in after[1:]] == [text(each, kind) for each in own(kind)]


@KINDS
def test_what_is_there_already_stays_where_it_is(kind: Rules) -> None:
    rules = [*own(kind), FOREIGN[kind]]
    assert bucket_rules.merge(kind, rules, NEEDS) == rules


@KINDS
@pytest.mark.parametrize(
    "before",
    [
        replace(NEEDS, prefix="before"),
        replace(NEEDS, keep_days=99, origins=("https://old.example.com",)),
        replace(NEEDS, days_of={"scans": 3}),
    ],
)
def test_a_changed_setting_replaces_this_deployments_rules_alone(kind: Rules, before: Needs) -> None:
    after = bucket_rules.merge(kind, [*own(kind, before), FOREIGN[kind]], NEEDS)
    others, new, changed = bucket_rules.split(kind, after, "team")
    assert (others, changed) == ([FOREIGN[kind]], [])
    assert sorted(text(each, kind) for each in new) == sorted(text(each, kind) for each in own(kind))


@KINDS
def test_a_copy_of_a_rule_goes(kind: Rules) -> None:
    assert len(bucket_rules.merge(kind, own(kind) * 2, NEEDS)) == len(own(kind))


@KINDS
@pytest.mark.parametrize("name", ["te", "team-b", "team-uploads", "a"])
def test_another_deployments_rules_are_anothers(kind: Rules, name: str) -> None:
    rules = own(kind, replace(NEEDS, name=name, prefix="theirs"))
    assert bucket_rules.split(kind, rules, "team") == (rules, [], [])


@KINDS
def test_a_rule_that_was_changed_by_hand_is_seen_as_such(kind: Rules) -> None:
    rules = own(kind)
    for each in rules[0].iter():
        each.text = {"https://app.example.com": "https://crm.example.com", "30": "365"}.get(each.text or "", each.text)
    assert bucket_rules.split(kind, rules, "team") == ([], rules[1:], rules[:1])


@KINDS
def test_whatever_is_added_to_a_rule_by_hand_changes_it(kind: Rules) -> None:
    rules = own(kind)
    ElementTree.SubElement(rules[0], "AllowedHeader").text = "*"
    assert bucket_rules.split(kind, rules, "team")[2] == rules[:1]


@KINDS
def test_days_that_change_places_change_a_rule(kind: Rules) -> None:
    first = rule("<R><A><Days>1</Days></A><B><Days>2</Days></B></R>")
    second = rule("<R> <B><Days>1</Days></B>\n<A><Days>2</Days></A> </R>")
    third = rule("<R> <B><Days>2</Days></B>\n<A><Days>1</Days></A> </R>")
    assert bucket_rules.meaning(first) == bucket_rules.meaning(third) != bucket_rules.meaning(second)


def test_a_rule_that_comes_first_must_show_what_pages_need() -> None:
    shadow = rule(SHADOW.format(more=""))
    with pytest.raises(
        ValueError, match=r"^Its CORS rule 2 is the first for PUT of https://up.example.com, "
    ) as refused:
        bucket_rules.merge(CorsRules, [rule(FOREIGN_CORS), shadow], NEEDS)
    assert "does not let pages read x-oss-request-id, x-oss-ec, x-oss-hash-crc64ecma" in str(refused.value)
    assert len(bucket_rules.merge(CorsRules, [rule(SHADOW.format(more=ALL_EXPOSED))], NEEDS)) == 2
    assert len(bucket_rules.merge(CorsRules, [*own(CorsRules), shadow], NEEDS)) == 2


@pytest.mark.parametrize(("kind", "most"), [(CorsRules, 20), (LifecycleRules, 1000)])
def test_more_rules_than_oss_takes_are_refused(kind: Rules, most: int) -> None:
    others = [FOREIGN[kind]] * (most - 1)
    assert len(bucket_rules.merge(kind, others, FOREVER)) == most
    with pytest.raises(ValueError, match=f"OSS takes {most:,}: delete some"):
        bucket_rules.merge(kind, [*others, FOREIGN[kind]], FOREVER)


EXPIRES = "<Expiration><Days>{}</Days></Expiration>"
ABORTS = "<AbortMultipartUpload><Days>{}</Days></AbortMultipartUpload>"
MOVES = "<Transition><Days>{}</Days><StorageClass>IA</StorageClass></Transition>"
BY_DATE = "<CreatedBeforeDate>2026-01-01T00:00:00.000Z</CreatedBeforeDate>"
NOT = "<Filter><Not><Prefix>in/here/x</Prefix></Not></Filter>"
TAG = "<Tag><Key>a</Key><Value>b</Value></Tag>"

REFUSED = [
    (NEEDS, lifecycle(EXPIRES.format(29)), "deletes files in in/here/ after 29 days, and they are to be kept 30 days"),
    (FOREVER, lifecycle(EXPIRES.format(3650)), "deletes files in in/here/ after 3,650 days, and they are to be kept:"),
    (NEEDS, lifecycle(EXPIRES.format(29), "in/"), "deletes files in in/here/ after 29 days"),
    (NEEDS, lifecycle(EXPIRES.format(29) + NOT), "deletes files in in/here/ after 29 days"),
    (NEEDS, lifecycle(EXPIRES.format(6), "in/here/alice/"), "deletes files in in/here/ after 6 days"),
    (NEEDS, lifecycle(EXPIRES.format(6), "in/here/~photos/a"), "deletes files in in/here/~photos/ after 6 days"),
    (NEEDS, lifecycle(EXPIRES.format(6), "in/here/~"), "deletes files in in/here/ after 6 days"),
    (NEEDS, lifecycle(f"<Expiration>{BY_DATE}</Expiration>"), "deletes files in in/here/ of before a date"),
    (NEEDS, lifecycle(ABORTS.format(6)), "clears unfinished uploads in in/here/ away after 6 days"),
    (NEEDS, lifecycle(f"<AbortMultipartUpload>{BY_DATE}</AbortMultipartUpload>", "in/here/a"), "of before a date"),
    (NEEDS, lifecycle(MOVES.format(7)), "moves files to IA after 7 days, and uploads would be deleted after 7"),
    (NEEDS, lifecycle("", "in/here/", "Disabled"), "is for in/here/, and OSS takes no two rules for one prefix"),
    (NEEDS, lifecycle("", "in/here/~photos/"), "is for in/here/~photos/, and OSS takes no two rules for one prefix"),
]
LEFT_ALONE = [
    (NEEDS, lifecycle(EXPIRES.format(30))),
    (NEEDS, lifecycle(EXPIRES.format(1), "in/other/")),
    (NEEDS, lifecycle(EXPIRES.format(1), status="Disabled")),
    (NEEDS, lifecycle(EXPIRES.format(1) + TAG)),
    (NEEDS, lifecycle(TAG, "in/here/")),
    (NEEDS, lifecycle(EXPIRES.format(7), "in/here/~photos/a")),
    (NEEDS, lifecycle("<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>")),
    (NEEDS, lifecycle(ABORTS.format(7))),
    (replace(NEEDS, in_parts=False), lifecycle(ABORTS.format(1))),
    (NEEDS, lifecycle(MOVES.format(6))),
    (FOREVER, lifecycle(MOVES.format(365))),
]


@pytest.mark.parametrize(("needs", "foreign", "why"), REFUSED)
def test_what_does_something_else_to_uploads_or_oss_refuses_is_named(needs: Needs, foreign: Element, why: str) -> None:
    with pytest.raises(ValueError, match=r"^Its lifecycle rule old ") as refused:
        bucket_rules.merge(LifecycleRules, [foreign], needs)
    assert (why in str(refused.value), len(str(refused.value).splitlines())) == (True, 1)


@pytest.mark.parametrize(("needs", "foreign"), LEFT_ALONE)
def test_what_does_no_harm_is_left_alone(needs: Needs, foreign: Element) -> None:
    assert bucket_rules.merge(LifecycleRules, [foreign], needs)[0] is foreign


@pytest.mark.parametrize("prefix", ["in", "in/here/staging"])
@pytest.mark.parametrize("needs", [NEEDS, FOREVER])
def test_no_deployments_files_lie_among_anothers(needs: Needs, prefix: str) -> None:
    theirs = own(LifecycleRules, replace(FOREVER, name="staging", prefix=prefix))
    with pytest.raises(ValueError, match=f"^{prefix}/ is the UPLOAD_PREFIX of the deployment staging"):
        bucket_rules.merge(LifecycleRules, theirs, needs)


@pytest.mark.parametrize("prefix", ["in/her", "in/here-too", "in/other", "here"])
def test_a_prefix_beside_anothers_is_none_of_its_business(prefix: str) -> None:
    theirs = own(LifecycleRules, replace(NEEDS, name="staging", prefix=prefix))
    assert bucket_rules.merge(LifecycleRules, theirs, NEEDS)[: len(theirs)] == theirs


def test_what_moves_uploads_is_said() -> None:
    moving = lifecycle(MOVES.format(6))
    assert LifecycleRules.notices([moving, lifecycle(MOVES.format(6), "in/other")], NEEDS) == [
        "Its lifecycle rule old moves uploads to IA: that stays so."
    ]
