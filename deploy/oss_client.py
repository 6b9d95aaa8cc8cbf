"""The upload bucket, through the vendor's SDK and with the deployer's credentials."""

from __future__ import annotations

import http.client
import re
from urllib.parse import urlsplit

import alibabacloud_oss_v2 as oss
from alibabacloud_oss_v2.credentials import StaticCredentialsProvider

from deploy.addresses import safe_endpoint

_OTHER_REGION = frozenset({"0002-00000226", "0002-00000228"})
"""ECs of signatures for another region, in a query and in a header."""

# An object may have some thousand headers of user metadata, if its uploader added them to the form. http.client takes a
# response with more than 100 for none, and one such object would end the owner's list.
http.client._MAXHEADERS = 10_000  # type: ignore[attr-defined]


def client(provider: StaticCredentialsProvider, region: str, endpoint: str = "") -> oss.Client:
    """Returns a client for buckets of a region; `endpoint` is a custom domain's or a stand-in's `https://…`.

    Raises ValueError where keys would go to another machine in the clear.
    """
    own_domain = not re.fullmatch(r"[\d.]+|localhost|.*\.aliyuncs\.com", urlsplit(endpoint).hostname or "localhost")
    return oss.Client(
        oss.Config(
            region=region,
            endpoint=safe_endpoint(endpoint) or None,
            credentials_provider=provider,
            use_cname=own_domain,
            retry_max_attempts=2,
        )
    )


def refusal(fault: Exception) -> oss.exceptions.ServiceError | None:
    """Returns what OSS answered, if that is why an operation failed; None if it did not get that far."""
    cause = fault.unwrap() if isinstance(fault, oss.exceptions.OperationError) else fault
    return cause if isinstance(cause, oss.exceptions.ServiceError) else None


def is_of_another_region(refused: oss.exceptions.ServiceError) -> bool:
    """Tells whether OSS refuses because the bucket is in another region than the client's."""
    return "specified endpoint" in (refused.message or "") or refused.ec in _OTHER_REGION
