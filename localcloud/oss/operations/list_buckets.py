"""ListBuckets (GetService): lists the caller's buckets, by name, in pages."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from localcloud.oss.authorization import authorize_bucket
from localcloud.oss.operations.list_objects_v2 import DEFAULT_MAX_KEYS, parse_max
from localcloud.oss.responses import xml_response
from localcloud.oss.signature_v4 import iso_8601, raw_pairs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from werkzeug.wrappers import Request, Response

    from localcloud.oss.storage.bucket import Bucket
    from localcloud.ram.identities import Identity
    from localcloud.xml_document import Content


def list_buckets(http: Request, identity: Identity, buckets: Iterable[Bucket], region: str) -> Response:
    """Returns the buckets of the caller's account; `region` is that of those without one. Raises OssError."""
    authorize_bucket(identity, "oss:ListBuckets", identity.account_id, "*")
    query = {unquote(name): unquote(value) for name, value in raw_pairs(str(http.environ["QUERY_STRING"]))}
    prefix, marker = query.get("prefix", ""), query.get("marker", "")
    max_keys = parse_max(query, "max-keys", DEFAULT_MAX_KEYS)
    own = sorted((each for each in buckets if each.account_id == identity.account_id), key=lambda bucket: bucket.name)
    found = [bucket for bucket in own if bucket.name.startswith(prefix) and bucket.name > marker]
    page = found[:max_keys]
    # As the page says, these elements are only there if not all of the buckets are returned.
    paging: list[tuple[str, Content]] = (
        [
            ("Prefix", prefix),
            ("Marker", marker),
            ("MaxKeys", str(max_keys)),
            ("IsTruncated", "true"),
            ("NextMarker", page[-1].name),
        ]
        if len(page) < len(found)
        else []
    )
    owner: Content = [("ID", identity.account_id), ("DisplayName", identity.account_id)]
    described: Content = [("Bucket", _describe(bucket, bucket.region or region)) for bucket in page]
    return xml_response("ListAllMyBucketsResult", [*paging, ("Owner", owner), ("Buckets", described)])


def _describe(bucket: Bucket, region: str) -> Content:
    return [
        ("CreationDate", iso_8601(bucket.created)),
        ("ExtranetEndpoint", f"oss-{region}.aliyuncs.com"),
        ("IntranetEndpoint", f"oss-{region}-internal.aliyuncs.com"),
        ("Location", f"oss-{region}"),
        ("Name", bucket.name),
        ("Region", region),
        ("StorageClass", "Standard"),
    ]
