"""What the live bucket is like, as far as the deployer may see it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from typing import Any
from xml.etree.ElementTree import Element

import alibabacloud_oss_v2 as oss
from alibabacloud_oss_v2.types import OperationInput

from deploy import bucket_answers
from deploy.answers import NO_ANSWER, OTHER_REGION, UNREADABLE, plain_code
from deploy.bucket_answers import text
from deploy.cors_rules import CorsRule
from deploy.doctor.live_resource import NOT_THERE, LiveResource
from deploy.lifecycle_rules import ExpiryRule, PartsRule, expiry_rules, parts_rules
from deploy.oss_client import is_of_another_region, refusal


@dataclass(frozen=True)
class Website:
    """What a bucket shows where there is no object to show."""

    index: str = ""
    error: str = ""
    rules: int = 0
    """How many rules send requests elsewhere, or fetch what is missing from there."""


@dataclass(frozen=True)
class Referers:
    """Which pages may send people to a bucket's objects (hotlink protection)."""

    allows_none: bool = True
    """Requests that name no page are answered."""
    pages: int = 0
    """How many patterns of pages there are; without any, all requests are answered."""


@dataclass(frozen=True)
class BucketConfig:
    """The upload bucket, declared or live; what is None is not known. Of the page's, the ACL and the policy alone."""

    where: str
    """Where this was seen, for people."""
    versioning: str | None = None
    """Empty, Enabled or Suspended."""
    public_access_blocked: bool | None = None
    acl: str | None = None
    owner: str | None = None
    """The account whose it is: of live buckets alone."""
    cors: tuple[CorsRule, ...] | None = None
    parts: tuple[PartsRule, ...] | None = None
    policy: Any = None
    """The bucket's policy, as it stands; empty if it has none."""
    expiry: tuple[ExpiryRule, ...] | None = None
    website: Website | None = None
    encryption: str | None = None
    """How what is stored is encrypted, if a request does not say; empty for not at all. Of the upload bucket alone."""
    referers: Referers | None = None
    """Of the upload bucket alone."""
    files: Mapping[str, str] | None = None
    """Its objects' ETags, in small letters, by key: of the page's bucket alone."""
    archived: tuple[str, ...] = ()
    """The keys of those of them that OSS shows to nobody before somebody restores them."""


@dataclass(frozen=True)
class LiveBuckets:
    """What was seen in the account."""

    bucket: BucketConfig
    skew: float | None = None
    """Seconds by which this machine's clock is ahead of OSS's; None where OSS did not answer."""
    endpoint_forbidden: bool = False
    """OSS answered PublicEndpointForbidden to a request for data at the bucket's default domain."""
    site: BucketConfig | None = None
    """The page's bucket."""
    account_blocked: bool | None = None
    """Whether the account blocks public access to all of its buckets; None if that is not known."""
    not_visible: Mapping[str, str] = field(default_factory=dict)
    """Why what could not be seen was not: OSS's code, by what `FACTS` call it."""
    resources: tuple[LiveResource, ...] = ()


OF_UPLOADS = (
    *("ACL", "versioning", "Block Public Access", "CORS", "lifecycle", "policy", "list of objects"),
    *("encryption", "Referer rules", "website"),
)
OF_SITE = ("site ACL", "site Block Public Access", "site policy", "site website", "site files")
OF_ACCOUNT = "Block Public Access of the account"
"""What the page needs to know of the account, and no bucket shows."""
FACTS = (*OF_UPLOADS, "clock", *OF_SITE, OF_ACCOUNT)
"""What there is to be seen of the two buckets, and around them."""


def inspect_buckets(
    client: oss.Client,
    bucket: str,
    site: str = "",
    *,
    at_site_domain: Callable[[], oss.Client] | None = None,
    clock: Callable[[], float] = time.time,
) -> LiveBuckets:
    """Returns the live buckets, through whatever the client's credentials may read. Raises nothing that OSS answers."""
    return _Inspector(client, bucket, site, at_site_domain, clock).live()


