"""The live bucket, through the vendor's SDK."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import time_machine
from pytest_httpserver import HTTPServer

from deploy import credentials, declared, oss_client
from deploy.cors_rules import CorsRule
from deploy.doctor import command as doctor
from deploy.doctor.checks import examine
from deploy.doctor.context import Context
from deploy.doctor.live_bucket import (
    FACTS,
    OF_ACCOUNT,
    BucketConfig,
    LiveBuckets,
    Referers,
    Website,
    inspect_buckets,
)
from deploy.doctor.live_resource import LiveResource
from deploy.lifecycle_rules import ExpiryRule, PartsRule
from support.factories import NOON
from support.oss_world import BUCKET, REGION, OssWorld
from support.sound_deployment import ACCOUNT
from support.tokens import new_secret
from support.upload_bucket import Asks

REFUSED = "<Error><Code>{code}</Code><Message>no</Message><RequestId>1</RequestId><EC>0</EC></Error>"
SUBRESOURCES = {
    "versioning": "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>",
    "publicAccessBlock": "<PublicAccessBlockConfiguration><BlockPublicAccess>true</BlockPublicAccess></PublicAccessBlockConfiguration>",
    "acl": "<AccessControlPolicy><Owner><ID>42</ID></Owner><AccessControlList><Grant>private</Grant></AccessControlList></AccessControlPolicy>",
    "cors": "<CORSConfiguration><CORSRule><AllowedOrigin>https://a.example</AllowedOrigin><AllowedMethod>POST</AllowedMethod><AllowedHeader>content-*</AllowedHeader><ExposeHeader>ETag</ExposeHeader></CORSRule></CORSConfiguration>",
    "lifecycle": "<LifecycleConfiguration><Rule><ID>a</ID><Prefix>uploads/</Prefix><Status>Enabled</Status><AbortMultipartUpload><Days>7</Days></AbortMultipartUpload></Rule><Rule><ID>b</ID><Prefix></Prefix><Status>Disabled</Status><AbortMultipartUpload><Days>1</Days></AbortMultipartUpload></Rule><Rule><ID>c</ID><Prefix></Prefix><Status>Enabled</Status><Expiration><Days>30</Days></Expiration></Rule></LifecycleConfiguration>",
    "policy": '{"Version":"1","Statement":[]}',
    "encryption": "<ServerSideEncryptionRule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>KMS</SSEAlgorithm><KMSMasterKeyID></KMSMasterKeyID></ApplyServerSideEncryptionByDefault></ServerSideEncryptionRule>",
    "referer": "<RefererConfiguration><AllowEmptyReferer>false</AllowEmptyReferer><AllowTruncateQueryString>true</AllowTruncateQueryString><RefererList><Referer> https://a.example</Referer></RefererList></RefererConfiguration>",
    "website": "<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix></IndexDocument></WebsiteConfiguration>",
    "list-type": "<ListBucketResult><Name>team-uploads</Name><IsTruncated>false</IsTruncated></ListBucketResult>",
}
"""What OSS answers, after its documentation."""
UNBLOCKED = SUBRESOURCES["publicAccessBlock"].replace("true", "false")
SITE_ACL = SUBRESOURCES["acl"].replace("private", "public-read")


SITE_WEBSITE = "<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix></IndexDocument><ErrorDocument><Key>404.html</Key></ErrorDocument><RoutingRules><RoutingRule><RuleNumber>1</RuleNumber><Redirect><RedirectType>External</RedirectType><HostName>evil.example</HostName></Redirect></RoutingRule></RoutingRules></WebsiteConfiguration>"


SITE_FILES = '<ListBucketResult><Name>team-site</Name><IsTruncated>false</IsTruncated><Contents><Key>app.js</Key><ETag>"5EB6"</ETag><Size>1</Size></Contents></ListBucketResult>'


def status_of(code: str) -> int:
    return {"NoSuch": 404, "Public": 400}.get(code[:6], 403)


def answer(httpserver: HTTPServer, **refused: str) -> None:
    """Lets a server answer as a bucket does; `refused` are error codes by subresource."""
    for name, body in (
        ("publicAccessBlock", UNBLOCKED),
        ("acl", SITE_ACL),
        ("policy", '{"Statement":[{}]}'),
        ("website", SITE_WEBSITE),
        ("list-type", SITE_FILES),
    ):
        code = refused.get(f"site_{name.replace('-', '_')}")
        httpserver.expect_request("/team-site/", query_string=Asks(name)).respond_with_data(
            REFUSED.format(code=code) if code else body,
            status=status_of(code) if code else 200,
            content_type="application/json" if body.startswith("{") and not code else "application/xml",
        )
    code = refused.get("account_block")
    httpserver.expect_request("/", query_string=Asks("publicAccessBlock")).respond_with_data(
        REFUSED.format(code=code) if code else UNBLOCKED,
        status_of(code) if code else 200,
        content_type="application/xml",
    )
    for name, xml in SUBRESOURCES.items():
        code = refused.get(name.replace("-", "_"))
        httpserver.expect_request("/team-uploads/", query_string=Asks(name)).respond_with_data(
            REFUSED.format(code=code) if code else xml,
            status=status_of(code) if code else 200,
            content_type="application/json" if xml.startswith("{") and not code else "application/xml",
            headers={"x-oss-request-id": "1"},
        )


def look(
    httpserver: HTTPServer, clock: Callable[[], float] = lambda: NOON, site_domain: HTTPServer | None = None
) -> LiveBuckets:
    environ = {"AccessKeyID": "LTAI" + secrets.token_hex(8), "AccessKeySecret": new_secret()}
    provider = credentials.deployer(environ)
    assert provider
    client, at_domain = (
        oss_client.client(provider, "cn-hongkong", f"http://127.0.0.1:{(server or httpserver).port}")
        for server in (httpserver, site_domain)
    )
    with time_machine.travel(NOON, tick=False):  # the server's clock
        return inspect_buckets(
            client,
            "team-uploads",
            "team-site",
            at_site_domain=(lambda: at_domain) if site_domain else None,
            clock=clock,
        )


def test_the_live_bucket_is_seen_as_it_is(httpserver: HTTPServer) -> None:
    answer(httpserver)
    assert look(httpserver) == LiveBuckets(
        BucketConfig(
            "The live bucket team-uploads",
            "Enabled",
            True,
            "private",
            "42",
            (CorsRule(("https://a.example",), ("POST",), ("ETag",), ("content-*",)),),
            (PartsRule("uploads/", 7),),
            '{"Version":"1","Statement":[]}',
            (ExpiryRule("", 30),),
            Website("index.html"),
            encryption="KMS",
            referers=Referers(False, 1),
        ),
        skew=0.0,
        site=BucketConfig(
            "The page's live bucket team-site",
            public_access_blocked=False,
            acl="public-read",
            owner="42",
            policy='{"Statement":[{}]}',
            website=Website("index.html", "404.html", 1),
            files={"app.js": "5eb6"},
        ),
        account_blocked=False,
        resources=(
            LiveResource("the upload bucket team-uploads", "ACL"),
            LiveResource("the page's bucket team-site", "site ACL"),
        ),
    )
    httpserver.check()


def test_a_closed_public_endpoint_is_seen_at_the_stand_in_and_the_cure_is_named(tmp_path: Path) -> None:
    world = OssWorld(tmp_path / "files")
    world.faults.oss_public_endpoint_forbidden = True
    with world.oss:
        provider = credentials.deployer(
            {"AccessKeyID": world.identity.access_key_id, "AccessKeySecret": world.identity.access_key_secret}
        )
        assert provider
        live = inspect_buckets(oss_client.client(provider, REGION, world.oss.url), BUCKET, clock=world.clock)
    world.oss.check()
    environ = {"OSS_BUCKET": BUCKET, "OSS_REGION": REGION}
    found = examine(Context(environ, declared.read(doctor.ROOT, environ, ACCOUNT), live))
    [finding] = [finding for finding in found if finding.check.id == "endpoint-forbidden"]
    assert "UPLOAD_DOMAIN" in finding.check.fix


def test_what_the_deployer_may_not_see_is_named(httpserver: HTTPServer) -> None:
    answer(httpserver, versioning="AccessDenied", publicAccessBlock="AccessDenied", acl="AccessDenied")
    live = look(httpserver)
    assert (live.bucket.versioning, live.bucket.public_access_blocked, live.bucket.acl) == (None, None, None)
    assert live.not_visible == dict.fromkeys(("versioning", "Block Public Access", "ACL"), "AccessDenied")


def test_without_a_policy_there_is_none_and_it_is_not_unknown(httpserver: HTTPServer) -> None:
    answer(httpserver, policy="NoSuchBucketPolicy")
    live = look(httpserver)
    assert (live.bucket.policy, live.not_visible) == ("", {})


def test_a_bucket_that_neither_encrypts_nor_is_a_website_is_not_unknown(httpserver: HTTPServer) -> None:
    answer(httpserver, encryption="NoSuchServerSideEncryptionRule", website="NoSuchWebsiteConfiguration")
    live = look(httpserver)
    assert (live.bucket.encryption, live.bucket.website, live.not_visible) == ("", Website(), {})


def test_what_is_not_shown_of_them_is_unknown(httpserver: HTTPServer) -> None:
    answer(httpserver, encryption="AccessDenied", website="AccessDenied", referer="AccessDenied")
    live = look(httpserver)
    assert (live.bucket.encryption, live.bucket.website, live.bucket.referers) == (None, None, None)
    assert live.not_visible == dict.fromkeys(("encryption", "Referer rules", "website"), "AccessDenied")


def test_a_block_of_the_whole_account_is_seen(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/", query_string=Asks("publicAccessBlock")).respond_with_data(
        SUBRESOURCES["publicAccessBlock"], content_type="application/xml"
    )
    answer(httpserver)
    live = look(httpserver)
    assert (live.account_blocked, live.site and live.site.public_access_blocked, live.not_visible) == (True, False, {})


def test_a_block_that_is_not_shown_is_unknown(httpserver: HTTPServer) -> None:
    answer(httpserver, account_block="AccessDenied", site_publicAccessBlock="AccessDenied")
    live = look(httpserver)
    assert (live.account_blocked, live.site and live.site.public_access_blocked) == (None, None)
    assert live.not_visible == dict.fromkeys((OF_ACCOUNT, "site Block Public Access"), "AccessDenied")


def test_a_policy_that_is_not_shown_is_unknown(httpserver: HTTPServer) -> None:
    answer(httpserver, policy="AccessDenied")
    live = look(httpserver)
    assert (live.bucket.policy, live.not_visible) == (None, {"policy": "AccessDenied"})


@pytest.mark.parametrize("body", ["", "{}", "\xff", "<html></html>"])
def test_a_200_that_says_nothing_is_not_seen(httpserver: HTTPServer, body: str) -> None:
    for place in ("/team-uploads/", "/team-site/", "/"):
        httpserver.expect_request(place).respond_with_data(body, content_type="application/json")
    policies = {"policy", "site policy"} if body == "{}" else set()
    assert look(httpserver).not_visible == dict.fromkeys(set(FACTS) - {"clock"} - policies, "what cannot be read")


@pytest.mark.parametrize(
    ("body", "status"), [("<html></html>", 200), ("<html></html>", 403), ("Sign in", 403), ("<Error/>", 200)]
)
def test_an_answer_that_is_not_what_oss_sends_is_no_silence(httpserver: HTTPServer, body: str, status: int) -> None:
    httpserver.expect_request("/team-uploads/", query_string=Asks("acl")).respond_with_data(
        body, status, content_type="text/html"
    )
    answer(httpserver)
    assert look(httpserver).not_visible == {"ACL": "what cannot be read"}


def test_a_refusal_without_a_date_is_no_silence(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BaseHTTPRequestHandler, "date_time_string", lambda *_: "yesterday")
    answer(httpserver, acl="AccessDenied")
    assert look(httpserver).not_visible == {"ACL": "what cannot be read", "clock": "no answer"}


def test_a_clock_that_cannot_be_read_is_not_seen(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BaseHTTPRequestHandler, "date_time_string", lambda *_: "yesterday")
    answer(httpserver)
    seen = look(httpserver)
    assert (seen.skew, seen.not_visible) == (None, {"clock": "no answer"})


def test_who_does_not_answer_is_asked_once() -> None:
    with HTTPServer() as server:
        pass
    questions: list[float] = []

    def clock() -> float:
        questions.append(NOON)
        return NOON

    live = look(server, clock)
    assert len(questions) == 1
    assert (live.bucket, live.skew, live.not_visible) == (
        BucketConfig("The live bucket team-uploads"),
        None,
        dict.fromkeys(FACTS, "no answer"),
    )


def test_an_acl_that_names_no_owner_is_not_seen(httpserver: HTTPServer) -> None:
    nobody = SUBRESOURCES["acl"].replace("<Owner><ID>42</ID></Owner>", "<Owner></Owner>")
    httpserver.expect_request("/team-uploads/", query_string=Asks("acl")).respond_with_data(
        nobody, content_type="application/xml"
    )
    answer(httpserver)
    assert look(httpserver).not_visible == {"ACL": "what cannot be read"}


def test_a_rule_that_clears_parts_away_by_a_date_is_seen(httpserver: HTTPServer) -> None:
    by_date = "<CreatedBeforeDate>2030-01-01T00:00:00.000Z</CreatedBeforeDate>"
    httpserver.expect_request("/team-uploads/", query_string=Asks("lifecycle")).respond_with_data(
        SUBRESOURCES["lifecycle"].replace("<Days>7</Days>", by_date), content_type="application/xml"
    )
    answer(httpserver)
    assert look(httpserver).bucket.parts == (PartsRule("uploads/", 0),)


def test_a_rule_that_deletes_by_a_date_in_the_old_spelling_is_seen(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/team-uploads/", query_string=Asks("lifecycle")).respond_with_data(
        SUBRESOURCES["lifecycle"].replace("<Days>30</Days>", "<Date>2030-01-01T00:00:00.000Z</Date>"),
        content_type="application/xml",
    )
    answer(httpserver)
    assert look(httpserver).bucket.expiry == (ExpiryRule("", 0),)


FOREIGN = ' xmlns="http://x.example"'


@pytest.mark.parametrize(
    ("what", "fact"),
    [
        *(("versioning", "versioning"), ("publicAccessBlock", "Block Public Access"), ("acl", "ACL"), ("cors", "CORS")),
        *(("lifecycle", "lifecycle"), ("list-type", "list of objects")),
    ],
)
def test_an_answer_of_another_shape_is_not_seen(httpserver: HTTPServer, what: str, fact: str) -> None:
    httpserver.expect_request("/team-uploads/", query_string=Asks(what)).respond_with_data(
        SUBRESOURCES[what].replace(">", f"{FOREIGN}>", 1), content_type="application/xml"
    )
    answer(httpserver)
    assert look(httpserver).not_visible == {fact: "what cannot be read"}


def test_a_website_of_another_shape_is_not_seen(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/team-site/", query_string=Asks("website")).respond_with_data(
        SITE_WEBSITE.replace("RoutingRules>", "RoutingRuleS>"), content_type="application/xml"
    )
    answer(httpserver)
    assert look(httpserver).not_visible == {"site website": "what cannot be read"}


def test_a_list_of_another_bucket_is_not_seen(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/team-uploads/", query_string=Asks("list-type")).respond_with_data(
        SUBRESOURCES["list-type"].replace("team-uploads", "another"), content_type="application/xml"
    )
    answer(httpserver)
    assert look(httpserver).not_visible == {"list of objects": "what cannot be read"}


def test_a_bucket_that_never_had_versioning_is_seen_as_oss_documents_it(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/team-uploads/", query_string=Asks("versioning")).respond_with_data(
        '<VersioningConfiguration xmlns="http://doc.oss-cn-hangzhou.aliyuncs.com"/>', content_type="application/xml"
    )
    answer(httpserver)
    live = look(httpserver)
    assert (live.bucket.versioning, live.not_visible) == ("", {})


@pytest.mark.parametrize(
    ("place", "what", "fact", "body", "status"),
    [
        ("uploads", "cors", "CORS", "<Error><Code>NoSuchCORSConfiguration</Code></Error>", 403),
        ("uploads", "policy", "policy", "<Error><Code>NoSuchBucketPolicy</Code></Error>", 400),
        ("site", "website", "site website", "<Error><Code>NoSuchWebsiteConfiguration</Code></Error>", 403),
        ("uploads", "lifecycle", "lifecycle", "<html><Error><Code>NoSuchLifecycle</Code></Error><p>", 404),
        ("uploads", "lifecycle", "lifecycle", "<All><Error><Code>NoSuchLifecycle</Code></Error></All>", 404),
    ],
)
def test_that_there_is_nothing_counts_as_oss_says_it_alone(
    httpserver: HTTPServer, place: str, what: str, fact: str, body: str, status: int
) -> None:
    httpserver.expect_request(f"/team-{place}/", query_string=Asks(what)).respond_with_data(
        body, status, content_type="application/xml"
    )
    answer(httpserver)
    assert look(httpserver).not_visible == {fact: "what cannot be read"}


def test_a_rule_that_a_filter_narrows_is_seen_as_such(httpserver: HTTPServer) -> None:
    narrow = "<Filter><Not><Prefix>uploads/</Prefix></Not></Filter></Rule>"
    httpserver.expect_request("/team-uploads/", query_string=Asks("lifecycle")).respond_with_data(
        SUBRESOURCES["lifecycle"].replace("</Rule>", narrow), content_type="application/xml"
    )
    answer(httpserver)
    bucket = look(httpserver).bucket
    assert (bucket.parts, bucket.expiry) == ((PartsRule("uploads/", 7, True),), (ExpiryRule("", 30, True),))


def test_more_files_than_one_answer_has_are_not_seen(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/team-site/", query_string=Asks("list-type")).respond_with_data(
        SITE_FILES.replace("false", "true"), content_type="application/xml"
    )
    answer(httpserver)
    live = look(httpserver)
    assert (live.site and live.site.files, live.not_visible) == (None, {"site files": "more than 1,000 files"})


@pytest.mark.parametrize(
    ("storage_class", "archived"),
    [
        ("Standard", ()),
        ("IA", ()),
        ("Archive", ("app.js",)),
        ("ColdArchive", ("app.js",)),
        ("DeepColdArchive", ("app.js",)),
    ],
)
def test_files_that_oss_does_not_show_are_seen(
    httpserver: HTTPServer, storage_class: str, archived: tuple[str, ...]
) -> None:
    httpserver.expect_request("/team-site/", query_string=Asks("list-type")).respond_with_data(
        SITE_FILES.replace("</Contents>", f"<StorageClass>{storage_class}</StorageClass></Contents>"),
        content_type="application/xml",
    )
    answer(httpserver)
    live = look(httpserver)
    assert (live.site and live.site.archived, live.not_visible) == (archived, {})


def test_a_page_is_seen_through_its_domain_where_osss_addresses_are_closed(httpserver: HTTPServer) -> None:
    answer(httpserver, site_list_type="PublicEndpointForbidden")
    with HTTPServer() as domain:
        domain.expect_request("/team-site/", query_string=Asks("list-type")).respond_with_data(
            SITE_FILES, content_type="application/xml"
        )
        live = look(httpserver, site_domain=domain)
    assert (live.site and live.site.files, live.not_visible) == ({"app.js": "5eb6"}, {})


def test_a_bucket_that_is_no_website_shows_nothing_and_is_not_unknown(httpserver: HTTPServer) -> None:
    answer(httpserver, site_website="NoSuchWebsiteConfiguration")
    live = look(httpserver)
    assert (live.site and live.site.website, live.not_visible) == (Website(), {})


def test_a_website_that_is_not_shown_is_unknown(httpserver: HTTPServer) -> None:
    answer(httpserver, site_website="AccessDenied")
    live = look(httpserver)
    assert (live.site and live.site.website, live.not_visible) == (None, {"site website": "AccessDenied"})


def test_a_cors_rule_that_names_nobody_is_seen(httpserver: HTTPServer) -> None:
    rule = "<CORSRule><AllowedOrigin></AllowedOrigin><AllowedMethod>POST</AllowedMethod></CORSRule>"
    httpserver.expect_request("/team-uploads/", query_string=Asks("cors")).respond_with_data(
        f"<CORSConfiguration>{rule}</CORSConfiguration>", content_type="application/xml"
    )
    answer(httpserver)
    assert look(httpserver).bucket.cors == (CorsRule(("",), ("POST",), ()),)


def test_no_cors_rules_are_none_and_not_unknown(httpserver: HTTPServer) -> None:
    answer(httpserver, cors="NoSuchCORSConfiguration")
    live = look(httpserver)
    assert (live.bucket.cors, live.not_visible) == ((), {})


def test_no_lifecycle_is_none_and_not_unknown(httpserver: HTTPServer) -> None:
    answer(httpserver, lifecycle="NoSuchLifecycle")
    live = look(httpserver)
    assert (live.bucket.parts, live.not_visible) == ((), {})


def test_a_default_domain_that_is_closed_to_the_account_is_noticed(httpserver: HTTPServer) -> None:
    answer(httpserver, list_type="PublicEndpointForbidden")
    live = look(httpserver)
    assert (live.endpoint_forbidden, live.not_visible) == (True, {})


@pytest.mark.parametrize(("ahead", "skew"), [(0.0, 0.0), (0.9, 0.0), (61.0, 60.0), (-61.0, -61.0)])
def test_the_clock_is_compared_with_osss_whole_seconds(httpserver: HTTPServer, ahead: float, skew: float) -> None:
    answer(httpserver)
    assert look(httpserver, lambda: NOON + ahead).skew == pytest.approx(skew)
