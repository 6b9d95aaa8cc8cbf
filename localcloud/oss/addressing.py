"""Which bucket, and which object in it, a request is about: by its host, or by the first part of its path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from localcloud.oss.errors import Refused, access_denied

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Request

    from localcloud.oss.storage.bucket import Bucket


@dataclass(frozen=True)
class Address:
    """Where a request goes."""

    bucket: Bucket
    key: str
    """Empty for the bucket itself."""
    is_bound_domain: bool
    """Asked through a domain bound to the bucket, not through one that every bucket has."""


class Addresses:
    """The hosts under which buckets are had.

    Which they are is our choice, as the real ones cannot be had on loopback. Bound to a bucket are the domains in
    `domains`, such as `www.localhost` (browsers take every name below `localhost` for this machine). All others stand
    for the domains that OSS gives: `<bucket>.localhost` is that bucket; `127.0.0.1` and `localhost` are the default
    bucket, or, where the first part of the path is the name of a bucket, that one, since the vendor's SDKs address an
    IP that way.
    """

    def __init__(self, buckets: Mapping[str, Bucket], default: Bucket, domains: Mapping[str, Bucket]) -> None:
        self._buckets = buckets
        self._default = default
        self._domains = domains

    def of(self, request: Request) -> Address:
        """Raises Refused."""
        host = request.host.lower().partition(":")[0]
        path = _path(request)
        if host in self._domains:
            return Address(self._domains[host], path, is_bound_domain=True)
        bucket = self._bucket_of_host(host)
        first, _, rest = path.partition("/")
        if first in self._buckets:
            return Address(self._buckets[first], rest, is_bound_domain=False)
        return Address(bucket, path, is_bound_domain=False)

    def _bucket_of_host(self, host: str) -> Bucket:
        if host in ("127.0.0.1", "localhost"):
            return self._default
        name, _, domain = host.partition(".")
        if domain != "localhost":
            raise access_denied(
                "The bucket you are attempting to access must be addressed using the specified endpoint. "
                "Please send all future requests to this endpoint."
            )
        if name not in self._buckets:
            raise Refused(404, "NoSuchBucket", "The specified bucket does not exist.", "0015-00000101", BucketName=name)
        return self._buckets[name]


def _path(request: Request) -> str:
    raw = str(request.environ["REQUEST_URI"]).partition("?")[0]
    try:
        return unquote_to_bytes(raw.encode("latin-1")).decode().removeprefix("/")
    except UnicodeDecodeError:
        raise Refused(400, "InvalidObjectName", "The specified object is not valid.") from None
