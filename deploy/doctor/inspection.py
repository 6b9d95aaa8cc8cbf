"""What the account shows of a deployment, and why it does not show the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import alibabacloud_oss_v2 as oss
from alibabacloud_oss_v2.credentials import StaticCredentialsProvider

from deploy import credentials, names, oss_client
from deploy.answers import NO_ANSWER, OTHER_REGION, UNREADABLE
from deploy.declared import Deployment
from deploy.doctor import live_bucket, live_functions
from deploy.doctor.context import Context
from deploy.doctor.live_bucket import LiveBuckets, inspect_buckets
from deploy.doctor.live_functions import LiveFunctions
from deploy.doctor.live_resource import NOT_THERE, LiveResource
from deploy.doctor.rights import ResourceNames

FACTS = ("existence", *live_bucket.FACTS, *live_functions.FACTS)
_OF_NO_RESOURCE = {"clock", "existence", live_bucket.OF_ACCOUNT}
"""Facts that are visible even if no resource is: with credentials that OSS refuses, or before a deployment."""


@dataclass(frozen=True)
class Inspection:
    """The live buckets, functions and roles, as far as the credentials show them."""

    not_visible: Mapping[str, str]
    """Why a fact of `FACTS` is not visible."""
    live_buckets: LiveBuckets | None = None
    live_functions: Deployment | None = None
    resources: tuple[LiveResource, ...] = ()
    """The live resources that were looked for."""
    not_declared: frozenset[str] = frozenset()
    """Facts of resources that s.yaml does not make: nothing was asked about them."""
    has_credentials: bool = True
    """Whether somebody set credentials, so that seeing nothing is a failure."""

    @property
    def unseen(self) -> tuple[str, ...]:
        """Returns the names of the resources of which nothing shows whether they are this deployment's."""
        return tuple(each.name for each in self.resources if each.code and each.code not in NOT_THERE)

    @property
    def is_blind(self) -> bool:
        """Tells whether credentials are set, and show nothing."""
        seen = set(FACTS) - set(self.not_visible) - self.not_declared
        return self.has_credentials and seen <= _OF_NO_RESOURCE


def inspect(environ: Mapping[str, str], deployment: Deployment) -> Inspection:
    """Looks at the buckets, the functions and their roles, with the deployer's credentials."""
    provider, account_id = credentials.deployer(environ), credentials.account_id(environ)
    region = str(deployment.function.get("region", ""))
    oss_region = Context(environ, deployment).regions["oss"]
    if provider is None:
        reason, attempted = credentials.no_credentials(environ)
        return _nothing(f"{reason} (docs/operations.md, Credentials)", has_credentials=attempted)
    if not account_id:
        return _nothing("every live name has the account's ID in it: set AccountID")
    regions = (fault for each in (region, oss_region) for fault in names.region_faults(each))
    named = (text for name, text in names.faults(environ, account_id).items() if name in ("NAME", "UPLOAD_BUCKET"))
    if wrong := (*names.account_faults(account_id), *regions, *named):
        return _nothing(f"it is not known where to look: {wrong[0]}")
    buckets = inspect_buckets(
        oss_client.client(provider, oss_region),
        deployment.function_environ.get("OSS_BUCKET", ""),
        deployment.site_bucket,
        at_site_domain=_at(environ, provider, oss_region),
    )
    resources = ResourceNames.of(deployment)
    account = LiveFunctions(provider, account_id=account_id, region=region)
    functions, not_visible = account.inspect(
        str(deployment.function.get("functionName", "")),
        str(deployment.callback.get("functionName", "")),
        (resources.sign_role, resources.upload_role, resources.callback_role),
    )
    reasons = _oss_reasons(buckets)
    for fact, reason in not_visible.items():
        reasons[fact] = f"{'RAM' if fact == 'roles' else 'Function Compute'}: {reason}"
    found = (*account.resources, *buckets.resources)
    if unknown := [each for each in found if each.code and each.code not in NOT_THERE]:
        reasons["existence"] = reasons[unknown[0].fact]
    return Inspection(reasons, buckets, functions, found, _not_declared(deployment))


def _at(
    environ: Mapping[str, str], provider: StaticCredentialsProvider, region: str
) -> Callable[[], oss.Client] | None:
    """Returns what makes a client at the page's domain; None if it has none."""
    domain = environ.get("SITE_DOMAIN", "").strip()
    if not domain or names.domain_faults("SITE_DOMAIN", domain):
        return None
    return lambda: oss_client.client(provider, region, f"https://{domain}")


def _not_declared(deployment: Deployment) -> frozenset[str]:
    facts = () if deployment.site_bucket else (*live_bucket.OF_SITE, live_bucket.OF_ACCOUNT)
    return frozenset((*facts, *(() if deployment.callback.get("functionName") else ("callback function",))))


def _nothing(reason: str, *, has_credentials: bool = True) -> Inspection:
    return Inspection(dict.fromkeys(FACTS, reason), has_credentials=has_credentials)


def _oss_reasons(buckets: LiveBuckets) -> dict[str, str]:
    """Returns why facts of the buckets are not visible."""
    absent = " and ".join(each.name for each in buckets.resources if each.code in NOT_THERE)
    reasons = {fact: _oss_reason(code, absent) for fact, code in buckets.not_visible.items()}
    for each in buckets.resources:
        if each.code == "AccessDenied":
            of_bucket = live_bucket.OF_UPLOADS if each.fact in live_bucket.OF_UPLOADS else live_bucket.OF_SITE
            denied = (fact for fact in of_bucket if buckets.not_visible.get(fact) == each.code)
            reasons.update(dict.fromkeys(denied, f"OSS says AccessDenied for {each.name}: {_WHOSE}"))
    return reasons


_WHOSE = "the name is taken by another account, or the bucket is in another region, or you may not read it"


def _oss_reason(code: str, absent: str) -> str:
    if code == NO_ANSWER:
        return "OSS did not answer (is this machine connected to the internet?)"
    if code == UNREADABLE:
        return "the answer is not what OSS sends (does something else answer in its place, such as a proxy?)"
    if code == OTHER_REGION:
        return "the bucket is in another region: set REGION to its own"
    if code == "NoSuchBucket":
        return f"there is no such bucket ({absent}): it is not deployed yet, or NAME, REGION or AccountID is another's"
    return f"OSS says {code}"