class _Inspector:
    """One look at a bucket: each question by itself, so that one refusal costs one answer."""

    def __init__(
        self,
        client: oss.Client,
        bucket: str,
        site: str,
        at_site_domain: Callable[[], oss.Client] | None,
        clock: Callable[[], float],
    ) -> None:
        self._client = client
        self._at_site_domain = at_site_domain
        self._bucket = bucket
        self._site = site
        self._clock = clock
        self._skew: float | None = None
        self._refused: dict[str, str] = {}
        self._not_visible: dict[str, str] = {}

    def live(self) -> LiveBuckets:
        uploads = self._upload_bucket()
        account_blocked = self._ask_whether_blocked(OF_ACCOUNT, None) if self._site else None
        site = self._page_bucket() if self._site else None
        if self._skew is None:
            self._not_visible["clock"] = NO_ANSWER
        return LiveBuckets(
            uploads,
            skew=self._skew,
            endpoint_forbidden="PublicEndpointForbidden" in self._refused.values(),
            site=site,
            account_blocked=account_blocked,
            not_visible=dict(self._not_visible),
            resources=tuple(self._resources()),
        )

    def _upload_bucket(self) -> BucketConfig:
        bucket = self._bucket
        versioning = self._ask("versioning", bucket, "versioning")
        blocked = self._ask_whether_blocked("Block Public Access", bucket)
        acl = self._ask("ACL", bucket, "acl")
        cors = self._ask_for_rules("CORS", "cors", none="NoSuchCORSConfiguration")
        lifecycle = self._ask_for_rules("lifecycle", "lifecycle", none="NoSuchLifecycle")
        policy = self._ask_policy("policy", bucket)
        encryption, referers = self._ask_encryption(), self._ask_referers()
        website = self._ask_website("website", bucket)
        self._ask("list of objects", bucket, "list-type", none="PublicEndpointForbidden")
        return BucketConfig(
            where=f"The live bucket {bucket}",
            versioning=None if versioning is None else text(versioning, "Status"),
            public_access_blocked=blocked,
            acl=_acl(acl),
            owner=_owner(acl),
            cors=None if cors is None else tuple(map(CorsRule.parse, cors)),
            parts=None if lifecycle is None else tuple(parts_rules(lifecycle)),
            expiry=None if lifecycle is None else tuple(expiry_rules(lifecycle)),
            policy=policy,
            website=website,
            encryption=encryption,
            referers=referers,
        )

    def _resources(self) -> Iterator[LiveResource]:
        buckets = (("the upload bucket", self._bucket, OF_UPLOADS), ("the page's bucket", self._site, OF_SITE))
        for kind, name, facts in buckets:
            codes = [self._not_visible.get(fact, "") for fact in facts]
            absent = [code for code in codes if code in NOT_THERE]
            if name:  # the ACL alone says whose a bucket is: another account that took the name may show the rest
                yield LiveResource(f"{kind} {name}", facts[0], (absent or codes)[0])

    def _page_bucket(self) -> BucketConfig:
        acl = self._ask("site ACL", self._site, "acl")
        seen = BucketConfig(
            where=f"The page's live bucket {self._site}",
            public_access_blocked=self._ask_whether_blocked("site Block Public Access", self._site),
            acl=_acl(acl),
            owner=_owner(acl),
            policy=self._ask_policy("site policy", self._site),
            website=self._ask_website("site website", self._site),
        )
        objects = self._ask_for_objects()  # last: it may go to another address from then on
        if objects is None:
            return seen
        return replace(
            seen,
            files={key: text(each, "ETag").strip('"').lower() for key, each in objects.items()},
            archived=tuple(key for key, each in objects.items() if "Archive" in text(each, "StorageClass")),
        )

    def _ask_for_objects(self) -> Mapping[str, Element] | None:
        """Returns the page's objects, through its domain where OSS closes its own addresses to the account."""
        answer = self._ask("site files", self._site, "list-type")
        if self._refused.get("site files") == "PublicEndpointForbidden" and self._at_site_domain:
            self._client = self._at_site_domain()
            del self._not_visible["site files"]
            answer = self._ask("site files", self._site, "list-type")
        if answer is None:
            return None
        if text(answer, "IsTruncated") != "false":  # more files than any page of this project has
            self._not_visible["site files"] = "more than 1,000 files"
            return None
        return {text(each, "Key"): each for each in answer.findall("Contents")}

    def _ask_whether_blocked(self, what: str, bucket: str | None) -> bool | None:
        answer = self._ask(what, bucket, "publicAccessBlock")
        return None if answer is None else text(answer, "BlockPublicAccess") == "true"

    def _ask_encryption(self) -> str | None:
        what, none = "encryption", "NoSuchServerSideEncryptionRule"
        answer = self._ask(what, self._bucket, "encryption", none=none)
        if answer is None:
            return "" if self._refused.get(what) == none else None
        return text(answer, "ApplyServerSideEncryptionByDefault/SSEAlgorithm")

    def _ask_referers(self) -> Referers | None:
        answer = self._ask("Referer rules", self._bucket, "referer")
        if answer is None:
            return None
        pages = [each for each in answer.findall("RefererList/Referer") if each.text]
        return Referers(text(answer, "AllowEmptyReferer") == "true", len(pages))

    def _ask_website(self, what: str, bucket: str) -> Website | None:
        none = "NoSuchWebsiteConfiguration"
        answer = self._ask(what, bucket, "website", none=none)
        if answer is None:
            return Website() if self._refused.get(what) == none else None
        return Website(
            index=text(answer, "IndexDocument/Suffix"),
            error=text(answer, "ErrorDocument/Key"),
            rules=len(answer.findall("RoutingRules/RoutingRule")),
        )

    def _ask_for_rules(self, what: str, parameter: str, none: str) -> list[Element] | None:
        """Returns the upload bucket's rules; None if they are not visible."""
        answer = self._ask(what, self._bucket, parameter, none=none)
        if answer is None:
            return [] if self._refused.get(what) == none else None
        return [each for each in answer if each.tag in ("CORSRule", "Rule")]

    def _ask_policy(self, what: str, bucket: str) -> str | None:
        """Returns the policy; empty if there is none, None if that is not visible."""
        none = "NoSuchBucketPolicy"
        answer = self._answer(what, bucket, {"policy": ""}, none)
        if answer is None:
            return "" if self._refused.get(what) == none else None
        policy = answer.decode(errors="replace")
        if not policy.lstrip().startswith("{"):  # somebody else's page, and no policy, however it is written
            self._not_visible[what] = UNREADABLE
            return None
        return policy

    def _ask(self, what: str, bucket: str | None, parameter: str, none: str = "") -> Element | None:
        """Returns what OSS says of a bucket, or of the account; None if it refuses.

        The refusal `none` is an answer, too.
        """
        most = "1000" if bucket == self._site else "1"
        more = {"list-type": "2", "max-keys": most} if parameter == "list-type" else {parameter: ""}
        content = self._answer(what, bucket, more, none)
        answer = None if content is None else bucket_answers.read(parameter, content)
        is_another = answer is not None and answer.findtext("Name") not in (None, bucket)
        if content is not None and (answer is None or is_another):
            self._refused[what] = self._not_visible[what] = UNREADABLE
            return None
        return answer

    def _answer(self, what: str, bucket: str | None, parameters: Mapping[str, str], none: str) -> bytes | None:
        """Returns an answer as it came; None if OSS refuses, or did not answer before."""
        if NO_ANSWER in self._refused.values():
            self._not_visible[what] = NO_ANSWER
            return None
        before = self._clock()
        try:
            answer = self._client.invoke_operation(OperationInput(what, "GET", parameters=parameters, bucket=bucket))
        except ValueError:
            self._refused[what] = self._not_visible[what] = UNREADABLE
            return None
        except oss.exceptions.BaseError as fault:
            refused = refusal(fault)
            self._refused[what] = code = _code_of(fault)
            self._note_skew(before, refused.headers if refused else None)
            if code != none:
                self._not_visible[what] = code
            return None
        self._note_skew(before, answer.headers)
        if answer.status_code != 200:
            self._refused[what] = self._not_visible[what] = UNREADABLE
            return None
        return bytes(answer.http_response.content)

    def _note_skew(self, before: float, headers: Any) -> None:
        """Notes how far this machine's clock is off. OSS's shows whole seconds: less than one is no skew."""
        told = (headers or {}).get("Date")
        if told is None or self._skew is not None:
            return
        try:
            theirs = parsedate_to_datetime(told).timestamp()
        except (TypeError, ValueError):
            return
        ahead, behind = before - (theirs + 1), theirs - self._clock()
        self._skew = ahead if ahead > 0 else -behind if behind > 0 else 0.0


def _code_of(fault: oss.exceptions.BaseError) -> str:
    """Returns OSS's code; of an answer that is not OSS's, `UNREADABLE`."""
    cause = fault.unwrap() if isinstance(fault, oss.exceptions.OperationError) else fault
    if isinstance(cause, oss.exceptions.ServiceError):
        if is_of_another_region(cause):
            return OTHER_REGION
        code = str(cause.code)
        is_code = plain_code(code) == code != "BadErrorResponse"  # which the SDK says
        # The SDK also finds codes in what it cannot parse. That there is nothing counts only as OSS documents it.
        is_documented = cause.status_code == 404 and cause.error_fileds.get("Code") == code
        return code if is_code and (is_documented or not code.startswith("NoSuch")) else UNREADABLE
    return UNREADABLE if isinstance(cause, oss.exceptions.DeserializationError) else NO_ANSWER


def _acl(answer: Element | None) -> str | None:
    return None if answer is None else text(answer, "AccessControlList/Grant")


def _owner(answer: Element | None) -> str | None:
    return None if answer is None else text(answer, "Owner/ID")
