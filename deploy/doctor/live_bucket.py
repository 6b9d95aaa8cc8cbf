"""What the live bucket is like, as far as the deployer may see it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any
from xml.etree.ElementTree import ParseError

import alibabacloud_oss_v2 as oss

from deploy.doctor.live_resource import NOT_THERE, LiveResource
from deploy.oss_client import plain_code, refusal


@dataclass(frozen=True)
class CorsRule:
    """One rule of a bucket's CORS."""

    origins: tuple[str, ...]
    methods: tuple[str, ...]
    exposed: tuple[str, ...] = ()
    """The headers of answers that pages may read."""


@dataclass(frozen=True)
class PartsRule:
    """One lifecycle rule that is enabled and clears away the parts of unfinished uploads."""

    prefix: str
    days: int
    """After the upload began; 0 where the rule names a date instead."""


@dataclass(frozen=True)
class ExpiryRule:
    """One lifecycle rule that is enabled and deletes objects, whatever their tags."""

    prefix: str
    days: int
    """After the object was stored; 0 where the rule names a date instead."""


@dataclass(frozen=True)
class Website:
    """What a bucket shows where there is no object to show."""

    index: str = ""
    error: str = ""
    rules: int = 0
    """How many rules send requests elsewhere, or fetch what is missing from there."""


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
    """Of the page's bucket alone."""


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
    not_visible: Mapping[str, str] = field(default_factory=dict)
    """Why what could not be seen was not: OSS's code, by what `FACTS` call it."""
    resources: tuple[LiveResource, ...] = ()


_OF_UPLOADS = ("ACL", "versioning", "Block Public Access", "CORS", "lifecycle", "policy")
OF_SITE = ("site ACL", "site policy", "site website")
FACTS = (*_OF_UPLOADS, "list of objects", "clock", *OF_SITE)
"""What there is to be seen of the two buckets."""

NO_ANSWER = "no answer"
UNREADABLE = "what cannot be read"


def inspect_buckets(
    client: oss.Client, bucket: str, site: str = "", *, clock: Callable[[], float] = time.time
) -> LiveBuckets:
    """Returns the live buckets, through whatever the client's credentials may read. Raises nothing that OSS answers."""
    return _Inspector(client, bucket, site, clock).live()


class _Inspector:
    """One look at a bucket: each question by itself, so that one refusal costs one answer."""

    def __init__(self, client: oss.Client, bucket: str, site: str, clock: Callable[[], float]) -> None:
        self._client = client
        self._bucket = bucket
        self._site = site
        self._clock = clock
        self._skew: float | None = None
        self._refused: dict[str, str] = {}
        self._not_visible: dict[str, str] = {}

    def live(self) -> LiveBuckets:
        request = {"bucket": self._bucket}
        versioning = self._ask("versioning", lambda: self._client.get_bucket_versioning(_versioning(**request)))
        blocked = self._ask(
            "Block Public Access", lambda: self._client.get_bucket_public_access_block(_block(**request))
        )
        acl = self._ask("ACL", lambda: self._client.get_bucket_acl(_acl(**request)))
        cors = self._ask("CORS", lambda: self._client.get_bucket_cors(_cors(**request)), none="NoSuchCORSConfiguration")
        lifecycle = self._ask(
            "lifecycle", lambda: self._client.get_bucket_lifecycle(_lifecycle(**request)), none="NoSuchLifecycle"
        )
        policy = self._ask_policy("policy", self._bucket)
        self._ask(
            "list of objects",
            lambda: self._client.list_objects_v2(_list(**request, max_keys=1)),
            none="PublicEndpointForbidden",
        )
        site = self._page_bucket() if self._site else None
        if self._skew is None:
            self._not_visible["clock"] = NO_ANSWER
        return LiveBuckets(
            BucketConfig(
                where=f"The live bucket {self._bucket}",
                versioning=(versioning.version_status or "") if versioning else None,
                public_access_blocked=_is_blocked(blocked),
                acl=acl.acl if acl else None,
                owner=acl.owner.id if acl else None,
                cors=() if self._refused.get("CORS") == "NoSuchCORSConfiguration" else _rules(cors),
                parts=() if self._refused.get("lifecycle") == "NoSuchLifecycle" else _parts(lifecycle),
                expiry=() if self._refused.get("lifecycle") == "NoSuchLifecycle" else _expiry(lifecycle),
                policy=policy,
            ),
            skew=self._skew,
            endpoint_forbidden="PublicEndpointForbidden" in self._refused.values(),
            site=site,
            not_visible=dict(self._not_visible),
            resources=tuple(self._resources()),
        )

    def _resources(self) -> Iterator[LiveResource]:
        buckets = (("the upload bucket", self._bucket, _OF_UPLOADS), ("the page's bucket", self._site, OF_SITE))
        for kind, name, facts in buckets:
            codes = [self._not_visible.get(fact, "") for fact in facts]
            absent = [code for code in codes if code in NOT_THERE]
            if name:
                yield LiveResource(f"{kind} {name}", facts[0], (absent or [min(codes, key=bool)])[0])

    def _page_bucket(self) -> BucketConfig:
        acl = self._ask("site ACL", lambda: self._client.get_bucket_acl(_acl(bucket=self._site)))
        return BucketConfig(
            where=f"The page's live bucket {self._site}",
            acl=acl.acl if acl else None,
            owner=acl.owner.id if acl else None,
            policy=self._ask_policy("site policy", self._site),
            website=self._ask_website(),
        )

    def _ask_website(self) -> Website | None:
        what, none = "site website", "NoSuchWebsiteConfiguration"
        answer = self._ask(what, lambda: self._client.get_bucket_website(_website(bucket=self._site)), none=none)
        if answer is None:
            return Website() if self._refused.get(what) == none else None
        found = answer.website_configuration
        return Website(
            index=(found.index_document.suffix if found.index_document else None) or "",
            error=(found.error_document.key if found.error_document else None) or "",
            rules=len((found.routing_rules.routing_rules if found.routing_rules else None) or ()),
        )

    def _ask_policy(self, what: str, bucket: str) -> str | None:
        """Returns the policy; empty if there is none, None if that is not visible."""
        none = "NoSuchBucketPolicy"
        answer = self._ask(what, lambda: self._client.get_bucket_policy(_policy(bucket=bucket)), none=none)
        if answer is None:
            return "" if self._refused.get(what) == none else None
        if not answer.body.lstrip().startswith("{"):  # somebody else's page, and no policy, however it is written
            self._not_visible[what] = UNREADABLE
            return None
        return str(answer.body)

    def _ask(self, what: str, question: Callable[[], Any], none: str = "") -> Any:
        """Returns the answer; None if OSS refuses, or did not answer before. The refusal `none` is an answer, too."""
        if NO_ANSWER in self._refused.values():
            self._not_visible[what] = NO_ANSWER
            return None
        before = self._clock()
        try:
            result = question()
        except (ParseError, ValueError):
            self._refused[what] = self._not_visible[what] = UNREADABLE
            return None
        except oss.exceptions.BaseError as fault:
            refused = refusal(fault)
            self._refused[what] = code = _code_of(fault)
            self._note_skew(before, refused.headers if refused else None)
            if code != none:
                self._not_visible[what] = code
            return None
        self._note_skew(before, result.headers)
        if result.status_code != 200 or result.headers.get("Content-Length") == "0" or _says_nothing(result):
            self._refused[what] = self._not_visible[what] = UNREADABLE
            return None
        return result

    def _note_skew(self, before: float, headers: Any) -> None:
        """OSS's clock shows whole seconds: what lies within the request and that second is no skew."""
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
        is_code = plain_code(cause.code) == cause.code != "BadErrorResponse"  # which the SDK says
        return str(cause.code) if is_code else UNREADABLE
    return UNREADABLE if isinstance(cause, oss.exceptions.DeserializationError) else NO_ANSWER


