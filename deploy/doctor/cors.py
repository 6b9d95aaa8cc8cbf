"""What doctor looks for in the CORS rules of the upload bucket, declared and live.

OSS takes the first rule that fits a request: its origin and its method, and of a preflight the headers, too (OSS's page
on PutBucketCors).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from deploy.cors_rules import CorsRule, matches, readable_headers, rules_for
from deploy.doctor.check import check
from deploy.doctor.context import Context
from deploy.doctor.multipart import is_on
from fc_http.environment import split_list


@check(
    "cors-wide",
    impact="A web page that is not yours, and has a form, can use it from its visitors' browsers.",
    fix="Allow the origins of ALLOWED_ORIGINS alone: delete others' rules in the OSS console, and deploy.",
    live="CORS",
)
def cors_wide(context: Context) -> Iterator[str]:
    origins = split_list(context.settings.get("ALLOWED_ORIGINS", ""))
    named = None if "ALLOWED_ORIGINS" in context.setting_faults else origins
    for each in context.buckets() if not context.existing_bucket else ():  # others may use it, too: shared-bucket
        for origin in dict.fromkeys(origin for rule in each.cors or () for origin in rule.origins):
            if "*" in origin:
                yield f"{each.where} lets pages of {origin} read its answers."
            elif named is not None and origin not in named:
                yield f"{each.where} lets pages of {origin} read its answers, and ALLOWED_ORIGINS does not name it."


@check(
    "cors",
    impact="Its uploads are stored, and the page says that they failed.",
    fix="Add the origin to the rule for POST in deploy/ros.yaml and deploy.",
    live="CORS",
)
def cors(context: Context) -> Iterator[str]:
    for each in context.buckets():
        if each.cors is not None:
            for origin in context.origins:
                if not rules_for(each.cors, origin, "POST"):
                    yield f"{each.where} has no CORS rule that lets {origin} post."


@check(
    "multipart-cors",
    impact="Browsers refuse to send that page's parts: its large files fail.",
    fix="Name PUT beside POST, and expose ETag, in the bucket's CORS rule in deploy/ros.yaml, and deploy. Delete rules "
    "before it.",
    live="CORS",
)
def multipart_cors(context: Context) -> Iterator[str]:
    for each in context.buckets() if is_on(context) else ():
        for origin in context.origins if each.cors is not None else ():
            if "etag" not in readable_headers(each.cors or (), origin, "PUT"):
                yield f"{each.where} has no CORS rule that lets {origin} put parts and read their ETag."


@check(
    "cors-headers",
    impact="A page that sends or reads them fails: browsers refuse it.",
    fix="Deploy. If that leaves the rules as they are, set them in the OSS console as deploy/ros.yaml does, and delete "
    "those before them.",
    live="CORS",
    declared=False,
)
def cors_headers(context: Context) -> Iterator[str]:
    """Finds headers of requests and of answers that the template allows to pages, and the live bucket does not."""
    declared, live = next(context.buckets(), None), context.live_bucket
    if declared is None or live is None or declared.cors is None or live.cors is None:
        return
    looked_at = {"etag"} if is_on(context) else set()  # by multipart-cors
    for origin in context.origins:
        missing: dict[str, set[str]] = {"send": set(), "read": set()}
        for method in ("POST", "PUT"):
            stated, found = (rules_for(rules, origin, method) for rules in (declared.cors, live.cors))
            if stated and found:
                sent = [name for rule in stated for name in rule.headers if not _may_be_sent(found, name)]
                missing["send"].update(sent)
                read = readable_headers(declared.cors, origin, method) - readable_headers(live.cors, origin, method)
                missing["read"].update(read - looked_at)
        for what, headers in missing.items():
            if headers:
                yield f"{live.where} does not let {origin} {what} {', '.join(sorted(headers))}, as the template does."


def _may_be_sent(rules: Iterable[CorsRule], header: str) -> bool:
    """Tells whether one of these rules allows a header, or all that a pattern in the template stands for."""
    return any(matches(each.lower(), header.lower()) for rule in rules for each in rule.headers)
