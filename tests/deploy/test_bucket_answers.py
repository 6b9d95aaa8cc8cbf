"""What counts as an answer of OSS about a bucket, and what does not."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree

import pytest

from deploy.bucket_answers import read, text

OSS = ' xmlns="http://doc.oss-cn-hangzhou.aliyuncs.com"'
FOREIGN = ' xmlns="http://x.example"'

DOCUMENTED = {
    "versioning": "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>",
    "publicAccessBlock": "<PublicAccessBlockConfiguration><BlockPublicAccess>true</BlockPublicAccess></PublicAccessBlockConfiguration>",
    "acl": "<AccessControlPolicy><Owner><ID>42</ID><DisplayName>me</DisplayName></Owner><AccessControlList><Grant>private</Grant></AccessControlList></AccessControlPolicy>",
    "cors": "<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>PUT</AllowedMethod><AllowedMethod>GET</AllowedMethod><AllowedHeader>Authorization</AllowedHeader><ExposeHeader>ETag</ExposeHeader><MaxAgeSeconds>9</MaxAgeSeconds></CORSRule><ResponseVary>false</ResponseVary></CORSConfiguration>",
    "lifecycle": "<LifecycleConfiguration>\n  <Rule>\n    <ID>a</ID>\n    <Prefix>u/</Prefix><Status>Enabled</Status><AtimeBase>1631698332</AtimeBase><Tag><Key>k</Key><Value>v</Value></Tag><Transition><Days>60</Days><StorageClass>IA</StorageClass></Transition><Expiration><Days>30</Days></Expiration><AbortMultipartUpload><Days>7</Days></AbortMultipartUpload><NoncurrentVersionExpiration><NoncurrentDays>5</NoncurrentDays></NoncurrentVersionExpiration><Filter><Not><Prefix>u/v/</Prefix></Not></Filter></Rule></LifecycleConfiguration>",
    "website": "<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix><SupportSubDir>true</SupportSubDir><Type>0</Type></IndexDocument><ErrorDocument><Key>404.html</Key><HttpStatus>404</HttpStatus></ErrorDocument><RoutingRules><RoutingRule><RuleNumber>1</RuleNumber></RoutingRule></RoutingRules></WebsiteConfiguration>",
    "list-type": '<ListBucketResult><Name>b</Name><Prefix></Prefix><MaxKeys>1</MaxKeys><IsTruncated>false</IsTruncated><Contents><Key>a</Key><ETag>"5B3C"</ETag><Size>3</Size></Contents><KeyCount>1</KeyCount></ListBucketResult>',
}
"""What OSS answers, after its documentation, with all that it may hold."""


@pytest.mark.parametrize("namespace", ["", OSS])
@pytest.mark.parametrize("what", DOCUMENTED)
def test_what_oss_documents_is_read_with_its_namespace_and_without(what: str, namespace: str) -> None:
    answer = read(what, DOCUMENTED[what].replace(">", f"{namespace}>", 1).encode())
    assert answer is not None
    assert ElementTree.tostring(answer, short_empty_elements=False).decode() == DOCUMENTED[what]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (f"<VersioningConfiguration{OSS}/>", ""),  # as the page on GetBucketVersioning prints it
        ("<VersioningConfiguration></VersioningConfiguration>", ""),
        (f"<VersioningConfiguration{OSS}><Status>Suspended</Status></VersioningConfiguration>", "Suspended"),
    ],
)
def test_the_state_of_versioning_is_read(body: str, status: str) -> None:
    answer = read("versioning", body.encode())
    assert answer is not None
    assert text(answer, "Status") == status


@pytest.mark.parametrize(
    "of",
    [
        lambda xml: xml.replace(">", f"{FOREIGN}>", 1),
        lambda xml: xml.replace(">", " strange='1'>", 1),
        lambda xml: f"<Answer>{xml}</Answer>",
        lambda xml: xml.replace(">", ">words", 1),
        lambda xml: xml.replace("</", "<Strange></Strange></", 1),
        lambda xml: xml[:-1],
        lambda _: "",
        lambda _: "<Error><Code>AccessDenied</Code></Error>",
    ],
)
@pytest.mark.parametrize("what", DOCUMENTED)
def test_what_is_of_another_shape_is_no_answer(what: str, of: Callable[[str], str]) -> None:
    assert read(what, of(DOCUMENTED[what]).encode()) is None


@pytest.mark.parametrize(
    ("what", "old", "new"),
    [
        ("versioning", "<Status>", "<Status xmlns='http://x.example'>"),
        ("versioning", "Status>", "status>"),
        ("versioning", "Enabled", ""),
        ("versioning", "Enabled", "Disabled"),
        ("versioning", "Enabled", " Enabled"),
        ("versioning", "Enabled", "<Status>Enabled</Status>"),
        ("versioning", "<Status>", "<Status>Suspended</Status><Status>"),
        ("versioning", "<Status>Enabled</Status>", "Enabled"),
        ("versioning", "<VersioningConfiguration>", '<?xml version="1.0" encoding="none-such"?><VersioningConfiguration>'),
        ("publicAccessBlock", "true", "on"),
        ("publicAccessBlock", "<BlockPublicAccess>true</BlockPublicAccess>", ""),
        ("acl", "private", ""),
        ("acl", "private", "default"),
        ("acl", "<Grant>", "<Grant>public-read-write</Grant><Grant>"),
        ("acl", "<ID>42</ID>", ""),
        ("acl", "42", ""),
        ("cors", "AllowedOrigin>", "allowedOrigin>"),
        ("cors", "CORSRule>", "CORSRules>"),
        ("lifecycle", "Rule>", "Rules>"),
        ("lifecycle", "Expiration>", "Expire>"),
        ("lifecycle", "Enabled", "enabled"),
        ("lifecycle", "<Days>7", "<Days>seven"),
        ("lifecycle", "<Days>30</Days>", "<Days>30</Days><Days>3000</Days>"),
        ("website", "RoutingRules>", "RoutingRuleS>"),
        ("website", "<Key>404.html</Key>", ""),
        ("list-type", "<Name>b</Name>", ""),
        ("list-type", "<IsTruncated>false</IsTruncated>", ""),
    ],
)  # fmt: skip
def test_a_part_of_another_shape_makes_it_no_answer(what: str, old: str, new: str) -> None:
    assert read(what, DOCUMENTED[what].replace(old, new).encode()) is None