_RULES = {oss.GetBucketCorsResult: "cors_rules", oss.GetBucketLifecycleResult: "rules"}
"""Where an answer has the rules without which OSS would have refused it."""


def _says_nothing(result: Any) -> bool:
    """Tells whether an answer lacks what it is about. Versioning that never was on has an empty answer."""
    told = {
        oss.GetBucketPublicAccessBlockResult: "public_access_block_configuration",
        oss.GetBucketAclResult: "acl",
        oss.GetBucketCorsResult: "cors_configuration",
        oss.GetBucketLifecycleResult: "lifecycle_configuration",
        oss.GetBucketPolicyResult: "body",
        oss.GetBucketWebsiteResult: "website_configuration",
        oss.ListObjectsV2Result: "name",
    }
    if isinstance(result, oss.GetBucketAclResult) and not (result.owner and result.owner.id):
        return True
    found = getattr(result, told[type(result)]) if type(result) in told else True
    return not found or not getattr(found, _RULES.get(type(result), ""), True)


def _is_blocked(result: Any) -> bool | None:
    configuration = result.public_access_block_configuration if result else None
    return bool(configuration.block_public_access) if configuration else None


def _rules(result: Any) -> tuple[CorsRule, ...] | None:
    configuration = result.cors_configuration if result else None
    if configuration is None:
        return None
    return tuple(
        CorsRule(
            *(
                tuple(each or "" for each in listed or ())
                for listed in (rule.allowed_origins, rule.allowed_methods, rule.expose_headers)
            )
        )
        for rule in configuration.cors_rules or ()
    )


def _parts(result: Any) -> tuple[PartsRule, ...] | None:
    configuration = result.lifecycle_configuration if result else None
    if configuration is None:
        return None
    return tuple(
        PartsRule(rule.prefix or "", rule.abort_multipart_upload.days or 0)
        for rule in configuration.rules or ()
        if rule.status == "Enabled" and rule.abort_multipart_upload
        if rule.abort_multipart_upload.days or rule.abort_multipart_upload.created_before_date
    )


def _expiry(result: Any) -> tuple[ExpiryRule, ...] | None:
    configuration = result.lifecycle_configuration if result else None
    if configuration is None:
        return None
    return tuple(
        ExpiryRule(rule.prefix or "", rule.expiration.days or 0)
        for rule in configuration.rules or ()
        if rule.status == "Enabled" and not rule.tags and rule.expiration
        if not rule.expiration.expired_object_delete_marker  # older rules name a Date, which the SDK does not read
    )


_versioning = oss.GetBucketVersioningRequest
_block = oss.GetBucketPublicAccessBlockRequest
_acl = oss.GetBucketAclRequest
_cors = oss.GetBucketCorsRequest
_lifecycle = oss.GetBucketLifecycleRequest
_policy = oss.GetBucketPolicyRequest
_website = oss.GetBucketWebsiteRequest
_list = oss.ListObjectsV2Request
