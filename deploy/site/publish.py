"""Publishes the page: `python -m deploy.site.publish deploy|remove|info`, with one JSON object as argument or on stdin.

    {"folder", "bucket", "region", "function", "upload", "domain", "title", "logo", "accent", "footer", "profile",
     "endpoint"}

`deploy` puts what is in `folder` into the bucket, with a configuration that names `function` and `upload` (URLs);
`remove` deletes what was published; both leave alone, and stop at, everything else in the bucket. `info` only tells
the address. `domain` is the host name bound to the bucket, if one is; `endpoint` is where OSS is, if not at the
region's own address (as is the variable OSS_ENDPOINT). Credentials are the environment's, as
`deploy.credentials` reads them.

Standard output has one JSON object, `{"url", "domain"}`; what happens meanwhile, and what is wrong, goes to stderr.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import alibabacloud_oss_v2 as oss

from deploy.credentials import deployer
from deploy.oss_client import client, is_of_another_region, refusal
from deploy.site.bucket import ForeignObjects, SiteBucket
from deploy.site.files import SiteFile, site_files
from deploy.site.publish_request import PublishRequest
from localcloud.terminal import guard_output

_T = TypeVar("_T")
_FORBIDDEN = "PublicEndpointForbidden"


def files_of(request: PublishRequest) -> list[SiteFile]:
    """Returns what a deployment publishes. Raises ValueError with what is wrong."""
    return site_files(Path(request.folder), request.function, request.upload, request.look)


def deploy(request: PublishRequest, environ: Mapping[str, str]) -> dict[str, object]:
    """Publishes. Raises ValueError, ForeignObjects, and the SDK's OperationError."""
    files = files_of(request)
    outcome = _at_open_address(request, environ, lambda bucket: bucket.publish(files))
    _say(f"{outcome.sent} sent, {outcome.unchanged} unchanged, {outcome.deleted} deleted")
    if not request.domain:
        _say("this address downloads the page; set SITE_DOMAIN")
    return info(request, environ)


def remove(request: PublishRequest, environ: Mapping[str, str]) -> dict[str, object]:
    """Deletes what was published. Raises as `deploy` does."""
    removed = _at_open_address(request, environ, lambda bucket: bucket.empty())
    _say(f"{removed} deleted" if removed else "nothing to delete")
    return {"removed": removed}


def info(request: PublishRequest, _: Mapping[str, str]) -> dict[str, object]:
    """Returns where the page is."""
    return {"url": request.url, "domain": request.domain}


def _at_open_address(request: PublishRequest, environ: Mapping[str, str], work: Callable[[SiteBucket], _T]) -> _T:
    """Works on the bucket at the region's address or, if that is closed to data, at the page's domain.

    It is closed to new accounts in the mainland. The first request shows it, before anything has changed.
    """
    provider = deployer(environ)
    if provider is None:
        raise ValueError(
            "There are no credentials: set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET "
            "(and ALIBABA_CLOUD_SECURITY_TOKEN, where they are temporary)"
        )
    try:
        return work(SiteBucket(client(provider, request.region, request.endpoint), request.bucket, _say))
    except oss.exceptions.OperationError as fault:
        refused = refusal(fault)
        if not request.domain or refused is None or refused.code != _FORBIDDEN:
            raise
    _say(f"OSS closes its own address to this account: going through {request.domain}")
    bound = client(provider, request.region, f"{request.scheme}://{request.domain}")
    return work(SiteBucket(bound, request.bucket, _say))


def explain_refusal(fault: oss.exceptions.OperationError, request: PublishRequest) -> str:
    """Says in one line why OSS refused, and what to do. No secret is in it: requests are not quoted."""
    refused = refusal(fault)
    if refused is None:
        host = urlsplit(request.endpoint).netloc or f"{request.bucket}.oss-{request.region}.aliyuncs.com"
        kind = type(fault.unwrap()).__name__
        return f"OSS cannot be reached at {host} ({kind}): check the network, and that {request.region} is the region"
    why = _REASONS.get(refused.code, "OSS refused")
    if is_of_another_region(refused):
        why = "The bucket {bucket} is in another region than {region}: set REGION to its own"
    told = f"{refused.code}, request {refused.request_id}"
    return f"{why.format(bucket=request.bucket, region=request.region)} ({told})"


_CREDENTIALS = "OSS does not accept these credentials: check them, and whether they have expired"
_REASONS = {
    "NoSuchBucket": "There is no bucket {bucket} in {region}: deploy everything (make deploy) before the page alone",
    "AccessDenied": "These credentials may not do this: on {bucket} they need oss:ListObjects, and on its objects "
    "oss:GetObject, oss:PutObject and oss:DeleteObject",
    "InvalidAccessKeyId": _CREDENTIALS,
    "InvalidSecurityToken": _CREDENTIALS,
    "SecurityTokenExpired": _CREDENTIALS,
    "SignatureDoesNotMatch": "OSS does not accept this signature: check the AccessKeySecret",
    "RequestTimeTooSkewed": "This machine's clock is wrong by more than 15 minutes: set it",
    _FORBIDDEN: "OSS closes its own addresses to this account in {region}: bind a domain to each bucket and set "
    "SITE_DOMAIN and UPLOAD_DOMAIN, or choose a region outside the mainland",
}


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main(arguments: list[str], environ: Mapping[str, str]) -> int:
    """Runs one command; returns the exit code: 0, or 1 with a line for what is wrong."""
    commands = {"deploy": deploy, "remove": remove, "info": info}
    if not arguments or arguments[0] not in commands or len(arguments) > 2:
        _say("usage: python -m deploy.site.publish deploy|remove|info ['{\"bucket\": …}']")
        return 1
    request = None
    try:
        request = PublishRequest.parse(arguments[1] if len(arguments) == 2 else sys.stdin.read())
        request = (
            request
            if request.endpoint
            else PublishRequest(**{**vars(request), "endpoint": environ.get("OSS_ENDPOINT", "")})
        )
        print(json.dumps(commands[arguments[0]](request, environ)))
    except (ValueError, ForeignObjects) as stop:
        _say(str(stop))
        return 1
    except oss.exceptions.OperationError as fault:
        assert request is not None  # noqa: S101 - for the type checker: nothing is asked of OSS before it is parsed
        _say(explain_refusal(fault, request))
        return 1
    return 0


if __name__ == "__main__":
    guard_output()
    sys.exit(main(sys.argv[1:], os.environ))
